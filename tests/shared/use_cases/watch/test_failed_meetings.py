"""A meeting that failed and has an event: people go on changing it in Outlook, and the app goes on looking at it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from shared.errors import ChangeRefusedError
from shared.meeting import Meeting, MeetingError, ObservedState, Status
from tests.app_fixture import World
from tests.examples import CALENDAR, STANDALONE
from tests.shared.use_cases.watch.outlook import LATER, Outlook

GUEST = "AdeleV@contoso.com"
# Graph takes no change of the event.
REFUSED = {"method": "PATCH", "path": "/events/", "action": {"status": 400, "code": "ErrorInvalidRequest"}}
SUBJECT = {"subject": "Another subject"}


async def failed_change(world: World, patch: Mapping[str, Any] = SUBJECT) -> tuple[Meeting, Outlook]:
    """Return a meeting whose change Graph has refused, and whose results were taken."""
    made = await world.made(CALENDAR)
    world.fault(REFUSED)
    await world.app.changes.patch(made.id, dict(patch))
    await world.settle()
    world.fault()
    failed = await world.ledger.read(made.id)
    assert failed.status is Status.FAILED
    world.results.take()
    return failed, Outlook(world)


async def look(world: World, meeting: Meeting) -> Meeting:
    """Look at a meeting; what is returned is what is kept."""
    world.clock.advance(minutes=5)
    seen = await world.app.refreshing.refresh(meeting.id)
    kept = await world.ledger.read(meeting.id)
    assert (seen.observed, seen.status) == (kept.observed, meeting.status)
    return kept


def types(world: World) -> list[str]:
    """Return the types of the events since the last time, and take them."""
    events = [event["type"] for event in world.results.events()]
    world.results.take()
    return events


async def test_a_removal_is_kept_and_published() -> None:
    """What a refresh answers is what the meeting shows from then on, and what is sent, once."""
    world = World()
    meeting, outlook = await failed_change(world)
    outlook.delete()
    for _ in range(2):
        seen = await look(world, meeting)
        assert seen.observed is not None
        assert seen.observed.state is ObservedState.REMOVED
    assert types(world) == ["meeting.removed"]


async def test_a_change_that_graph_refused_is_no_change_in_outlook() -> None:
    """It is named in `changes`, and no event says that somebody has changed the meeting."""
    world = World()
    meeting, outlook = await failed_change(world)
    seen = await look(world, meeting)
    assert seen.observed is not None
    assert (seen.observed.state, seen.observed.changes) == (ObservedState.CHANGED, ("subject",))
    assert types(world) == []
    outlook.respond(GUEST, "declined")
    await look(world, meeting)
    assert types(world) == ["meeting.responded"]
    outlook.edit(LATER)
    seen = await look(world, meeting)
    assert seen.observed is not None
    assert set(seen.observed.changes) == {"subject", "start", "end"}
    assert types(world) == ["meeting.changed"]
    outlook.edit({"subject": "A third subject"})
    await look(world, meeting)
    assert types(world) == ["meeting.changed"]


async def test_a_move_before_the_first_look_is_published() -> None:
    """The request asks for times that Graph had taken: that the event has others is the organizer's change."""
    world = World()
    meeting, outlook = await failed_change(world)
    outlook.edit(LATER)
    await look(world, meeting)
    assert types(world) == ["meeting.changed"]


async def test_a_move_that_was_published_is_not_published_again() -> None:
    """Not when a change to other times fails, and not when a retry of it succeeds with what people left alone."""
    world = World()
    made = await world.made(CALENDAR)
    Outlook(world).edit(LATER)
    await look(world, made)
    assert types(world)[-1] == "meeting.changed"
    world.fault(REFUSED)
    much_later = {name: time | {"dateTime": time["dateTime"].replace("-21T", "-28T")} for name, time in LATER.items()}
    await world.app.changes.patch(made.id, much_later)
    await world.settle()
    world.fault()
    await look(world, await world.ledger.read(made.id))
    assert types(world) == ["meeting.failed"]


async def test_a_retry_that_succeeds_is_no_change_in_outlook() -> None:
    """The difference is gone because the app has made the change, and nobody was sent that there was one."""
    world = World()
    meeting, _ = await failed_change(world)
    await look(world, meeting)
    await world.app.changes.retry(meeting.id)
    await world.settle()
    seen = await look(world, await world.ledger.read(meeting.id))
    assert seen.observed is not None
    assert seen.observed.state is ObservedState.AS_REQUESTED
    assert types(world) == ["meeting.succeeded"]


async def test_a_standalone_meeting() -> None:
    """Its onlineMeeting goes while a change of it has failed: that is kept and published."""
    world = World()
    made = await world.made(STANDALONE)
    world.fault({"method": "PATCH", "path": "/onlineMeetings/", "action": {"status": 400}})
    await world.app.changes.patch(made.id, SUBJECT)
    await world.settle()
    world.fault()
    failed = await world.ledger.read(made.id)
    assert failed.status is Status.FAILED
    world.results.take()
    await look(world, failed)
    assert types(world) == []
    world.tenant.meetings.clear()
    await look(world, failed)
    assert types(world) == ["meeting.removed"]


async def test_a_failed_meeting_is_watched() -> None:
    """Its event is there as before: what happens to it is noticed by the timer, without a refresh."""
    world = World()
    meeting, outlook = await failed_change(world)
    assert meeting.look_at is not None
    outlook.delete()
    world.clock.advance(hours=6)
    await world.app.watch.run()
    assert types(world) == ["meeting.removed"]


async def test_a_meeting_that_fails_after_its_event_was_made_is_watched() -> None:
    """The invitations are out, although the options could not be set."""
    world = World()
    world.fault({"method": "PATCH", "path": "/onlineMeetings/", "action": {"status": 400}})
    failed = await world.made(CALENDAR | {"options": {"recordAutomatically": True}})
    world.fault()
    assert (failed.status, failed.outcome.event_id is not None) == (Status.FAILED, True)
    world.results.take()
    Outlook(world).cancel()
    world.clock.advance(minutes=5)
    await world.app.watch.run()
    assert types(world) == ["meeting.removed"]


async def crash(world: World, _meeting: Meeting, text: str) -> None:
    await world.app.crash_recorder.record(text, None)


async def outgrow_its_row(world: World, meeting: Meeting, _text: str) -> None:
    error = MeetingError(code="tooLarge", message="", remedy="")
    await world.app.message_handler._provisioner._completion.fail_unstored(meeting, error)


@pytest.mark.parametrize("watch", ["on", "off"])
@pytest.mark.parametrize("end", [crash, outgrow_its_row])
async def test_a_meeting_that_ended_between_its_steps_is_watched(
    end: Callable[..., Awaitable[None]], watch: str
) -> None:
    """Its event is made and the invitations are out: however it ended, the watch looks at it, if that is on."""
    world = World({"WATCH": watch})
    world.fault({"method": "PATCH", "path": "/onlineMeetings/", "action": {"status": 503}})
    meeting = await world.accept(CALENDAR | {"options": {"recordAutomatically": True}})
    [text] = world.requests.take()
    await world.app.message_handler.handle(text, None)
    await end(world, meeting, text)
    world.fault()
    failed = await world.ledger.read(meeting.id)
    assert (failed.status, failed.outcome.event_id is not None) == (Status.FAILED, True)
    world.results.take()
    Outlook(world).cancel()
    world.clock.advance(minutes=5)
    await world.app.watch.run()
    assert types(world) == (["meeting.removed"] if watch == "on" else [])


async def test_a_meeting_in_progress_is_not_watched() -> None:
    """Its event may be about to change; the watch looks once it has ended, in whichever way."""
    world = World()
    made = await world.made(CALENDAR)
    await world.app.changes.patch(made.id, SUBJECT)
    world.clock.advance(hours=6)
    world.tenant.requests.clear()
    assert (await world.app.watch.run()).looked == 0
    assert not world.tenant.requests
    await world.settle()
    world.clock.advance(hours=6)
    assert (await world.app.watch.run()).looked == 1


async def test_a_cancellation_that_failed_is_not_looked_at() -> None:
    """A cancelled meeting is not made any more, whatever is left of it."""
    world = World()
    made = await world.made(CALENDAR)
    world.fault({"method": "POST", "path": "/cancel", "action": {"status": 400}})
    await world.app.changes.cancel(made.id, None)
    await world.settle()
    meeting = await world.ledger.read(made.id)
    assert (meeting.status, meeting.look_at) == (Status.FAILED, None)
    with pytest.raises(ChangeRefusedError):
        await world.app.refreshing.refresh(made.id)
