"""An event with everything that tells a reader when it is, whose it is and who is invited."""

from datetime import datetime
from typing import Any

from shared.graph.answer import Answer, Told, parse_answer
from shared.graph.calendar_events import CalendarEvents, Event

_SELECT = (
    "id,iCalUId,webLink,isOrganizer,isCancelled,isOnlineMeeting,onlineMeetingProvider,onlineMeeting,attendees,"
    "createdDateTime,lastModifiedDateTime,subject,start,end,originalStartTimeZone,originalEndTimeZone,isAllDay,"
    "recurrence,location,locations,organizer,importance,sensitivity,hideAttendees,responseRequested"
)


class GraphLocation(Answer):
    """A place, of which only the name is shown."""

    display_name: Told[str] = None


class GraphAddress(Answer):
    """A mail address and the name that goes with it."""

    name: Told[str] = None
    address: Told[str] = None


class GraphPerson(Answer):
    """An organizer or an attendee."""

    type: Told[str] = None
    email_address: Told[GraphAddress] = None


class EventDetails(Event):
    """An event as its invitation tells of it; what its recurrence is, is read where it is needed.

    https://learn.microsoft.com/graph/api/resources/event
    """

    created_date_time: Told[datetime] = None
    last_modified_date_time: Told[datetime] = None
    subject: Told[str] = None
    original_start_time_zone: Told[str] = None
    original_end_time_zone: Told[str] = None
    is_all_day: Told[bool] = None
    recurrence: Any = None
    location: Told[GraphLocation] = None
    locations: Told[tuple[GraphLocation, ...]] = None
    organizer: Told[GraphPerson] = None
    importance: Told[str] = None
    sensitivity: Told[str] = None
    hide_attendees: bool | None = None
    response_requested: Told[bool] = None

    @property
    def people(self) -> tuple[GraphPerson, ...]:
        """Return the attendees."""
        return tuple(GraphPerson.model_validate(attendee) for attendee in self.attendees or ())


async def read_event(events: CalendarEvents, organizer: str, event_id: str) -> EventDetails:
    """Return an event by its id. It may raise the GraphErrors of GraphClient.send."""
    answer = await events.read_properties(organizer, event_id, _SELECT)
    return parse_answer(EventDetails, answer, uncertain=False)
