"""What is to be published of a meeting, noted in its record in the same write as the fact."""

from datetime import datetime
from enum import StrEnum

from shared.meeting.attendance import Attendance
from shared.meeting.record_model import RecordModel

# A meeting with as many notices waiting is not looked at, and not changed, until a sink takes them.
MOST_NOTICES = 50


class EventType(StrEnum):
    """The types of the events about what was observed after a meeting was created."""

    CHANGED = "meeting.changed"
    REMOVED = "meeting.removed"
    RESPONDED = "meeting.responded"
    ATTENDED = "meeting.attended"


class Notice(RecordModel):
    """One event to publish.

    Attributes:
        type: the CloudEvent's type.
        version: of the meeting's request.
        number: counts what was observed of a meeting, from 1; None for the result of a version.
        at: when it was found out.
        sinks: the names of the sinks that it was not sent to.
        attendance: what the event says beside the meeting, if it is about an attendance report.
    """

    type: str
    version: int
    number: int | None = None
    at: datetime
    sinks: tuple[str, ...]
    attendance: Attendance | None = None

    def without(self, sinks: frozenset[str]) -> "Notice":
        """Return the notice once it was sent to these sinks."""
        return self.changed(sinks=tuple(name for name in self.sinks if name not in sinks))

    def event_id(self, meeting_id: str) -> str:
        """Return the CloudEvent's id, by which a receiver knows an event that comes again."""
        parts = (meeting_id, self.version, *([] if self.number is None else [self.number]))
        return "/".join(map(str, parts))
