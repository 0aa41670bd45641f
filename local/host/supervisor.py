"""The worker process: started, given its invocations, and replaced when it dies, as by the real host.

https://github.com/Azure/azure-functions-host, RpcFunctionInvocationDispatcher: when a worker dies, its invocations
fail, and a new worker starts, ten seconds after the last start at the earliest. The third death, each within half an
hour of the one before, ends the host. An invocation that exceeds `functionTimeout` gets two more seconds, then its
worker is killed; other invocations in it fail at their own timeouts.
https://learn.microsoft.com/azure/azure-functions/functions-host-json#functiontimeout
"""

import asyncio
import logging
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import count
from pathlib import Path
from time import monotonic

from local.host.channel import Ended, Invocation, Loaded, NotLoaded, receive, send
from local.host.errors import AppError
from local.host.invocation import Function, Outcome, TimerRun, TriggerValue

logger = logging.getLogger(__name__)

_GRACE = 2.0
_BETWEEN_STARTS = 10.0
_MOST_DEATHS = 3
_DEATHS_ARE_FORGOTTEN_AFTER = 30 * 60.0

type Sleep = Callable[[float], Awaitable[None]]


class Supervisor:
    """Runs functions in a worker process, and replaces it when it dies."""

    def __init__(
        self,
        app_directory: Path,
        log_level: str,
        function_timeout: timedelta | None,
        sleep: Sleep = asyncio.sleep,
        now: Callable[[], float] = monotonic,
    ) -> None:
        """Prepare the supervisor.

        Args:
            app_directory: the folder with function_app.py.
            log_level: the worker's.
            function_timeout: host.json's; None for none.
            sleep: waits between two starts.
            now: returns the time, in seconds.
        """
        self._app_directory = app_directory
        self._log_level = log_level
        self._timeout = function_timeout.total_seconds() if function_timeout else None
        self._worker: asyncio.Future[_Worker] = asyncio.get_running_loop().create_future()
        self._sleep = sleep
        self._now = now
        self._deaths: list[float] = []
        self._next_start = now()
        self.running = 0

    async def start(self) -> Sequence[Function]:
        """Start a worker; return the app's functions.

        Raises:
            AppError: the worker cannot serve the app.
        """
        worker = await _Worker.start(self._app_directory, self._log_level)
        self._worker.set_result(worker)
        return worker.functions

    async def run(self) -> None:
        """Replace every worker that dies; return when too many have died.

        Raises:
            AppError: a new worker cannot serve the app.
        """
        while True:
            worker = await self._worker
            await worker.ended()
            self._worker = asyncio.get_running_loop().create_future()
            if not worker.timed_out:
                logger.error("the worker process has died (%s), and what it was running has failed", worker.end)
                if self._count_deaths() >= _MOST_DEATHS:
                    logger.critical("the worker process has died %d times", _MOST_DEATHS)
                    return
            await self._sleep(max(0.0, self._next_start - self._now()))
            self._next_start = self._now() + _BETWEEN_STARTS
            await self.start()

    async def stop(self) -> None:
        """End the worker at once."""
        if self._worker.done():
            await self._worker.result().kill()

    def _count_deaths(self) -> int:
        """Count a death; return how many there were, each within half an hour of the one before."""
        if self._deaths and self._now() - self._deaths[-1] > _DEATHS_ARE_FORGOTTEN_AFTER:
            self._deaths.clear()
        self._deaths.append(self._now())
        return len(self._deaths)

    async def invoke(self, function: Function, value: TriggerValue) -> Outcome:
        """Run a function, once there is a worker; never raises."""
        started = self._now()
        worker = None
        self.running += 1
        try:
            async with asyncio.timeout(None if self._timeout is None else self._timeout + _GRACE):
                worker = await asyncio.shield(self._worker)
                outcome = await worker.run(function, value)
        except TimeoutError:
            outcome = Outcome(succeeded=False, reason=f"it exceeded the function timeout of {self._timeout:g} s")
            if worker is not None:
                worker.timed_out = True
                await worker.kill()
        finally:
            self.running -= 1
        milliseconds = (self._now() - started) * 1000
        if outcome.succeeded:
            # Timers run every few seconds, and the app logs what they did.
            level = logging.DEBUG if isinstance(value, TimerRun) else logging.INFO
            logger.log(level, "%s succeeded in %.0f ms", function.name, milliseconds)
        else:
            logger.error("%s failed in %.0f ms: %s", function.name, milliseconds, outcome.reason)
        return outcome


class _Worker:
    """One worker process.

    Attributes:
        functions: the app's.
        timed_out: whether it was killed because a function took too long.
    """

    def __init__(self, process: Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.functions: Sequence[Function] = ()
        self.timed_out = False
        self._process = process
        self._reader = reader
        self._writer = writer
        self._numbers = count()
        self._running: dict[int, asyncio.Future[Outcome]] = {}

    @classmethod
    async def start(cls, app_directory: Path, log_level: str) -> "_Worker":
        """Start a process and wait until it has indexed the app; raises AppError when it cannot."""
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", "local.host.worker", str(theirs.fileno()), str(app_directory), log_level]
            process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, pass_fds=[theirs.fileno()])
        worker = cls(process, *await asyncio.open_connection(sock=ours))
        try:
            message = await receive(worker._reader)
        except EOFError:
            await process.wait()
            raise AppError(f"the worker process has died ({worker.end}) while it imported the app") from None
        if isinstance(message, NotLoaded):
            await process.wait()
            raise AppError(message.fault, message.exit_code)
        assert isinstance(message, Loaded)  # noqa: S101 - a worker starts with one of the two
        worker.functions = message.functions
        return worker

    @property
    def end(self) -> str:
        """How it ended."""
        code = self._process.returncode
        return f"exit code {code}" if code is None or code >= 0 else signal.Signals(-code).name

    async def run(self, function: Function, value: TriggerValue) -> Outcome:
        """Run a function; when the worker dies, it has failed."""
        number = next(self._numbers)
        self._running[number] = outcome = asyncio.get_running_loop().create_future()
        try:
            send(self._writer, Invocation(number, function.id, value))
            return await outcome
        finally:
            del self._running[number]

    async def ended(self) -> None:
        """Forward the worker's messages until it has ended."""
        with suppress(EOFError):
            while True:
                message = await receive(self._reader)
                assert isinstance(message, Ended)  # noqa: S101 - a loaded worker sends nothing else
                if message.number in self._running:
                    self._running[message.number].set_result(message.outcome)
        await self._process.wait()
        if not self.timed_out:
            for outcome in self._running.values():
                if not outcome.done():
                    outcome.set_result(Outcome(succeeded=False, reason=f"the worker process has died ({self.end})"))

    async def kill(self) -> None:
        """End the process at once."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
