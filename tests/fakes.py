"""Storage in memory that behaves as Azure's does: the same contract tests run against both."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from math import ceil

from shared.errors import ConflictError, StorageUnavailableError
from shared.storage import Delete, Insert, Operation, Replace, Row
from shared.storage.queues import LARGEST_MESSAGE, LONGEST_DELAY


@dataclass
class Clock:
    """A clock that moves when it is told to."""

    now: datetime = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


# Of UTF-16: https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
_LARGEST_PROPERTY = 64 * 1024


def _too_long(value: str | int) -> bool:
    return isinstance(value, str) and len(value.encode("utf-16-le")) > _LARGEST_PROPERTY


class InMemoryTable:
    """A table, with a switch for an outage."""

    def __init__(self) -> None:
        self.partitions: dict[str, dict[str, Row]] = {}
        self.operations = 0
        self.broken = False
        self._etags = count(1)

    async def read(self, partition: str, key: str) -> Row | None:
        self._count()
        return self.partitions.get(partition, {}).get(key)

    async def read_range(self, partition: str, first: str, last: str, limit: int) -> list[Row]:
        self._count()
        rows = self.partitions.get(partition, {})
        return [rows[key] for key in sorted(rows) if first < key < last][:limit]

    async def write(self, partition: str, operations: Sequence[Operation]) -> list[str]:
        self._count()
        rows = self.partitions.setdefault(partition, {})
        for operation in operations:
            if not isinstance(operation, Delete) and any(map(_too_long, operation.row.values.values())):
                raise StorageUnavailableError("the property is too long")
            if not self._allowed(rows, operation):
                raise ConflictError("the row is not as it was read")
        return [self._apply(rows, operation) for operation in operations]

    async def close(self) -> None:
        pass

    @staticmethod
    def _allowed(rows: dict[str, Row], operation: Operation) -> bool:
        match operation:
            case Insert(row):
                return row.key not in rows
            case Replace(row):
                return row.key in rows and rows[row.key].etag == row.etag
            case Delete(key, etag):
                return key in rows and (not etag or rows[key].etag == etag)

    def _apply(self, rows: dict[str, Row], operation: Operation) -> str:
        if isinstance(operation, Delete):
            del rows[operation.key]
            return ""
        etag = f'W/"{next(self._etags)}"'
        rows[operation.row.key] = Row(operation.row.key, dict(operation.row.values), etag)
        return etag

    def _count(self) -> None:
        self.operations += 1
        if self.broken:
            raise StorageUnavailableError("the table is switched off")


@dataclass
class Message:
    text: str
    visible_at: datetime
    put_at: datetime


@dataclass
class InMemoryQueue:
    """A queue, with a switch for an outage; `take` is what the host would receive."""

    clock: Clock
    messages: list[Message] = field(default_factory=list)
    operations: int = 0
    broken: bool = False

    async def send(self, text: str, delay: timedelta = timedelta(0)) -> None:
        self.operations += 1
        if self.broken:
            raise StorageUnavailableError("the queue is switched off")
        if len(text.encode()) > LARGEST_MESSAGE:
            raise StorageUnavailableError("the message is too large")
        seconds = ceil(min(max(delay, timedelta(0)), LONGEST_DELAY).total_seconds())
        self.messages.append(Message(text, self.clock() + timedelta(seconds=seconds), self.clock()))

    async def oldest(self) -> datetime | None:
        visible = [message.put_at for message in self.messages if message.visible_at <= self.clock()]
        return min(visible, default=None)

    async def close(self) -> None:
        pass

    def take(self) -> list[str]:
        """Return the visible messages, and remove them."""
        visible = [message for message in self.messages if message.visible_at <= self.clock()]
        self.messages = [message for message in self.messages if message not in visible]
        return [message.text for message in visible]

    def events(self) -> list[dict[str, object]]:
        """Return every message as the JSON it is."""
        return [json.loads(message.text) for message in self.messages]
