"""An event with everything that tells a reader when it is, whose it is and who is invited."""

from datetime import datetime
from typing import Any

from pydantic import ValidationError

from shared.errors import UnavailableError
from shared.graph.answer import Answer
from shared.graph.calendar_events import CalendarEvents, Event

_SELECT = (
    "id,iCalUId,webLink,isOrganizer,isCancelled,isOnlineMeeting,onlineMeetingProvider,onlineMeeting,attendees,"
    "createdDateTime,lastModifiedDateTime,subject,start,end,originalStartTimeZone,originalEndTimeZone,isAllDay,"
    "recurrence,location,locations,organizer,importance,sensitivity,hideAttendees,responseRequested"
)


class GraphTime(Answer):
    """A time as Graph reads it back: in UTC, with seven fractional digits."""

    date_time: datetime
    time_zone: str


class GraphLocation(Answer):
    """A place, of which only the name is shown."""

    display_name: str | None = None


class GraphAddress(Answer):
    """A mail address and the name that goes with it."""

    name: str | None = None
    address: str | None = None


class GraphPerson(Answer):
    """An organizer or an attendee."""

    type: str | None = None
    email_address: GraphAddress = GraphAddress()


class EventDetails(Event):
    """An event as its invitation tells of it.

    https://learn.microsoft.com/graph/api/resources/event
    """

    created_date_time: datetime | None = None
    last_modified_date_time: datetime | None = None
    subject: str | None = None
    start: GraphTime
    end: GraphTime
    original_start_time_zone: str | None = None
    original_end_time_zone: str | None = None
    is_all_day: bool | None = None
    recurrence: dict[str, Any] | None = None
    location: GraphLocation | None = None
    locations: tuple[GraphLocation, ...] | None = None
    organizer: GraphPerson | None = None
    importance: str | None = None
    sensitivity: str | None = None
    hide_attendees: bool | None = None
    response_requested: bool | None = None

    @property
    def people(self) -> tuple[GraphPerson, ...]:
        """Return the attendees."""
        return tuple(GraphPerson.model_validate(attendee) for attendee in self.attendees or ())


async def read_event(events: CalendarEvents, organizer: str, event_id: str) -> EventDetails:
    """Return an event by its id. It may raise the GraphErrors of GraphClient.send."""
    answer = await events.read_properties(organizer, event_id, _SELECT)
    try:
        details = EventDetails.model_validate(answer)
        _ = details.people
    except ValidationError as error:
        raise UnavailableError("Graph's answer is not the event it should be", uncertain=False) from error
    return details
