"""The app over its storage: a queue message for each request, and the ledger, with the app's own settings."""

import asyncio
import json
from collections.abc import Sequence

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError
from azure.storage.queue.aio import QueueClient as AzureQueueClient

from shared.cli.files import Line
from shared.cli.polling import KEY_OF_ROW, Poll, Submitted, UnreachableError, fault_text
from shared.errors import InvalidRequestError, KeyReusedError, MeetingNotFoundError, StorageUnavailableError
from shared.ids import id_from_key
from shared.meeting import Meeting, MeetingResponse
from shared.meeting.ledger import TABLE, Ledger
from shared.meeting.messages import rejected_id
from shared.meeting_request import fingerprint, parse_request
from shared.settings import Settings
from shared.storage import AzureTable, storage_services
from shared.storage.queues import LARGEST_MESSAGE
from shared.use_cases.batch.items import raise_faults

_CONCURRENT_MESSAGES = 16
_PAUSE_SECONDS = 2.0
_NEVER = -1


class QueueClient:
    """The app's storage account: the request queue and the ledger."""

    most_lines = 100

    def __init__(self, settings: Settings) -> None:
        """Prepare the connections; without a connection string as the user who is signed in to Azure."""
        self._credential = signed_in(settings)
        self._queues, self._tables = storage_services(settings.storage, self._credential)
        self._queue: AzureQueueClient = self._queues.get_queue_client(settings.request_queue)
        self._ledger = Ledger(AzureTable(self._tables.get_table_client(TABLE)))

    async def submit(self, lines: Sequence[Line]) -> list[Submitted]:
        """Send a message for each valid request that is not in the ledger already; several at a time."""
        slots = asyncio.Semaphore(_CONCURRENT_MESSAGES)
        turns: dict[str, asyncio.Lock] = {}

        async def one(line: Line) -> Submitted:
            async with slots, turns.setdefault(line.item.key or "", asyncio.Lock()):
                return await self._submit(line)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(line)) for line in lines]
        return [task.result() for task in tasks]

    async def poll(self, submitted: Submitted) -> Poll:
        """Read the meeting, or the failed one if the app has rejected the message."""
        meeting = await self._read(submitted.meeting_id or "")
        rejected = await self._read(submitted.rejected_id) if submitted.rejected_id and not meeting else None
        meeting = meeting or rejected
        if meeting is None and submitted.rejected_id is None:  # no message could become it
            raise UnreachableError(f"There is no meeting {submitted.meeting_id} in the ledger.")
        if meeting is None:
            return Poll(None, _PAUSE_SECONDS)
        return Poll(MeetingResponse.of(meeting).as_json(), 0.0 if meeting.finished else _PAUSE_SECONDS)

    async def close(self) -> None:
        """Close the connections."""
        await self._queue.close()
        await self._queues.close()
        await self._tables.close()
        if self._credential:
            await self._credential.close()

    async def _submit(self, line: Line) -> Submitted:
        try:
            if line.item.faults:
                raise_faults(line.item)
            request = parse_request(line.item.document)
        except InvalidRequestError as error:
            return Submitted.of(line, rejection=f"invalidRequest: {fault_text(line, error.faults)}")
        key = line.item.key or ""
        meeting_id = id_from_key("", key)
        if existing := await self._read(meeting_id):
            if existing.fingerprint == fingerprint(request):
                return Submitted.of(line, meeting_id)
            error = KeyReusedError(f"meeting {meeting_id}")
            return Submitted.of(line, rejection=f"keyReused: idempotencyKey {error}. {KEY_OF_ROW}")
        text = json.dumps(line.item.document | {"idempotencyKey": key})
        if len(text) > LARGEST_MESSAGE:
            rejection = f"tooLarge: A queue message holds {LARGEST_MESSAGE} bytes; send larger requests over HTTP."
            return Submitted.of(line, rejection=rejection)
        try:
            message = await self._queue.send_message(text, time_to_live=_NEVER)
        except AzureError as error:
            raise _unreachable("The request queue", error) from error
        return Submitted.of(line, meeting_id, rejected_id=rejected_id(text, message.id))

    async def _read(self, meeting_id: str) -> Meeting | None:
        try:
            return await self._ledger.read(meeting_id)
        except MeetingNotFoundError:
            return None
        except StorageUnavailableError as error:
            raise _unreachable("The ledger", error) from error


def signed_in(settings: Settings) -> AsyncTokenCredential | None:
    """Return the credential of the user who is signed in to Azure, None with a connection string."""
    if settings.storage.connection_string:
        return None
    from azure.identity.aio import DefaultAzureCredential

    return DefaultAzureCredential()


def _unreachable(what: str, error: Exception) -> UnreachableError:
    return UnreachableError(f"{what} cannot be used: {error}. Check MeetingStorage; nothing is made twice.")
