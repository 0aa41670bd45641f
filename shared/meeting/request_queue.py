"""The request queue as the app itself sends to it: a message says which version of which meeting to provision."""

from datetime import timedelta

from shared.meeting import Meeting
from shared.meeting.messages import ProvisionMeeting
from shared.storage import Queue

# As long as the host keeps a message in the poison queue.
_POISON_TIME_TO_LIVE = timedelta(days=7)


class RequestQueue:
    """Where every meeting waits for its next attempt. Every call may raise StorageUnavailableError.

    Attributes:
        queue: the queue that the trigger reads.
        poison_queue: where the host and the app put messages that keep crashing the app.
    """

    def __init__(self, queue: Queue, poison_queue: Queue) -> None:
        self.queue = queue
        self.poison_queue = poison_queue

    async def enqueue(self, meeting: Meeting, delay: timedelta = timedelta(0)) -> None:
        """Enqueue a meeting for its next attempt, after `delay`."""
        await self.queue.send(ProvisionMeeting.of(meeting).encode(), delay)

    async def poison(self, meeting: Meeting) -> None:
        """Put a meeting that keeps crashing the app into the poison queue."""
        await self.poison_queue.send(ProvisionMeeting.of(meeting).encode(), life=_POISON_TIME_TO_LIVE)
