"""Records in a table, and the rows that lead to them.

A record lives in the partition of its id's first digit: one row for the record, and beside it one empty row for each
way to find it. The record names those rows, and Azure Tables writes the rows of a partition together or not at all, so
record and search rows never disagree. A search asks all sixteen partitions side by side.

A transaction takes three times the processor time of a single write. So wake-up rows, which only make a timer look at
the record, keep a weaker promise: while something is to be done there is one, at the moment of it or earlier. A step
that would only move one leaves it where it is, and one that only ends one deletes it after the record, by itself. A row
that a death leaves behind is not named by its record, and `led_to` deletes it.

Row keys:
    <kind>.<id>        the record
    <index>.<id>       a row that leads to it; what `index` may be is its owner's business

Everything in a table may be damaged: by hand, by another version of this app, by a restored copy. A record that cannot
be read raises UnreadableRecordError where it is asked for by its id, and is logged and left out of every list.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, Self

from pydantic import ValidationError

from shared.errors import ConflictError, RecordNotFoundError, StorageUnavailableError, UnreadableRecordError
from shared.ids import is_meeting_id
from shared.storage.pages import Page, Span, continuation_of
from shared.storage.tables import LARGEST_ENTITY, Delete, Insert, Operation, Replace, Row, Table

_logger = logging.getLogger(__name__)

PARTITIONS = "0123456789abcdef"

# A text property holds 64 KiB of UTF-16, in which a character takes two bytes or four:
# https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
_CHUNK = 16_000
# An entity holds 1 MiB; the rest is for the index keys, the labels and the names of the properties.
LARGEST_DOCUMENT = LARGEST_ENTITY - 64 * 1024
_AFTER_EVERY_KEY = "~"
_READ_AT_ONCE = 100
# Of one search: about half a second of an instance's processor.
_MOST_READ = 400
_COUNTED_AT_ONCE = 1000  # rows without values, and Azure's page: https://learn.microsoft.com/rest/api/storageservices/query-timeout-and-pagination
_TOLD_FAULTS = 3
_MOMENT = "%Y%m%dT%H%M%S.%fZ"


class Stored(Protocol):
    """What a record is: a frozen model with an id, and how it was read."""

    @property
    def id(self) -> str:
        """Return a UUID in its canonical form."""
        ...

    @property
    def etag(self) -> str:
        """Return the etag of the record as it was read; empty for a new one."""
        ...

    @property
    def index_keys(self) -> frozenset[str]:
        """Return the keys of the rows that lead to the record as it was read."""
        ...

    def changed(self, **update: Any) -> Self:
        """Return a copy with other values."""
        ...

    def model_dump_json(self, *, by_alias: bool | None = None, exclude_defaults: bool = False) -> str:
        """Return the record as JSON, without etag and index keys."""
        ...


@dataclass(frozen=True, slots=True)
class RecordKind[T: Stored]:
    """What a store has to know of its records.

    Attributes:
        name: begins the key of every record.
        parse: returns the record that a JSON text is; raises ValueError, or what a read of it is to raise.
        index_keys: returns the keys of the rows that are to lead to a record.
        labels: returns what people see who look at the table; it is never read.
        not_found: the error for an id without a record.
        wake_ups: how the keys of wake-up rows begin.
        trimmed: returns a record that is too large without what it can do without, as much as is needed to fit, or
            raises RequestTooLargeError.
    """

    name: str
    parse: Callable[[str], T]
    index_keys: Callable[[T], frozenset[str]]
    labels: Callable[[T], Mapping[str, str | int]]
    not_found: Callable[[str], RecordNotFoundError]
    trimmed: Callable[[T, Callable[[T], bool]], T]
    wake_ups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexRow:
    """A row that leads to a record."""

    key: str

    @property
    def record_id(self) -> str:
        """Return the id of the record."""
        return _id_of(self.key)


class RecordStore[T: Stored]:
    """The records of one kind in a table. Every call may raise StorageUnavailableError and RowRefusedError."""

    def __init__(self, table: Table, kind: RecordKind[T]) -> None:
        self._table = table
        self._kind = kind

    async def insert(self, record: T) -> T:
        """Write a new record and return it with its etag.

        Raises:
            ConflictError: there is one with this id.
            RequestTooLargeError: it does not fit.
        """
        record, document = self._fitted(record)
        keys = self._kind.index_keys(record)
        operations = [Insert(self._row(record, document, keys)), *_moves(frozenset(), keys)]
        [etag, *_] = await self._table.write(_partition(record.id), operations)
        return record.changed(etag=etag, index_keys=keys)

    async def read(self, record_id: str) -> T:
        """Return a record.

        Raises:
            RecordNotFoundError: the kind's own, where there is none with this id.
            UnreadableRecordError: its row does not hold a record of this kind.
        """
        row = await self._table.read(_partition(record_id), self._key(record_id))
        if row is None:
            raise self._kind.not_found(record_id)
        return self._record(row)

    async def write(self, before: T, after: T) -> T:
        """Replace a record as it was read (`before.etag`) and return the new one with its etag.

        Raises:
            ConflictError: somebody else has changed or removed it since.
            RequestTooLargeError: it does not fit.
        """
        return await self._write(before, after, early=False)

    async def _write(self, before: T, after: T, *, early: bool) -> T:
        """Write as `write` does; with `early` the wake-up row may stay where it is, if it is early enough."""
        after, document = self._fitted(after)
        keys = self._kind.index_keys(after)
        if early:
            keys = self._with_early_wake_up(before.index_keys, keys)
        row = self._row(after.changed(etag=before.etag), document, keys)
        [etag, *_] = await self._replace(before, Replace(row), keys)
        return after.changed(etag=etag, index_keys=keys)

    async def exists(self, record_id: str) -> bool:
        """Return whether there is a row for a record, readable or not."""
        return await self._table.read(_partition(record_id), self._key(record_id)) is not None

    async def update(self, record_id: str, change: Callable[[T], Awaitable[T | None]]) -> tuple[T, T]:
        """Read a record, change it, and write it; read it again and decide again when somebody else was quicker.

        Args:
            record_id: which record.
            change: returns the record as it is to be, None to leave it as it is. It may be called several times.

        Returns:
            The record before the change and after it; both are the same object where nothing was changed.

        Raises:
            RecordNotFoundError: the kind's own, where there is none with this id; and whatever `change` raises.
        """
        while True:
            before = await self.read(record_id)
            after = await change(before)
            if after is None:
                return before, before
            try:
                return before, await self.write(before, after)
            except ConflictError:
                continue

    async def remove(self, record: T) -> None:
        """Remove a record as it was read, and everything that leads to it.

        Raises:
            ConflictError: somebody has changed or removed it since.
        """
        await self._replace(record, Delete(self._key(record.id), record.etag), frozenset())

    async def all(self, unreadable: Callable[[UnreadableRecordError], None]) -> AsyncIterator[T]:
        """Yield every record, each as it is when its turn comes; one that is written meanwhile may be left out.

        Args:
            unreadable: is called for each record that cannot be read.
        """
        last = f"{self._kind.name}.{_AFTER_EVERY_KEY}"
        for partition in PARTITIONS:
            first = f"{self._kind.name}."
            while rows := await self._table.read_range(partition, first, last, _READ_AT_ONCE):
                for row in rows:
                    try:
                        record = self._record(row)
                    except UnreadableRecordError as error:
                        unreadable(error)
                    except RecordNotFoundError:  # a marker stands in its place
                        continue
                    else:
                        yield record
                first = rows[-1].key

    async def newest(self, prefix: str, top: int, continuation: str | None = None) -> Page[T]:
        """Return at most `top` of the records that rows `prefix` + `newest_first` lead to, newest first.

        A record that cannot be read is logged and left out.

        Raises:
            InvalidContinuationError: no earlier call has returned `continuation`.
        """
        return await self.narrowed(prefix, Span(), top, continuation, lambda _: True)

    async def narrowed(
        self, prefix: str, span: Span, top: int, continuation: str | None, keeps: Callable[[T], bool]
    ) -> Page[T]:
        """Return at most `top` of the records that rows with a prefix lead to and `keeps` accepts, in the rows' order.

        It reads a bounded number of records: a page may have fewer than `top`, or none, and a continuation.

        Args:
            prefix: of the rows' keys.
            span: which of these rows, by what follows the prefix.
            top: the most records.
            continuation: of the page before.
            keeps: returns whether a record is wanted.

        Raises:
            InvalidContinuationError: no earlier call has returned `continuation` for rows in this order.
        """
        position = span.after(continuation)
        found: list[T] = []
        read = 0
        while True:
            batch = min(max(top - len(found), _READ_AT_ONCE if read else 0), _MOST_READ - read)
            keys = await self._across_partitions(prefix + position, prefix + span.before, batch + 1)
            for key, record in zip(keys, await self._records_of(keys[:batch]), strict=False):
                read += 1
                position = key.removeprefix(prefix)
                if record is not None and keeps(record):
                    found.append(record)
                if len(found) == top:
                    break
            exhausted = len(keys) <= batch and (not keys or position == keys[-1].removeprefix(prefix))
            if exhausted:
                return Page(found, None)
            if len(found) == top or read >= _MOST_READ:
                return Page(found, continuation_of(position))

    async def led_to(self, row: IndexRow) -> T | None:
        """Return the record that a row leads to, None where the record does not name it; such a row is deleted.

        Raises:
            UnreadableRecordError: its row does not hold a record of this kind.
        """
        with suppress(RecordNotFoundError):
            record = await self.read(row.record_id)
            if row.key in record.index_keys:
                return record
        await self._drop(row.record_id, [row.key])
        return None

    async def rows_before(self, prefix: str, moment: datetime, limit: int) -> list[IndexRow]:
        """Return at most `limit` of the rows `prefix` + `key_moment` before a moment, the oldest first."""
        return [IndexRow(key) for key in await self._across_partitions(prefix, prefix + key_moment(moment), limit)]

    async def before(self, prefix: str, moment: datetime, limit: int) -> list[str]:
        """Return the ids of the records that `rows_before` leads to."""
        return [row.record_id for row in await self.rows_before(prefix, moment, limit)]

    async def earliest(self, prefix: str) -> datetime | None:
        """Return the earliest `key_moment` of the rows `prefix` + `key_moment`, None if there is no such row."""
        keys = await self._across_partitions(prefix, prefix + _AFTER_EVERY_KEY, 1)
        moments = (key.removeprefix(prefix).rpartition(".")[0] for key in keys)
        return next((moment for text in moments if (moment := _moment(text))), None)

    async def count(self, prefix: str, limit: int) -> int:
        """Return how many rows begin with a prefix, at most `limit`."""
        found = 0
        for partition in PARTITIONS:
            first, more = prefix, True
            while more and found < limit:
                rows = await self._table.read_range(partition, first, prefix + _AFTER_EVERY_KEY, _COUNTED_AT_ONCE)
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
                rows = await self._table.read_range(partition, first, prefix + _AFTER_EVERY_KEY, _COUNTED_AT_ONCE)
                values = [row.key.removeprefix(prefix).partition(".")[0] for row in rows]
                counts.update(values)
                if more := len(rows) == _COUNTED_AT_ONCE:  # what is counted to its limit is passed over
                    passed = f"{prefix}{values[-1]}.{_AFTER_EVERY_KEY}"
                    first = passed if counts[values[-1]] >= limit else rows[-1].key
        return {value: min(number, limit) for value, number in counts.items()}

    async def _replace(self, before: T, operation: Replace | Delete, keys: frozenset[str]) -> list[str]:
        """Write over a record together with the rows that lead to it, and return the etags.

        The rows may not be those that the record names: somebody has deleted one by hand, or restored a part of the
        table. Then the write looks for them once, or it would always fail.
        """
        stale = self._wake_ups_of(before.index_keys - keys)
        if isinstance(operation, Replace) and before.index_keys.difference(stale) == keys:
            etags = await self._table.write(_partition(before.id), [operation])
            await self._drop(before.id, stale)
            return etags
        try:
            return await self._table.write(_partition(before.id), [operation, *_moves(before.index_keys, keys)])
        except ConflictError:
            row = await self._table.read(_partition(before.id), self._key(before.id))
            if row is None or row.etag != before.etag:
                raise
        there = await self._existing(before.id, before.index_keys | keys)
        _logger.warning("record.rowsRepaired %s %s", self._kind.name, before.id)
        return await self._table.write(_partition(before.id), [operation, *_moves(there, keys)])

    async def _drop(self, record_id: str, keys: Iterable[str]) -> None:
        """Delete wake-up rows that their record does not name; one that stays is deleted when its moment has come."""
        for key in keys:
            with suppress(ConflictError, StorageUnavailableError):
                await self._table.write(_partition(record_id), [Delete(key)])

    def _with_early_wake_up(self, former: frozenset[str], keys: frozenset[str]) -> frozenset[str]:
        """Return keys with the former wake-up row in the place of the one among them, if it is no later."""
        match self._wake_ups_of(former), self._wake_ups_of(keys):
            case [there], [wanted] if _moment_in(there) <= _moment_in(wanted):
                return keys - {wanted} | {there}
            case _:
                return keys

    def _wake_ups_of(self, keys: frozenset[str]) -> list[str]:
        return [key for key in keys if key.startswith(self._kind.wake_ups)]

    async def _existing(self, record_id: str, keys: frozenset[str]) -> frozenset[str]:
        rows = await asyncio.gather(*(self._table.read(_partition(record_id), key) for key in keys))
        return frozenset(row.key for row in rows if row)

    async def _across_partitions(self, first: str, last: str, limit: int) -> list[str]:
        pages = await asyncio.gather(
            *(self._table.read_range(partition, first, last, limit) for partition in PARTITIONS)
        )
        keys = sorted(row.key for page in pages for row in page)
        return [key for key in keys if is_meeting_id(_id_of(key))][:limit]

    async def _records_of(self, keys: Sequence[str]) -> list[T | None]:
        return await asyncio.gather(*(self._read_or_none(_id_of(key)) for key in keys))

    async def _read_or_none(self, record_id: str) -> T | None:
        try:
            return await self.read(record_id)
        except UnreadableRecordError as error:
            _logger.error("record.unreadable %s: %s", self._kind.name, error)  # noqa: TRY400 - a trace would show the record
            return None
        except RecordNotFoundError:  # removed since its row was read
            return None

    def _key(self, record_id: str) -> str:
        return f"{self._kind.name}.{record_id}"

    def _fitted(self, record: T) -> tuple[T, str]:
        """Return a record as it fits, and the text of it."""
        document = _document(record)
        if _fits(document):
            return record, document
        record = self._kind.trimmed(record, lambda trimmed: _fits(_document(trimmed)))
        return record, _document(record)

    def _row(self, record: T, document: str, keys: frozenset[str]) -> Row:
        chunks = [document[start : start + _CHUNK] for start in range(0, len(document), _CHUNK)]
        values: dict[str, str | int] = {
            **self._kind.labels(record),
            "indexKeys": " ".join(sorted(keys)),
            "documents": len(chunks),
        }
        values |= {f"document{number}": chunk for number, chunk in enumerate(chunks)}
        return Row(self._key(record.id), values, record.etag)

    def _record(self, row: Row) -> T:
        try:
            document = "".join(str(row.values[f"document{n}"]) for n in range(int(row.values["documents"])))
            keys = frozenset(str(row.values["indexKeys"]).split())
            record = self._kind.parse(document)
        except (KeyError, TypeError, ValueError) as error:  # pydantic's is a ValueError, and quotes the record
            raise UnreadableRecordError(_id_of(row.key), _fault_of(error)) from None
        if record.id != _id_of(row.key):
            raise UnreadableRecordError(_id_of(row.key), "it has the id of another record")
        return record.changed(etag=row.etag, index_keys=keys)


def key_moment(moment: datetime) -> str:
    """Return a moment as a part of a key, so that keys sort by time."""
    return moment.astimezone(UTC).strftime(_MOMENT)


def _document(record: Stored) -> str:
    return record.model_dump_json(by_alias=True, exclude_defaults=True)


def _fits(document: str) -> bool:
    return len(document.encode("utf-16-le", "surrogatepass")) <= LARGEST_DOCUMENT


def _moves(former: frozenset[str], keys: frozenset[str]) -> list[Operation]:
    """Return what makes the rows `keys` of the rows `former`."""
    deletes: list[Operation] = [Delete(key) for key in sorted(former - keys)]
    return deletes + [Insert(Row(key)) for key in sorted(keys - former)]


def _fault_of(error: Exception) -> str:
    """Return what is wrong with a row, without a word of what it holds."""
    match error:
        case ValidationError():
            faults = error.errors(include_url=False, include_context=False, include_input=False)
            return ", ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['type']}" for fault in faults[:_TOLD_FAULTS])
        case KeyError():
            return f"it has no property {error}"
        case _:
            return f"a property has the wrong type ({type(error).__name__})"


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, _MOMENT).replace(tzinfo=UTC)
    except ValueError:  # the key of a damaged row
        return None


def _partition(record_id: str) -> str:
    return record_id[0]


def _moment_in(key: str) -> str:
    """Return the `key_moment` in the key of a wake-up row."""
    return key.partition(".")[2].rpartition(".")[0]


def _id_of(key: str) -> str:
    return key.rpartition(".")[2]
