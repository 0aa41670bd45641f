"""Reservations: the time of organizers and rooms that this app has chosen for meetings of its own.

Graph accepts two bookings of one mailbox, and shows a meeting only once it is created. So conflicts between meetings of
this app are decided here: one row for each mailbox and day (UTC), under a digest of the mailbox's name, holds the
stretches of time that meetings have reserved on that day. All rows of a mailbox are in one partition, and are written
together on the condition that none of them has changed since it was read. A series with more days than a transaction
takes is written in several, day by day: an interrupted write leaves entries that the meeting's next choice completes or
releases.

The rows are in the table of mailboxes. The meeting's record decides what is reserved: where an entry disagrees with it,
the next choice that the entry blocks drops the entry.
"""

import json
import logging
import random
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import batched
from typing import Annotated

from pydantic import AwareDatetime, Field, NonNegativeInt, TypeAdapter

from shared.errors import ConflictError, RowRefusedError
from shared.meeting_request.pools import RESERVED_FOR
from shared.storage import Delete, Insert, Operation, Replace, Row, Table
from shared.storage.records import PARTITIONS
from shared.storage.sweep import Sweep
from shared.storage.tables import MOST_OPERATIONS
from shared.validation.addresses import mailbox_digest

_logger = logging.getLogger(__name__)

# A row holds one property of 64 KiB; an entry takes some 90 characters of two bytes each.
MOST_A_DAY = 300
_LINES = TypeAdapter(
    list[tuple[Annotated[str, Field(pattern="^[0-9a-z-]{1,36}$")], NonNegativeInt, AwareDatetime, AwareDatetime]]
)
_ENTRIES = "entries"
_PARTITION = "reserved"
_NOTHING = "[]"
_A_DAY = timedelta(days=1)
_A_MOMENT = timedelta(microseconds=1)
_READ_AT_ONCE = 100
_RACES = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """A stretch of a mailbox's time that is reserved for a meeting, in UTC.

    Attributes:
        attempt: the meeting's attempt that reserved it: an attempt releases what it or an earlier one has reserved,
            never what a later one has.
    """

    meeting_id: str
    attempt: int
    start: datetime
    end: datetime

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Return whether the entry has time in common with a stretch."""
        return self.start < end and start < self.end

    @property
    def days(self) -> set[date]:
        """The days (UTC) that it touches."""
        return set(days_between(self.start, self.end))


@dataclass(frozen=True, slots=True)
class Bookings:
    """The reservations of a mailbox on some days, as they were read."""

    rows: Mapping[date, Row]
    entries: frozenset[Entry]


class Reservations:
    """The rows. Every call may raise StorageUnavailableError."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._sweeps = [Sweep(table, [f"{_PARTITION}.{digit}"]) for digit in PARTITIONS]

    async def read(self, mailbox: str, first: date, last: date) -> Bookings:
        """Return the reservations of a mailbox from the first day to the last."""
        partition, digest = _place(mailbox)
        rows: dict[date, Row] = {}
        before, after = f"{digest}.{(first - _A_DAY).isoformat()}", f"{digest}.{(last + _A_DAY).isoformat()}"
        while found := await self._table.read_range(partition, before, after, _READ_AT_ONCE):
            rows |= {day: row for row in found if (day := _day(row))}
            if len(found) < _READ_AT_ONCE:
                break
            before = found[-1].key
        return Bookings(rows, frozenset(entry for row in rows.values() for entry in _entries(row)))

    async def reserve(
        self,
        mailbox: str,
        known: Bookings,
        entries: Sequence[Entry],
        dead: Collection[Entry] = (),
        unchanged: Collection[date] = (),
    ) -> None:
        """Add entries to the bookings that were read.

        Args:
            mailbox: the mailbox whose time is reserved.
            known: its bookings on every day that the entries touch.
            entries: of one meeting; they replace its entries for the same stretches.
            dead: entries to drop from the days that were read.
            unchanged: further days that must not have changed since.

        Raises:
            ConflictError: time of the mailbox was reserved or released on one of the days since; where the days take
                several transactions, earlier days may be written.
            RowRefusedError: a day has no room for more.
        """
        replaced = {(entry.meeting_id, entry.start, entry.end) for entry in entries}
        kept = {old for old in known.entries if (old.meeting_id, old.start, old.end) not in replaced}
        days = {*unchanged, *(day for entry in entries for day in entry.days), *_days_read(known, dead)}
        await self._write(mailbox, known, {*kept.difference(dead), *entries}, days, touched=unchanged)

    async def release(self, mailbox: str, first: date, last: date, is_over: Callable[[Entry], bool]) -> None:
        """Drop those entries of some days for which `is_over` returns True."""
        for _ in range(_RACES):
            known = await self.read(mailbox, first, last)
            over = {entry for entry in known.entries if is_over(entry)}
            if not over:
                return
            try:
                await self._write(mailbox, known, known.entries - over, _days_read(known, over))
            except ConflictError:
                continue
            return
        _logger.warning("reservations.notReleased")

    async def forget_past(self, now: datetime) -> None:
        """Delete rows of past days in one partition, a bounded number; later runs delete the rest."""
        yesterday = (now.astimezone(UTC).date() - _A_DAY).isoformat()
        await random.choice(self._sweeps).delete(  # noqa: S311 - no secret
            lambda row: row.key.rpartition(".")[2] < yesterday
        )

    async def _write(
        self,
        mailbox: str,
        known: Bookings,
        entries: Collection[Entry],
        days: Collection[date],
        touched: Collection[date] = (),
    ) -> None:
        partition, digest = _place(mailbox)
        entries_of: defaultdict[date, list[Entry]] = defaultdict(list)
        for entry in entries:
            for day in entry.days:
                entries_of[day].append(entry)
        operations: list[Operation] = []
        for day in sorted(days):  # in one order, so that of two series one wins and neither blocks the other
            row, wanted = known.rows.get(day), _text(entries_of[day])
            new = Row(f"{digest}.{day.isoformat()}", {_ENTRIES: wanted}, row.etag if row else "")
            if row is None:
                operations.append(Insert(new))
            elif wanted == _NOTHING and day not in touched:
                operations.append(Delete(row.key, row.etag))
            else:
                operations.append(Replace(new))
        for part in batched(operations, MOST_OPERATIONS, strict=False):
            await self._table.write(partition, part)


def days_between(start: datetime, end: datetime) -> list[date]:
    """Return the days (UTC) that a stretch touches, at least one."""
    first, last = start.astimezone(UTC).date(), max(start, end - _A_MOMENT).astimezone(UTC).date()
    return [first + _A_DAY * number for number in range((last - first).days + 1)]


def _place(mailbox: str) -> tuple[str, str]:
    digest = mailbox_digest(mailbox)
    return f"{_PARTITION}.{digest[0]}", digest


def _days_read(known: Bookings, entries: Iterable[Entry]) -> set[date]:
    """Return those days of the entries that were read; an entry at the edge has further ones."""
    return {day for entry in entries for day in entry.days} & known.rows.keys()


def _text(entries: Collection[Entry]) -> str:
    """Return the text of a day's row with these entries.

    Raises:
        RowRefusedError: there are too many for one row.
    """
    if len(entries) > MOST_A_DAY:
        raise RowRefusedError(f"a mailbox has more than {MOST_A_DAY} reservations on one day")
    return json.dumps(
        sorted([entry.meeting_id, entry.attempt, entry.start.isoformat(), entry.end.isoformat()] for entry in entries)
    )


def _day(row: Row) -> date | None:
    try:
        return date.fromisoformat(row.key.rpartition(".")[2])
    except ValueError:
        _log_unreadable(row)
        return None


def _entries(row: Row) -> list[Entry]:
    """Return the entries of a row; none of a damaged row: the calendar still shows the meetings that exist."""
    try:
        return [_entry(*line) for line in _LINES.validate_json(str(row.values.get(_ENTRIES)))]
    except (OverflowError, ValueError):
        _log_unreadable(row)
        return []


def _entry(meeting_id: str, attempt: int, start: datetime, end: datetime) -> Entry:
    if not timedelta(0) <= end - start <= RESERVED_FOR:
        raise ValueError
    return Entry(meeting_id, attempt, start.astimezone(UTC), end.astimezone(UTC))


def _log_unreadable(row: Row) -> None:
    _logger.error("reservations.unreadable %s", row.key.partition(".")[0])
