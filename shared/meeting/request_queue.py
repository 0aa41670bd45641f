"""The request queue as the app itself uses it: a message says which version of which meeting to provision."""

from datetime import datetime, timedelta

from shared.meeting import Meeting
from shared.meeting.messages import ProvisionMeeting
from shared.storage import Queue, QueuedMessage

# As long as the host lets live what it sets aside.
_LIFE_OF_POISON = timedelta(days=7)


class RequestQueue:
    """Where every meeting waits for its next attempt. Every call may raise StorageUnavailableError.

    Attributes:
        queue: what is read by the queue's trigger.
        poison_queue: where the host and the app put what keeps crashing the app.
    """

    def __init__(self, queue: Queue, poison_queue: Queue) -> None:
        self.queue = queue
        self.poison_queue = poison_queue

    async def enqueue(self, meeting: Meeting, delay: timedelta = timedelta(0)) -> None:
        """Enqueue a meeting for its next attempt, after `delay`."""
        await self.queue.send(ProvisionMeeting.of(meeting).encode(), delay)

    async def poison(self, meeting: Meeting) -> None:
        """Put a meeting that keeps crashing the app into the poison queue."""
        await self.poison_queue.send(ProvisionMeeting.of(meeting).encode(), life=_LIFE_OF_POISON)

    async def poisoned(self, limit: int) -> list[QueuedMessage]:
        """Return at most `limit` messages of the poison queue, from the app and from the host; they stay in it."""
        return await self.poison_queue.look_through(limit)

    async def backlog_since(self) -> datetime | None:
        """Return since when the oldest waiting message waits, None when none does."""
        return await self.queue.oldest()

    async def poison_since(self) -> datetime | None:
        """Return since when the oldest message is in the poison queue, None when there is none."""
        return await self.poison_queue.oldest()
