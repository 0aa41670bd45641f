"""Storage in memory that behaves as Azure's does: the same contract tests run against both."""

import json
from collections import defaultdict
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from math import ceil
from typing import Any

from azure.core.exceptions import ServiceRequestError
from sortedcontainers import SortedDict

from local.host.queue_storage import LeaseLostError, QueueAwayError
from local.host.queue_storage import Message as Received
from shared.errors import (
    ConflictError,
    RowRefusedError,
    RowTooLargeError,
    StorageUnavailableError,
    TopicUnavailableError,
)
from shared.storage import Delete, Insert, Operation, QueuedMessage, Replace, Row
from shared.storage.queues import LARGEST_MESSAGE, LONGEST_DELAY
from shared.storage.tables import LARGEST_ENTITY, MOST_OPERATIONS

# More of what Azure Tables allow, in bytes, text as UTF-16:
# https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
# https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions
LARGEST_PROPERTY = 64 * 1024
MOST_PROPERTIES = 252
LARGEST_TRANSACTION = 4 * 1024 * 1024


@dataclass
class Clock:
    """A clock that moves when it is told to."""

    now: datetime = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@dataclass
class InMemoryTopic:
    """An Event Grid topic, with a switch for an outage."""

    clock: Clock
    documents: list[dict[str, Any]] = field(default_factory=list)
    arrived_at: list[datetime] = field(default_factory=list)
    operations: int = 0
    broken: bool = False

    async def send(self, events: Sequence[str]) -> None:
        self.operations += 1
        if self.broken:
            raise TopicUnavailableError("the topic is switched off")
        self.documents += map(json.loads, events)
        self.arrived_at += [self.clock()] * len(events)

    def events(self) -> list[dict[str, Any]]:
        """Return every event that arrived."""
        return self.documents


_NEVER = datetime.max.replace(tzinfo=UTC)
_PAGE = 32


class InMemoryTable:
    """A table with Azure's limits, and a switch for an outage."""

    def __init__(self) -> None:
        self.partitions = defaultdict(SortedDict[str, Row])
        self.operations = 0
        self.rows_read = 0
        self.records_read = 0
        self.rows_written = 0
        self.transactions = 0
        self.broken = False
        self._etag = 0

    async def read(self, partition: str, key: str) -> Row | None:
        self._count()
        self.rows_read += 1
        self.records_read += 1
        return self.partitions.get(partition, {}).get(key)

    async def read_range(self, partition: str, first: str, last: str, limit: int) -> list[Row]:
        self._count()
        if not (rows := self.partitions.get(partition)) or first >= last:
            return []
        found = [rows[key] for key in islice(rows.irange(first, last, inclusive=(False, False)), limit)]
        self.rows_read += len(found)
        return found

    async def write(self, partition: str, operations: Sequence[Operation]) -> list[str]:
        self._count()
        rows = self.partitions[partition]
        _check_limits(partition, operations)
        for operation in operations:
            if not self._allowed(rows, operation):
                raise ConflictError("the row is not as it was read")
        self.rows_written += len(operations)
        self.transactions += len(operations) > 1
        return [self._apply(rows, operation) for operation in operations]

    async def close(self) -> None:
        pass

    @staticmethod
    def _allowed(rows: MutableMapping[str, Row], operation: Operation) -> bool:
        match operation:
            case Insert(row):
                return row.key not in rows
            case Replace(row):
                return row.key in rows and rows[row.key].etag == row.etag
            case Delete(key, etag):
                return key in rows and (not etag or rows[key].etag == etag)

    def _apply(self, rows: MutableMapping[str, Row], operation: Operation) -> str:
        if isinstance(operation, Delete):
            del rows[operation.key]
            return ""
        self._etag += 1
        etag = f'W/"{self._etag}"'
        rows[operation.row.key] = Row(operation.row.key, dict(operation.row.values), etag)
        return etag

    def _count(self) -> None:
        self.operations += 1
        if self.broken:
            raise StorageUnavailableError("the table is switched off")


def _check_limits(partition: str, operations: Sequence[Operation]) -> None:
    """Refuse what Azure Tables refuse, whichever operation it is in.

    Raises:
        RowTooLargeError: an entity, a property or the transaction is too large.
        RowRefusedError: the transaction has too many operations, or two for one row.
    """
    if len(operations) > MOST_OPERATIONS:
        raise RowRefusedError("the transaction has too many operations")
    if len({_key_of(operation) for operation in operations}) < len(operations):
        raise RowRefusedError("the transaction has two operations for one row")
    transaction = 0
    for row in (operation.row for operation in operations if not isinstance(operation, Delete)):
        properties = [_bytes(value) for value in row.values.values()]
        # About what Azure counts; the overhead of some bytes a property does not matter here.
        entity = sum(map(_bytes, (partition, row.key, *row.values)), sum(properties))
        if max(properties, default=0) > LARGEST_PROPERTY:
            raise RowTooLargeError("a property is too large")
        if len(properties) > MOST_PROPERTIES or entity > LARGEST_ENTITY:
            raise RowTooLargeError("the entity is too large")
        transaction += entity
    if transaction > LARGEST_TRANSACTION:
        raise RowTooLargeError("the transaction is too large")


def _bytes(value: str | int) -> int:
    if not isinstance(value, str):
        return 8
    return 2 * len(value) if value.isascii() else len(value.encode("utf-16-le"))


def _key_of(operation: Operation) -> str:
    return operation.key if isinstance(operation, Delete) else operation.row.key


@dataclass
class Message:
    """A message in the queue; its pop receipt changes each time that somebody takes or hides it."""

    id: str
    text: str
    visible_at: datetime
    put_at: datetime
    expires_at: datetime
    pop_receipt: str = ""
    dequeue_count: int = 0


@dataclass
class InMemoryQueue:
    """A queue, with a switch for an outage: the app's side of it, and the host's; `take` is a host in a hurry.

    A queue that is `missing` can be created unless it is `fixed`, as where the app's role does not allow it.
    """

    clock: Clock
    name: str = "queue"
    messages: list[Message] = field(default_factory=list)
    operations: int = 0
    broken: bool = False
    missing: bool = False
    fixed: bool = False
    _number: int = 0

    async def send(self, text: str, delay: timedelta = timedelta(0), life: timedelta | None = None) -> None:
        self.operations += 1
        if self.broken:
            raise StorageUnavailableError("the queue is switched off")
        if len(text.encode()) > LARGEST_MESSAGE:
            raise StorageUnavailableError("the message is too large")
        self.missing = False
        seconds = ceil(min(max(delay, timedelta(0)), LONGEST_DELAY).total_seconds())
        self.put(text, timedelta(seconds=seconds), life)

    async def oldest(self) -> datetime | None:
        return min((message.put_at for message in self._visible()), default=None)

    async def count(self) -> int | None:
        if self.broken:
            raise StorageUnavailableError("the queue is switched off")
        return None if self.missing else len(self.messages)

    async def create(self) -> None:
        self.operations += 1
        if self.broken or self.fixed:
            raise StorageUnavailableError("the queue may not be created")
        self.missing = False

    async def look_through(self, limit: int) -> list[QueuedMessage]:
        self.operations += 1
        if self.broken:
            raise StorageUnavailableError("the queue is switched off")
        seen = self._visible()[:limit]
        if len(seen) >= _PAGE:
            self.operations += ceil(len(seen) / _PAGE)
            for message in seen:
                self._received(message, timedelta(seconds=2))
        return [QueuedMessage(message.id, message.text, message.put_at) for message in seen]

    async def close(self) -> None:
        pass

    async def receive(self, count: int, visibility: timedelta) -> list[Received]:
        self._reach()
        if self.missing:
            raise QueueAwayError("The specified queue does not exist.")
        return [self._received(message, visibility) for message in self._visible()[:count]]

    async def show_after(self, message_id: str, pop_receipt: str, delay: timedelta) -> str:
        message = self._held(message_id, pop_receipt)
        self._hide(message, delay)
        return message.pop_receipt

    async def delete(self, message_id: str, pop_receipt: str) -> None:
        self.messages.remove(self._held(message_id, pop_receipt))

    async def add(self, text: str) -> None:
        self._reach()
        self.missing = False
        self.put(text, life=LONGEST_DELAY)

    def take(self) -> list[str]:
        """Return the visible messages, and remove them."""
        visible = self._visible()
        taken = {message.id for message in visible}
        self.messages = [message for message in self.messages if message.id not in taken]
        return [message.text for message in visible]

    def idle(self) -> bool:
        """Return whether a look would find nothing."""
        return not self.broken and not self._visible()

    def events(self) -> list[dict[str, Any]]:
        """Return every message as the JSON it is."""
        return [json.loads(message.text) for message in self.messages]

    def put(self, text: str, delay: timedelta = timedelta(0), life: timedelta | None = None) -> Message:
        """Put a message, even while the queue is switched off."""
        now = self.clock()
        expires_at = _NEVER if life is None else now + life
        message = Message(f"message-{self._next_number()}", text, now + delay, now, expires_at)
        self.messages.append(message)
        return message

    def _next_number(self) -> int:
        self._number += 1
        return self._number

    def _visible(self) -> list[Message]:
        now = self.clock()
        self.messages = [message for message in self.messages if message.expires_at > now]
        return [message for message in self.messages if message.visible_at <= now]

    def _reach(self) -> None:
        self.operations += 1
        if self.broken:
            raise ServiceRequestError("the queue is switched off")

    def _held(self, message_id: str, pop_receipt: str) -> Message:
        self._reach()
        for message in self.messages:
            if message.id == message_id and message.pop_receipt == pop_receipt:
                return message
        raise LeaseLostError("the message is gone, or somebody else's")

    def _hide(self, message: Message, delay: timedelta) -> None:
        message.visible_at = self.clock() + delay
        message.pop_receipt = f"receipt-{self._next_number()}"

    def _received(self, message: Message, visibility: timedelta) -> Received:
        message.dequeue_count += 1
        self._hide(message, visibility)
        return Received(
            id=message.id,
            pop_receipt=message.pop_receipt,
            text=message.text,
            dequeue_count=message.dequeue_count,
            insertion_time=message.put_at,
            expiration_time=message.expires_at,
            next_visible_time=message.visible_at,
        )
