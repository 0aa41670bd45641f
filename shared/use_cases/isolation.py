"""Isolation: a message that may have killed its worker runs alone.

A worker that dies, by a crash or because the host ends it after `functionTimeout`, ends everything that it runs, and
nothing shows which part was the cause. So a suspect runs while nothing else does: then a death has one cause.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from shared.errors import ConveneError

# How long a suspect waits for the others to end, while new work waits for the suspect.
LONGEST_DRAIN_SECONDS = 10.0


class OccupiedError(ConveneError):
    """Others are still running, or another suspect is: try again later."""


class Isolation:
    """Runs everything in this process concurrently, or one suspect alone.

    Between two suspects, everything that waits for the first gets a turn: nothing waits for more than one.
    """

    def __init__(self) -> None:
        self._running = 0
        self._waiting = 0
        self._idle = asyncio.Event()
        self._open = asyncio.Event()
        self._idle.set()
        self._open.set()

    @asynccontextmanager
    async def beside_others(self) -> AsyncGenerator[None]:
        """Run a block beside others, after a suspect that runs or waits has ended."""
        self._waiting += 1
        try:
            await self._open.wait()
        finally:
            self._waiting -= 1
        self._running += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()

    @asynccontextmanager
    async def alone(self) -> AsyncGenerator[None]:
        """Run a block alone.

        Raises:
            OccupiedError: another suspect runs or has just ended, or the others do not end in time.
        """
        if not self._open.is_set() or self._waiting:
            raise OccupiedError("another suspect runs alone in this worker")
        self._open.clear()
        try:
            try:
                async with asyncio.timeout(LONGEST_DRAIN_SECONDS):
                    await self._idle.wait()
            except TimeoutError:
                raise OccupiedError("others still run in this worker") from None
            yield
        finally:
            self._open.set()
