"""Hosts: machines on which the app runs, dies and is started again, over one storage and one tenant."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from azure.core.exceptions import AzureError

from local.host.configuration import QueueOptions, Settings, read_host_options
from local.host.invocation import QueueMessage
from local.host.queue_trigger import QueueListener
from shared.bootstrap import App
from shared.errors import ConveneError
from tests.app_fixture import Wires, World
from tests.proofs.simulation.graph_wire import GraphWire
from tests.proofs.simulation.loop import Process, SimulatedClock
from tests.proofs.simulation.network import Network, QueueWire, TableWire, TopicWire

RECORDED_EVERY = 60.0  # as CRASHES_SCHEDULE has it
_WORKER_START = 1.0
_BETWEEN_STARTS = 10.0
_MOST_WORKER_DEATHS = 3
_DEATHS_ARE_FORGOTTEN_AFTER = 1800.0
OPTIONS = read_host_options(Path(__file__).parents[3], Settings({})).queues


class HostDiedError(Exception):
    """The host died before it answered."""


class Host:
    """A machine: one process of the host after the other, in each one worker after the other.

    As the real host, it gives back what its worker was running when that dies, starts another a second later, the next
    one ten seconds later, and ends itself with the third death within half an hour.
    """

    def __init__(self, name: str, world: World, network: Network, options: QueueOptions = OPTIONS) -> None:
        self.name = name
        self.lives = 0
        self.worker_deaths = 0
        self.faults: list[Exception] = []  # what the app has raised that it has no name for
        self._world = world
        self._network = network
        self._options = options
        self._process: Process | None = None
        self._worker: Process | None = None
        self._app: App | None = None
        self._has_worker = asyncio.Event()

    @property
    def alive(self) -> bool:
        """Return whether the host can be asked."""
        return self._worker is not None and not self._worker.dead

    def start(self) -> None:
        """Start a process, with its worker and its listeners; what the last one knew is gone."""
        self.lives += 1
        process = self._process = Process(f"{self.name}.{self.lives}")
        requests, poison = (
            QueueWire(self._network, process, queue) for queue in (self._world.requests, self._world.poison)
        )
        self._start_worker(process, process.name)
        process.start(self._keep_worker(process))
        process.start(self._listen(process, QueueListener(requests, poison, self._options, self._take)))

    def _start_worker(self, process: Process, name: str) -> None:
        world, network = self._world, self._network
        worker = self._worker = process.worker(name)
        clock = world.clock
        assert isinstance(clock, SimulatedClock)
        self._app = world.new_host(
            Wires(
                TableWire(network, worker, world.table),
                TableWire(network, worker, world.mailboxes_table),
                QueueWire(network, worker, world.requests),
                QueueWire(network, worker, world.poison),
                QueueWire(network, worker, world.results),
                GraphWire(network, worker, world.tenant, clock),
                TopicWire(network, worker, world.topic),
            )
        )
        self._has_worker.set()

    async def _keep_worker(self, process: Process) -> None:
        loop, deaths, next_start = asyncio.get_running_loop(), list[float](), 0.0
        while True:
            assert self._worker is not None
            await asyncio.shield(self._worker.death)
            self._has_worker.clear()
            self.worker_deaths += 1
            deaths = [*(at for at in deaths if loop.time() - at < _DEATHS_ARE_FORGOTTEN_AFTER), loop.time()]
            if len(deaths) >= _MOST_WORKER_DEATHS:
                process.die()
            await asyncio.sleep(max(_WORKER_START, next_start - loop.time()))
            next_start = loop.time() + _BETWEEN_STARTS
            self._start_worker(process, f"{process.name}/{len(deaths)}")

    async def _listen(self, process: Process, listener: QueueListener) -> None:
        try:
            await listener.run()
        except AzureError:
            process.die()  # as the real host does when it cannot receive or settle a message

    def die(self) -> None:
        """End the process, as a power failure does."""
        if self._process:
            self._process.die()

    async def death(self) -> None:
        """Wait for the end of the process."""
        if self._process:
            await asyncio.shield(self._process.death)

    async def ask[T](self, work: Callable[[App], Awaitable[T]]) -> T:
        """Have the host do something for a caller outside.

        Raises:
            HostDiedError: it, or its worker, is dead, or died before it had an answer.
        """
        worker, app = self._worker, self._app
        if worker is None or app is None or worker.death.done():
            raise HostDiedError

        async def answer() -> T:
            return await work(app)

        return await self._in_worker(worker, answer)

    @staticmethod
    async def _in_worker[T](worker: Process, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if worker.dead:  # frozen: nobody knows yet
            await asyncio.shield(worker.death)
            raise HostDiedError
        task = worker.start(work())
        await asyncio.wait({task, worker.death}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise HostDiedError
        return task.result()

    async def _take(self, message: QueueMessage) -> bool:
        """Do as functions/take_message.py does, once there is a worker."""
        await self._has_worker.wait()
        assert self._worker is not None
        assert self._app is not None
        take = partial(self._app.message_handler.handle, message.text, message.metadata["Id"])
        try:
            await self._in_worker(self._worker, take)
        except (ConveneError, HostDiedError):
            return False
        except Exception as error:  # noqa: BLE001 - as the host does; the run shows it as a violation
            self.faults.append(error)
            return False
        return True


async def run_watch(app: App) -> None:
    """Do as functions/run_watch.py does."""
    runs = (app.watch.run(), app.watched_attendance.run())
    for outcome in await asyncio.gather(*runs, return_exceptions=True):
        if isinstance(outcome, Exception):
            raise outcome


def may_be_unrecorded(world: World) -> bool:
    """Return whether something was set aside so lately that the timer has not tried twice to record it."""
    newest = max((message.put_at for message in world.poison.messages), default=None)
    return newest is not None and (world.clock() - newest).total_seconds() < 3 * RECORDED_EVERY


class Farm:
    """All hosts: those who keep them running, and the timers that one of them serves."""

    def __init__(self, hosts: list[Host], seed: int) -> None:
        self.hosts = hosts
        self.crashes = 0
        self.faults: list[Exception] = []  # what a timer has raised that has no name
        self._random = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._mean_life: float | None = None

    def start(self, mean_life: float | None, upkeep_seconds: float = 300.0, watch_seconds: float | None = None) -> None:
        """Start every host, and go on doing so; each dies after a while, `mean_life` seconds on average.

        Without `watch_seconds` nobody serves the timer of the watch.
        """
        self._mean_life = mean_life
        for host in self.hosts:
            asyncio.create_task(self._keep(host))  # noqa: RUF006 - the loop keeps what sleeps in it
        asyncio.create_task(self._serve(upkeep_seconds, lambda app: app.upkeep.run()))  # noqa: RUF006
        if watch_seconds is not None:
            asyncio.create_task(self._serve(watch_seconds, run_watch))  # noqa: RUF006
        asyncio.create_task(self._record_crashes())  # noqa: RUF006

    @property
    def worker_deaths(self) -> int:
        """Return how many workers have died while their host lived."""
        return sum(host.worker_deaths for host in self.hosts)

    def spare(self) -> None:
        """Kill nobody any more."""
        self._mean_life = None

    async def ask[T](self, work: Callable[[App], Awaitable[T]]) -> T:
        """Have any living host do something. Raises as `Host.ask`."""
        alive = [host for host in self.hosts if host.alive]
        if not alive:
            await asyncio.sleep(1)
            raise HostDiedError
        return await self._random.choice(alive).ask(work)

    async def _keep(self, host: Host) -> None:
        while True:
            host.start()
            if self._mean_life is None:
                await host.death()
            else:
                life = self._random.expovariate(1 / self._mean_life)
                await asyncio.wait({asyncio.ensure_future(host.death())}, timeout=life)
                await self._finish_off(host)
            self.crashes += 1
            await asyncio.sleep(self._random.uniform(0.5, 20))

    async def _finish_off(self, host: Host) -> None:
        """Kill a host whose time has come, unless all are to be spared by now."""
        if self._mean_life is not None:
            host.die()
        await host.death()

    async def _serve(self, seconds: float, run: Callable[[App], Awaitable[object]]) -> None:
        """Serve a timer, which runs on one host at a time and never overlaps."""
        while True:
            await asyncio.sleep(seconds)
            try:
                await self.ask(run)
            except (HostDiedError, ConveneError):
                continue
            except Exception as error:  # noqa: BLE001 - the run shows it as a violation
                self.faults.append(error)

    async def _record_crashes(self) -> None:
        """Serve the timer of functions/record_crashes.py, on the first host that lives."""
        while True:
            await asyncio.sleep(RECORDED_EVERY)
            for host in self.hosts:
                if host.alive:
                    with suppress(HostDiedError, ConveneError):
                        await host.ask(lambda app: app.crash_recorder.run())
                    break
