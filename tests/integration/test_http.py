"""The HTTP interface, from outside."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from local.processes import Child, Stack
from tests.examples import CALENDAR, STANDALONE
from tests.integration.conftest import Client

JSON = {"content-type": "application/json"}


def test_a_request_is_answered_with_where_to_look(client: Client) -> None:
    """202, an absolute Location, Retry-After, an ETag, and the meeting as it stands."""
    answer = client.post(CALENDAR)
    assert answer.status_code == 202
    meeting = answer.json()
    assert answer.headers["location"] == f"{client.http.base_url}meetings/{meeting['id']}"
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.headers["etag"] == '"1"'
    assert (meeting["status"], meeting["kind"], meeting["version"]) == ("queued", "calendar", 1)
    assert meeting["request"] == {"kind": "calendar"} | CALENDAR
    done = client.finished(answer.headers["location"])
    assert set(done) == set(meeting)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", done["createdAt"])


def test_the_same_key_twenty_times_at_once_is_one_meeting(client: Client) -> None:
    """All of them get the one meeting, and the mailbox holds one event."""
    request = CALENDAR | {"subject": "Twenty at once"}
    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(client.post, request, **{"Idempotency-Key": "twenty"}) for _ in range(20)]
        answers = [each.result() for each in asked]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    client.finished(answers[0].headers.get("location") or f"/meetings/{answers[0].json()['id']}")
    events = client.state()["mailboxes"]["AlexW@contoso.com"]["events"]
    assert sum(event["subject"] == "Twenty at once" for event in events) == 1


def test_a_repetition_answers_like_a_look_and_another_request_is_422(client: Client) -> None:
    """With its key, the request is answered 200 when the meeting is finished; another request is refused."""
    key = {"Idempotency-Key": "repeat"}
    first = client.post(CALENDAR, **key)
    done = client.finished(first.headers["location"])
    again = client.post(CALENDAR, **key)
    assert (again.status_code, again.headers["idempotency-replayed"], again.json()) == (200, "true", done)
    other = client.post(CALENDAR | {"subject": "Other"}, **key)
    assert (other.status_code, other.json()["code"]) == (422, "keyReused")
    assert f"which made the meeting {done['id']}." in other.json()["detail"]


@pytest.mark.parametrize("key", ["", "k" * 256, "with space", "tab\tinside"])
def test_a_key_of_another_form_is_refused(client: Client, key: str) -> None:
    """1 to 255 visible ASCII characters; the faults of the body are told as well."""
    answer = client.http.post("/meetings", json={"organizer": "AlexW@contoso.com"}, headers={"Idempotency-Key": key})
    assert answer.status_code == 400
    pointers = [fault["pointer"] for fault in answer.json()["errors"]]
    assert pointers[0] == "/headers/Idempotency-Key"
    assert "/subject" in pointers


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"", JSON, 400, "invalidRequest"),
        (b"{", JSON, 400, "invalidRequest"),
        (b"[]", JSON, 400, "invalidRequest"),
        (b"null", JSON, 400, "invalidRequest"),
        (b"\xff\xfe{\x00}\x00", JSON, 400, "invalidRequest"),
        (b"[" * 10_000, JSON, 400, "invalidRequest"),
        (b'{"a": 1, "a": 2}', JSON, 400, "invalidRequest"),
        (b'{"a": "\\ud800"}', JSON, 400, "invalidRequest"),
        (b'{"subject": NaN}', JSON, 400, "invalidRequest"),
        (b" " * (256 * 1024 + 1), JSON, 413, "tooLarge"),
        (b"{}", {"content-type": "text/plain"}, 415, "unsupportedMediaType"),
        (b"{}", {}, 415, "unsupportedMediaType"),
        (b"{}", JSON | {"content-encoding": "gzip"}, 415, "unsupportedMediaType"),
        (b"{}", {"content-type": "application/merge-patch+json; charset=utf-8"}, 400, "invalidRequest"),
        (json.dumps(CALENDAR | {"organizer": "x"}).encode(), JSON, 400, "invalidRequest"),
    ],
)
def test_what_is_refused_is_a_problem(
    client: Client, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    """Problem details with a stable code, whatever arrives."""
    answer = client.http.post("/meetings", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert (problem["status"], problem["instance"]) == (status, "/api/meetings")
    assert problem["title"]
    assert problem["type"]
    if status == 400:
        assert problem["errors"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/meetings"),
        ("POST", "/meetings/batch"),
        ("POST", "/meetings/validate"),
        ("PATCH", "/meetings/4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7"),
        ("DELETE", "/meetings/4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7"),
        ("POST", "/meetings/4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7/attendees"),
        ("POST", "/schedules"),
        ("PUT", "/schedules/4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7"),
    ],
)
def test_a_body_in_chunks_is_411(client: Client, method: str, path: str) -> None:
    """The host hands on none of it: the caller is told to send a length, by every call that reads a body."""
    answer = client.http.request(method, path, content=iter([b'{"comment": ', b'"x"}']), headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (411, "lengthRequired")
    assert "Content-Length" in answer.json()["detail"]


def test_every_fault_is_listed_at_once(client: Client) -> None:
    """One answer names them all, each with its place."""
    answer = client.post({"organizer": "nobody", "start": {"dateTime": "now", "timeZone": "Mars/Base"}, "color": 1})
    pointers = {fault["pointer"] for fault in answer.json()["errors"]}
    assert pointers >= {"/organizer", "/subject", "/start/dateTime", "/start/timeZone", "/end", "/color"}


@pytest.mark.parametrize("meeting_id", ["x", "..", "a'b", "%01", "a%2Fb", "4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7"])
def test_an_unknown_id_is_404(client: Client, meeting_id: str) -> None:
    """Whatever its form, without an error of the storage."""
    answer = client.http.get(f"/meetings/{meeting_id}")
    assert answer.status_code == 404


@pytest.mark.parametrize(("method", "path"), [("PUT", "/meetings"), ("POST", "/health"), ("GET", "/nothing")])
def test_a_wrong_method_or_path_is_404(client: Client, method: str, path: str) -> None:
    """As the Functions host has it."""
    assert client.http.request(method, path).status_code == 404


def test_health_tells_the_version(client: Client) -> None:
    """For probes, which have no key."""
    answer = client.http.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert re.fullmatch(r"\d+\.\d+\.\d+", answer.json()["version"])


def test_deep_health_reaches_storage_and_graph(client: Client) -> None:
    """Only whether they answer is told; the probe without a key tells nothing of them."""
    answer = client.http.get("/health/deep")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert (answer.json()["storage"], answer.json()["graph"]) == (True, True)
    assert set(client.http.get("/health", params={"deep": "true"}).json()) == {"status", "version"}


def test_meetings_are_found_page_by_page(client: Client) -> None:
    """Newest first, `top` at a time, each once."""
    ids = [client.post(STANDALONE | {"reference": "pages", "subject": f"No {n}"}).json()["id"] for n in range(5)]
    seen: list[str] = []
    token = None
    while True:
        page = client.http.get(
            "/meetings", params={"reference": "pages", "top": "2"} | ({"continuationToken": token} if token else {})
        ).json()
        assert len(page["meetings"]) <= 2
        seen += [meeting["id"] for meeting in page["meetings"]]
        token = page["continuationToken"]
        if token is None:
            break
    assert seen == ids[::-1]


@pytest.mark.parametrize(
    "params", [{}, {"reference": "a", "eventId": "b"}, {"joinUrl": "https://evil.example/x"}, {"status": "no"}]
)
def test_a_search_without_one_good_filter_is_400(client: Client, params: dict[str, str]) -> None:
    """Exactly one filter, with a value that can be."""
    answer = client.http.get("/meetings", params=params)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalidRequest")


def test_a_forged_principal_is_ignored(client: Client) -> None:
    """Without App Service authentication the header separates no callers."""
    key = {"Idempotency-Key": "forged"}
    one = client.post(STANDALONE, **key)
    two = client.post(STANDALONE, **key, **{"x-ms-client-principal-id": "somebody", "x-ms-client-principal": "e30="})
    assert one.json()["id"] == two.json()["id"]


def test_a_request_can_be_validated_without_being_made(client: Client) -> None:
    """The same checks, nothing stored, and what is odd about it."""
    past = {name: CALENDAR[name] | {"dateTime": "2019-11-20T13:00:00"} for name in ("start", "end")}
    answer = client.http.post("/meetings/validate", json=CALENDAR | past | {"reference": "only validated"})
    assert answer.status_code == 200
    assert answer.json()["valid"] is True
    assert {warning["code"] for warning in answer.json()["warnings"]} == {"startInPast", "endEqualsStart"}
    assert not client.http.get("/meetings", params={"reference": "only validated"}).json()["meetings"]
    refused = client.http.post("/meetings/validate", json={"organizer": "AlexW@contoso.com"})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalidRequest")


def test_who_prefers_to_wait_gets_the_outcome(client: Client) -> None:
    """201 with the join link, or 200 with the reason; a repetition is answered like a look."""
    key = {"Idempotency-Key": "waited"}
    made = client.post(STANDALONE, Prefer="respond-async, wait=30", **key)
    assert made.status_code == 201, made.text
    assert made.json()["joinUrl"]
    assert made.headers["preference-applied"] == "wait=30"
    assert made.headers["location"] == f"{client.http.base_url}meetings/{made.json()['id']}"
    again = client.post(STANDALONE, Prefer="wait=30", **key)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (200, "true")
    failed = client.post(STANDALONE | {"organizer": "NoPolicy@contoso.com"}, Prefer="wait=30")
    assert (failed.status_code, failed.json()["error"]["code"]) == (200, "applicationAccessPolicyMissing")
    assert failed.headers["preference-applied"] == "wait=30"
    assert "preference-applied" not in again.headers


@pytest.mark.parametrize("prefer", ["wait", "wait=", "wait=-1", "wait=soon", "wait=0", "=", ",;,", "wait=1.5"])
def test_a_preference_of_nonsense_is_none(client: Client, prefer: str) -> None:
    """RFC 7240: what is not understood is ignored."""
    answer = client.post(STANDALONE, Prefer=prefer)
    assert answer.status_code == 202
    assert "preference-applied" not in answer.headers


def test_several_prefer_headers_are_one(client: Client) -> None:
    """A wait in the second header counts, and a number that is too large is the longest wait."""
    headers = [("Prefer", "respond-async"), ("Prefer", "wait=99999999999999999999")]
    made = client.http.post("/meetings", json=STANDALONE, headers=headers)
    assert (made.status_code, made.headers["preference-applied"]) == (201, "wait=60")


def test_the_wait_ends_when_its_time_is_up(client: Client) -> None:
    """While Graph throttles, the caller gets 202 in time, and the meeting is made later, once."""
    client.tenant.put("/users/Busy@contoso.com", json={"displayName": "Busy"}).raise_for_status()
    rule = {"method": "POST", "user": "Busy@contoso.com", "times": 1, "action": {"status": 429, "retryAfter": "4"}}
    client.tenant.post("/faults", json=[rule]).raise_for_status()
    answer = client.post(CALENDAR | {"organizer": "Busy@contoso.com"}, Prefer="wait=1")
    assert (answer.status_code, answer.headers["preference-applied"]) == (202, "wait=1")
    assert client.finished(answer.headers["location"])["status"] == "succeeded"
    assert len(client.state()["mailboxes"]["Busy@contoso.com"]["events"]) == 1


def test_location_lets_a_workflow_in(stack: Stack) -> None:
    """A key in the query comes back in Location, which alone leads to the meeting; a key in a header does not."""
    key = "a key/with+signs"
    with Child(["host", "--port", "0", "--function-key", key], stack.environment, show_log=False) as host:
        api = f"{host.wait_until_ready().url}/api/meetings"
        by_query = httpx.post(api, params={"code": key}, json=STANDALONE, timeout=30)
        assert httpx.get(by_query.headers["location"], timeout=30).status_code in {200, 202}
        many = httpx.post(
            f"{api}/batch", params={"code": key}, json={"meetings": [{"request": STANDALONE}]}, timeout=30
        )
        [one] = many.json()["results"]
        assert httpx.get(one["location"], timeout=30).status_code in {200, 202}
        by_header = httpx.post(api, headers={"x-functions-key": key}, json=STANDALONE, timeout=30)
        assert by_header.status_code == 202
        assert "?" not in by_header.headers["location"]
        assert httpx.get(by_header.headers["location"], timeout=30).status_code == 401
