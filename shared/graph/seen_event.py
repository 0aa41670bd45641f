"""An event as the watch sees it: every member that is compared has to be readable, or nothing is concluded."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from shared.errors import GraphError
from shared.graph.calendar_events import CalendarEvents, by_i_cal_u_id, by_meeting
from shared.graph.event import GraphTime, OnlineEvent
from shared.graph.event_details import GraphAddress, GraphLocation, GraphPerson
from shared.graph.resources import GraphResource, Lenient, parse_resource

SEEN_PROPERTIES = (
    "id,iCalUId,transactionId,isCancelled,isOnlineMeeting,onlineMeeting,subject,start,end,isAllDay,"
    "originalStartTimeZone,location,locations,organizer,attendees"
)


class _ResponseStatus(GraphResource):
    response: Lenient[str] = None
    time: Lenient[datetime] = None


class _TimeSlot(GraphResource):
    start: Lenient[GraphTime] = None
    end: Lenient[GraphTime] = None


class SeenAttendee(GraphResource):
    """An attendee with the latest response: https://learn.microsoft.com/graph/api/resources/attendee."""

    email_address: GraphAddress
    type: Lenient[str] = None
    status: Lenient[_ResponseStatus] = None
    proposed_new_time: Lenient[_TimeSlot] = None


class SeenEvent(OnlineEvent):
    """An event in its organizer's calendar: https://learn.microsoft.com/graph/api/resources/event."""

    is_cancelled: bool
    is_online_meeting: bool
    subject: str | None
    start: GraphTime
    end: GraphTime
    is_all_day: bool
    original_start_time_zone: Lenient[str] = None
    location: GraphLocation | None
    locations: Lenient[tuple[GraphLocation, ...]] = None
    organizer: Lenient[GraphPerson] = None
    attendees: tuple[SeenAttendee, ...]


def parse_seen_event(answer: Any) -> SeenEvent:
    """Return an event from Graph's answer.

    Raises:
        UnavailableError: a member that is compared is not there, or of another type.
    """
    return parse_resource(SeenEvent, answer, uncertain=False)


async def see_event(events: CalendarEvents, organizer: str, event_id: str) -> SeenEvent:
    """Return an event by its id. It may raise the GraphErrors of GraphClient.send."""
    return parse_seen_event(await events.read_properties(organizer, event_id, SEEN_PROPERTIES))


async def see_events(events: CalendarEvents, places: Sequence[tuple[str, str]]) -> list[SeenEvent | GraphError]:
    """Return at most 20 events, each named by its organizer and id, or the error of each that could not be read.

    Raises:
        GraphError: there is no answer to the whole batch.
    """
    return [_seen_or_error(answer) for answer in await events.read_many(places, SEEN_PROPERTIES)]


def _seen_or_error(answer: dict[str, Any] | GraphError) -> SeenEvent | GraphError:
    if isinstance(answer, GraphError):
        return answer
    try:
        return parse_seen_event(answer)
    except GraphError as error:
        return error


async def search_event(
    events: CalendarEvents, organizer: str, meeting_id: str, i_cal_u_id: str | None
) -> SeenEvent | None:
    """Return the event of a meeting that is not found by its id, or None. It may raise what `see_event` raises.

    An event that was moved may have another id. A copy has another iCalUId, and is another event.
    """
    conditions = [by_meeting(meeting_id), *([by_i_cal_u_id(i_cal_u_id)] if i_cal_u_id else [])]
    for condition in conditions:
        for item in await events.list_properties(organizer, condition, SEEN_PROPERTIES):
            event = parse_seen_event(item)
            if event.transaction_id == meeting_id or i_cal_u_id in {None, event.i_cal_u_id}:
                return event
    return None
