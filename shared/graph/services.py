"""The parts of Graph that the use cases call."""

from dataclasses import dataclass

from shared.graph.artifacts import Artifacts
from shared.graph.calendar_events import CalendarEvents
from shared.graph.client import GraphClient
from shared.graph.free_busy import FreeBusy
from shared.graph.online_meetings import OnlineMeetings
from shared.graph.organizers import Organizers
from shared.graph.places import Places


@dataclass(frozen=True, slots=True)
class GraphServices:
    """Calendars, online meetings and what they leave behind, users and rooms, through one connection."""

    events: CalendarEvents
    online_meetings: OnlineMeetings
    organizers: Organizers
    free_busy: FreeBusy
    places: Places
    artifacts: Artifacts

    @staticmethod
    def over(client: GraphClient) -> "GraphServices":
        """Return every service over a connection."""
        events, meetings, organizers = CalendarEvents(client), OnlineMeetings(client), Organizers(client)
        return GraphServices(events, meetings, organizers, FreeBusy(client), Places(client), Artifacts(client))
