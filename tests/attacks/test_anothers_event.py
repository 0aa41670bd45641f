"""An event that the app made for one caller is not there for another, whatever names it."""

import json
from typing import Any

import pytest

from local.graph.records import Event
from tests.app_fixture import World
from tests.attacks.callers import ALICE, AUTHENTICATED, BOB, OPERATOR
from tests.examples import CALENDAR, EXISTING
from tests.http_client import InProcess

OPTIONS = {"lobbyBypassSettings": {"scope": "everyone"}}


def world() -> World:
    callers: dict[str, Any] = {each: {"organizers": ["@contoso.com"]} for each in (ALICE, BOB)}
    return World({"CALLERS": json.dumps(callers | {OPERATOR: {"organizers": ["*"], "seesAll": True}})} | AUTHENTICATED)


async def _made_for_alice(there: World, http: InProcess) -> dict[str, Any]:
    request = CALENDAR | {"subject": "secret", "options": {"lobbyBypassSettings": {"scope": "organizer"}}}
    made = await http.call("POST", "/meetings", request, principal=ALICE)
    await there.settle()
    return (await http.call("GET", f"/meetings/{made.json['id']}", principal=ALICE)).json


async def _taken(there: World, http: InProcess, event_id: str, principal: str) -> dict[str, Any]:
    request = EXISTING | {"eventId": event_id, "options": OPTIONS}
    made = await http.call("POST", "/meetings", request, principal=principal)
    assert made.status == 202
    await there.settle()
    return (await http.call("GET", f"/meetings/{made.json['id']}", principal=principal)).json


def _event(there: World) -> Event:
    [event] = there.events()
    return event


@pytest.mark.parametrize("name", ["the id that results have", "an id of Outlook"])
async def test_it_cannot_be_taken_over(name: str) -> None:
    """As if it were deleted: neither its link nor its guests are told, and nothing of it is changed or cancelled."""
    there = world()
    http = InProcess(there)
    alices = await _made_for_alice(there, http)
    event_id = alices["eventId"] if name.startswith("the") else _event(there).id
    asked = len(there.tenant.requests)
    taken = await _taken(there, http, event_id, BOB)
    assert (taken["status"], taken["error"]["code"], taken["joinUrl"]) == ("failed", "eventDeleted", None)
    assert (await http.call("GET", f"/meetings/{taken['id']}/invitation.ics", principal=BOB)).status == 409
    assert (await http.call("DELETE", f"/meetings/{taken['id']}", principal=BOB)).status == 202
    await there.settle()
    assert {seen.method for seen in [*there.tenant.requests][asked:]} == {"GET"}
    assert not _event(there).cancelled
    assert (await http.call("GET", f"/meetings/{alices['id']}", principal=ALICE)).json == alices


async def test_nor_in_the_moment_in_which_it_is_made() -> None:
    """The event says for which meeting it was made before the record has its id."""
    there = world()
    http = InProcess(there)
    made = await http.call("POST", "/meetings", CALENDAR, principal=ALICE)
    there.fault({"method": "POST", "path": "/events", "times": 1, "when": "after", "action": "reset"})
    await there.deliver()
    event = _event(there)
    assert (await there.ledger.read(made.json["id"])).outcome.event_id is None
    target = f"/meetings?organizer=AlexW@contoso.com&eventId={event.immutable_id}"
    assert (await http.call("GET", target, principal=BOB)).json["meetings"] == []
    taken = await http.call("POST", "/meetings", EXISTING | {"eventId": event.immutable_id}, principal=BOB)
    await there.settle()
    assert (await http.call("GET", f"/meetings/{taken.json['id']}", principal=BOB)).json["error"][
        "code"
    ] == "eventDeleted"
    assert (await http.call("GET", f"/meetings/{made.json['id']}", principal=ALICE)).json["status"] == "succeeded"


async def test_nor_by_a_cancellation_after_a_death() -> None:
    """What an attempt that died before it asked has left in doubt is asked about as well."""
    there = world()
    http = InProcess(there)
    alices = await _made_for_alice(there, http)
    request = EXISTING | {"eventId": alices["eventId"]}
    made = await http.call("POST", "/meetings", request, principal=BOB)
    there.fault({"method": "GET", "path": "/events/", "action": "reset"})
    await there.deliver()
    meeting = await there.ledger.read(made.json["id"])
    await there.ledger.write(meeting, meeting.changed(doubt=meeting.doubt.changed(in_doubt_since=1)))
    there.fault()
    assert (await http.call("DELETE", f"/meetings/{made.json['id']}", principal=BOB)).status == 202
    await there.settle()
    assert not _event(there).cancelled
    assert (await http.call("GET", f"/meetings/{made.json['id']}", principal=BOB)).json["status"] == "cancelled"


async def test_it_stays_hidden_behind_many_requests_for_it() -> None:
    """The index by event has the failed requests too, newest first: more of them than a page change nothing."""
    there = world()
    http = InProcess(there)
    [event] = there.tenant.mailboxes["alexw@contoso.com"].events.values()
    alices = await _taken(there, http, event.immutable_id, ALICE)
    assert alices["status"] == "succeeded"
    [meeting] = [await there.ledger.read(alices["id"])]
    await there.ledger.write(meeting, meeting.changed(outcome=meeting.outcome.model_copy(update={"join_url": None})))
    for _ in range(101):
        there.clock.advance(seconds=1)
        await http.call("POST", "/meetings", EXISTING | {"eventId": event.immutable_id}, principal=BOB)
    await there.settle()
    target = "/meetings?status=failed&top=100"
    found = (await http.call("GET", target, principal=BOB)).json
    assert (len(found["meetings"]), found["continuationToken"] is not None) == (100, True)
    assert {each["error"]["code"] for each in found["meetings"]} == {"eventDeleted"}


@pytest.mark.parametrize("principal", [ALICE, OPERATOR])
async def test_its_own_caller_and_an_operator_may(principal: str) -> None:
    """Who sees the meeting may ask for its event by kind existing, as before."""
    there = world()
    http = InProcess(there)
    alices = await _made_for_alice(there, http)
    taken = await _taken(there, http, alices["eventId"], principal)
    assert (taken["status"], taken["joinUrl"]) == ("succeeded", alices["joinUrl"])


async def test_an_event_of_nobodys_may_be_taken() -> None:
    """Another's failed request for it is no claim on it."""
    there = world()
    http = InProcess(there)
    [event] = there.tenant.mailboxes["alexw@contoso.com"].events.values()
    there.fault({"method": "GET", "path": "/events/", "action": {"status": 404, "code": "ErrorItemNotFound"}})
    assert (await _taken(there, http, event.immutable_id, ALICE))["status"] == "failed"
    there.fault()
    target = f"/meetings?organizer=AlexW@contoso.com&eventId={event.immutable_id}"
    assert [each["status"] for each in (await http.call("GET", target, principal=BOB)).json["meetings"]] == ["external"]
    assert (await _taken(there, http, event.immutable_id, BOB))["status"] == "succeeded"


async def test_what_was_taken_for_one_is_not_there_for_another() -> None:
    """An event of nobody's becomes the first caller's by its request."""
    there = world()
    http = InProcess(there)
    [event] = there.tenant.mailboxes["alexw@contoso.com"].events.values()
    assert (await _taken(there, http, event.immutable_id, ALICE))["status"] == "succeeded"
    assert (await _taken(there, http, event.immutable_id, BOB))["error"]["code"] == "eventDeleted"
