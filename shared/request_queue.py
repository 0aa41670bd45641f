"""The request queue as the app itself uses it: a message only says "look at this meeting"."""

import json
from datetime import datetime, timedelta

from shared.storage import Queue


class RequestQueue:
    """Where every meeting waits for its next attempt. Every call may raise StorageUnavailableError."""

    def __init__(self, queue: Queue, poison_queue: Queue) -> None:
        self._queue = queue
        self._poison_queue = poison_queue

    async def ask(self, meeting_id: str, delay: timedelta = timedelta(0)) -> None:
        """Have somebody provision a meeting, after `delay`."""
        await self._queue.send(meeting_message(meeting_id), delay)

    async def poison(self, meeting_id: str) -> None:
        """Set a meeting aside that keeps crashing the app."""
        await self._poison_queue.send(meeting_message(meeting_id))

    async def backlog_since(self) -> datetime | None:
        """Return how old the oldest waiting message is, None when none waits."""
        return await self._queue.oldest()

    async def poison_since(self) -> datetime | None:
        """Return how old the oldest message is that was set aside and not yet recorded, None when there is none."""
        return await self._poison_queue.oldest()


def meeting_message(meeting_id: str) -> str:
    """Return the message about a meeting; `shared.message` reads it."""
    return json.dumps({"meeting": meeting_id})
