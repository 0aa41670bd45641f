"""At once: provision in the caller's presence, for as long as the caller wants to wait.

Nothing depends on it. The message about the meeting is on the queue, with a delay that outlasts the wait, so whatever
is not done when the time is up, or when this process dies, is done by the queue's trigger.
"""

import asyncio
import logging
from datetime import timedelta

from shared.failure_trace import failure_trace
from shared.meeting import Meeting
from shared.meeting.ledger import Ledger
from shared.use_cases.provision import Provisioner

_logger = logging.getLogger(__name__)

LONGEST_WAIT = timedelta(seconds=60)
# How much later than the wait's end the message comes.
MARGIN = timedelta(seconds=5)
_LOOK_SECONDS = 0.5


class AtOnce:
    """The use case. May raise StorageUnavailableError; the meeting is accepted all the same."""

    def __init__(self, ledger: Ledger, provisioner: Provisioner) -> None:
        self._ledger = ledger
        self._provisioner = provisioner
        self._under_way: set[asyncio.Task[None]] = set()

    async def provision(self, meeting: Meeting, wait: timedelta) -> Meeting:
        """Return the meeting as it is when it is finished, or when the time is up."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait.total_seconds()
        task = asyncio.create_task(self._provisioner.provision(meeting.id))
        self._under_way.add(task)  # an attempt is not broken off when its caller stops waiting
        task.add_done_callback(self._ended)
        await asyncio.wait({task}, timeout=wait.total_seconds())
        while True:
            meeting = await self._ledger.read(meeting.id)
            if meeting.finished or loop.time() >= deadline:
                return meeting
            await asyncio.sleep(min(_LOOK_SECONDS, max(0.0, deadline - loop.time())))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _logger.error("atOnce.failed %s", failure_trace(error))
