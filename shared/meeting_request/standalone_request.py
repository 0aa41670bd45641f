"""An onlineMeeting without a calendar event or attendees."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Literal

from shared.meeting_request.options import MeetingOptions
from shared.meeting_request.pools import PooledRequest
from shared.validation.closed_model import ClosedModel
from shared.validation.date_times import Timestamp, instant_of
from shared.validation.draft import Draft
from shared.validation.findings import Finding
from shared.validation.text import NonBlankLine

# What Graph gives a meeting without times, or without an end: https://learn.microsoft.com/graph/api/onlinemeeting-createorget
USUAL_LENGTH = timedelta(hours=1)


class JoinMeetingIdSettings(ClosedModel):
    """Whether a passcode is generated; it can never be changed afterwards.

    Attributes:
        is_passcode_required: Whether joining by number needs a passcode.

    https://learn.microsoft.com/graph/api/resources/joinmeetingidsettings
    """

    is_passcode_required: bool


class StandaloneRequest(MeetingOptions, PooledRequest):
    """The properties of an onlineMeeting that an app may set.

    Attributes:
        kind: The kind of the meeting.
        subject: The subject, one line.
        start_date_time: When the meeting starts, with its offset from UTC.
        end_date_time: When the meeting ends, with its offset from UTC.
        join_meeting_id_settings: Whether joining by number needs a passcode.

    https://learn.microsoft.com/graph/api/application-post-onlinemeetings
    """

    kind: Literal["standalone"] = "standalone"
    subject: NonBlankLine | None = None
    start_date_time: Timestamp | None = None
    end_date_time: Timestamp | None = None
    join_meeting_id_settings: JoinMeetingIdSettings | None = None

    def end_after(self, start: datetime) -> datetime:
        """Return when the meeting ends, in UTC: by the request, or else an hour after its start."""
        return instant_of(self.end_date_time)[0] if self.end_date_time else start + USUAL_LENGTH


def standalone_findings(draft: Draft) -> Iterator[Finding]:
    """Yield what is wrong between the fields of a standalone request."""
    start, end = draft.value("startDateTime"), draft.value("endDateTime")
    # https://learn.microsoft.com/graph/api/onlinemeeting-createorget: only a start alone has a default end.
    if draft.given("endDateTime") is not None and draft.given("startDateTime") is None:
        yield Finding(("startDateTime",), "required", "is required when there is an endDateTime")
    if start and end and instant_of(end) < instant_of(start):
        yield Finding(("endDateTime",), "endBeforeStart", "must not be before startDateTime")


def online_meeting_properties(request: StandaloneRequest) -> dict[str, Any]:
    """Return the onlineMeeting that Graph is to create; `option_properties` returns what is set after that."""
    fields = {"subject", "start_date_time", "end_date_time", "participants", "join_meeting_id_settings"}
    return request.model_dump(mode="json", by_alias=True, exclude_none=True, include=fields)
