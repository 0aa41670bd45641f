"""Schedules over HTTP, and the timer that makes their meetings, on real storage."""

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.processes import running_stack
from tests.integration.conftest import Client, clients, until
from tests.shared.schedules.documents import MEETING, schedule_document

SETTINGS = {"SCHEDULES_SCHEDULE": "*/2 * * * * *"}


@pytest.fixture(scope="module")
def quick() -> Iterator[Client]:
    """Return a client of a stack whose timer runs every other second."""
    with running_stack(os.environ | SETTINGS) as stack, clients(stack) as client:
        yield client


def soon(**members: Any) -> dict[str, Any]:
    """Return a schedule that begins within a day, and whose first three meetings are due at once."""
    start = datetime.now(UTC).replace(tzinfo=None, microsecond=0) + timedelta(hours=12)
    return schedule_document(timeZone="UTC", start=start.isoformat(), leadTime="P2DT14H", **members)


def test_the_timer_makes_each_meeting_once(quick: Client) -> None:
    """Three are due, three are made with their join links, and no run makes them again."""
    subject = "Rounds of {date}"
    created = quick.http.post("/schedules", json=soon(request=MEETING | {"subject": subject}))
    assert created.status_code == 201, created.text
    schedule = created.json()
    assert created.headers["location"] == f"{quick.http.base_url}schedules/{schedule['id']}"
    assert created.headers["etag"] == '"1"'
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", schedule["createdAt"])

    def made() -> list[dict[str, Any]] | None:
        shown = quick.http.get(created.headers["location"]).json()["nextOccurrences"]
        ids = [each["meetingId"] for each in shown if each["meetingId"]]
        return [quick.finished(f"/meetings/{each}") for each in ids] if len(ids) == 3 else None

    meetings = until(made)
    assert all(meeting["joinUrl"] for meeting in meetings)
    days = [occurrence["start"][:10] for occurrence in schedule["nextOccurrences"][:3]]
    assert [meeting["request"]["subject"] for meeting in meetings] == [f"Rounds of {day}" for day in days]
    found = quick.http.get("/meetings", params={"schedule": schedule["id"]}).json()["meetings"]
    assert {meeting["id"] for meeting in found} == {meeting["id"] for meeting in meetings}
    events = quick.state()["mailboxes"]["AlexW@contoso.com"]["events"]
    assert sum(event["subject"].startswith("Rounds of") for event in events) == 3


def test_a_schedule_is_looked_at_changed_and_ended(client: Client) -> None:
    """GET gives what PUT takes; entity tags guard; DELETE ends it."""
    document = schedule_document(start="2199-01-07T10:00:00")
    created = client.http.post("/schedules", json=document)
    place = created.headers["location"]
    read = client.http.get(place)
    assert (read.status_code, read.headers["etag"], read.json()) == (200, '"1"', created.json())
    wanted = read.json() | {"paused": True}
    changed = client.http.put(place, json=wanted, headers={"if-match": '"1"'})
    assert (changed.status_code, changed.headers["etag"], changed.json()["status"]) == (200, '"2"', "paused")
    for call in (client.http.put(place, json=document, headers={"if-match": '"1"'}),
                 client.http.delete(place, headers={"if-match": '"1"'})):  # fmt: skip
        assert (call.status_code, call.json()["code"]) == (412, "versionMismatch")
    patched = client.http.patch(
        place, content='{"paused": false}', headers={"content-type": "application/merge-patch+json", "if-match": '"2"'}
    )
    assert (patched.status_code, patched.headers["etag"], patched.json()["status"]) == (200, '"3"', "active")
    lost = client.http.patch(place, json={"paused": True}, headers={"if-match": '"2"'})
    assert (lost.status_code, lost.json()["code"]) == (412, "versionMismatch")
    other = client.http.patch(place, content="paused: true", headers={"content-type": "text/yaml"})
    assert (other.status_code, other.headers["accept-patch"]) == (415, "application/merge-patch+json, application/json")
    gone = client.http.delete(place, headers={"if-match": '"3"'})
    assert (gone.status_code, gone.content) == (204, b"")
    for call in (client.http.get(place), client.http.put(place, json=document), client.http.delete(place)):
        assert (call.status_code, call.json()["title"]) == (404, "There is no such schedule")


def test_a_repetition_is_answered_like_a_look(client: Client) -> None:
    """The key makes one schedule; another request with it, and a key that is none, are refused."""
    document = schedule_document(start="2199-01-08T10:00:00")
    key = {"idempotency-key": "schedule-key"}
    first = client.http.post("/schedules", json=document, headers=key)
    again = client.http.post("/schedules", json=document, headers=key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()
    other = client.http.post("/schedules", json=document | {"duration": "PT1H"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "keyReused")
    refused = client.http.post("/schedules", json={}, headers={"idempotency-key": "with space"})
    assert refused.status_code == 400
    assert [fault["pointer"] for fault in refused.json()["errors"]][:2] == ["/headers/Idempotency-Key", "/recurrence"]


def test_schedules_are_listed_page_by_page(client: Client) -> None:
    """Newest first, each once."""
    ids = [
        client.http.post("/schedules", json=schedule_document(start=f"2199-02-0{n}T10:00:00")).json()["id"]
        for n in range(1, 5)
    ]
    seen: list[str] = []
    token = ""
    while token is not None and len(seen) < 4:
        page = client.http.get("/schedules", params={"top": "2", "continuationToken": token}).json()
        seen += [schedule["id"] for schedule in page["schedules"]]
        token = page["continuationToken"]
    assert seen == ids[::-1]


@pytest.mark.parametrize(
    ("method", "path", "document", "status", "pointer"),
    [
        ("POST", "/schedules", schedule_document(recurrence="RRULE:FREQ=SECONDLY"), 400, "/recurrence"),
        ("POST", "/schedules", schedule_document(recurrence="RRULE:FREQ=YEARLY;BYMONTHDAY=30;BYMONTH=2"), 400,
         "/recurrence"),
        ("POST", "/schedules", schedule_document(recurrence="RRULE:FREQ=DAILY;COUNT=1000000"), 400, "/recurrence"),
        ("POST", "/schedules", schedule_document(timeZone="Mars/Base"), 400, "/timeZone"),
        ("POST", "/schedules", schedule_document(request={"organizer": "x"}), 400, "/request/organizer"),
        ("POST", "/schedules", [], 400, ""),
        ("GET", "/schedules?top=0", None, 400, "/top"),
        ("GET", "/schedules?continuationToken=x", None, 400, ""),
        ("GET", "/schedules/x", None, 404, None),
        ("DELETE", "/schedules/a'b", None, 404, None),
        ("PUT", "/schedules/4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7", schedule_document(), 404, None),
        ("PATCH", "/schedules/4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7", schedule_document(), 404, None),
    ],
)  # fmt: skip
def test_what_is_refused_is_a_problem(
    client: Client, method: str, path: str, document: Any, status: int, pointer: str | None
) -> None:
    """With the place of each fault, and nothing kept."""
    answer = client.http.request(method, path, json=document)
    assert answer.status_code == status, answer.text
    if pointer is not None:
        assert answer.headers["content-type"] == "application/problem+json"
        assert pointer in [fault["pointer"] for fault in answer.json()["errors"]]
