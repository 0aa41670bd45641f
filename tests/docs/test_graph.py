"""docs/graph.md lists every call to Graph: what the suite makes is in it, and what is in it is made."""

import re

import httpx
import pytest

from local.graph.past_calls import take_place
from local.graph.settings import Settings
from shared.access.callers import ANYBODY
from shared.openapi.examples import AVAILABILITY_REQUEST
from shared.use_cases.availability import parse_availability
from shared.use_cases.finder import parse_filter
from tests.app_fixture import World
from tests.documented_calls import PAGE, DocumentedCalls, call_of, documented_calls
from tests.examples import CALENDAR, EXISTING, STANDALONE

ALONE = {name: value for name, value in CALENDAR.items() if name != "attendees"}
VERDICTS = ("confirmed", "risk", "unknown")


async def calls() -> set[str]:
    """Do everything for which the app asks Graph, and return what it asked."""
    world = World({"ARTIFACTS": "attendance,transcripts,recordings"})
    people = {"participants": {"attendees": [{"upn": "AdeleV@contoso.com", "role": "coorganizer"}]}}
    made = await world.made(CALENDAR | {"options": people})
    await world.app.changes.patch(made.id, {"subject": "Other"})
    alone = await world.made(ALONE)
    await world.app.changes.patch(alone.id, {"subject": "Other"})
    await world.settle()
    world.fault({"method": "POST", "path": "/events$", "times": 1, "when": "after", "action": "reset"})
    await world.made(CALENDAR)
    standalone = await world.made(STANDALONE | {"joinMeetingIdSettings": {"isPasscodeRequired": True}})
    await world.made(EXISTING)
    world.clock.advance(hours=6)
    await world.app.watch.run()
    await read_artifacts(world, made.id)
    for meeting in (made, alone, standalone):
        await world.app.changes.cancel(meeting.id, "Bye")
    await world.settle()
    await world.app.readiness.examine("AlexW@contoso.com")
    for room_list in (None, "Rooms@contoso.com"):
        await world.app.rooms.list(room_list)
    await world.app.availability.find(parse_availability(AVAILABILITY_REQUEST))
    await world.app.finder.find(
        parse_filter({"joinMeetingId": "123456789", "organizer": "AdeleV@contoso.com"}), ANYBODY
    )
    return {call_of(seen.method, seen.path) for seen in world.tenant.requests}


async def read_artifacts(world: World, meeting_id: str) -> None:
    """Read all that a call of a meeting has left behind."""
    meeting = await world.ledger.read(meeting_id)
    online_meeting = world.tenant.meetings[meeting.outcome.online_meeting_id or ""]
    take_place(world.tenant, online_meeting, {"transcript": "WEBVTT", "recorded": True})
    await world.app.artifacts.attendance(meeting_id, None)
    await world.app.artifacts.recordings(meeting_id)
    [transcript] = await world.app.artifacts.transcripts(meeting_id)
    await world.app.artifacts.transcript(meeting_id, transcript.id)


async def test_the_list_is_what_the_app_asks() -> None:
    """No call is missing, and none is listed that is not made."""
    assert await calls() == documented_calls()


async def test_a_call_that_is_not_listed_fails_the_suite() -> None:
    """Whatever a test makes the app ask of Graph goes through this transport."""
    async with httpx.AsyncClient(
        transport=DocumentedCalls(httpx.MockTransport(lambda _: httpx.Response(200)))
    ) as client:
        assert (await client.get("https://graph/v1.0/users/a%2Fb/events/c")).status_code == 200
        with pytest.raises(AssertionError, match=r"GET /users/\{user\}/messages"):
            await client.get("https://graph/v1.0/users/a/messages")


def test_every_row_has_a_verdict_and_an_address() -> None:
    """What is confirmed or a risk names where that stands; a call names its permission."""
    rows = [
        line.strip("|").split("|") for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")
    ]
    rows = [[cell.strip() for cell in row] for row in rows if row[0].strip() not in {"call", "answer"}]
    assert len(rows) > len(documented_calls())
    for row in rows:
        assert row[-1].startswith(VERDICTS), row
        evidence = row[-2]
        assert re.search(r"https://|#\d+|live reports|page", evidence) or row[-1].startswith("unknown"), row
        if row[0].startswith("`") and len(row) == 6:
            assert row[1], row


def test_the_stand_in_page_names_settings_that_there_are() -> None:
    """docs/stand-in.md shows switches by the names that the control API takes."""
    page = (PAGE.parent / "stand-in.md").read_text(encoding="utf-8")
    shown = re.search(r"`(\{\"joinBlock\".*?\})`", page)
    assert shown
    assert set(re.findall(r'"(\w+)":', shown[1])) <= Settings().as_json().keys()
