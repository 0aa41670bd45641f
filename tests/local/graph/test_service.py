import asyncio

import httpx

from local.graph.tenant import Tenant
from tests.local.graph.conftest import ReadSample
from tests.local.graph.test_event_creation import EVENTS, online

ALEX = "64339082-ed84-4b0b-b4ab-004ae54f3747"


async def test_token(graph: httpx.AsyncClient) -> None:
    """Without a token there is 401 in Graph's envelope."""
    del graph.headers["Authorization"]
    answer = await graph.get("/v1.0/users/AlexW@contoso.com", headers={"client-request-id": "c-1"})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (401, "InvalidAuthenticationToken")
    assert error["innerError"]["client-request-id"] == answer.headers["client-request-id"] == "c-1"
    assert error["innerError"]["request-id"] == answer.headers["request-id"]
    assert error["innerError"]["date"] == "2026-11-21T08:00:00"


async def test_user(graph: httpx.AsyncClient) -> None:
    """A user is found by either name, in any case, and $select says what shows."""
    for name in ("alexw@CONTOSO.com", ALEX):
        answer = await graph.get(f"/v1.0/users/{name}?$select=id,displayName")
        assert answer.json()["id"] == ALEX
        assert answer.json().keys() == {"@odata.context", "id", "displayName"}
    missing = await graph.get("/v1.0/users/nobody@contoso.com")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "Request_ResourceNotFound")


async def test_calendar(graph: httpx.AsyncClient, sample: ReadSample) -> None:
    """The calendar has what the documented one has."""
    body, documented = (
        (await graph.get("/v1.0/users/AlexW@contoso.com/calendar")).json(),
        sample("calendar_read.response"),
    )
    assert {**documented, "id": body["id"]}.items() <= body.items()


async def test_supported_zones(graph: httpx.AsyncClient) -> None:
    """The zones are listed under both kinds of names."""
    path = "/v1.0/users/AlexW@contoso.com/outlook/supportedTimeZones"
    windows = [entry["alias"] for entry in (await graph.get(path)).json()["value"]]
    iana = (await graph.get(f"{path}(TimeZoneStandard=microsoft.graph.timeZoneStandard'Iana')")).json()["value"]
    assert "Pacific Standard Time" in windows
    assert "Europe/Berlin" in [entry["alias"] for entry in iana]


async def test_unknown_paths(graph: httpx.AsyncClient) -> None:
    """What the service does not know it refuses as Graph does."""
    for path in ("/v1.0/nothing", "/v1.0/users/AlexW@contoso.com/events/x/y/z", "/v1.0/"):
        answer = await graph.get(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")


async def test_unreadable_bodies(graph: httpx.AsyncClient) -> None:
    """A body that is no JSON object is refused."""
    for content in (b"", b"{", b"[]", b"\xff", b"[" * 100_000):
        answer = await graph.post(EVENTS, content=content, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")


async def test_mailbox_concurrency(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """More calls at once than a mailbox bears are throttled; other mailboxes are not concerned."""
    tenant.settings.latency_seconds = 0.05
    paths = [EVENTS] * 6 + ["/v1.0/users/AdeleV@contoso.com/events"]
    answers = await asyncio.gather(*(graph.get(path) for path in paths))
    assert [answer.status_code for answer in answers] == [200] * 4 + [429] * 2 + [200]
    assert answers[5].headers["Retry-After"] == "1"
    assert answers[5].json()["error"]["code"] == "ApplicationThrottled"
    mailboxes = (await graph.get("/_tenant/state")).json()["mailboxes"]
    assert mailboxes["AlexW@contoso.com"]["peakConcurrency"] == 4
    assert mailboxes["AdeleV@contoso.com"]["peakConcurrency"] == 1


async def test_batch(graph: httpx.AsyncClient) -> None:
    """A batch answers each request by itself, and fails what depends on a failed one."""
    requests = [
        {"id": "1", "method": "GET", "url": "/users/AlexW@contoso.com"},
        {
            "id": "2",
            "method": "POST",
            "url": "/users/AlexW@contoso.com/events",
            "headers": {"Content-Type": "application/json"},
            "body": online(),
        },
        {"id": "3", "method": "GET", "url": "/users/nobody@contoso.com", "dependsOn": ["1"]},
        {"id": "4", "method": "GET", "url": "/users/AlexW@contoso.com", "dependsOn": ["3"]},
        {"id": "5", "method": "POST", "url": "/users/AlexW@contoso.com/events", "body": {}},
    ]
    responses = (await graph.post("/v1.0/$batch", json={"requests": requests})).json()["responses"]
    assert {entry["id"]: entry["status"] for entry in responses} == {"1": 200, "2": 201, "3": 404, "4": 424, "5": 400}


async def test_malformed_batches(graph: httpx.AsyncClient) -> None:
    """A batch that is too long, repeats an id or depends on nothing is refused as a whole."""
    one = {"id": "a", "method": "GET", "url": "/users/x"}
    for requests in ([], [one] * 21, [one, {**one, "id": "A"}], [{**one, "dependsOn": ["b"]}], [{"id": "a"}], 1):
        assert (await graph.post("/v1.0/$batch", json={"requests": requests})).status_code == 400


async def test_paging(graph: httpx.AsyncClient) -> None:
    """A list comes in pages."""
    for _ in range(11):
        await graph.post(EVENTS, json=online())
    page = (await graph.get(EVENTS)).json()
    assert (len(page["value"]), "@odata.nextLink" in page) == (10, True)
    rest = (await graph.get(page["@odata.nextLink"].removeprefix("https://graph.microsoft.com"))).json()
    assert (len(rest["value"]), "@odata.nextLink" in rest) == (2, False)


def test_determinism() -> None:
    """The same seed makes the same tenant."""
    first, second = Tenant.example(seed=7), Tenant.example(seed=7)
    assert [user.id for user in first.users] == [user.id for user in second.users]
    assert [user.id for user in Tenant.example(seed=8).users] != [user.id for user in first.users]
