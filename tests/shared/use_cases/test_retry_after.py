"""Promise 5 (docs/reliability.md): no call goes to a mailbox before the Retry-After that Graph named for it."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from shared.errors import HeldBackError, ThrottledError
from shared.graph.artifacts import TranscriptNotFoundError
from shared.meeting import Meeting
from shared.use_cases.availability import parse_availability
from shared.use_cases.finder import parse_filter
from tests.app_fixture import World
from tests.examples import CALENDAR

type Call = Callable[[World, Meeting], Awaitable[object]]

ALEX = "AlexW@contoso.com"
RETRY_AFTER = timedelta(minutes=10)
FREE_AT = {"organizers": [ALEX], "start": CALENDAR["start"], "end": CALENDAR["end"], "duration": "PT1H"}
MAILBOX: dict[str, Call] = {
    "refresh": lambda world, meeting: world.app.refreshing.refresh(meeting.id),
    "attendance": lambda world, meeting: world.app.artifacts.attendance(meeting.id, None),
    "transcripts": lambda world, meeting: world.app.artifacts.transcripts(meeting.id),
    "transcript": lambda world, meeting: world.app.artifacts.transcript(meeting.id, "t"),
    "recordings": lambda world, meeting: world.app.artifacts.recordings(meeting.id),
    "getSchedule": lambda world, _: world.app.availability.find(parse_availability(FREE_AT)),
    "find by event": lambda world, _: found(world, eventId="another"),
    "find by link": lambda world, _: found(world, joinUrl="https://teams.microsoft.com/meet/123456789012?p=x"),
    # Timers, which leave due what they cannot do.
    "watch": lambda world, _: world.app.watch.run(),
    "watched attendance": lambda world, _: world.app.watched_attendance.run(),
}
TIMERS = {"watch", "watched attendance"}
DIRECTORY: dict[str, Call] = {"rooms": lambda world, _: world.app.rooms.list(None)}


def found(world: World, **parameters: str) -> Awaitable[object]:
    return world.app.finder.find(parse_filter({"organizer": ALEX, **parameters}))


@pytest.mark.parametrize(("first", "calls"), [*((name, MAILBOX) for name in MAILBOX), ("rooms", DIRECTORY)])
async def test_no_call_before_retry_after(first: str, calls: dict[str, Call]) -> None:
    """The one that is throttled closes the mailbox to all of them, in every process; afterwards it is asked again."""
    world = World({"ARTIFACTS": "attendance,transcripts,recordings"})
    meeting = await world.made(CALENDAR)
    world.clock.advance(days=61)  # it has ended, and each timer has something to do
    world.tenant.requests.clear()
    action = {"status": 429, "code": "ApplicationThrottled", "retryAfter": str(int(RETRY_AFTER.total_seconds()))}
    world.fault({"path": "^(?!.*batch)", "times": 1, "action": action})
    with suppress(ThrottledError) if first in TIMERS else pytest.raises(ThrottledError):
        await calls[first](world, meeting)
    assert [request.status for request in world.tenant.requests if "$batch" not in request.path] == [429]
    world.tenant.requests.clear()
    world.clock.now += RETRY_AFTER - timedelta(minutes=1)  # nearer to its end a run of the watch waits for it
    for app in (world.app, world.new_host()):
        world.app = app
        for name, call in calls.items():
            with suppress(HeldBackError) if name in TIMERS else pytest.raises(HeldBackError):
                await call(world, meeting)
    assert not world.tenant.requests
    world.clock.advance(minutes=1)
    with suppress(TranscriptNotFoundError):
        await calls[first](world, meeting)
    assert world.tenant.requests
