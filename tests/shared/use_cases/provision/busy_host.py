"""A host under load: as many messages at once as host.json allows, a Graph that takes its time, and no clock on a wall.

Time moves in steps. Within a step everything runs until it waits for Graph, or for room at its mailbox; then Graph
answers what it was asked, and the next step begins.
"""

import asyncio
from collections import Counter
from dataclasses import replace

import httpx

from local.graph.tenant import Tenant
from tests.app_fixture import World

# host.json: the host fetches another batch when no more than newBatchThreshold messages are under way
BATCH_SIZE, NEW_BATCH_THRESHOLD = 2, 22


class SlowGraph(httpx.AsyncBaseTransport):
    """Carries calls to the tenant, each of which takes until the end of the step; counts those under way."""

    def __init__(self, tenant: Tenant, way: httpx.AsyncBaseTransport) -> None:
        self._tenant = tenant
        self._way = way
        self.waiting: list[asyncio.Future[None]] = []
        self.under_way = Counter[str]()
        self.peaks = Counter[str]()
        self.calls = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        user = self._tenant.find_user(request.url.path.split("/")[3])
        mailbox = user.user_principal_name.casefold() if user else ""
        self.calls += 1
        self.under_way[mailbox] += 1
        self.peaks[mailbox] = max(self.peaks[mailbox], self.under_way[mailbox])
        try:
            turn = asyncio.get_running_loop().create_future()
            self.waiting.append(turn)
            await turn
            return await self._way.handle_async_request(request)
        finally:
            self.under_way[mailbox] -= 1

    def answer(self) -> None:
        """Let every call that is under way have its answer."""
        answered, self.waiting = self.waiting, []
        for turn in answered:
            turn.set_result(None)


class BusyHost:
    """One instance of the app, which takes messages from the request queue as the Functions host does."""

    def __init__(self, world: World, latency: float = 0.3) -> None:
        wires = world.wires()
        self.graph = SlowGraph(world.tenant, wires.graph)
        self._world = world
        self._latency = latency
        self._app = world.new_host(replace(wires, graph=self.graph))
        self._messages: list[str] = []
        self._running: set[asyncio.Task[None]] = set()

    async def work(self) -> None:
        """Take messages until none is left that is visible or under way, with the time that Graph needs for them."""
        while await self.step():
            pass

    async def work_to_the_end(self) -> None:
        """Go on until no message is left at all."""
        while self._world.requests.messages:
            await self.work()
            if messages := self._world.requests.messages:
                clock = self._world.clock
                clock.now = max(clock.now, min(message.visible_at for message in messages))

    async def step(self) -> bool:
        """Do what can be done now, then let Graph answer; return whether there was anything to do."""
        while True:
            self._take()
            if not self._running:
                return False
            if not self.graph.waiting or len(self.graph.waiting) + self._waiting_for_room < len(self._running):
                await asyncio.sleep(0)
                self._running = {task for task in self._running if not _ended(task)}
                continue
            break
        self._world.clock.advance(seconds=self._latency)
        self.graph.answer()
        return True

    @property
    def _waiting_for_room(self) -> int:
        return self._app.message_handler._provisioner._gate._line.occupied_places

    def _take(self) -> None:
        if not self._messages:
            self._messages = self._world.requests.take()
        while self._messages and len(self._running) < BATCH_SIZE + NEW_BATCH_THRESHOLD:
            self._running.add(asyncio.create_task(self._app.message_handler.handle(self._messages.pop(0), None)))


def _ended(task: asyncio.Task[None]) -> bool:
    if task.done():
        task.result()
    return task.done()
