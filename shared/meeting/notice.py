"""Events to be published about a meeting, stored in its record in the same write as the fact."""

from datetime import datetime
from enum import StrEnum

from shared.meeting.attendance import Attendance
from shared.meeting.record_model import RecordModel

# A meeting with this many waiting notices is neither watched nor changed until a sink takes them.
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
        at: when the fact was found.
        sinks: the names of the sinks that do not have it yet.
        attendance: the numbers of an event about an attendance report.
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
        """Return the CloudEvent's id, by which a receiver recognizes a repeated event."""
        parts = (meeting_id, self.version, *([] if self.number is None else [self.number]))
        return "/".join(map(str, parts))
