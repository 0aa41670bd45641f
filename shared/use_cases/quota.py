"""The daily quota of a caller: one row for each caller that has one, counted exactly whatever runs at once.

The row holds the day, the count, and the meetings that were counted last. A write is conditional on the row as it was
read, so two instances never count the same number; and a meeting that was counted is not counted again, so neither a
lost answer of the storage nor the same key twice at once costs a second place.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

from shared.errors import ConflictError, QuotaExceededError
from shared.storage import Insert, Replace, Row, Table

_KEY = "counter"
_REMEMBERED = 200


class Quotas:
    """The counters. Every call may raise StorageUnavailableError."""

    def __init__(self, table: Table, clock: Callable[[], datetime]) -> None:
        self._table = table
        self._clock = clock
        self._turns = defaultdict[str, asyncio.Lock](asyncio.Lock)  # in one process nobody need lose a race

    async def count(self, caller_id: str, meeting_id: str, limit: int) -> None:
        """Count a meeting that is about to be accepted.

        Raises:
            QuotaExceededError: the caller has had as many today; nothing is counted.
        """
        async with self._turns[caller_id]:
            while not await self._counted(f"quota.{caller_id}", meeting_id, limit):
                continue  # another instance was quicker, and has made progress

    async def _counted(self, partition: str, meeting_id: str, limit: int) -> bool:
        now = self._clock().astimezone(UTC)
        today = now.date().isoformat()
        row = await self._table.read(partition, _KEY)
        fresh = row is None or row.values["day"] != today
        count = 0 if row is None or fresh else int(row.values["count"])
        latest = [] if row is None or fresh else str(row.values["latest"]).split()
        if meeting_id in latest:
            return True
        if count >= limit:
            raise QuotaExceededError(limit, _until_midnight(now))
        values: dict[str, str | int] = {
            "day": today,
            "count": count + 1,
            "latest": " ".join([*latest, meeting_id][-_REMEMBERED:]),
        }
        operation = Insert(Row(_KEY, values)) if row is None else Replace(Row(_KEY, values, row.etag))
        try:
            await self._table.write(partition, [operation])
        except ConflictError:
            return False
        return True


def _until_midnight(now: datetime) -> timedelta:
    tomorrow = now.date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), UTC) - now
