"""The meeting: its record, the ledger that stores it, its messages on the queue, and the results that are sent.

meeting, record_model, record_size                   the record, and its bounds
outcome, applied, observed, reserved, attendance     its parts about Graph: created, sent, seen, reserved, attended
wanted, requested_start, retention                   what follows from its request
history, history_entry, meeting_error                what has happened to it, and why it failed
ledger, ledger_rows, criteria, markers               where meetings are stored, how they are found and forgotten
reservations, turns                                  the time, and the turn, of those who are chosen from a pool
request_queue, messages, message_text, rejected_message
                                                     the messages on the request queue
results, notice, meeting_response                    what is sent about a meeting, and answered
"""

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
