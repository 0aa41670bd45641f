"""The daily quota of a caller: meetings, and changes that mail somebody, counted exactly whatever runs at once.

Each caller that has a quota has one record: the day, the count, and the versions that were counted last. A write is
conditional on the record's etag, so two instances never count the same number. A version is counted once, so neither a
lost answer of the storage nor concurrent requests with the same key count twice.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Self

from shared.access.callers import Caller
from shared.errors import ConflictError, QuotaExceededError, RecordNotFoundError
from shared.ids import KeyNamespace, id_from_key
from shared.meeting.record_model import StoredRecord
from shared.storage import Table
from shared.storage.records import RecordKind, RecordStore

_REMEMBERED = 200


class DayCount(StoredRecord):
    """How many versions of a caller were counted on a day (UTC); `latest` are the last of them."""

    day: date
    count: int = 0
    latest: tuple[str, ...] = ()

    def on(self, day: date) -> Self:
        """Return the count of a day: this one, or a new one."""
        return self if self.day == day else self.changed(day=day, count=0, latest=())

    def with_version(self, version: str) -> Self:
        """Return the count with one more version."""
        return self.changed(count=self.count + 1, latest=(*self.latest, version)[-_REMEMBERED:])


class CountNotFoundError(RecordNotFoundError):
    """The caller has no count yet."""


_COUNTS = RecordKind(
    name="quota",
    parse=DayCount.model_validate_json,
    index_keys=lambda _: frozenset(),
    labels=lambda count: {"count": count.count},
    not_found=CountNotFoundError,
    trimmed=lambda count, _: count,  # some 8 KiB at most
)


class Quotas:
    """The use case. Every call may raise StorageUnavailableError."""

    def __init__(self, table: Table, clock: Callable[[], datetime]) -> None:
        self._store = RecordStore(table, _COUNTS)
        self._clock = clock
        self._turns = defaultdict[str, asyncio.Lock](asyncio.Lock)  # within a process, requests of a caller take turns

    async def count(self, caller: Caller, version: str) -> None:
        """Count a version of a meeting that is about to be accepted, if the caller has a quota.

        Raises:
            QuotaExceededError: the quota of today is used up; nothing is counted.
        """
        if caller.id is None or caller.meetings_per_day is None:
            return
        limit = caller.meetings_per_day

        async def counted(before: DayCount) -> DayCount | None:
            now = self._clock().astimezone(UTC)
            today = before.on(now.date())
            if version in today.latest:
                return None
            if today.count >= limit:
                raise QuotaExceededError(limit, _until_midnight(now))
            return today.with_version(version)

        count_id = id_from_key(KeyNamespace.QUOTA, caller.id)
        async with self._turns[caller.id]:
            try:
                await self._store.update(count_id, counted)
            except CountNotFoundError:
                first = await counted(DayCount(id=count_id, day=date.min))
                try:
                    await self._store.insert(first or DayCount(id=count_id, day=date.min))
                except ConflictError:  # another instance was quicker, or the answer to our own write was lost
                    await self._store.update(count_id, counted)


def _until_midnight(now: datetime) -> timedelta:
    tomorrow = now.date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), UTC) - now
