"""Records in a table, and the rows that lead to them.

A record lives in the partition of its id's first digit: one row for the record, and beside it one empty row for each
way to find it. The record names those rows, and Azure Tables writes the rows of a partition together or not at all, so
record and index rows never disagree, and a record costs one write per step. A search asks all sixteen partitions side
by side.

Row keys:
    <kind>.<id>        the record
    <index>.<id>       a row that leads to it; what `index` may be is its owner's business
"""

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from shared.ids import is_meeting_id
from shared.storage import Delete, Insert, Operation, Replace, Row, Table

PARTITIONS = "0123456789abcdef"

# A text property holds 64 KiB of UTF-16, in which a character takes two bytes or four:
# https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
_CHUNK = 16_000
_AFTER_EVERY_KEY = "~"
_READ_AT_ONCE = 100
_MOMENT = "%Y%m%dT%H%M%S.%fZ"
_LAST_MILLISECOND = 10**13 - 1


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it is stored.

    Attributes:
        id: of the form that a meeting's has.
        document: its JSON.
        index_keys: the keys of the rows that lead to it.
        etag: as it was read; empty for a new one.
        labels: for people who look at the table; never read.
    """

    id: str
    document: str
    index_keys: frozenset[str]
    etag: str = ""
    labels: Mapping[str, str | int] = field(default_factory=dict[str, str | int])


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids of some of the records found; `continuation` asks for the next ones, None when there are no more."""

    ids: list[str]
    continuation: str | None


class Records:
    """The records of one kind in a table. Every call may raise StorageUnavailableError."""

    def __init__(self, table: Table, kind: str) -> None:
        self._table = table
        self._kind = kind

    async def insert(self, record: Record) -> str:
        """Write a new record and return its etag.

        Raises:
            ConflictError: there is one with this id.
        """
        operations: list[Operation] = [Insert(self._row(record))]
        operations += [Insert(Row(key)) for key in sorted(record.index_keys)]
        return (await self._table.write(_partition(record.id), operations))[0]

    async def read(self, record_id: str) -> Record | None:
        """Return a record, or None."""
        row = await self._table.read(_partition(record_id), f"{self._kind}.{record_id}")
        return _record(row) if row else None

    async def all(self) -> AsyncIterator[Record]:
        """Yield every record, each as it is when its turn comes; one that is written meanwhile may be left out."""
        last = f"{self._kind}.{_AFTER_EVERY_KEY}"
        for partition in PARTITIONS:
            first = f"{self._kind}."
            while rows := await self._table.read_range(partition, first, last, _READ_AT_ONCE):
                for row in rows:
                    yield _record(row)
                first = rows[-1].key

    async def replace(self, record: Record, former_index_keys: frozenset[str]) -> str:
        """Put a record in the place of the one that was read with `record.etag`, and return its new etag.

        Raises:
            ConflictError: somebody else has changed it since.
        """
        operations: list[Operation] = [Replace(self._row(record))]
        operations += [Delete(key) for key in sorted(former_index_keys - record.index_keys)]
        operations += [Insert(Row(key)) for key in sorted(record.index_keys - former_index_keys)]
        return (await self._table.write(_partition(record.id), operations))[0]

    async def remove(self, record_id: str, etag: str, index_keys: frozenset[str]) -> None:
        """Remove a record as it was read, and everything that leads to it.

        Raises:
            ConflictError: somebody has changed it since.
        """
        operations: list[Operation] = [Delete(f"{self._kind}.{record_id}", etag)]
        operations += [Delete(key) for key in sorted(index_keys)]
        await self._table.write(_partition(record_id), operations)

    async def newest(self, prefix: str, top: int, continuation: str | None = None) -> Ids:
        """Return at most `top` of the ids that rows `prefix` + `newest_first` lead to, newest first.

        Raises:
            ValueError: `continuation` is none that an earlier call has returned.
        """
        first = prefix + (_position(continuation) if continuation else "")
        keys = await self._across_partitions(first, prefix + _AFTER_EVERY_KEY, top + 1)
        more = len(keys) > top
        last = _continuation(keys[top - 1].removeprefix(prefix)) if more else None
        return Ids([_id_of(key) for key in keys[:top]], last)

    async def before(self, prefix: str, moment: datetime, limit: int) -> list[str]:
        """Return at most `limit` of the ids that rows `prefix` + `key_moment` before a moment lead to, oldest first."""
        keys = await self._across_partitions(prefix, prefix + key_moment(moment), limit)
        return [_id_of(key) for key in keys]

    async def earliest(self, prefix: str) -> datetime | None:
        """Return the earliest `key_moment` of the rows `prefix` + `key_moment`, None if there is no such row."""
        keys = await self._across_partitions(prefix, prefix + _AFTER_EVERY_KEY, 1)
        if not keys:
            return None
        moment = keys[0].removeprefix(prefix).rpartition(".")[0]
        return datetime.strptime(moment, _MOMENT).replace(tzinfo=UTC)

    async def _across_partitions(self, first: str, last: str, limit: int) -> list[str]:
        pages = await asyncio.gather(
            *(self._table.read_range(partition, first, last, limit) for partition in PARTITIONS)
        )
        return sorted(row.key for page in pages for row in page)[:limit]

    def _row(self, record: Record) -> Row:
        chunks = [record.document[start : start + _CHUNK] for start in range(0, len(record.document), _CHUNK)]
        values: dict[str, str | int] = {
            **record.labels,
            "indexKeys": " ".join(sorted(record.index_keys)),
            "documents": len(chunks),
        }
        values |= {f"document{number}": chunk for number, chunk in enumerate(chunks)}
        return Row(f"{self._kind}.{record.id}", values, record.etag)


def _record(row: Row) -> Record:
    document = "".join(str(row.values[f"document{n}"]) for n in range(int(row.values["documents"])))
    return Record(_id_of(row.key), document, frozenset(str(row.values["indexKeys"]).split()), row.etag)


def key_moment(moment: datetime) -> str:
    """Return a moment as a part of a key, so that keys sort by time."""
    return moment.astimezone(UTC).strftime(_MOMENT)


def newest_first(moment: datetime) -> str:
    """Return a moment as a part of a key, so that keys sort by time, the latest first."""
    return f"{_LAST_MILLISECOND - int(moment.timestamp() * 1000):013}"


def _partition(record_id: str) -> str:
    return record_id[0]


def _id_of(key: str) -> str:
    return key.rpartition(".")[2]


def _continuation(position: str) -> str:
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def _position(continuation: str) -> str:
    try:
        position = base64.urlsafe_b64decode(continuation + "=" * (-len(continuation) % 4)).decode("ascii")
    except (binascii.Error, UnicodeError) as error:
        raise ValueError("the continuation token is not one of ours") from error
    moment, _, record_id = position.partition(".")
    if not (len(moment) == len(str(_LAST_MILLISECOND)) and moment.isdecimal() and is_meeting_id(record_id)):
        raise ValueError("the continuation token is not one of ours")
    return position
