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
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from azure.core.exceptions import AzureError

from local.host.configuration import QueueOptions
from local.host.invocation import QueueMessage
from local.host.queue_storage import LeaseLostError, Message, Queue

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)
# Of a lease: when it is renewed, and how soon again if the storage did not answer.
_RENEW_AFTER = 0.5
_RENEW_AGAIN_AFTER = 0.1
_LEAST_PAUSE = 0.1
_SPREAD = 0.2

type Take = Callable[[QueueMessage], Awaitable[bool]]
type Sleep = Callable[[float], Awaitable[None]]


class Backoff:
    """The pauses between looks at an empty queue: 0.1, then about 0.2, 0.3, 0.5, 0.9, 1.7 s, up to a limit."""

    def __init__(self, limit: timedelta) -> None:
        self._limit = limit.total_seconds()
        self.reset()

    def reset(self) -> None:
        """Begin anew: there was a message."""
        self._looks = 0

    def next_pause(self) -> float:
        """Return how long to wait before the next look, in seconds."""
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
        """Make the listener.

        Args:
            queue: where the messages come from.
            poison_queue: where those go that fail; None behind a poison queue itself.
            options: host.json's.
            take: runs the function, tells whether it succeeded, never raises.
            sleep: waits.
            lease: how long a message that was received stays unseen by others, unless that is renewed.
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

    def stop(self) -> None:
        """Receive no more; `run` returns when the messages in flight are settled."""
        self._stopping.set()

    async def run(self) -> None:
        """Receive and run until stopped."""
        backoff = Backoff(self._options.max_polling_interval)
        while not self._stopping.is_set():
            messages = await self._receive()
            for message in messages:
                task = asyncio.create_task(self._handle(message))
                self._running.add(task)
                task.add_done_callback(self._running.discard)
            if messages:
                backoff.reset()
                while len(self._running) > self._options.new_batch_threshold:
                    await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            else:
                await self._pause(backoff.next_pause())
        if self._running:
            await asyncio.wait(self._running)

    async def _receive(self) -> list[Message]:
        try:
            messages = await self._queue.receive(self._options.batch_size, self._lease)
        except AzureError as error:
            if self._reachable:
                logger.warning("the queue %s cannot be reached, trying on: %s", self._queue.name, _line(error))
            self._reachable = False
            return []
        if not self._reachable:
            logger.info("the queue %s is reached again", self._queue.name)
        self._reachable = True
        return list(messages)

    async def _pause(self, seconds: float) -> None:
        """Sleep, but not past the stop."""
        waits = [asyncio.ensure_future(self._sleep(seconds)), asyncio.create_task(self._stopping.wait())]
        _, unfinished = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in unfinished:
            wait.cancel()

    async def _handle(self, message: Message) -> None:
        """Run the function for one message and settle it; what cannot be settled comes back when its lease ends."""
        try:
            if message.dequeue_count > self._options.max_dequeue_count:
                return await self._to_poison(message, message.pop_receipt)
            text = _decode(message.text) if self._options.base64 else message.text
            if text is None:
                return await self._to_poison(message, message.pop_receipt)
            lease = _Lease(self._queue, message, self._sleep, self._lease)
            succeeded = await self._take(QueueMessage(text, trigger_metadata(message, text)))
            await self._settle(message, await lease.end(), succeeded=succeeded)
        except LeaseLostError as error:
            logger.warning("message %s of %s is somebody else's by now: %s", message.id, self._queue.name, _line(error))
        except Exception:
            logger.exception("message %s of %s could not be settled", message.id, self._queue.name)

    async def _settle(self, message: Message, pop_receipt: str, *, succeeded: bool) -> None:
        if succeeded:
            await self._queue.delete(message.id, pop_receipt)
        elif self._poison_queue is None:
            # Left to its lease, lest it fail in a tight circle for ever.
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
    """Keeps a message from others while its function runs: renewed at its half, until that is refused."""

    def __init__(self, queue: Queue, message: Message, sleep: Sleep, length: timedelta) -> None:
        self._queue = queue
        self._message = message
        self._sleep = sleep
        self._length = length
        self._pop_receipt = message.pop_receipt
        self._renewal = asyncio.Lock()
        self._task = asyncio.create_task(self._keep())

    async def end(self) -> str:
        """Stop renewing; return the latest pop receipt."""
        async with self._renewal:  # a renewal under way would make the receipt at hand stale
            self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        return self._pop_receipt

    async def _keep(self) -> None:
        seconds = self._length.total_seconds()
        pause = _RENEW_AFTER * seconds
        while True:
            await self._sleep(pause)
            async with self._renewal:
                try:
                    self._pop_receipt = await self._queue.show_after(self._message.id, self._pop_receipt, self._length)
                    pause = _RENEW_AFTER * seconds
                except LeaseLostError as error:
                    logger.warning("the lease of message %s is lost: %s", self._message.id, _line(error))
                    return
                except AzureError as error:
                    logger.warning("the lease of message %s is not renewed: %s", self._message.id, _line(error))
                    pause = _RENEW_AGAIN_AFTER * seconds


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
