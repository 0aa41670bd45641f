"""Backup: export every meeting and schedule from the tables, and import them into tables that have lost them.

Azure Tables have no snapshots. The backup holds the records; the import makes the rows that lead to them again. A
caller's quota count and the mailboxes that are closed for some minutes are not exported.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from typing import Any, cast

from shared.errors import ConflictError, UnreadableRecordError
from shared.meeting import Meeting, Status
from shared.meeting.ledger import Ledger
from shared.meeting.message_text import layers
from shared.schedules import Schedule, ScheduleStore


class Backup:
    """The use case. Every call may raise StorageUnavailableError."""

    def __init__(self, ledger: Ledger, schedules: ScheduleStore, clock: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._schedules = schedules
        self._clock = clock

    async def records(self, unreadable: Callable[[UnreadableRecordError], None]) -> AsyncIterator[Meeting | Schedule]:
        """Yield every record, each as it is when it is read: the app may run meanwhile.

        Args:
            unreadable: is called for each record that cannot be read, and is left out.
        """
        async for meeting in self._ledger.all(unreadable):
            yield meeting
        async for schedule in self._schedules.all(unreadable):
            yield schedule

    async def put_back(self, record: Meeting | Schedule) -> bool:
        """Restore a record; return False if one with its id exists, which is newer and stays as it is."""
        try:
            if isinstance(record, Meeting):
                await self._ledger.insert(_restored(record, self._clock()))
            else:
                await self._schedules.insert(record)
        except ConflictError:
            return False
        return True


def is_about(record: Meeting | Schedule, person: str) -> bool:
    """Return whether a record names a person: by an address or a reference that is one of its values, in any case.

    A message that could not be read names every person whose address is anywhere in its text, plain or encoded.
    """
    wanted = person.strip().casefold()
    message = record.received if isinstance(record, Meeting) else None
    if message and any(wanted in layer.casefold() for layer in layers(message.text)):
        return True
    return any(text.strip().casefold() == wanted for text in _texts(record.model_dump(mode="json", by_alias=True)))


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for each in cast("dict[str, Any]", value).values():
                yield from _texts(each)
        case list():
            for each in cast("list[Any]", value):
                yield from _texts(each)
        case _:
            return


def _restored(meeting: Meeting, now: datetime) -> Meeting:
    """Return a restored meeting: what was created after the backup is searched for before it is created."""
    if meeting.status in {Status.SUCCEEDED, Status.CANCELLED}:
        return meeting
    if meeting.doubt.in_doubt_since is None:  # no earlier version created anything, so this one may have
        meeting = meeting.changed(doubt=meeting.doubt.changed(in_doubt_since=meeting.version))
    if meeting.finished:
        return meeting
    # Its message and its worker are gone; `GIVE_UP_AFTER` starts over, however old the copy is.
    return meeting.changed(
        status=Status.QUEUED,
        claim=None,
        progress=meeting.progress.changed(version_started_at=now, crashes=0, next_attempt_at=None),
        updated_at=now,
    )
