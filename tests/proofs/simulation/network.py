"""Everything that leaves a process: each call to a table, a queue or Graph is a point at which a fault can be injected.

A call that has left takes its course outside, whatever becomes of its sender: a timeout, a crash. So an effect can come
long after its sender gave up, as on a real network.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import inf
from typing import Never, Protocol

from azure.core.exceptions import ServiceRequestError

from local.host.queue_storage import Message, with_retries
from shared.errors import StorageUnavailableError, TopicUnavailableError
from shared.storage import Operation, QueuedMessage, Row
from tests.fakes import InMemoryQueue, InMemoryTable, InMemoryTopic
from tests.proofs.simulation.checker import Call
from tests.proofs.simulation.loop import Process, outside

# functionTimeout of host.json, and the two seconds of grace after which the host kills the worker.
FROZEN_SECONDS = 302.0


class Service(StrEnum):
    """What is called."""

    TABLE = "table"
    QUEUE = "queue"
    TOPIC = "topic"
    GRAPH = "graph"


class Ending(StrEnum):
    """How a call ends."""

    ANSWERED = "answered"
    NOT_SENT = "not sent"  # it fails before it takes effect
    LOST = "lost"  # it takes effect, its answer does not come
    REPEATED = "repeated"  # lost, and the SDK sends it once more: the answer is that of the second time
    REFUSED = "refused"  # Graph answers with an error, and does nothing
    CRASH_BEFORE = "crash before"  # the host dies, and its worker with it
    CRASH_AFTER = "crash after"
    WORKER_CRASH_BEFORE = "worker crash before"
    WORKER_CRASH_AFTER = "worker crash after"
    FREEZE = "freeze"  # no line of the worker runs any more, until the host ends it


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error answer of Graph."""

    status: int
    retry_after: str | None = None


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """What happens to a call.

    Attributes:
        before: seconds until it takes effect.
        after: seconds from then until its answer is there.
    """

    ending: Ending = Ending.ANSWERED
    before: float = 0.0
    after: float = 0.0
    refusal: Refusal | None = None


_AT_ONCE = CallOutcome()
_READS = ("read", "oldest", "count", "GET")


@dataclass(frozen=True, slots=True)
class Point:
    """A call: who makes it, of what, and which one.

    Attributes:
        what: such as `write`, `send meeting-results`, `POST events`.
        creates: the id that a creation carries for Graph to recognise; empty for everything else.
        mailbox: whose, of a call to Graph.
    """

    process: str
    service: Service
    what: str
    creates: str = ""
    mailbox: str = ""

    @property
    def reads(self) -> bool:
        """Return whether the call changes nothing outside its process."""
        return self.what.startswith(_READS)


class FaultInjector(Protocol):
    """Decides what happens."""

    def outcome(self, point: Point) -> CallOutcome:
        """Return what happens to a call."""
        ...

    def refusal(self, point: Point) -> Refusal | None:
        """Return how Graph refuses a call within a batch; None if it does not."""
        ...


class NoFaults:
    """Nothing goes wrong."""

    def outcome(self, point: Point) -> CallOutcome:
        del point
        return CallOutcome()

    def refusal(self, point: Point) -> Refusal | None:
        del point
        return None


class NoAnswerError(Exception):
    """The call has failed without an answer."""


class RefusedError(Exception):
    """Graph has refused."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.refusal = refusal


class Network:
    """Between the processes and what they use."""

    def __init__(self, injector: FaultInjector) -> None:
        self.injector = injector
        self.endings = Counter[str]()
        self.creations = Counter[str]()  # how often each was sent
        self._calls: list[Call] = []
        self.points: list[Point] | None = None  # where they are wanted
        self.wrote: Callable[[str], None] = _nobody_asks  # is given the mailbox that the app has just changed
        self._trace = hashlib.sha256()

    @property
    def digest(self) -> str:
        """Return what stands for everything that was called, when, by whom, and how it ended."""
        return self._trace.hexdigest()

    @property
    def calls(self) -> list[Call]:
        """Return every call to Graph."""
        return self._calls

    @contextmanager
    def watched(self, process: Process, mailbox: str) -> Generator[Callable[[float | None], None]]:
        """Note a call to Graph for the length of a block, which tells until when its answer closes the mailbox."""
        now = asyncio.get_running_loop().time
        place, begun = len(self._calls), Call(process.name, mailbox, now(), inf)
        self._calls.append(begun)

        def answered(closed_until: float | None) -> None:
            self._calls[place] = replace(begun, ended_at=now(), answered_at=now(), closed_until=closed_until)

        try:
            yield answered
        finally:
            if self._calls[place] is begun:
                self._calls[place] = replace(begun, ended_at=now())

    async def exchange[T](self, process: Process, point: Point, effect: Callable[[], Awaitable[T]]) -> T:
        """Carry a call out, with the outcome that the injector chooses.

        Raises:
            NoAnswerError: it failed.
            RefusedError: Graph refused.
        """
        if process.dead:
            await _never()
        outcome = self.injector.outcome(point)
        self._note(point, outcome)
        match outcome.ending:
            case Ending.CRASH_BEFORE:
                (process.host or process).die()
                await _never()
            case Ending.WORKER_CRASH_BEFORE:
                process.die()
                await _never()
            case Ending.FREEZE:
                process.freeze(FROZEN_SECONDS)
                await _never()
            case Ending.NOT_SENT:
                await asyncio.sleep(outcome.before)
                raise NoAnswerError
            case Ending.REFUSED:
                await asyncio.sleep(outcome.before)
                assert outcome.refusal is not None
                raise RefusedError(outcome.refusal)
            case Ending.ANSWERED if point.reads and outcome == _AT_ONCE:
                await asyncio.sleep(0)
                return await effect()  # whether it happens after the death of who asked makes no difference
            case _:
                pass
        return await asyncio.shield(outside(_carry(process, outcome, effect)))

    def _note(self, point: Point, outcome: CallOutcome) -> None:
        ending = f"{point.service} {outcome.ending}"
        self.endings[ending] += 1
        if point.creates:
            self.creations[point.creates] += 1
        if self.points is not None:
            self.points.append(point)
        call = f"{point.process} {point.what} {point.creates} {point.mailbox}"
        course = f"{asyncio.get_running_loop().time()} {outcome.before} {outcome.after}"
        self._trace.update(f"{course} {call} {ending} {outcome.refusal}\n".encode())


async def _carry[T](process: Process, outcome: CallOutcome, effect: Callable[[], Awaitable[T]]) -> T:
    await asyncio.sleep(outcome.before)
    try:
        answer = await effect()
        if outcome.ending is Ending.REPEATED:
            answer = await effect()
    finally:  # a write that lost a race has an answer, too
        if outcome.ending is Ending.CRASH_AFTER:
            (process.host or process).die()
        if outcome.ending is Ending.WORKER_CRASH_AFTER:
            process.die()
    await asyncio.sleep(outcome.after)
    if outcome.ending is Ending.LOST:
        raise NoAnswerError
    return answer


def _nobody_asks(_mailbox: str) -> None:
    pass


async def _never() -> Never:
    await asyncio.get_running_loop().create_future()
    raise AssertionError


class TableWire:
    """A table, from inside a process."""

    def __init__(self, network: Network, process: Process, table: InMemoryTable) -> None:
        self._network = network
        self._process = process
        self._table = table

    async def read(self, partition: str, key: str) -> Row | None:
        return await self._call("read", lambda: self._table.read(partition, key))

    async def read_range(self, partition: str, first: str, last: str, limit: int) -> list[Row]:
        return await self._call("read_range", lambda: self._table.read_range(partition, first, last, limit))

    async def write(self, partition: str, operations: Sequence[Operation]) -> list[str]:
        return await self._call("write", lambda: self._table.write(partition, operations))

    async def close(self) -> None:
        pass

    async def _call[T](self, what: str, effect: Callable[[], Awaitable[T]]) -> T:
        point = Point(self._process.name, Service.TABLE, what)
        try:
            return await self._network.exchange(self._process, point, effect)
        except NoAnswerError as error:
            raise StorageUnavailableError("the table does not answer") from error


class QueueWire:
    """A queue, from inside a process: as the app uses it, and as the host does."""

    def __init__(self, network: Network, process: Process, queue: InMemoryQueue) -> None:
        self._network = network
        self._process = process
        self._queue = queue

    @property
    def name(self) -> str:
        return self._queue.name

    async def send(self, text: str, delay: timedelta = timedelta(0), life: timedelta | None = None) -> None:
        return await self._app("send", lambda: self._queue.send(text, delay, life))

    async def oldest(self) -> datetime | None:
        return await self._app("oldest", self._queue.oldest)

    async def count(self) -> int | None:
        return await self._app("count", self._queue.count)

    async def create(self) -> None:
        return await self._app("create", self._queue.create)

    async def look_through(self, limit: int) -> list[QueuedMessage]:
        if not self._process.dead and self._queue.idle():
            return []  # as below
        return await self._app("look_through", lambda: self._queue.look_through(limit))

    async def close(self) -> None:
        pass

    async def receive(self, count: int, visibility: timedelta) -> Sequence[Message]:
        if not self._process.dead and self._queue.idle():
            return []  # most looks find nothing, and no fault could be told from that
        return await self._host("receive", lambda: self._queue.receive(count, visibility))

    async def show_after(self, message_id: str, pop_receipt: str, delay: timedelta) -> str:
        return await self._host("show_after", lambda: self._queue.show_after(message_id, pop_receipt, delay))

    async def delete(self, message_id: str, pop_receipt: str) -> None:
        return await self._host("delete", lambda: self._queue.delete(message_id, pop_receipt))

    async def add(self, text: str) -> None:
        return await self._host("add", lambda: self._queue.add(text))

    async def _app[T](self, what: str, effect: Callable[[], Awaitable[T]]) -> T:
        try:
            return await self._exchange(what, effect)
        except NoAnswerError as error:
            raise StorageUnavailableError("the queue does not answer") from error

    async def _host[T](self, what: str, effect: Callable[[], Awaitable[T]]) -> T:
        async def once() -> T:
            try:
                return await self._exchange(what, effect)
            except NoAnswerError as error:
                raise ServiceRequestError("the queue does not answer") from error

        return await with_retries(once)

    async def _exchange[T](self, what: str, effect: Callable[[], Awaitable[T]]) -> T:
        point = Point(self._process.name, Service.QUEUE, f"{what} {self.name}")
        return await self._network.exchange(self._process, point, effect)


class TopicWire:
    """The Event Grid topic, from inside a process."""

    def __init__(self, network: Network, process: Process, topic: InMemoryTopic) -> None:
        self._network = network
        self._process = process
        self._topic = topic

    async def send(self, events: Sequence[str]) -> None:
        point = Point(self._process.name, Service.TOPIC, "send topic")
        try:
            await self._network.exchange(self._process, point, lambda: self._topic.send(events))
        except NoAnswerError as error:
            raise TopicUnavailableError("the topic does not answer") from error
