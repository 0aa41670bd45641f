"""Microsoft Graph: the only folder that imports the Graph SDK.

The SDK builds the URLs, authenticates and reads errors; bodies go out and come back as bytes, because parsing its
models costs twenty times as much as the call itself.

client, transport, credentials, batch, answer_stream       one call, or several as one
error_translation, retry_after, refusals, remedies         what a failure means, and who does what about it
services                                                   all that the use cases call
calendar_events, event, event_details, seen_event, event_clock, join_block
                                                           events in calendars
online_meetings, artifacts                                 online meetings, and what they leave behind
organizers, places, free_busy                              people and rooms, and when they are busy
resources, pages                                           the parts of an answer, and lists
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
