"""Provision a meeting inline, while its caller waits for the answer.

It only saves time. The meeting's message is on the queue, with a delay that outlasts the wait: when the time is up, or
this process dies, the queue's trigger continues.
"""

import asyncio
import logging
from datetime import timedelta

from shared.meeting import Meeting
from shared.meeting.ledger import Ledger
from shared.redaction import redacted_trace
from shared.storage.time_limit import storage_time
from shared.use_cases.provision import Provisioner

_logger = logging.getLogger(__name__)

LONGEST_WAIT = timedelta(seconds=60)
# The message comes this much later than the end of the wait.
REQUEUE_MARGIN = timedelta(seconds=5)
_POLL_SECONDS = 0.5


class InlineProvisioner:
    """The use case. May raise StorageUnavailableError; the meeting is accepted in any case."""

    def __init__(self, ledger: Ledger, provisioner: Provisioner) -> None:
        self._ledger = ledger
        self._provisioner = provisioner
        self._running: set[asyncio.Task[None]] = set()

    async def provision(self, meeting: Meeting, wait: timedelta) -> Meeting:
        """Return the meeting as it is when it is finished, or when the time is up."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait.total_seconds()
        with storage_time(None):  # the attempt may outlast the call
            task = asyncio.create_task(self._provisioner.provision(meeting.id))
        self._running.add(task)  # an attempt continues when its caller stops waiting
        task.add_done_callback(self._end)
        await asyncio.wait({task}, timeout=wait.total_seconds())
        while True:
            meeting = await self._ledger.read(meeting.id)
            if meeting.finished or loop.time() >= deadline:
                return meeting
            await asyncio.sleep(min(_POLL_SECONDS, max(0.0, deadline - loop.time())))

    def _end(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _logger.error("inline.failed %s", redacted_trace(error))
