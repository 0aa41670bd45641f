"""Graph's Retry-After, for everything that the host starts: no call before its time, in no instance.

A function that is in neither of the two lists below fails the first test: who adds one says here how it reads Graph.
"""

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from local.graph.past_calls import CALL, take_place
from shared.errors import ConveneError
from shared.meeting import Meeting
from tests.app_fixture import World
from tests.examples import CALENDAR, EXISTING
from tests.http_client import InProcess, functions

SETTINGS = {"ARTIFACTS": "attendance,transcripts,recordings", "GIVE_UP_AFTER": "P7D"}
ALEX = CALENDAR["organizer"]
GUEST = {"emailAddress": {"address": "LidiaH@contoso.com"}, "type": "required"}
AVAILABILITY = {"organizers": [ALEX], "start": CALENDAR["start"], "end": CALENDAR["end"], "duration": "PT30M"}

type Ask = Callable[[World, Meeting], Awaitable[object]]


def http(method: str, target: str, body: Any = None, **headers: str) -> Ask:
    """Return what sends a request, with the meeting's id in its path, and delivers the messages that come of it."""

    async def ask(world: World, meeting: Meeting) -> None:
        await InProcess(world).call(method, target.replace("{id}", meeting.id), body, **headers)
        await world.deliver(world.app)

    return ask


async def take_message(world: World, meeting: Meeting) -> None:
    update = {"specversion": "1.0", "type": "meeting.updated", "source": "/test", "id": str(world.clock())}
    change = {"id": meeting.id, "patch": {"subject": str(world.clock())}}
    await world.app.message_handler.handle(json.dumps(update | {"data": change}), None)
    await world.deliver(world.app)


async def run_watch(world: World, _: Meeting) -> None:
    await world.app.watch.run()


async def run_watched_attendance(world: World, _: Meeting) -> None:
    await world.app.watched_attendance.run()


async def run_upkeep(world: World, _: Meeting) -> None:
    await world.app.upkeep.run()
    await world.app.health.examine()


# Some functions have more ways to Graph than one.
READ_GRAPH: dict[str, dict[str, Ask]] = {
    "create_meeting": {
        "": http("POST", "/meetings", CALENDAR),
        "wait": http("POST", "/meetings", CALENDAR, Prefer="wait=1"),
    },
    "submit_meetings": {"": http("POST", "/meetings/batch", {"meetings": [{"request": CALENDAR}]})},
    "update_meeting": {"": http("PATCH", "/meetings/{id}", {"subject": "Another"})},
    "cancel_meeting": {"": http("DELETE", "/meetings/{id}")},
    "refresh_meeting": {"": http("POST", "/meetings/{id}/refresh")},
    "add_attendee": {"": http("POST", "/meetings/{id}/attendees", GUEST)},
    "remove_attendee": {"": http("DELETE", "/meetings/{id}/attendees/AdeleV@contoso.com")},
    "list_meetings": {"": http("GET", f"/meetings?eventId=AAMk&organizer={ALEX}")},
    "get_invitation": {"": http("GET", "/meetings/{id}/invitation.ics")},
    "get_attendance": {"": http("GET", "/meetings/{id}/attendance")},
    "list_transcripts": {"": http("GET", "/meetings/{id}/transcripts")},
    "get_transcript": {"": http("GET", "/meetings/{id}/transcripts/t")},
    "list_recordings": {"": http("GET", "/meetings/{id}/recordings")},
    "get_readiness": {"": http("GET", f"/organizers/{ALEX}/readiness")},
    "find_availability": {"": http("POST", "/availability", AVAILABILITY)},
    "list_rooms": {"": http("GET", "/rooms")},
    "get_deep_health": {"": http("GET", "/health/deep")},
    "take_message": {"": take_message},
    "run_watch": {"": run_watch, "attendance": run_watched_attendance},
    "run_upkeep": {"": run_upkeep},
}
# These leave Graph to the messages and timers above: a retry enqueues, a schedule's run accepts. `record_crashes` hands
# messages on to the same handler as `take_message`.
ASK_NO_GRAPH = {
    *("validate_meeting", "get_meeting", "get_history", "retry_meeting", "forget_meeting", "get_summary"),
    *("create_schedule", "list_schedules", "get_schedule", "replace_schedule", "update_schedule", "delete_schedule"),
    *("get_health", "get_openapi", "get_swagger", "get_docs", "get_console"),
    *("record_crashes", "run_schedules"),
}
WAYS = {f"{name} {way}".strip(): ask for name, ways in READ_GRAPH.items() for way, ask in ways.items()}
# They read the directory, which is no mailbox.
OF_NO_MAILBOX = {"list_rooms", "get_deep_health", "run_upkeep"}


def test_every_function_is_in_one_of_the_lists() -> None:
    """Whatever the host can start."""
    assert {*READ_GRAPH} | ASK_NO_GRAPH == {*functions()}
    assert ASK_NO_GRAPH.isdisjoint(READ_GRAPH)


async def prepared(name: str) -> tuple[World, Meeting]:
    """Return a meeting that whatever a function does with it makes it ask Graph now."""
    world = World(SETTINGS)
    options = {"options": {"allowedPresenters": "organizer"}}
    meeting = await world.made(EXISTING if name == "get_invitation" else CALENDAR | options)
    if "transcript" in name or "recording" in name or "attendance" in name:
        [online] = world.tenant.meetings.values()
        take_place(world.tenant, online, CALL.read({"transcript": "WEBVTT", "recorded": True}, "badRequest"))
    world.clock.advance(days=60 + 1 if name == "run_watch attendance" else 0, hours=7)
    return world, meeting


async def calls(world: World, ask: Ask, meeting: Meeting, *, elsewhere: bool = False) -> int:
    """Return how many calls Graph gets when something is asked of an instance, or of another one."""
    if elsewhere:
        world.app = world.new_host()
    before = len(world.tenant.requests)
    with suppress(ConveneError):
        await ask(world, meeting)
    return len(world.tenant.requests) - before


@pytest.mark.parametrize("name", WAYS)
async def test_no_call_before_the_retry_after_of_its_own(name: str) -> None:
    """Throttled at its first call, a function asks Graph again after a minute, in this instance and in another."""
    world, meeting = await prepared(name)
    world.fault({"times": 1, "action": {"status": 429, "headers": {"Retry-After": "60"}}})
    assert await calls(world, WAYS[name], meeting) >= 1
    assert [seen.status for seen in world.tenant.requests].count(429) == 1
    for seconds, elsewhere in ((20, False), (20, True)):
        world.clock.advance(seconds=seconds)
        assert await calls(world, WAYS[name], meeting, elsewhere=elsewhere) == 0
    world.clock.advance(seconds=21)
    asked = len(world.tenant.requests)
    await calls(world, WAYS[name], meeting)
    await world.settle()
    assert len(world.tenant.requests) > asked


@pytest.mark.parametrize("name", sorted(WAYS.keys() - OF_NO_MAILBOX))
async def test_no_call_before_the_retry_after_of_another(name: str) -> None:
    """A mailbox that throttled the provision of another meeting is left alone, by another instance as well."""
    for elsewhere in (False, True):
        world, meeting = await prepared(name)
        world.fault({"user": ALEX, "times": 1, "action": {"status": 429, "headers": {"Retry-After": "60"}}})
        await world.accept(CALENDAR)
        await world.deliver()
        assert world.tenant.requests[-1].status == 429
        world.clock.advance(seconds=20)
        assert await calls(world, WAYS[name], meeting, elsewhere=elsewhere) == 0
