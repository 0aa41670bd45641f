"""A queue as the app uses it: it sends and peeks; the Functions host receives."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Protocol

from azure.core.exceptions import AzureError, ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from shared.errors import StorageUnavailableError
from shared.storage.time_limit import uses_storage_time

# https://learn.microsoft.com/rest/api/storageservices/put-message
LONGEST_DELAY = timedelta(days=7)
LARGEST_MESSAGE = 64 * 1024

_NEVER = -1
_LONGEST_LIFE_SECONDS = 2**31 - 1
# The most that one call brings: https://learn.microsoft.com/rest/api/storageservices/peek-messages
_PAGE = 32
_HIDDEN_SECONDS = 2


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """A peeked message; `id` is the same as long as it is in the queue."""

    id: str
    text: str
    put_at: datetime


class Queue(Protocol):
    """What the app asks of a queue. Every call may raise StorageUnavailableError."""

    async def send(self, text: str, delay: timedelta = timedelta(0), life: timedelta | None = None) -> None:
        """Enqueue a message that becomes visible after `delay` and expires after `life`.

        Args:
            text: at most LARGEST_MESSAGE bytes.
            delay: rounded up to seconds, and cut to 7 days.
            life: rounded up to seconds, longer than `delay`; None for no limit.
        """
        ...

    async def oldest(self) -> datetime | None:
        """Return when the message at the head was enqueued, or None if no message is visible."""
        ...

    async def count(self) -> int | None:
        """Return about how many messages there are, hidden ones included; None if there is no such queue."""
        ...

    async def create(self) -> None:
        """Create the queue, unless it exists."""
        ...

    async def look_through(self, limit: int) -> list[QueuedMessage]:
        """Return at most `limit` visible messages (32 or more), each once, and leave them in the queue.

        Up to 31 messages are only peeked at. A peek returns 32 at most, so where there are as many, the messages are
        received instead: that hides them for two seconds, and counts as a delivery.
        """
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class AzureQueue:
    """Azure Queue Storage. The first send creates a missing queue."""

    def __init__(self, client: QueueClient) -> None:
        self._client = client

    @uses_storage_time
    async def send(self, text: str, delay: timedelta = timedelta(0), life: timedelta | None = None) -> None:
        """Enqueue a message that becomes visible after `delay` and expires after `life`."""
        seconds = ceil(min(max(delay, timedelta(0)), LONGEST_DELAY).total_seconds())
        time_to_live = _NEVER if life is None else min(ceil(life.total_seconds()), _LONGEST_LIFE_SECONDS)
        try:
            try:
                await self._client.send_message(text, visibility_timeout=seconds, time_to_live=time_to_live)
            except ResourceNotFoundError:
                await self._create()
                await self._client.send_message(text, visibility_timeout=seconds, time_to_live=time_to_live)
        except AzureError as error:
            raise _unavailable("send", error) from error

    @uses_storage_time
    async def oldest(self) -> datetime | None:
        """Return when the message at the head was enqueued, or None if no message is visible."""
        try:
            messages = await self._client.peek_messages(1)
        except ResourceNotFoundError:
            return None
        except AzureError as error:
            raise _unavailable("peek", error) from error
        return messages[0].inserted_on.astimezone(UTC) if messages and messages[0].inserted_on else None

    @uses_storage_time
    async def count(self) -> int | None:
        """Return about how many messages there are, hidden ones included; None if there is no such queue."""
        try:
            properties = await self._client.get_queue_properties()
        except ResourceNotFoundError:
            return None
        except AzureError as error:
            raise _unavailable("count", error) from error
        return properties.approximate_message_count or 0

    @uses_storage_time
    async def create(self) -> None:
        """Create the queue, unless it exists."""
        try:
            await self._create()
        except AzureError as error:
            raise _unavailable("create", error) from error

    @uses_storage_time
    async def look_through(self, limit: int) -> list[QueuedMessage]:
        """Return at most `limit` visible messages, each once, and leave them in the queue."""
        try:
            seen = await self._client.peek_messages(_PAGE)
            if len(seen) == _PAGE:
                # Read to the end first: otherwise the first messages are visible again before the last are received.
                pages = self._client.receive_messages(
                    messages_per_page=_PAGE, max_messages=limit, visibility_timeout=_HIDDEN_SECONDS
                )
                seen = [message async for message in pages]
        except ResourceNotFoundError:
            return []
        except AzureError as error:
            raise _unavailable("look", error) from error
        return list({message.id: _queued(message) for message in seen}.values())

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _create(self) -> None:
        with suppress(ResourceExistsError):  # another sender was quicker
            await self._client.create_queue()


def _queued(message: QueueMessage) -> QueuedMessage:
    put_at = message.inserted_on.astimezone(UTC) if message.inserted_on else datetime.max.replace(tzinfo=UTC)
    return QueuedMessage(message.id, str(message.content or ""), put_at)


def _unavailable(what: str, error: AzureError) -> StorageUnavailableError:
    reason = getattr(error, "error_code", None) or type(error).__name__
    return StorageUnavailableError(f"the queue could not be used ({what}: {reason})")
