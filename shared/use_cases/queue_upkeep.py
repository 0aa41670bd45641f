"""Upkeep of the queues: create a missing one again, and log the backlog of the result queue.

A deleted queue costs more than its messages: the Functions host ends when it cannot put a message into the poison
queue, and receives nothing from a missing request queue.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime

from shared.errors import StorageUnavailableError
from shared.storage import Queue

_logger = logging.getLogger(__name__)


class QueueUpkeep:
    """The use case. It raises nothing: a queue that the app may not read must not stop the upkeep of meetings.

    Args:
        queues: the queues that have to exist, by name.
        result_queue: the name of one of them, None where no results are wanted.
        clock: returns the time.
    """

    def __init__(self, queues: Mapping[str, Queue], result_queue: str | None, clock: Callable[[], datetime]) -> None:
        self._queues = queues
        self._result_queue = result_queue
        self._clock = clock

    async def run(self) -> None:
        """Create the queues that are missing, and log how many results wait, and for how long."""
        found = await asyncio.gather(*(self._count(name, queue) for name, queue in self._queues.items()))
        counts = dict(zip(self._queues, found, strict=True))
        results = counts[self._result_queue] if self._result_queue else 0
        seconds = await self._oldest_seconds(self._queues[self._result_queue]) if self._result_queue and results else 0
        # An operator's alerts and workbook read these figures by their names: infra/queries/.
        _logger.info("queues.done results=%d resultSeconds=%d", results, seconds)

    async def _count(self, name: str, queue: Queue) -> int:
        try:
            count = await queue.count()
        except StorageUnavailableError as error:
            _logger.warning("queues.notSeen %s: %s", name, error)
            return 0
        if count is None:
            await _create(name, queue)
        return count or 0

    async def _oldest_seconds(self, queue: Queue) -> int:
        try:
            since = await queue.oldest()
        except StorageUnavailableError as error:
            _logger.warning("queues.notSeen %s", error)
            return 0
        return max(0, int((self._clock() - since).total_seconds())) if since else 0


async def _create(name: str, queue: Queue) -> None:
    try:
        await queue.create()
    except StorageUnavailableError as error:
        _logger.error("queues.missing %s: %s", name, error)  # noqa: TRY400 - not a bug of this app
    else:
        _logger.warning("queues.created %s", name)
