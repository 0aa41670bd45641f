"""One line of a meeting's history."""

from datetime import datetime
from enum import StrEnum

from shared.meeting.record_model import RecordModel

# The history is a part of the record, and leaves room for data that matters more.
MOST_ENTRIES = 50
_LONGEST_DETAIL = 300


class HistoryEvent(StrEnum):
    """What has happened to a meeting."""

    ACCEPTED = "accepted"
    WAITED = "waited"
    CREATED = "created"
    CHANGED = "changed"
    OBSERVED = "observed"
    PUBLISHED = "published"


class HistoryEntry(RecordModel):
    """Something that has happened to a meeting.

    Attributes:
        at: when.
        detail: a sentence about it, of at most 300 characters.
    """

    at: datetime
    event: HistoryEvent
    detail: str

    @staticmethod
    def of(event: HistoryEvent, at: datetime, detail: str) -> "HistoryEntry":
        """Return an entry with a detail of bounded length."""
        cut = detail if len(detail) <= _LONGEST_DETAIL else f"{detail[: _LONGEST_DETAIL - 1]}…"
        return HistoryEntry(at=at, event=event, detail=cut)


def added(history: tuple[HistoryEntry, ...], entry: HistoryEntry) -> tuple[HistoryEntry, ...]:
    """Return a history with one more entry, unless it repeats the last one; the oldest entries are dropped."""
    if history and (history[-1].event, history[-1].detail) == (entry.event, entry.detail):
        return history
    return (*history, entry)[-MOST_ENTRIES:]
