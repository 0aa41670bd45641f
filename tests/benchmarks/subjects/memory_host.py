"""The local host for one app over storage in memory: `python -m tests.benchmarks.subjects.memory_host APP`, a subject.

Its triggers are those of `local/host`; what is Azure Storage there is `tests/fakes.py` here, the host's side of a queue
counted apart from the app's.
"""

import asyncio
import logging
import os
import socket
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from local.host.configuration import QueueOptions
from local.host.http_connection import HttpServer
from local.host.http_trigger import HttpTrigger, make_endpoint
from local.host.invocation import Function, QueueMessage
from local.host.queue_storage import Message
from local.host.queue_trigger import QueueListener
from local.host.worker import load_functions, run_function
from tests.benchmarks.apps import App
from tests.benchmarks.commands import Handler, answer_commands
from tests.benchmarks.meetings import queue_message
from tests.fakes import Clock, InMemoryQueue, InMemoryTable


class RunningClock(Clock):
    """The time of day, and as much more as it was advanced by."""

    def __init__(self) -> None:
        super().__init__(datetime.now(UTC))
        self._started = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now + (datetime.now(UTC) - self._started)


class CountedQueue(InMemoryQueue):
    """A queue that tells the app's operations from the host's, and whoever waits that a message is gone."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.by_host = 0
        self.gone = asyncio.Condition()

    async def receive(self, count: int, visibility: timedelta) -> list[Message]:
        received = await super().receive(count, visibility)
        self.by_host += 1
        return received

    async def show_after(self, message_id: str, pop_receipt: str, delay: timedelta) -> str:
        self.by_host += 1
        return await super().show_after(message_id, pop_receipt, delay)

    async def delete(self, message_id: str, pop_receipt: str) -> None:
        self.by_host += 1
        await super().delete(message_id, pop_receipt)
        async with self.gone:
            self.gone.notify_all()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a message is gone and something holds."""
        async with self.gone:
            await self.gone.wait_for(condition)


class Storage:
    """An account in memory."""

    def __init__(self) -> None:
        self.clock = RunningClock()
        self.requests, self.poison, self.results = (CountedQueue(self.clock) for _ in range(3))
        self.tables = [InMemoryTable() for _ in range(3)]

    @property
    def operations(self) -> dict[str, int]:
        """How many there were: of tables, of queues by the app and by the host; and how many rows were written."""
        queues = (self.requests, self.poison, self.results)
        by_host = sum(queue.by_host for queue in queues)
        return {
            "table": sum(table.operations for table in self.tables),
            "queue": sum(queue.operations for queue in queues) - by_host,
            "host": by_host,
            "rows": sum(table.rows_written for table in self.tables),
        }

    def give_to_convene(self) -> None:
        """Put the app together over this storage, where its own bootstrap would open an account."""
        from shared import bootstrap
        from shared.graph import GraphClient
        from shared.graph.services import GraphServices
        from shared.meeting.request_queue import RequestQueue
        from shared.settings import read_environment

        bootstrap.quiet_libraries()
        settings = read_environment()
        client = GraphClient(settings.graph)
        meetings, schedules, mailboxes = self.tables
        bootstrap._apps[asyncio.get_running_loop()] = bootstrap.assemble(
            settings,
            meetings=meetings,
            schedules=schedules,
            mailboxes=mailboxes,
            requests=RequestQueue(self.requests, self.poison),
            results=self.results,
            graph=GraphServices.over(client),
        )


class Host:
    """The app behind its triggers."""

    def __init__(self, functions: list[Function], storage: Storage) -> None:
        self._storage = storage
        [self._on_message] = [each for each in functions if each.name in {"take_message", "make_meeting"}]
        endpoints = [make_endpoint(each, "api") for each in functions if each.trigger["type"] == "httpTrigger"]
        self.http = HttpTrigger(endpoints, run_function, None)

    def listener(self, concurrency: int) -> QueueListener:
        """Return the queue's trigger for so many messages at once; each that ends makes room for another."""
        options = QueueOptions(
            batch_size=1,
            new_batch_threshold=concurrency - 1,
            max_dequeue_count=1,
            max_polling_interval=timedelta(seconds=0.1),
            visibility_timeout=timedelta(0),
            base64=False,
        )
        return QueueListener(self._storage.requests, self._storage.poison, options, self._take)

    async def _take(self, message: QueueMessage) -> bool:
        return (await run_function(self._on_message, message)).succeeded


class Commands:
    """What the subject can be told."""

    def __init__(self, host: Host, storage: Storage) -> None:
        self._host = host
        self._storage = storage
        self._made = 0
        self._listening: tuple[QueueListener, asyncio.Task[None]] | None = None

    async def usage(self) -> dict[str, Any]:
        """Tell what was used up to now, in seconds, bytes and operations."""
        memory = psutil.Process().memory_info().rss
        return {"cpu": time.process_time(), "wall": time.perf_counter(), "memory": memory, **self._storage.operations}

    async def listen(self, concurrency: int) -> dict[str, Any]:
        """Run the queue's trigger for so many messages at once, or not at all."""
        if self._listening:
            listener, task = self._listening
            listener.stop()
            await task
        self._listening = None
        if concurrency:
            listener = self._host.listener(concurrency)
            self._listening = (listener, asyncio.create_task(listener.run()))
        return {}

    async def make(self, count: int, concurrency: int) -> dict[str, Any]:
        """Make meetings at a steady pace: what was taken between two moments at which the host was busy.

        The storage's operations are those of the whole run, for each of its meetings.
        """
        await self.listen(0)
        start, idle = self._made, self._storage.operations
        lead = 2 * concurrency  # as many are waiting or running all the time
        first, last = start + lead, start + lead + count
        end = last + lead
        queue = self._storage.requests

        def finished_is(number: int) -> bool:
            while self._made < end and len(queue.messages) < lead:
                queue.put(queue_message(self._made))
                self._made += 1
            return self._made - len(queue.messages) >= number

        finished_is(0)
        await self.listen(concurrency)
        await queue.until(lambda: finished_is(first))
        before = await self.usage()
        await queue.until(lambda: finished_is(last))
        after = await self.usage()
        await self.settle()
        await self.listen(0)
        taken = {name: after[name] - before[name] for name in ("cpu", "wall")}
        return taken | {name: (done - idle[name]) / (end - start) for name, done in self._storage.operations.items()}

    async def settle(self, ahead: float = 0) -> dict[str, Any]:
        """Wait until nothing is left on the queue, what is delayed by as much as `ahead` seconds included."""
        self._storage.clock.advance(seconds=ahead)
        await self._storage.requests.until(lambda: not self._storage.requests.messages)
        if self._storage.poison.messages:
            raise SystemExit("a message failed")
        return await self.usage()


async def _serve(app: App) -> None:
    storage = Storage()
    functions = await load_functions(app.folder)
    if app is App.CONVENE:
        storage.give_to_convene()
    host = Host(functions, storage)
    # With the protocol named, or asyncio leaves Nagle's algorithm on.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    server = HttpServer(host.http.handle)
    await server.serve(listener)
    commands = Commands(host, storage)
    handlers: dict[str, Handler] = {
        "usage": commands.usage,
        "listen": commands.listen,
        "make": commands.make,
        "settle": commands.settle,
    }
    await answer_commands(handlers, {"url": f"http://127.0.0.1:{listener.getsockname()[1]}/api"})
    await server.stop()


if __name__ == "__main__":
    # Both apps pay for the lines that they log, as under the local host.
    _nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - open as long as the process is
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s", stream=_nowhere)
    for _name in ("azure", "httpx", "httpcore", "asyncio"):
        logging.getLogger(_name).setLevel(logging.WARNING)
    _app = App(sys.argv[1])
    os.chdir(_app.folder)
    sys.path.insert(0, str(_app.folder))
    asyncio.run(_serve(_app))
    os._exit(0)
