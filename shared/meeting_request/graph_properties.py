"""The options of a meeting as Graph takes them."""

from typing import Any

from shared.meeting_request.options import MeetingOptions
from shared.meeting_request.parse import MeetingRequest
from shared.meeting_request.standalone_request import StandaloneRequest


def option_properties(request: MeetingRequest) -> dict[str, Any]:
    """Return what to PATCH on the meeting's onlineMeeting, an empty object if there is nothing to set.

    Participants are among it for a standalone meeting too, although it is created with them: createOrGet takes no
    settings, and roles are settings. https://learn.microsoft.com/graph/api/onlinemeeting-update
    """
    options = request if isinstance(request, StandaloneRequest) else request.options
    if options is None:
        return {}
    names = set(MeetingOptions.model_fields)
    return options.model_dump(mode="json", by_alias=True, exclude_none=True, include=names)
