"""Azure Storage queues as the queue trigger needs them, and the connections that bindings name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from local.host.configuration import Settings
from local.host.errors import FunctionError

_FIRST_ERROR_STATUS_OF_THE_SERVER = 500
_SEVEN_DAYS = 7 * 24 * 60 * 60


class LeaseLostError(Exception):
    """The message is gone, or somebody else holds it: the pop receipt is worth nothing any more."""


@dataclass(frozen=True, slots=True)
class Message:
    """A received message, its text as it was sent."""

    id: str
    pop_receipt: str
    text: str
    dequeue_count: int
    insertion_time: datetime
    expiration_time: datetime
    next_visible_time: datetime


class Queue(Protocol):
    """One queue. Every operation raises an `azure.core.exceptions.AzureError` when the storage does not answer."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    async def receive(self, count: int, visibility: timedelta) -> Sequence[Message]:
        """Take up to `count` messages, unseen by others for a while; none when there is no such queue."""
        ...

    async def show_after(self, message_id: str, pop_receipt: str, delay: timedelta) -> str:
        """Make a message visible to others after a while; return its new pop receipt, or raise LeaseLostError."""
        ...

    async def delete(self, message_id: str, pop_receipt: str) -> None:
        """Delete a message, or raise LeaseLostError."""
        ...

    async def add(self, text: str) -> None:
        """Put a message of seven days' life on the queue; the queue is made if need be."""
        ...


class StorageQueue:
    """A queue of an Azure Storage account."""

    def __init__(self, client: QueueClient) -> None:
        self._client = client

    @property
    def name(self) -> str:
        """Its name."""
        return self._client.queue_name

    async def receive(self, count: int, visibility: timedelta) -> Sequence[Message]:
        """Take up to `count` messages; none when there is no such queue."""
        pages = self._client.receive_messages(
            messages_per_page=count, visibility_timeout=int(visibility.total_seconds())
        ).by_page()
        try:
            async for page in pages:  # the first is what one call brings; the next would be another call
                return [_message(received) async for received in page]
        except ResourceNotFoundError:
            return []
        return []

    async def show_after(self, message_id: str, pop_receipt: str, delay: timedelta) -> str:
        """Make a message visible to others after a while; return its new pop receipt."""
        try:
            updated = await self._client.update_message(
                message_id, pop_receipt, visibility_timeout=int(delay.total_seconds())
            )
        except HttpResponseError as error:
            raise _translated(error) from error
        return str(updated.pop_receipt)

    async def delete(self, message_id: str, pop_receipt: str) -> None:
        """Delete a message."""
        try:
            await self._client.delete_message(message_id, pop_receipt)
        except HttpResponseError as error:
            raise _translated(error) from error

    async def add(self, text: str) -> None:
        """Put a message on the queue, which is made if need be."""
        try:
            await self._client.send_message(text, time_to_live=_SEVEN_DAYS)
        except ResourceNotFoundError:
            await self._client.create_queue()
            await self._client.send_message(text, time_to_live=_SEVEN_DAYS)


def open_account(connection: str, settings: Settings) -> QueueServiceClient:
    """Open the storage account that a binding's `connection` names; `AzureWebJobsStorage` when it names none.

    https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger#connections

    Raises:
        FunctionError: there is no such setting, or it is malformed.
    """
    name = connection or "AzureWebJobsStorage"
    # The loop that calls has its own patience, and the SDK's first pause alone is 15 s.
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


def _translated(error: HttpResponseError) -> Exception:
    """The emulator answers a stale pop receipt with 400, Azure with 404."""
    refused = error.status_code is not None and error.status_code < _FIRST_ERROR_STATUS_OF_THE_SERVER
    return LeaseLostError(str(error.message)) if refused else error


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
