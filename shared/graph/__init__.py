"""Microsoft Graph: the only folder that imports the Graph SDK.

The SDK builds the URLs, authenticates and reads errors; bodies go out and come back as bytes, because parsing its
models costs twenty times as much as the call itself.
"""

from shared.graph import remedies
from shared.graph.calendar_events import CalendarEvents
from shared.graph.client import GraphClient, before_each_call
from shared.graph.event import Event
from shared.graph.online_meetings import OnlineMeeting, OnlineMeetings
from shared.graph.organizers import Organizers

__all__ = [
    "CalendarEvents",
    "Event",
    "GraphClient",
    "OnlineMeeting",
    "OnlineMeetings",
    "Organizers",
    "before_each_call",
    "remedies",
]
