"""The meeting: its record, and the ledger, the queue messages and the results that it lives in."""

from shared.meeting.attendance import Attendance, AttendanceWatch
from shared.meeting.meeting import (
    FAILURE_CODES,
    FINISHED,
    Cancellation,
    Claim,
    DialIn,
    DialInNumbers,
    Doubt,
    JoinInformation,
    Meeting,
    MeetingError,
    Outcome,
    Progress,
    Status,
    as_meeting_error,
)
from shared.meeting.meeting_response import FoundMeetingResponse, MeetingResponse
from shared.meeting.observed import Observed, ObservedAttendee, ObservedState

__all__ = [
    "FAILURE_CODES",
    "FINISHED",
    "Attendance",
    "AttendanceWatch",
    "Cancellation",
    "Claim",
    "DialIn",
    "DialInNumbers",
    "Doubt",
    "FoundMeetingResponse",
    "JoinInformation",
    "Meeting",
    "MeetingError",
    "MeetingResponse",
    "Observed",
    "ObservedAttendee",
    "ObservedState",
    "Outcome",
    "Progress",
    "Status",
    "as_meeting_error",
]
