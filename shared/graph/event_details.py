"""An event with its times, its organizer and its attendees."""

from datetime import datetime
from typing import Any

from pydantic import ValidationError

from shared.errors import UnavailableError
from shared.graph.calendar_events import CalendarEvents
from shared.graph.event import Event
from shared.graph.resources import GraphResource, Lenient, parse_resource
from shared.meeting_request.recurrence import PATTERN_MAY_HAVE, PATTERN_NEEDS, RANGE_NEEDS, Recurrence
from shared.validation.time_zones import allowed_names

_SELECT = (
    "id,iCalUId,webLink,isOrganizer,isCancelled,isOnlineMeeting,onlineMeetingProvider,onlineMeeting,attendees,"
    "createdDateTime,lastModifiedDateTime,subject,start,end,originalStartTimeZone,originalEndTimeZone,isAllDay,"
    "recurrence,location,locations,organizer,importance,sensitivity,showAs,hideAttendees,responseRequested"
)


class GraphLocation(GraphResource):
    """A place, of which only the name is shown."""

    display_name: Lenient[str] = None


class GraphAddress(GraphResource):
    """A mail address and the name that goes with it."""

    name: Lenient[str] = None
    address: Lenient[str] = None


class GraphPerson(GraphResource):
    """An organizer or an attendee."""

    type: Lenient[str] = None
    email_address: Lenient[GraphAddress] = None


class EventDetails(Event):
    """An event as its invitation shows it; `recurrence_of` reads the recurrence where it is needed.

    https://learn.microsoft.com/graph/api/resources/event
    """

    created_date_time: Lenient[datetime] = None
    last_modified_date_time: Lenient[datetime] = None
    subject: Lenient[str] = None
    original_start_time_zone: Lenient[str] = None
    original_end_time_zone: Lenient[str] = None
    is_all_day: Lenient[bool] = None
    recurrence: Any = None
    location: Lenient[GraphLocation] = None
    locations: Lenient[tuple[GraphLocation, ...]] = None
    organizer: Lenient[GraphPerson] = None
    importance: Lenient[str] = None
    sensitivity: Lenient[str] = None
    show_as: Lenient[str] = None
    hide_attendees: bool | None = None
    response_requested: Lenient[bool] = None

    @property
    def people(self) -> tuple[GraphPerson, ...]:
        """Return the attendees."""
        return tuple(GraphPerson.model_validate(attendee) for attendee in self.attendees or ())


def recurrence_of(event: EventDetails) -> Recurrence | None:
    """Return how an event repeats, without the members that its types do not need, which Graph fills with zeros.

    Raises:
        UnavailableError: Graph's answer is not in one of its forms.
    """
    if not event.recurrence:
        return None
    try:
        pattern, extent = event.recurrence["pattern"], event.recurrence["range"]
        named = extent.get("recurrenceTimeZone")
        kind = pattern["type"]
        members = ("type", "interval", *PATTERN_NEEDS[kind], *PATTERN_MAY_HAVE.get(kind, ()))
        return Recurrence.model_validate(
            {
                "pattern": {name: pattern[name] for name in members},
                "range": {name: extent[name] for name in ("type", "startDate", *RANGE_NEEDS[extent["type"]])}
                | ({"recurrenceTimeZone": named} if named in allowed_names() else {}),
            }
        )
    except (AttributeError, KeyError, TypeError, ValidationError) as error:
        raise UnavailableError("Graph's answer is not the recurrence it should be", uncertain=False) from error


async def read_event(events: CalendarEvents, organizer: str, event_id: str) -> EventDetails:
    """Return an event by its id. It may raise the GraphErrors of GraphClient.send."""
    answer = await events.read_properties(organizer, event_id, _SELECT)
    return parse_resource(EventDetails, answer, uncertain=False)
