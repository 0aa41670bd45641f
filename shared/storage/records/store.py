"""Reads and writes records, and keeps the rows that lead to them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import suppress

from shared.errors import ConflictError, RecordNotFoundError, StorageUnavailableError, UnreadableRecordError
from shared.storage.pages import Page, Span, continuation_of
from shared.storage.records.index import (
    AFTER_EVERY_KEY,
    PARTITIONS,
    IndexRow,
    RecordIndex,
    moment_in,
    moves,
    partition_of,
)
from shared.storage.records.kind import RecordKind, Stored
from shared.storage.records.record_rows import RecordRows
from shared.storage.tables import Delete, Insert, Replace, Table

_logger = logging.getLogger(__name__)

_READ_AT_ONCE = 100
# Of one search: about half a second of an instance's processor.
_MOST_READ = 400
_EVERY_ROW = Span()


class RecordStore[T: Stored]:
    """The records of one kind in a table. Every call may raise StorageUnavailableError and RowRefusedError."""

    def __init__(self, table: Table, kind: RecordKind[T]) -> None:
        self._table = table
        self._kind = kind
        self._rows = RecordRows(kind)
        self._index = RecordIndex(table)

    async def insert(self, record: T) -> T:
        """Write a new record and return it with its etag.

        Raises:
            ConflictError: there is one with this id.
            RequestTooLargeError: it does not fit.
        """
        record, document = self._rows.fitted(record)
        keys = self._kind.index_keys(record)
        operations = [Insert(self._rows.row(record, document, keys)), *moves(frozenset(), keys)]
        [etag, *_] = await self._table.write(partition_of(record.id), operations)
        return record.changed(etag=etag, index_keys=keys)

    async def read(self, record_id: str) -> T:
        """Return a record.

        Raises:
            RecordNotFoundError: the kind's own, where there is none with this id.
            UnreadableRecordError: its row does not hold a record of this kind.
        """
        row = await self._table.read(partition_of(record_id), self._rows.key(record_id))
        if row is None:
            raise self._kind.not_found(record_id)
        return self._rows.record(row)

    async def write(self, before: T, after: T) -> T:
        """Replace a record as it was read (`before.etag`) and return the new one with its etag.

        Raises:
            ConflictError: it was changed or deleted since.
            RequestTooLargeError: it does not fit.
        """
        return await self._write(before, after, early=False)

    async def _write(self, before: T, after: T, *, early: bool) -> T:
        """Write as `write` does; with `early` the wake-up row may stay where it is, if it is early enough."""
        after, document = self._rows.fitted(after)
        keys = self._kind.index_keys(after)
        if early:
            keys = self._with_early_wake_up(before.index_keys, keys)
        row = self._rows.row(after.changed(etag=before.etag), document, keys)
        [etag, *_] = await self._replace(before, Replace(row), keys)
        return after.changed(etag=etag, index_keys=keys)

    async def exists(self, record_id: str) -> bool:
        """Return whether there is a row for a record, readable or not."""
        return await self._table.read(partition_of(record_id), self._rows.key(record_id)) is not None

    async def update(self, record_id: str, change: Callable[[T], Awaitable[T | None]]) -> tuple[T, T]:
        """Read a record, change it and write it; start again when another process has written first.

        Args:
            record_id: the id of the record.
            change: returns the changed record, or None to leave it as it is; it may be called several times.

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
        """Delete a record as it was read, and every row that leads to it.

        Raises:
            ConflictError: it was changed or deleted since.
        """
        await self._replace(record, Delete(self._rows.key(record.id), record.etag), frozenset())

    async def all(self, unreadable: Callable[[UnreadableRecordError], None]) -> AsyncIterator[T]:
        """Yield every record as it is when it is read; one that is created meanwhile may be missing.

        Args:
            unreadable: is called for each record that cannot be read.
        """
        last = f"{self._kind.name}.{AFTER_EVERY_KEY}"
        for partition in PARTITIONS:
            first = f"{self._kind.name}."
            while rows := await self._table.read_range(partition, first, last, _READ_AT_ONCE):
                for row in rows:
                    try:
                        record = self._rows.record(row)
                    except UnreadableRecordError as error:
                        unreadable(error)
                    except RecordNotFoundError:  # a marker stands in its place
                        continue
                    else:
                        yield record
                first = rows[-1].key

    async def page(
        self,
        prefix: str,
        top: int,
        continuation: str | None = None,
        *,
        span: Span = _EVERY_ROW,
        keeps: Callable[[T], bool] = lambda _: True,
    ) -> Page[T]:
        """Return the records that rows with a prefix lead to, in the order of the rows.

        It reads a bounded number of records: a page may have fewer than `top`, or none, and a continuation. A record
        that cannot be read is logged and left out.

        Args:
            prefix: of the keys of the rows.
            top: the most records.
            continuation: of the page before.
            span: which of these rows, by what follows the prefix.
            keeps: returns whether a record is part of the page.

        Raises:
            InvalidContinuationError: no earlier call has returned `continuation` for rows in this order.
        """
        position = span.after(continuation)
        found: list[T] = []
        read = 0
        while True:
            batch = min(max(top - len(found), _READ_AT_ONCE if read else 0), _MOST_READ - read)
            rows = await self._index.between(prefix + position, prefix + span.before, batch + 1)
            records = await asyncio.gather(*(self._read_or_none(row.record_id) for row in rows[:batch]))
            for row, record in zip(rows, records, strict=False):
                read += 1
                position = row.key.removeprefix(prefix)
                if record is not None and keeps(record):
                    found.append(record)
                if len(found) == top:
                    break
            if len(rows) <= batch and (not rows or position == rows[-1].key.removeprefix(prefix)):
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

    async def _replace(self, before: T, operation: Replace | Delete, keys: frozenset[str]) -> list[str]:
        """Replace or delete a record together with the rows that lead to it, and return the etags.

        The rows may differ from those that the record names, if one was deleted by hand or a part of the table was
        restored. Then the write looks up the rows that exist; otherwise it would always fail.
        """
        stale = self._wake_ups_of(before.index_keys - keys)
        if isinstance(operation, Replace) and before.index_keys.difference(stale) == keys:
            etags = await self._table.write(partition_of(before.id), [operation])
            await self._drop(before.id, stale)
            return etags
        try:
            return await self._table.write(partition_of(before.id), [operation, *moves(before.index_keys, keys)])
        except ConflictError:
            row = await self._table.read(partition_of(before.id), self._rows.key(before.id))
            if row is None or row.etag != before.etag:
                raise
        there = await self._existing(before.id, before.index_keys | keys)
        _logger.warning("record.rowsRepaired %s %s", self._kind.name, before.id)
        return await self._table.write(partition_of(before.id), [operation, *moves(there, keys)])

    async def _drop(self, record_id: str, keys: Iterable[str]) -> None:
        """Delete wake-up rows that their record does not name; one that remains is deleted when it is due."""
        for key in keys:
            with suppress(ConflictError, StorageUnavailableError):
                await self._table.write(partition_of(record_id), [Delete(key)])

    def _with_early_wake_up(self, former: frozenset[str], keys: frozenset[str]) -> frozenset[str]:
        """Return keys with the former wake-up row instead of the one among them, if it is no later."""
        match self._wake_ups_of(former), self._wake_ups_of(keys):
            case [there], [wanted] if moment_in(there) <= moment_in(wanted):
                return keys - {wanted} | {there}
            case _:
                return keys

    def _wake_ups_of(self, keys: frozenset[str]) -> list[str]:
        return [key for key in keys if key.startswith(self._kind.wake_ups)]

    async def _existing(self, record_id: str, keys: frozenset[str]) -> frozenset[str]:
        rows = await asyncio.gather(*(self._table.read(partition_of(record_id), key) for key in keys))
        return frozenset(row.key for row in rows if row)

    async def _read_or_none(self, record_id: str) -> T | None:
        try:
            return await self.read(record_id)
        except UnreadableRecordError as error:
            _logger.error("record.unreadable %s: %s", self._kind.name, error)  # noqa: TRY400 - a trace would show the record
            return None
        except RecordNotFoundError:  # removed since its row was read
            return None
