"""Azure Storage queues as the queue trigger needs them, and the connections that bindings name.

Which errors the trigger's extension survives, and which end the host:
https://github.com/Azure/azure-sdk-for-net, RequestFailedExceptionExtensions and QueueProcessor of the extension.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Protocol

from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError
from azure.storage.queue import StorageErrorCode
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from local.host.configuration import Settings
from local.host.errors import FunctionError

_SEVEN_DAYS = 7 * 24 * 60 * 60
# Azure.Storage.Queues tries six times: https://learn.microsoft.com/dotnet/api/azure.core.retryoptions
_PAUSES = (0.8, 1.6, 3.2, 6.4, 12.8)
_WORTH_A_RETRY = frozenset({408, 429, 500, 502, 503, 504})
_FIRST_STATUS_OF_THE_SERVER = 500

type Sleep = Callable[[float], Awaitable[None]]


class LeaseLostError(Exception):
    """The message or the queue no longer exists, or another host has the message: the pop receipt is invalid."""


class QueueAwayError(Exception):
    """There is no such queue, or the storage failed: worth a retry later."""


@dataclass(frozen=True, slots=True)
class Message:
    """A received message, with its text as it was sent."""

    id: str
    pop_receipt: str
    text: str
    dequeue_count: int
    insertion_time: datetime
    expiration_time: datetime
    next_visible_time: datetime


class Queue(Protocol):
    """One queue. Any operation may raise an `azure.core.exceptions.AzureError`: the real host does not survive one."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    async def receive(self, count: int, visibility: timedelta) -> Sequence[Message]:
        """Receive up to `count` messages, which are invisible to others for a while; may raise QueueAwayError."""
        ...

    async def show_after(self, message_id: str, pop_receipt: str, delay: timedelta) -> str:
        """Make a message visible to others after a while; return its new pop receipt, or raise LeaseLostError."""
        ...

    async def delete(self, message_id: str, pop_receipt: str) -> None:
        """Delete a message, or raise LeaseLostError."""
        ...

    async def add(self, text: str) -> None:
        """Put a message with a lifetime of seven days on the queue, which is created if necessary."""
        ...


class StorageQueue:
    """A queue of an Azure Storage account; `sleep` waits between the tries of an operation."""

    def __init__(self, client: QueueClient, sleep: Sleep = asyncio.sleep) -> None:
        self._client = client
        self._sleep = sleep

    @property
    def name(self) -> str:
        """Its name."""
        return self._client.queue_name

    async def receive(self, count: int, visibility: timedelta) -> Sequence[Message]:
        """Receive up to `count` messages; may raise QueueAwayError."""
        seconds = int(visibility.total_seconds())

        async def receive_once() -> Sequence[Message]:
            pages = self._client.receive_messages(messages_per_page=count, visibility_timeout=seconds).by_page()
            async for page in pages:  # the first page is one call; the next would be another
                return [_message(received) async for received in page]
            return []

        try:
            return await self._try(receive_once)
        except HttpResponseError as error:
            status = error.status_code or 0
            if status == HTTPStatus.NOT_FOUND or status >= _FIRST_STATUS_OF_THE_SERVER or _is_being_deleted(error):
                raise QueueAwayError(str(error.message)) from error
            raise

    async def show_after(self, message_id: str, pop_receipt: str, delay: timedelta) -> str:
        """Make a message visible to others after a while; return its new pop receipt."""
        seconds = int(delay.total_seconds())
        try:
            updated = await self._try(
                lambda: self._client.update_message(message_id, pop_receipt, visibility_timeout=seconds)
            )
        except HttpResponseError as error:
            raise _of_settling(error) from error
        return str(updated.pop_receipt)

    async def delete(self, message_id: str, pop_receipt: str) -> None:
        """Delete a message."""
        try:
            await self._try(lambda: self._client.delete_message(message_id, pop_receipt))
        except HttpResponseError as error:
            raise _of_settling(error) from error

    async def add(self, text: str) -> None:
        """Put a message on the queue, which is created if necessary."""
        try:
            await self._send(text)
        except HttpResponseError as error:
            if _code(error) != StorageErrorCode.QUEUE_NOT_FOUND:
                raise
            with suppress(ResourceExistsError):
                await self._try(self._client.create_queue)
            await self._send(text)

    async def _send(self, text: str) -> None:
        await self._try(lambda: self._client.send_message(text, time_to_live=_SEVEN_DAYS))

    async def _try[T](self, operation: Callable[[], Awaitable[T]]) -> T:
        return await with_retries(operation, self._sleep)


async def with_retries[T](operation: Callable[[], Awaitable[T]], sleep: Sleep = asyncio.sleep) -> T:
    """Run an operation until it succeeds, fails permanently, or fails six times in 25 s, as the host's SDK does."""
    for pause in _PAUSES:
        try:
            return await operation()
        except AzureError as error:
            if isinstance(error, HttpResponseError) and error.status_code not in _WORTH_A_RETRY:
                raise
        await sleep(pause)
    return await operation()


def open_account(connection: str, settings: Settings) -> QueueServiceClient:
    """Open the storage account that a binding's `connection` names; `AzureWebJobsStorage` when it names none.

    https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger#connections

    Raises:
        FunctionError: there is no such setting, or it is malformed.
    """
    name = connection or "AzureWebJobsStorage"
    # StorageQueue retries as the .NET SDK does.
    options: dict[str, Any] = {"retry_total": 0}
    if text := settings.get(f"AzureWebJobs{name}") or settings.get(name):
        try:
            return QueueServiceClient.from_connection_string(text, **options)
        except ValueError as error:
            raise FunctionError(f"the setting '{name}' is not a connection string: {error}") from error
    account = settings.get(f"{name}__accountName")
    url = settings.get(f"{name}__queueServiceUri") or (account and f"https://{account}.queue.core.windows.net")
    if url:
        from azure.identity.aio import DefaultAzureCredential

        credential = DefaultAzureCredential(managed_identity_client_id=settings.get(f"{name}__clientId"))
        return QueueServiceClient(url, credential, **options)
    raise FunctionError(f"the connection '{name}' needs a setting '{name}' or '{name}__queueServiceUri'")


def _of_settling(error: HttpResponseError) -> Exception:
    """Return LeaseLostError for what the extension survives when it settles a message, else the error itself."""
    lost = {StorageErrorCode.MESSAGE_NOT_FOUND, StorageErrorCode.QUEUE_NOT_FOUND, StorageErrorCode.POP_RECEIPT_MISMATCH}
    return LeaseLostError(str(error.message)) if _code(error) in lost or _is_being_deleted(error) else error


def _is_being_deleted(error: HttpResponseError) -> bool:
    return _code(error) == StorageErrorCode.QUEUE_BEING_DELETED


def _code(error: HttpResponseError) -> str | None:
    """Return the storage's code, None where a proxy answered."""
    return getattr(error, "error_code", None)


def _message(received: Any) -> Message:
    return Message(
        id=received.id,
        pop_receipt=received.pop_receipt,
        text=received.content or "",
        dequeue_count=received.dequeue_count,
        insertion_time=received.inserted_on,
        expiration_time=received.expires_on,
        next_visible_time=received.next_visible_on,
    )
