"""Events that are gone: a deleted one may answer as if it were not, and must not be taken for one that is there."""

from typing import Any

import pytest

from shared.meeting.meeting import Meeting, Status
from tests.app_fixture import World
from tests.examples import CALENDAR, EXISTING

ALONE = {name: value for name, value in CALENDAR.items() if name != "attendees"}


def world_of(deleted_events: str) -> World:
    world = World()
    world.tenant.settings.deleted_events = deleted_events  # type: ignore[assignment]
    return world


async def removed_in_outlook(world: World, request: dict[str, Any]) -> Meeting:
    """Make a meeting whose organizer then deletes the event."""
    from local.graph.event_removal import delete_event

    meeting = await world.made(request)
    [event] = world.events()
    delete_event(world.tenant, world.tenant.mailboxes["alexw@contoso.com"], event)
    world.tenant.requests.clear()
    return meeting


@pytest.mark.parametrize("deleted_events", ["readable", "forgotten"])
@pytest.mark.parametrize("request_of", [CALENDAR, ALONE])
async def test_a_cancellation_of_what_is_gone_succeeds(deleted_events: str, request_of: dict[str, Any]) -> None:
    """Whatever Graph answers for an event that was deleted already, there is nothing left to take away."""
    world = world_of(deleted_events)
    meeting = await removed_in_outlook(world, request_of)
    await world.app.changes.cancel(meeting.id, "Bye")
    await world.settle()
    ended = await world.ledger.read(meeting.id)
    assert (ended.status, ended.error) == (Status.CANCELLED, None)


@pytest.mark.parametrize("deleted_events", ["readable", "forgotten"])
@pytest.mark.parametrize("request_of", [CALENDAR, ALONE])
async def test_a_change_of_what_is_gone_fails_by_name(deleted_events: str, request_of: dict[str, Any]) -> None:
    """An event in Deleted Items would take the change and tell nobody: it is not sent."""
    world = world_of(deleted_events)
    meeting = await removed_in_outlook(world, request_of)
    await world.app.changes.patch(meeting.id, {"subject": "Other"})
    await world.settle()
    ended = await world.ledger.read(meeting.id)
    assert ended.error is not None
    assert ended.error.code == "eventDeleted"
    assert not world.sent("PATCH")


async def test_a_series_without_guests_is_found_in_the_calendar() -> None:
    """An occurrence in the view is the series; one more call, and the change is sent."""
    recurrence = {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "numbered", "startDate": "2027-01-20", "numberOfOccurrences": 3},
    }
    world = world_of("readable")
    meeting = await world.made(ALONE | {"recurrence": recurrence})
    [event] = world.events()
    view = {"value": [{"id": "other"}, {"id": "occurrence", "seriesMasterId": event.immutable_id}]}
    world.fault({"path": "/calendarView", "action": {"status": 200, "body": view}})
    await world.app.changes.patch(meeting.id, {"subject": "Other"})
    await world.settle()
    assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED
    assert len(world.sent("PATCH")) == 1


async def test_a_cancelled_event_is_not_made_an_online_meeting() -> None:
    """The event of kind existing reads as cancelled, and is left alone."""
    world = world_of("readable")
    mailbox = world.tenant.mailboxes["alexw@contoso.com"]
    event = mailbox.by_id[EXISTING["eventId"]]
    event.cancelled = True
    meeting = await world.made(EXISTING)
    assert meeting.error is not None
    assert meeting.error.code == "eventDeleted"
    assert not world.sent("PATCH")


@pytest.mark.parametrize("event_id", ["AAMkNobody=", "x"])
async def test_an_event_id_that_is_none(event_id: str) -> None:
    """A malformed id and one of nothing are both of an event that is not there."""
    meeting = await World().made(EXISTING | {"eventId": event_id})
    assert meeting.error is not None
    assert meeting.error.code == "eventDeleted"


async def test_of_several_events_the_meetings_own_is_taken() -> None:
    """A copy that was made in Outlook has the property as well, and another transaction id."""
    world = World()
    world.fault({"method": "POST", "path": "/events", "times": 1, "when": "after", "action": "reset"})
    meeting = await world.accept(CALENDAR)
    await world.deliver()
    [event] = world.events()
    copy = {"id": "copy", "transactionId": "localevent:1", "attendees": [], "isCancelled": False}
    own = {"id": event.immutable_id, "transactionId": meeting.id, "attendees": [], "isCancelled": False}
    world.fault({"method": "GET", "path": "/events$", "action": {"status": 200, "body": {"value": [copy, own]}}})
    await world.settle()
    assert (await world.ledger.read(meeting.id)).outcome.event_id == event.immutable_id
