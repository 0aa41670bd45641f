"""The meeting: its record, the ledger that stores it, its messages on the queue, and the results that are sent."""

from shared.meeting.attendance import Attendance, AttendanceWatch
from shared.meeting.meeting import FINISHED, Cancellation, Claim, Doubt, Meeting, Progress, Status
from shared.meeting.meeting_error import FAILURE_CODES, MeetingError, as_meeting_error
from shared.meeting.meeting_response import FoundMeetingResponse, MeetingResponse
from shared.meeting.observed import Observed, ObservedAttendee, ObservedState
from shared.meeting.outcome import DialIn, DialInNumbers, JoinInformation, Outcome

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
