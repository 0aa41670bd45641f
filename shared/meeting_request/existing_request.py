"""An event that is there already, to be made an online meeting."""

from typing import Annotated, Literal

from shared.meeting_request.any_kind import TEAMS, AddressedRequest, IsOnlineMeeting, Provider
from shared.meeting_request.options import Options
from shared.validation.text import AnyCase, Identifier


class ExistingRequest(AddressedRequest):
    """Which event, and what its meeting shall be like.

    https://learn.microsoft.com/graph/outlook-calendar-online-meetings
    """

    kind: Literal["existing"] = "existing"
    event_id: Identifier
    is_online_meeting: IsOnlineMeeting = True
    online_meeting_provider: Annotated[Provider, AnyCase()] = TEAMS
    options: Options = None
