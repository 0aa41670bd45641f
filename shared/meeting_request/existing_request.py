"""An event that is there already, to be made an online meeting."""

from typing import Literal

from shared.meeting_request.any_kind import TEAMS, AnyKindRequest, IsOnlineMeeting, OnlineMeetingProviderType
from shared.meeting_request.options import Options
from shared.validation.text import Identifier


class ExistingRequest(AnyKindRequest):
    """Which event, and what its meeting shall be like.

    Attributes:
        kind: The kind of the meeting.
        event_id: The id of the event in the organizer's calendar.
        is_online_meeting: Only true: the app makes online meetings.
        online_meeting_provider: The provider of the online meeting; `teamsForBusiness` without it.
        options: The options of the online meeting.

    https://learn.microsoft.com/graph/outlook-calendar-online-meetings
    """

    kind: Literal["existing"] = "existing"
    event_id: Identifier
    is_online_meeting: IsOnlineMeeting = True
    online_meeting_provider: OnlineMeetingProviderType = TEAMS
    options: Options = None
