"""Deletes rows that are no longer needed, a bounded number in each run."""

import asyncio
from collections.abc import Callable, Iterable

from shared.errors import ConflictError
from shared.storage.tables import Delete, Row, Table

_ROWS_A_RUN = 50
_BEFORE_EVERY_KEY, _AFTER_EVERY_KEY = "", "~"


class Sweep:
    """Deletes rows of some partitions. Every call may raise StorageUnavailableError."""

    def __init__(self, table: Table, partitions: Iterable[str]) -> None:
        self._table = table
        self._positions = dict.fromkeys(partitions, _BEFORE_EVERY_KEY)

    async def delete(self, is_dead: Callable[[Row], bool]) -> None:
        """Check some rows of each partition, and delete the dead ones; the next run continues there."""
        await asyncio.gather(*(self._delete(partition, is_dead) for partition in self._positions))

    async def _delete(self, partition: str, is_dead: Callable[[Row], bool]) -> None:
        first = self._positions[partition]
        rows = await self._table.read_range(partition, first, _AFTER_EVERY_KEY, _ROWS_A_RUN)
        # The next run continues behind these, so that rows which stay do not hide others forever.
        self._positions[partition] = rows[-1].key if len(rows) == _ROWS_A_RUN else _BEFORE_EVERY_KEY
        for row in filter(is_dead, rows):
            try:
                await self._table.write(partition, [Delete(row.key, row.etag)])
            except ConflictError:
                continue  # another instance has just written something new
