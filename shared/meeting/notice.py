"""Events to be published about a meeting, stored in its record in the same write as the fact."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from shared.meeting.attendance import Attendance
from shared.meeting.record_model import RecordModel

# At most this many events about observations of a meeting wait for a sink; later ones are merged.
MOST_OBSERVED = 50
# With this many results of earlier versions waiting, a meeting is not changed, only cancelled. In the record, a notice
# takes about 210 bytes.
MOST_RESULTS = 500


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


def waiting(outbox: Iterable[Notice], sink: str) -> int:
    """Return how many events about observations wait for a sink."""
    return sum(notice.number is not None and sink in notice.sinks for notice in outbox)


def with_observed(outbox: tuple[Notice, ...], notice: Notice) -> tuple[Notice, ...]:
    """Return an outbox with one more event about an observation.

    For a sink with as many waiting as may, it takes the place of the latest of its type, as if the watch had looked
    less often: every event has the meeting as it is when the event is sent.
    """
    merged = list(outbox)
    for sink in notice.sinks:
        same = [place for place, each in enumerate(outbox) if each.type == notice.type and sink in each.sinks]
        if same and waiting(outbox, sink) >= MOST_OBSERVED:
            merged[same[-1]] = merged[same[-1]].without(frozenset({sink}))
    return tuple(each for each in (*merged, notice) if each.sinks)
