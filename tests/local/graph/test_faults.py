import json
import time
from typing import Any

import httpx
import pytest

from local.graph.errors import ConnectionDropError
from local.graph.tenant import Tenant
from tests.local.graph.test_event_creation import EVENTS, online

CREATION = {"method": "POST", "path": "/events$"}


async def set_rules(graph: httpx.AsyncClient, *rules: dict[str, Any]) -> None:
    assert (await graph.post("/_tenant/faults", json=list(rules))).status_code == 200


def events(tenant: Tenant) -> int:
    return len(tenant.mailboxes["alexw@contoso.com"].events) - 1


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
async def test_status(graph: httpx.AsyncClient, tenant: Tenant, when: str, made: int) -> None:
    """A status comes before or after the request took effect, with any Retry-After."""
    action = {"status": 429, "headers": {"Retry-After": "2.128"}, "code": "TooManyRequests", "message": "Later."}
    await set_rules(graph, {**CREATION, "when": when, "times": 1, "action": action})
    answer = await graph.post(EVENTS, json=online())
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2.128")
    assert answer.json()["error"]["code"] == "TooManyRequests"
    assert events(tenant) == made
    assert (await graph.post(EVENTS, json=online())).status_code == 201


@pytest.mark.parametrize(("body", "content"), [("<html>no</html>", b"<html>no</html>"), ({"a": 1}, b'{"a":1}')])
async def test_status_with_body(graph: httpx.AsyncClient, body: Any, content: bytes) -> None:
    """A fault's body may be JSON or any text."""
    await set_rules(graph, {"action": {"status": 503, "body": body}})
    answer = await graph.get(EVENTS)
    assert (answer.status_code, answer.content) == (503, content)


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
async def test_reset(graph: httpx.AsyncClient, tenant: Tenant, when: str, made: int) -> None:
    """A reset ends the connection, before or after the request took effect."""
    await set_rules(graph, {**CREATION, "when": when, "action": "reset"})
    with pytest.raises(ConnectionDropError):
        await graph.post(EVENTS, json=online())
    assert events(tenant) == made
    assert tenant.requests[-1].status == 0


async def test_spoilt_answers(graph: httpx.AsyncClient) -> None:
    """Answers that are no JSON: HTML, nothing, the half of it, and far too much."""
    await set_rules(graph, *({"times": 1, "action": action} for action in ("html200", "empty204", "truncated", "huge")))
    html, nothing, half, much = [await graph.get(EVENTS) for _ in range(4)]
    assert (html.status_code, html.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (nothing.status_code, nothing.content) == (204, b"")
    assert half.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        half.json()
    assert len(much.content) > 10 * 1024 * 1024


async def test_links(graph: httpx.AsyncClient) -> None:
    """A link can be missing from an answer, or be somebody else's; the event itself has the right one."""
    await set_rules(graph, *({**CREATION, "times": 1, "action": action} for action in ("noLink", "foreignLink")))
    missing, foreign = [(await graph.post(EVENTS, json=online())).json() for _ in range(2)]
    assert missing["onlineMeeting"] is None
    assert foreign["onlineMeeting"]["joinUrl"].startswith("https://teams.example.net/")
    truth = (await graph.get(f"{EVENTS}/{foreign['id']}")).json()
    assert truth["onlineMeeting"]["joinUrl"].startswith("https://teams.microsoft.com/")


async def test_hang(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """A hang delays the answer."""
    await set_rules(graph, {"when": "after", "action": {"hang": 0.05}})
    began = time.monotonic()
    assert (await graph.post(EVENTS, json=online())).status_code == 201
    assert time.monotonic() - began >= 0.05
    assert events(tenant) == 1


async def test_conditions(graph: httpx.AsyncClient) -> None:
    """A rule skips, counts, and minds the user by either name."""
    rule = {"user": "64339082-ed84-4b0b-b4ab-004ae54f3747", "skip": 1, "times": 2, "action": {"status": 503}}
    await set_rules(graph, rule)
    assert (await graph.get("/v1.0/users/AdeleV@contoso.com")).status_code == 200
    statuses = [(await graph.get(EVENTS)).status_code for _ in range(4)]
    assert statuses == [200, 503, 503, 200]


async def test_probability(graph: httpx.AsyncClient) -> None:
    """The dice fall the same way every time."""
    runs: list[list[int]] = []
    for _ in range(2):
        await set_rules(graph, {"probability": 0.5, "action": {"status": 503}})
        runs.append([(await graph.get(EVENTS)).status_code for _ in range(20)])
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 503}


@pytest.mark.parametrize(
    "rules",
    [
        {},
        [{}],
        [{"action": "explode"}],
        [{"action": 1}],
        [{"path": "(", "action": "reset"}],
        [{"x": 1, "action": "cut"}],
    ],
)
async def test_bad_rules(graph: httpx.AsyncClient, rules: Any) -> None:
    """A rule that says nothing sensible is refused."""
    assert (await graph.post("/_tenant/faults", json=rules)).status_code == 400


async def test_forgetting(graph: httpx.AsyncClient) -> None:
    """Without rules everything is well again."""
    await set_rules(graph, {"action": {"status": 503}})
    assert (await graph.delete("/_tenant/faults")).status_code == 204
    assert (await graph.get(EVENTS)).status_code == 200
