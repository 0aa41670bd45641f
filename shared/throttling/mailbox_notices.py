"""What the instances of the app tell each other of mailboxes, where all of them see it, and after a restart too.

One small row for each mailbox, in a table of its own, under a digest of the organizer's name. It tells two things, each
with the moment until which it holds: that Graph wants the mailbox left alone, and which online meeting providers its
calendar allows. A moment until which nobody calls is only ever moved later. The instances' clocks have to agree to
within a second or so, as those of Azure's machines do.

What this cannot reach: a call that another instance has under way already, and a provision there that had looked at
the row before it was written; that one asks again at its next attempt.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from shared.errors import ConflictError
from shared.storage import Delete, Insert, Replace, Row, Table
from shared.storage.records import PARTITIONS

_logger = logging.getLogger(__name__)

# Older than what is told here, which has kept its name.
TABLE = "ClosedMailboxes"
# What an administrator changes takes that long in Microsoft 365 itself, and up to 24 hours for the members of a group
# (https://learn.microsoft.com/powershell/module/teams/new-csgrouppolicyassignment); and the link of what was made on an
# old answer is verified afterwards in any case.
BELIEVED = timedelta(hours=1)

_MOST_RACES = 10
# A row that has no more to say is kept for as long as clocks might differ, and removed so many at a time.
_LONG_PAST = timedelta(hours=1)
_FORGOTTEN_AT_ONCE = 50
_BEFORE_EVERY_KEY, _AFTER_EVERY_KEY = "", "~"


@dataclass(frozen=True, slots=True)
class Allowed:
    """The online meeting providers that a calendar allows, and until when that may be believed."""

    providers: tuple[str, ...]
    until: datetime

    def names(self, provider: str, now: datetime) -> bool:
        """Tell whether a provider is allowed for all that is known now.

        What would hold for longer than anybody believes it was written by a wrong clock.
        """
        return provider in self.providers and timedelta(0) < self.until - now <= BELIEVED


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told of a mailbox: None for what never was. `etag` is the row's, empty if there is none."""

    closed_until: datetime | None = None
    allowed: Allowed | None = None
    etag: str = ""


class MailboxNotices:
    """The rows. Every call may raise StorageUnavailableError."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._looked_through = dict.fromkeys(PARTITIONS, _BEFORE_EVERY_KEY)

    async def read(self, name: str) -> Notice:
        """Return what is told of the mailbox of an organizer of this name."""
        key = _key(name)
        row = await self._table.read(key[0], key)
        return _notice(row) if row else Notice()

    async def close(self, name: str, until: datetime) -> None:
        """Keep every instance away until a moment, unless it is kept away for longer already."""

        def closed(known: Notice) -> Notice:
            return known if known.closed_until and known.closed_until >= until else replace(known, closed_until=until)

        await self._change(name, closed, None)

    async def allow(self, name: str, allowed: Allowed, seen: Notice | None) -> None:
        """Tell what a calendar allows.

        Args:
            name: the organizer's.
            allowed: as the calendar was just asked: whatever stood there is older.
            seen: what was read before, which spares another look; None if nothing was.
        """
        await self._change(name, lambda known: replace(known, allowed=allowed), seen)

    async def forget_past(self, now: datetime) -> None:
        """Remove rows that are long past, a bounded number of them; what is left is for the next time."""
        await asyncio.gather(*(self._forget_past(partition, now) for partition in PARTITIONS))

    async def _change(self, name: str, change: Callable[[Notice], Notice], seen: Notice | None) -> None:
        key = _key(name)
        for _ in range(_MOST_RACES):
            known = seen or await self.read(name)
            told = change(known)
            if told == known:
                return
            row = Row(key, _values(told), told.etag)
            try:
                await self._table.write(key[0], [Replace(row) if row.etag else Insert(row)])
            except ConflictError:
                seen = None  # another instance told something at the same time, which is not to be lost
                continue
            return
        _logger.warning("mailbox.notShared")

    async def _forget_past(self, partition: str, now: datetime) -> None:
        first = self._looked_through[partition]
        rows = await self._table.read_range(partition, first, _AFTER_EVERY_KEY, _FORGOTTEN_AT_ONCE)
        # The next time goes on behind these, so that rows which stay do not hide others for ever.
        self._looked_through[partition] = rows[-1].key if len(rows) == _FORGOTTEN_AT_ONCE else _BEFORE_EVERY_KEY
        for row in rows:
            notice = _notice(row)
            moments = [notice.closed_until, notice.allowed and notice.allowed.until]
            if any(moment and moment > now - _LONG_PAST for moment in moments):
                continue
            try:
                await self._table.write(partition, [Delete(row.key, row.etag)])
            except ConflictError:
                continue  # there is something new to say


def _key(name: str) -> str:
    return hashlib.sha256(name.casefold().encode()).hexdigest()[:40]


def _values(notice: Notice) -> dict[str, str | int]:
    values: dict[str, str | int] = {}
    if notice.closed_until:
        values["until"] = notice.closed_until.astimezone(UTC).isoformat()
    if notice.allowed:
        values["providers"] = ",".join(notice.allowed.providers)
        values["providersUntil"] = notice.allowed.until.astimezone(UTC).isoformat()
    return values


def _notice(row: Row) -> Notice:
    """Return what a row tells; nothing of what another version of the app wrote in another form."""
    providers, providers_until = row.values.get("providers"), _moment(row, "providersUntil")
    allowed = None
    if isinstance(providers, str) and providers and providers_until:
        allowed = Allowed(tuple(providers.split(",")), providers_until)
    return Notice(_moment(row, "until"), allowed, row.etag)


def _moment(row: Row, name: str) -> datetime | None:
    try:
        return datetime.fromisoformat(str(row.values.get(name, ""))).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
