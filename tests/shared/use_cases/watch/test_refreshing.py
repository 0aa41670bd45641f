"""A look at one meeting, because somebody asks."""

from collections.abc import Mapping
from typing import Any

import pytest

from shared.access.callers import Caller
from shared.errors import ChangeRefusedError, GraphError, MeetingNotFoundError
from shared.meeting import Meeting, ObservedState
from shared.meeting.record_size import bare
from tests.app_fixture import World
from tests.examples import CALENDAR, EXISTING, STANDALONE
from tests.shared.use_cases.watch.outlook import LATER, Outlook

DELETED = pytest.mark.parametrize("deleted_events", ["forgotten", "readable"])


async def refreshed(world: World, meeting: Meeting) -> Meeting:
    world.clock.advance(minutes=1)
    return await world.app.refreshing.refresh(meeting.id)


def state(meeting: Meeting) -> ObservedState:
    assert meeting.observed is not None
    return meeting.observed.state


async def test_a_move_and_a_response_are_seen() -> None:
    """They are kept with the meeting, which stays as it is in all else; Graph is only read."""
    world = World()
    made = await world.made(CALENDAR)
    outlook = Outlook(world)
    assert state(await refreshed(world, made)) is ObservedState.AS_REQUESTED
    outlook.edit(LATER)
    outlook.respond("AdeleV@contoso.com", "declined")
    world.tenant.requests.clear()
    seen = await refreshed(world, made)
    assert seen.observed is not None
    assert (seen.observed.state, seen.observed.changes) == (ObservedState.CHANGED, ("start", "end"))
    assert seen.observed.attendees[0].response == "declined"
    assert [request.method for request in world.tenant.requests] == ["GET"]
    kept = await world.ledger.read(made.id)
    assert kept.observed == seen.observed
    apart = {"observed": None, "observations": 0, "look_at": None, "history": ()}
    apart |= {"etag": "", "index_keys": frozenset[str]()}
    assert kept.changed(**apart) == made.changed(**apart)


@DELETED
async def test_a_cancelled_meeting(deleted_events: Any) -> None:
    """It is removed, whether Graph still shows the event or not; the status speaks of the request."""
    world = World()
    world.tenant.settings.deleted_events = deleted_events
    made = await world.made(CALENDAR)
    Outlook(world).cancel()
    seen = await refreshed(world, made)
    assert (seen.status, state(seen)) == ("succeeded", ObservedState.REMOVED)


@DELETED
async def test_a_deleted_event_without_attendees(deleted_events: Any) -> None:
    """It is not cancelled and may be read by its id: the calendar is asked, and once for each change only."""
    world = World()
    world.tenant.settings.deleted_events = deleted_events
    made = await world.made({name: value for name, value in CALENDAR.items() if name != "attendees"})
    assert state(await refreshed(world, made)) is ObservedState.AS_REQUESTED
    world.tenant.requests.clear()
    assert state(await refreshed(world, made)) is ObservedState.AS_REQUESTED
    assert len(world.tenant.requests) == 1
    Outlook(world).delete()
    assert state(await refreshed(world, made)) is ObservedState.REMOVED


async def test_an_event_with_another_id_is_not_removed() -> None:
    """It is found by the meeting's own property; a later change of the meeting reaches it."""
    world = World()
    made = await world.made(CALENDAR)
    Outlook(world).move_to_another_calendar()
    seen = await refreshed(world, made)
    assert state(seen) is ObservedState.AS_REQUESTED
    assert seen.outcome.event_id == "AAkALgAAAAAAOther0001"
    await world.app.changes.patch(made.id, {"subject": "Another subject"})
    await world.settle()
    [event] = world.events()
    assert event.properties["subject"] == "Another subject"


async def test_an_event_with_another_id_of_an_existing_meeting() -> None:
    """It carries no property of ours and is found by its iCalUId."""
    world = World()
    event = await _existing(world)
    made = await world.made(EXISTING | {"eventId": event.immutable_id})
    assert made.status == "succeeded"
    Outlook(world).move_to_another_calendar()
    assert state(await refreshed(world, made)) is ObservedState.AS_REQUESTED
    Outlook(world).delete()
    assert state(await refreshed(world, made)) is ObservedState.REMOVED


async def _existing(world: World) -> Any:
    """Return an event that somebody made in Outlook."""
    from local.graph.events import create_event

    mailbox = world.tenant.mailboxes["alexw@contoso.com"]
    times = {name: CALENDAR[name] for name in ("subject", "start", "end")}
    return create_event(world.tenant, mailbox, times)


async def test_a_standalone_meeting() -> None:
    """Its onlineMeeting is compared; once that is gone, the meeting is removed."""
    world = World()
    made = await world.made(STANDALONE)
    assert state(await refreshed(world, made)) is ObservedState.AS_REQUESTED
    [meeting] = world.tenant.meetings.values()
    meeting.properties["subject"] = "Another subject"
    seen = await refreshed(world, made)
    assert seen.observed is not None
    assert seen.observed.changes == ("subject",)
    world.tenant.meetings.clear()
    assert state(await refreshed(world, made)) is ObservedState.REMOVED


@pytest.mark.parametrize(
    "fault",
    [
        {"path": "/events", "action": {"status": 429, "retryAfter": "30"}},
        {"path": "/events", "action": {"status": 503}},
        {"path": "/events", "action": "truncated"},
        {"path": "/events", "action": "empty204"},
        {"path": "/events/", "action": {"status": 404, "code": "ErrorItemNotFound"}},
    ],
)
async def test_an_outage_says_nothing(fault: Mapping[str, Any]) -> None:
    """What was observed stays; a 404 alone removes nothing as long as the event is found otherwise."""
    world = World()
    made = await world.made(CALENDAR)
    before = await refreshed(world, made)
    world.fault(fault)
    if fault["path"] == "/events/":
        assert state(await refreshed(world, made)) is ObservedState.AS_REQUESTED
        return
    with pytest.raises(GraphError):
        await refreshed(world, made)
    assert (await world.ledger.read(made.id)).observed == before.observed


async def test_nothing_to_look_at() -> None:
    """A meeting that is queued, failed before it was created, or cancelled is not in Graph."""
    world = World()
    failed = await world.made(CALENDAR | {"organizer": "nobody@contoso.com"})
    cancelled = await world.made(CALENDAR)
    await world.app.changes.cancel(cancelled.id, None)
    queued = await world.accept(CALENDAR)
    for meeting in (queued, failed, cancelled):
        with pytest.raises(ChangeRefusedError) as refusal:
            await world.app.refreshing.refresh(meeting.id)
        assert refusal.value.code == "notMade"


async def test_a_change_under_way_is_not_kept_as_an_observation() -> None:
    """While the event is still as the former version requested it, nobody has changed it in Outlook."""
    world = World()
    made = await world.made(CALENDAR)
    await world.app.changes.patch(made.id, {"subject": "Another subject"})
    seen = await refreshed(world, made)
    assert seen.observed is not None
    assert seen.observed.changes == ("subject",)
    assert (await world.ledger.read(made.id)).observed is None


async def test_the_meetings_of_others_are_not_there() -> None:
    """Whoever does not see a meeting cannot have it looked at."""
    world = World()
    made = await world.made(CALENDAR)
    with pytest.raises(MeetingNotFoundError):
        await world.app.refreshing.refresh(made.id, Caller("somebody-else", sees_all=False))


async def test_a_meeting_without_its_request_is_compared_with_nothing() -> None:
    """The record of a meeting that was too large ends without what was asked for."""
    world = World()
    made = await world.made(CALENDAR)
    await world.ledger.write(made, bare(made))
    with pytest.raises(ChangeRefusedError) as refusal:
        await refreshed(world, made)
    assert refusal.value.code == "notMade"
