"""Simulated time, and processes in it that die as processes do: no line of theirs runs any more.

An event loop whose clock jumps to the next timer when nothing is left to do. The libraries for that (looptime,
async-solipsism) have no notion of a process; here each callback belongs to one, by a context variable that tasks
inherit, and those of a dead process are dropped: no `finally`, no `except`, no timeout of its own runs after it died.
"""

import asyncio
import logging
import random
import selectors
import uuid
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager, suppress
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappush
from typing import Any, override

from tests.fakes import Clock


@dataclass(eq=False)
class Process:
    """One life of a host or of its worker; `death` is done once it is dead and its parent knows.

    Attributes:
        host: the host's process, for a worker, which dies with it.
    """

    name: str
    host: "Process | None" = None
    dead: bool = False
    death: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    workers: "list[Process]" = field(default_factory=list["Process"])

    def worker(self, name: str) -> "Process":
        """Return a process that is this one's worker."""
        worker = Process(name, self)
        self.workers.append(worker)
        return worker

    def start[T](self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run something in this process: what it starts belongs to it as well."""
        context = copy_context()
        context.run(_process.set, self)
        return asyncio.get_running_loop().create_task(work, context=context)

    def die(self) -> None:
        """End between two lines of code."""
        self._stop()
        if not self.death.done():
            self.death.set_result(None)

    def freeze(self, seconds: float) -> None:
        """Run no line any more, and die so much later, when the host ends what does not answer."""
        self._stop()
        asyncio.get_running_loop().call_later(seconds, self.die, context=Context())

    def _stop(self) -> None:
        for worker in self.workers:
            worker.die()
        if self.dead:
            return
        self.dead = True
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        loop.forget(self)


_process: ContextVar[Process | None] = ContextVar("process", default=None)


def outside[T](work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Run something in no process: what has left one takes its course, whatever becomes of the sender."""
    return asyncio.get_running_loop().create_task(work, context=Context())


# Of the loop without time passing; what takes more does not end.
_MOST_ROUNDS_AT_ONCE = 1_000_000


class _NoDevices(selectors.SelectSelector):
    """Nothing ever happens outside; who would wait for it has the time pass instead."""

    def __init__(self, jump: Callable[[float], None]) -> None:
        super().__init__()
        self._jump = jump
        self._rounds_at_once = 0

    @override
    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("every task waits for something that will never happen")
        self._rounds_at_once = 0 if timeout else self._rounds_at_once + 1
        if self._rounds_at_once > _MOST_ROUNDS_AT_ONCE:
            raise RuntimeError("tasks wake one another, and no time passes")
        self._jump(timeout)
        return []


class SimulatedLoop(asyncio.SelectorEventLoop):
    """Time stands still while there is something to do, and jumps to the next timer when there is not."""

    _ready: deque[asyncio.Handle]  # asyncio's own: there is no public way to what is to run
    _scheduled: list[asyncio.TimerHandle]

    def __init__(self) -> None:
        self._now = 0.0
        self._remains: list[Any] = []
        super().__init__(_NoDevices(self._jump))

    @override
    def time(self) -> float:
        return self._now

    @override
    def call_soon(self, callback: Any, *args: Any, context: Context | None = None) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        if not _is_dead(handle):
            self._ready.append(handle)
        return handle

    @override
    def call_at(self, when: float, callback: Any, *args: Any, context: Context | None = None) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        if not _is_dead(handle):
            heappush(self._scheduled, handle)
            handle._scheduled = True
        return handle

    def forget(self, process: Process) -> None:
        """Drop what a process was about to do.

        Its tasks are kept: the end of a coroutine in memory would run its `finally`.
        """
        self._remains += [task for task in asyncio.all_tasks(self) if task.get_context().get(_process) is process]
        for handle in [*self._ready, *self._scheduled]:
            if _owner(handle) is process:
                handle.cancel()

    def _jump(self, seconds: float) -> None:
        self._now += max(seconds, 0.0)


def _is_dead(handle: asyncio.Handle) -> bool:
    process = handle._context.get(_process)
    return process is not None and process.dead


def _owner(handle: asyncio.Handle) -> Process | None:
    return None if handle.cancelled() else handle._context.get(_process)


class SimulatedClock(Clock):
    """The calendar's time that belongs to the loop's."""

    @override
    def __call__(self) -> datetime:
        return self.now + timedelta(seconds=asyncio.get_running_loop().time())


def simulate[T](main: Callable[[], Coroutine[Any, Any, T]], seed: int) -> T:
    """Run something in simulated time; all chance in it comes from the seed.

    What is unfinished at the end, dead processes among it, is dropped.
    """
    loop = SimulatedLoop()
    loop.set_exception_handler(_ignore)  # of tasks that nobody waits for any more
    with _chance_from(seed), _silence():
        try:
            return loop.run_until_complete(main())
        finally:
            for task in asyncio.all_tasks(loop):
                _drop(task)
            loop.close()


def _ignore(_loop: asyncio.AbstractEventLoop, _context: dict[str, Any]) -> None:
    pass


def _drop(task: asyncio.Task[Any]) -> None:
    task._log_destroy_pending = False  # type: ignore[attr-defined] - it is meant to be pending
    coroutine = task.get_coro()
    with suppress(Exception):  # what it does in its end, without a loop, means nothing
        assert coroutine is not None
        coroutine.close()


@contextmanager
def _chance_from(seed: int) -> Generator[None]:
    """Let `random` and `uuid` depend on nothing but the seed."""
    state, uuid4 = random.getstate(), uuid.uuid4
    random.seed(seed)
    identifiers = random.Random(seed)  # noqa: S311 - repeatable, not secret
    uuid.uuid4 = lambda: uuid.UUID(int=identifiers.getrandbits(128), version=4)
    try:
        yield
    finally:
        uuid.uuid4 = uuid4
        random.setstate(state)


@contextmanager
def _silence() -> Generator[None]:
    """Let nothing be logged: bad luck would fill the screen."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
