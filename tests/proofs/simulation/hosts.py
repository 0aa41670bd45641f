"""Hosts: machines on which the app runs, dies and is started again, over one storage and one tenant."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from azure.core.exceptions import AzureError

from local.host.configuration import QueueOptions, Settings, read_host_options
from local.host.invocation import QueueMessage
from local.host.queue_trigger import QueueListener
from shared.bootstrap import App
from shared.errors import ConveneError
from tests.app_fixture import Wires, World
from tests.proofs.simulation.loop import Process, SimulatedClock
from tests.proofs.simulation.network import GraphWire, Network, QueueWire, TableWire

RECORDED_EVERY = 60.0  # as CRASHES_SCHEDULE has it
OPTIONS = read_host_options(Path(__file__).parents[3], Settings({})).queues


class HostDiedError(Exception):
    """The host died before it answered."""


class Host:
    """A machine: one process after the other."""

    def __init__(self, name: str, world: World, network: Network, options: QueueOptions = OPTIONS) -> None:
        self.name = name
        self.lives = 0
        self.faults: list[Exception] = []  # what the app has raised that it has no name for
        self._world = world
        self._network = network
        self._options = options
        self._process: Process | None = None
        self._app: App | None = None

    @property
    def alive(self) -> bool:
        """Return whether the host can be asked."""
        return self._process is not None and not self._process.dead

    def start(self) -> None:
        """Start a process, with its listeners; what the last one knew is gone."""
        self.lives += 1
        process = self._process = Process(f"{self.name}.{self.lives}")
        world, network = self._world, self._network
        requests, poison = (QueueWire(network, process, queue) for queue in (world.requests, world.poison))
        clock = world.clock
        assert isinstance(clock, SimulatedClock)
        app = self._app = world.new_host(
            Wires(
                TableWire(network, process, world.table),
                TableWire(network, process, world.mailboxes_table),
                requests,
                poison,
                QueueWire(network, process, world.results),
                GraphWire(network, process, world.tenant, clock),
            )
        )
        # As functions/take_message.py does.
        process.start(
            self._listen(
                process, QueueListener(requests, poison, self._options, self._taker(app.message_handler.handle))
            )
        )

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
            HostDiedError: it is dead, or died before it had an answer.
        """
        process, app = self._process, self._app
        if process is None or app is None or process.dead:
            raise HostDiedError

        async def answer() -> T:
            return await work(app)

        task = process.start(answer())
        await asyncio.wait({task, process.death}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise HostDiedError
        return task.result()

    def _taker(
        self, function: Callable[[str, str | None], Awaitable[object]]
    ) -> Callable[[QueueMessage], Awaitable[bool]]:
        async def take(message: QueueMessage) -> bool:
            try:
                await function(message.text, message.metadata["Id"])
            except ConveneError:
                return False
            except Exception as error:  # noqa: BLE001 - as the host does; the run shows it as a violation
                self.faults.append(error)
                return False
            return True

        return take


def may_be_unrecorded(world: World) -> bool:
    """Return whether something was set aside so lately that the timer has not tried twice to record it."""
    newest = max((message.put_at for message in world.poison.messages), default=None)
    return newest is not None and (world.clock() - newest).total_seconds() < 3 * RECORDED_EVERY


class Farm:
    """All hosts: those who keep them running, and the timers that one of them serves."""

    def __init__(self, hosts: list[Host], seed: int) -> None:
        self.hosts = hosts
        self.crashes = 0
        self._random = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._mean_life: float | None = None

    def start(self, mean_life: float | None, upkeep_seconds: float = 300.0) -> None:
        """Start every host, and go on doing so; each dies after a while, `mean_life` seconds on average."""
        self._mean_life = mean_life
        for host in self.hosts:
            asyncio.create_task(self._keep(host))  # noqa: RUF006 - the loop keeps what sleeps in it
        asyncio.create_task(self._upkeep(upkeep_seconds))  # noqa: RUF006
        asyncio.create_task(self._record_crashes())  # noqa: RUF006

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

    async def _upkeep(self, seconds: float) -> None:
        """Serve the timer, which runs on one host at a time and never overlaps."""
        while True:
            await asyncio.sleep(seconds)
            try:
                await self.ask(lambda app: app.upkeep.run())
            except (HostDiedError, ConveneError):
                continue

    async def _record_crashes(self) -> None:
        """Serve the timer of functions/record_crashes.py, on the first host that lives."""
        while True:
            await asyncio.sleep(RECORDED_EVERY)
            for host in self.hosts:
                if host.alive:
                    with suppress(HostDiedError, ConveneError):
                        await host.ask(lambda app: app.crashes.run())
                    break
