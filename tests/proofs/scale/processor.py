"""The processor of an instance: one core, on which everything that the instance does takes its turn."""

import asyncio
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass

# Milliseconds of one core for each operation, measured with the real clients against Azurite (docs/performance.md).
# What is not named costs nothing.
COSTS: Mapping[str, float] = {
    "read Meetings": 1.6,
    # Of the four writes after its acceptance two are transactions of several rows (6.0), two of single rows (1.9).
    "write Meetings": 4.0,
    "read Mailboxes": 1.6,
    "write Mailboxes": 3.6,  # a transaction of one row
    "put meeting-requests": 1.8,
    "put meeting-results": 1.8,
    "graph": 1.3,
    "message": 2.7,  # what a meeting takes in memory, without its call to Graph
}


@dataclass(slots=True)
class Processor:
    """One core.

    Attributes:
        factor: of the costs: 0 for a processor that is no limit.
        used: seconds of work so far.
    """

    factor: float = 1.0
    used: float = 0.0
    _free_at: float = 0.0

    async def work(self, what: str) -> None:
        """Return once the work is done: after all that came before it."""
        seconds = COSTS.get(what, 0.0) / 1000 * self.factor
        if not seconds:
            return
        now = asyncio.get_running_loop().time()
        self._free_at = max(self._free_at, now) + seconds
        self.used += seconds
        await asyncio.sleep(self._free_at - now)


# The processor of the instance that is running, inherited by all that it starts.
processor: ContextVar[Processor] = ContextVar("processor")


async def work(what: str) -> None:
    """Let the running instance's processor do something; outside of an instance it costs nothing."""
    if own := processor.get(None):
        await own.work(what)
