"""The parts of Graph that the use cases call."""

from dataclasses import dataclass

from shared.graph.calendar_events import CalendarEvents
from shared.graph.online_meetings import OnlineMeetings
from shared.graph.organizers import Organizers


@dataclass(frozen=True, slots=True)
class GraphServices:
    """Calendars, online meetings and users, through one connection."""

    events: CalendarEvents
    online_meetings: OnlineMeetings
    organizers: Organizers
