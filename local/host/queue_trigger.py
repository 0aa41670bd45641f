"""The queue trigger: one loop per function that receives messages, runs the function, and settles them.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger; what that page leaves out
follows the source of the extension (QueueListener, QueueProcessor, RandomizedExponentialBackoffStrategy).
"""

import asyncio
import base64
import binascii
import json
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import timedelta
from typing import Any

from local.host.configuration import QueueOptions
from local.host.invocation import QueueMessage
from local.host.queue_storage import LeaseLostError, Message, Queue, QueueAwayError, Sleep

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)
_RENEW_AFTER = 0.5  # of a lease
_LEAST_PAUSE = 0.1
_SPREAD = 0.2

type Take = Callable[[QueueMessage], Awaitable[bool]]


class Backoff:
    """The pauses between polls of an empty queue: 0.1, then about 0.2, 0.3, 0.5, 0.9, 1.7 s, up to a limit."""

    def __init__(self, limit: timedelta) -> None:
        self._limit = limit.total_seconds()
        self.reset()

    def reset(self) -> None:
        """Start again, after a message."""
        self._looks = 0

    def next_pause(self) -> float:
        """Return how long to wait before the next poll, in seconds."""
        pause = _LEAST_PAUSE
        if self._looks:
            spread = random.uniform(1 - _SPREAD, 1 + _SPREAD)  # noqa: S311 - no secret
            pause += _LEAST_PAUSE * 2.0 ** min(self._looks - 1, 30) * spread
        self._looks += 1
        return min(pause, self._limit)


class QueueListener:
    """The loop of one function."""

    def __init__(
        self,
        queue: Queue,
        poison_queue: Queue | None,
        options: QueueOptions,
        take: Take,
        sleep: Sleep = asyncio.sleep,
        lease: timedelta = LEASE,
    ) -> None:
        """Prepare the listener.

        Args:
            queue: where the messages come from.
            poison_queue: where failed messages go; None for a poison queue itself.
            options: host.json's.
            take: runs the function, returns whether it succeeded, never raises.
            sleep: waits.
            lease: how long a received message stays invisible to others, unless renewed.
        """
        self._queue = queue
        self._poison_queue = poison_queue
        self._options = options
        self._take = take
        self._sleep = sleep
        self._lease = lease
        self._stopping = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._reachable = True
        self._fault: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def stop(self) -> None:
        """Stop receiving; `run` returns when the messages in flight are settled."""
        self._stopping.set()

    async def run(self) -> None:
        """Receive and run until stopped.

        Raises:
            azure.core.exceptions.AzureError: a message could not be received, renewed or settled, in a way that ends
                the real host.
        """
        backoff = Backoff(self._options.max_polling_interval)
        while not self._stopping.is_set():
            messages = await self._receive()
            for message in messages:
                self._running.add(task := self._start(self._handle(message)))
                task.add_done_callback(self._running.discard)
            if messages:
                backoff.reset()
                await self._until_at_most(self._options.new_batch_threshold)
            else:
                await self._pause(backoff.next_pause())
        await self._until_at_most(0)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start a task whose exception ends the loop."""
        task = asyncio.create_task(work)
        task.add_done_callback(self._note_fault)
        return task

    def _note_fault(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) and not self._fault.done():
            self._fault.set_exception(error)

    async def _until_at_most(self, running: int) -> None:
        """Wait until at most this many messages are in flight."""
        while len(self._running) > running:
            await self._first_of(*self._running)

    async def _first_of(self, *waits: asyncio.Future[Any]) -> None:
        await asyncio.wait({*waits, self._fault}, return_when=asyncio.FIRST_COMPLETED)
        if self._fault.done():
            self._fault.result()

    async def _receive(self) -> list[Message]:
        try:
            messages = await self._queue.receive(self._options.batch_size, self._lease)
        except QueueAwayError as error:
            if self._reachable:
                logger.warning("the queue %s cannot be reached, retrying: %s", self._queue.name, _line(error))
            self._reachable = False
            return []
        if not self._reachable:
            logger.info("the queue %s is reached again", self._queue.name)
        self._reachable = True
        return list(messages)

    async def _pause(self, seconds: float) -> None:
        """Sleep, but not past the stop."""
        waits = [asyncio.ensure_future(self._sleep(seconds)), asyncio.create_task(self._stopping.wait())]
        await self._first_of(*waits)
        for wait in waits:
            wait.cancel()

    async def _handle(self, message: Message) -> None:
        """Run the function for one message and settle it, unless another host has taken it over."""
        try:
            if message.dequeue_count > self._options.max_dequeue_count:
                return await self._to_poison(message, message.pop_receipt)
            text = _decode(message.text) if self._options.base64 else message.text
            if text is None:
                return await self._to_poison(message, message.pop_receipt)
            lease = _Lease(self._queue, message, self._sleep, self._lease)
            keeping = self._start(lease.keep())
            succeeded = await self._take(QueueMessage(text, trigger_metadata(message, text)))
            await self._settle(message, await lease.end(keeping), succeeded=succeeded)
        except LeaseLostError as error:
            logger.warning("message %s of %s belongs to another host: %s", message.id, self._queue.name, _line(error))

    async def _settle(self, message: Message, pop_receipt: str, *, succeeded: bool) -> None:
        if succeeded:
            await self._queue.delete(message.id, pop_receipt)
        elif self._poison_queue is None:
            # It stays invisible until its lease ends, so that it does not fail in a tight loop.
            logger.error("message %s of %s failed and comes back in %s", message.id, self._queue.name, self._lease)
        elif message.dequeue_count >= self._options.max_dequeue_count:
            await self._to_poison(message, pop_receipt)
        else:
            await self._queue.show_after(message.id, pop_receipt, self._options.visibility_timeout)

    async def _to_poison(self, message: Message, pop_receipt: str) -> None:
        """Copy the body, and only that, to the poison queue and delete the message: two steps, as in Azure."""
        if self._poison_queue is None:
            return
        await self._poison_queue.add(message.text)
        await self._queue.delete(message.id, pop_receipt)
        logger.warning("message %s of %s moved to %s", message.id, self._queue.name, self._poison_queue.name)


class _Lease:
    """Keeps a message invisible while its function runs: renewed after half its length, until it is lost."""

    def __init__(self, queue: Queue, message: Message, sleep: Sleep, length: timedelta) -> None:
        self._queue = queue
        self._message = message
        self._sleep = sleep
        self._length = length
        self._pop_receipt = message.pop_receipt
        self._renewal = asyncio.Lock()

    async def keep(self) -> None:
        """Renew until it is lost or ended."""
        while True:
            await self._sleep(_RENEW_AFTER * self._length.total_seconds())
            async with self._renewal:
                try:
                    self._pop_receipt = await self._queue.show_after(self._message.id, self._pop_receipt, self._length)
                except LeaseLostError as error:
                    logger.warning("the lease of message %s is lost: %s", self._message.id, _line(error))
                    return

    async def end(self, keeping: asyncio.Task[None]) -> str:
        """Stop renewing; return the latest pop receipt."""
        async with self._renewal:  # a renewal in progress would make the present receipt stale
            keeping.cancel()
        return self._pop_receipt


def trigger_metadata(message: Message, text: str) -> dict[str, str]:
    """Return a message's metadata, overwritten by the body's fields of the same name, whatever their case.

    The host adds every top-level scalar of a JSON object to the binding data, which has the metadata in it already:
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-expressions-patterns#json-payloads
    """
    metadata = {
        "DequeueCount": str(message.dequeue_count),
        "ExpirationTime": message.expiration_time.isoformat(),
        "Id": message.id,
        "InsertionTime": message.insertion_time.isoformat(),
        "NextVisibleTime": message.next_visible_time.isoformat(),
        "PopReceipt": message.pop_receipt,
        "QueueTrigger": text,
    }
    names = {name.lower(): name for name in metadata}
    for name, value in _json_object(text).items():
        if value is not None and not isinstance(value, (dict, list)):
            metadata[names.setdefault(name.lower(), name)] = str(value)
    return metadata


def _json_object(text: str) -> Mapping[str, Any]:
    if not text.lstrip().startswith("{"):
        return {}
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return {}


def _decode(text: str) -> str | None:
    """Return what a base64 message says, None when it is not base64."""
    try:
        return base64.b64decode(text, validate=True).decode(errors="replace")
    except (binascii.Error, ValueError):
        return None


def _line(error: BaseException) -> str:
    return str(error).partition("\n")[0]
