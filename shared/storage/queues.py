"""A queue, from its sending side; the Functions host is the one that receives."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Protocol

from azure.core.exceptions import AzureError, ResourceExistsError, ResourceNotFoundError
from azure.storage.queue.aio import QueueClient

from shared.errors import StorageUnavailableError

# https://learn.microsoft.com/rest/api/storageservices/put-message
LONGEST_DELAY = timedelta(days=7)
LARGEST_MESSAGE = 64 * 1024

_NEVER = -1


class Queue(Protocol):
    """What the app asks of a queue. Every call may raise StorageUnavailableError."""

    async def send(self, text: str, delay: timedelta = timedelta(0)) -> None:
        """Put a message that becomes visible after `delay` (rounded up to seconds, cut to 7 days) and never expires."""
        ...

    async def oldest(self) -> datetime | None:
        """Return when the message at the head was put, or None if no message is visible."""
        ...

    async def close(self) -> None:
        """Let go of the connections."""
        ...


class AzureQueue:
    """Azure Queue Storage. A missing queue is made when it is first sent to."""

    def __init__(self, client: QueueClient) -> None:
        self._client = client

    async def send(self, text: str, delay: timedelta = timedelta(0)) -> None:
        """Put a message that becomes visible after `delay`."""
        seconds = ceil(min(max(delay, timedelta(0)), LONGEST_DELAY).total_seconds())
        try:
            try:
                await self._client.send_message(text, visibility_timeout=seconds, time_to_live=_NEVER)
            except ResourceNotFoundError:
                with suppress(ResourceExistsError):  # another sender was quicker
                    await self._client.create_queue()
                await self._client.send_message(text, visibility_timeout=seconds, time_to_live=_NEVER)
        except AzureError as error:
            raise _unavailable("send", error) from error

    async def oldest(self) -> datetime | None:
        """Return when the message at the head was put, or None if no message is visible."""
        try:
            messages = await self._client.peek_messages(1)
        except ResourceNotFoundError:
            return None
        except AzureError as error:
            raise _unavailable("peek", error) from error
        return messages[0].inserted_on.astimezone(UTC) if messages and messages[0].inserted_on else None

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.close()


def _unavailable(what: str, error: AzureError) -> StorageUnavailableError:
    reason = getattr(error, "error_code", None) or type(error).__name__
    return StorageUnavailableError(f"the queue could not be used ({what}: {reason})")
