"""The mailboxes that Graph wants left alone, where every instance of the app sees them, and after a restart too.

One small row for each mailbox that was ever throttled, in a table of its own: its key is a digest of the organizer's
name, its value the moment until which nobody calls. A moment is only ever moved later. The instances' clocks have to
agree to within a second or so, as those of Azure's machines do.

What this cannot reach: a call that another instance has under way already, and a provision there that had looked at
the row before it was written; that one asks again at its next attempt.
"""

import asyncio
import hashlib
import logging
from datetime import UTC, datetime, timedelta

from shared.errors import ConflictError
from shared.storage import Delete, Insert, Replace, Row, Table

_logger = logging.getLogger(__name__)

TABLE = "ClosedMailboxes"
PARTITIONS = "0123456789abcdef"

_MOST_RACES = 10
# A row that has no more to say is kept for as long as clocks might differ, and removed so many at a time.
_LONG_PAST = timedelta(hours=1)
_FORGOTTEN_AT_ONCE = 50
_BEFORE_EVERY_KEY, _AFTER_EVERY_KEY = "", "~"


class ClosedMailboxes:
    """The rows. Every call may raise StorageUnavailableError."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def closed_until(self, name: str) -> datetime | None:
        """Return until when nobody calls Graph for an organizer of this name, None if that was never said."""
        key = _key(name)
        row = await self._table.read(key[0], key)
        return _until(row) if row else None

    async def close(self, name: str, until: datetime) -> None:
        """Keep every instance away until a moment, unless it is kept away for longer already."""
        key = _key(name)
        for _ in range(_MOST_RACES):
            row = await self._table.read(key[0], key)
            known = _until(row) if row else None
            if known and known >= until:
                return
            closed = Row(key, {"until": until.astimezone(UTC).isoformat()}, row.etag if row else "")
            try:
                await self._table.write(key[0], [Replace(closed) if row else Insert(closed)])
            except ConflictError:
                continue  # another instance was told at the same time: perhaps to wait longer
            return
        _logger.warning("mailbox.notShared")

    async def forget_past(self, now: datetime) -> None:
        """Remove rows that are long past, a bounded number of them; what is left is for the next time.

        No row is closed for more than a day, so that those which are looked at first do not hide others for ever.
        """
        await asyncio.gather(*(self._forget_past(partition, now) for partition in PARTITIONS))

    async def _forget_past(self, partition: str, now: datetime) -> None:
        rows = await self._table.read_range(partition, _BEFORE_EVERY_KEY, _AFTER_EVERY_KEY, _FORGOTTEN_AT_ONCE)
        for row in rows:
            until = _until(row)
            if until and now < until + _LONG_PAST:
                continue
            try:
                await self._table.write(partition, [Delete(row.key, row.etag)])
            except ConflictError:
                continue  # the mailbox was closed anew


def _key(name: str) -> str:
    return hashlib.sha256(name.casefold().encode()).hexdigest()[:40]


def _until(row: Row) -> datetime | None:
    """Return a row's moment; None for a row that another version of the app wrote in another form."""
    try:
        return datetime.fromisoformat(str(row.values.get("until", ""))).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
