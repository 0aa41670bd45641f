"""An event that exists already, to be made an online meeting."""

from typing import Literal

from shared.meeting_request.any_kind import TEAMS, AnyKindRequest, IsOnlineMeeting, OnlineMeetingProviderType
from shared.meeting_request.options import Options
from shared.meeting_request.people import Organizer
from shared.validation.text import EventId


class ExistingRequest(AnyKindRequest):
    """Which event, and what its meeting shall be like.

    Attributes:
        kind: The kind of the meeting.
        organizer: The organizer, by user principal name or object id.
        event_id: The id of the event in the organizer's calendar.
        is_online_meeting: Only true: the app makes online meetings.
        online_meeting_provider: The provider of the online meeting; `teamsForBusiness` by default.
        options: The options of the online meeting.

    https://learn.microsoft.com/graph/outlook-calendar-online-meetings
    """

    kind: Literal["existing"] = "existing"
    organizer: Organizer
    event_id: EventId
    is_online_meeting: IsOnlineMeeting = True
    online_meeting_provider: OnlineMeetingProviderType = TEAMS
    options: Options = None

    @property
    def organizers(self) -> tuple[str, ...]:
        """Everybody who may organize the meeting: the owner of the calendar with the event."""
        return (self.organizer,)
