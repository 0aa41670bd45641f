"""The rows that lead to records: how their keys are built, and what they answer without the records."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.ids import is_record_id
from shared.storage.tables import Delete, Insert, Operation, Row, Table

PARTITIONS = "0123456789abcdef"
AFTER_EVERY_KEY = "~"

_COUNTED_AT_ONCE = 1000  # rows without values, and Azure's page: https://learn.microsoft.com/rest/api/storageservices/query-timeout-and-pagination
_MOMENT = "%Y%m%dT%H%M%S.%fZ"


@dataclass(frozen=True, slots=True)
class IndexRow:
    """A row that leads to a record."""

    key: str

    @property
    def record_id(self) -> str:
        """Return the id of the record."""
        return id_of(self.key)


class RecordIndex:
    """The rows of a table that lead to records. Every call may raise StorageUnavailableError."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def between(self, first: str, last: str, limit: int) -> list[IndexRow]:
        """Return at most `limit` rows with first < key < last, by ascending key."""
        pages = await asyncio.gather(
            *(self._table.read_range(partition, first, last, limit) for partition in PARTITIONS)
        )
        keys = sorted(row.key for page in pages for row in page)
        return [IndexRow(key) for key in keys if is_record_id(id_of(key))][:limit]

    async def before(self, prefix: str, moment: datetime, limit: int) -> list[IndexRow]:
        """Return at most `limit` of the rows `prefix` + `key_moment` before a moment, the oldest first."""
        return await self.between(prefix, prefix + key_moment(moment), limit)

    async def ids_before(self, prefix: str, moment: datetime, limit: int) -> list[str]:
        """Return the ids of the records that the rows `before` a moment lead to."""
        return [row.record_id for row in await self.before(prefix, moment, limit)]

    async def earliest(self, prefix: str) -> datetime | None:
        """Return the earliest `key_moment` of the rows `prefix` + `key_moment`, None if there is no such row."""
        rows = await self.between(prefix, prefix + AFTER_EVERY_KEY, 1)
        moments = (row.key.removeprefix(prefix).rpartition(".")[0] for row in rows)
        return next((moment for text in moments if (moment := _moment(text))), None)

    async def count(self, prefix: str, limit: int) -> int:
        """Return how many rows begin with a prefix, at most `limit`."""
        found = 0
        for partition in PARTITIONS:
            first, more = prefix, True
            while more and found < limit:
                rows = await self._table.read_range(partition, first, prefix + AFTER_EVERY_KEY, _COUNTED_AT_ONCE)
                found += len(rows)
                if more := len(rows) == _COUNTED_AT_ONCE:
                    first = rows[-1].key
        return min(found, limit)

    async def count_each(self, prefix: str, limit: int) -> dict[str, int]:
        """Return how many rows begin with a prefix, by the part of the key that follows it; each at most `limit`."""
        counts = Counter[str]()
        for partition in PARTITIONS:
            first, more = prefix, True
            while more:
                rows = await self._table.read_range(partition, first, prefix + AFTER_EVERY_KEY, _COUNTED_AT_ONCE)
                values = [row.key.removeprefix(prefix).partition(".")[0] for row in rows]
                counts.update(values)
                if more := len(rows) == _COUNTED_AT_ONCE:  # skip a value that is counted to its limit
                    passed = f"{prefix}{values[-1]}.{AFTER_EVERY_KEY}"
                    first = passed if counts[values[-1]] >= limit else rows[-1].key
        return {value: min(number, limit) for value, number in counts.items()}


def key_moment(moment: datetime) -> str:
    """Return a moment as a part of a key, so that keys sort by time."""
    return moment.astimezone(UTC).strftime(_MOMENT)


def moment_in(key: str) -> str:
    """Return the `key_moment` in the key of a wake-up row."""
    return key.partition(".")[2].rpartition(".")[0]


def id_of(key: str) -> str:
    """Return the id of the record that a key belongs to, or leads to."""
    return key.rpartition(".")[2]


def partition_of(record_id: str) -> str:
    """Return the partition of a record and of every row that leads to it."""
    return record_id[0]


def moves(former: frozenset[str], keys: frozenset[str]) -> list[Operation]:
    """Return the operations that turn the rows `former` into the rows `keys`."""
    deletes: list[Operation] = [Delete(key) for key in sorted(former - keys)]
    return deletes + [Insert(Row(key)) for key in sorted(keys - former)]


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, _MOMENT).replace(tzinfo=UTC)
    except ValueError:  # the key of a damaged row
        return None
