"""One attempt dies, hangs or is overtaken, and another goes on: one event all the same."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.bootstrap import App
from shared.errors import StorageUnavailableError
from shared.meeting import Status
from tests.app_fixture import World
from tests.examples import CALENDAR, STANDALONE

type Happening = Callable[[], Awaitable[None]]


class Death(BaseException):
    """The process ends here: nothing catches it."""


class Eventful(httpx.AsyncBaseTransport):
    """The way to Graph; something happens to the first POST, before it gets there or after."""

    def __init__(self, way: httpx.AsyncBaseTransport, happening: Happening, *, after: bool) -> None:
        self._way = way
        self._happening: Happening | None = happening
        self._after = after

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        happening, self._happening = self._happening, None if request.method == "POST" else self._happening
        if request.method != "POST" or happening is None:
            return await self._way.handle_async_request(request)
        if self._after:
            response = await self._way.handle_async_request(request)
            await happening()
            return response
        await happening()
        return await self._way.handle_async_request(request)


def host(world: World, happening: Happening, *, after: bool) -> App:
    wires = world.wires()
    return world.new_host(replace(wires, graph=Eventful(wires.graph, happening, after=after)))


async def die() -> None:
    raise Death


async def hung(world: World, text: str) -> Happening:
    """Have a process take a message and hang with its creation on the way to Graph; return what lets both go on."""
    on_its_way, goes_on = asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        on_its_way.set()
        await goes_on.wait()

    hanging = asyncio.create_task(host(world, hang, after=False).message_handler.handle(text, None))
    await on_its_way.wait()

    async def let_go() -> None:
        goes_on.set()
        await hanging

    return let_go


async def test_what_a_dead_attempt_made_is_found() -> None:
    """Even when Graph forgets transaction ids: the claim says that something may have been made."""
    world = World()
    world.tenant.settings.transaction_id_memory = False
    meeting = await world.accept(CALENDAR)
    [text] = world.requests.take()
    with pytest.raises(Death):
        await host(world, die, after=True).message_handler.handle(text, None)
    assert len(world.events()) == 1
    world.clock.advance(seconds=61)
    await world.app.upkeep.run()
    await world.settle()
    assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED
    assert len(world.events()) == len(world.tenant.sent_mail) == 1


async def test_a_request_that_comes_after_the_takeover_makes_no_second_event() -> None:
    """A process that hung with its request on the way: the transaction id makes both requests one event."""
    world = World()
    meeting = await world.accept(CALENDAR)
    [text] = world.requests.take()
    let_go = await hung(world, text)
    world.clock.advance(seconds=61)
    await world.app.message_handler.handle(text, None)
    assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED
    await let_go()
    assert len(world.events()) == len(world.tenant.sent_mail) == 1
    assert [event["id"] for event in world.results.events()] == [f"{meeting.id}/1"]


async def test_what_comes_after_its_cancellation_is_taken_away() -> None:
    """Nothing is found at first; the creation that Graph carries out a minute later is not left in the calendar."""
    world = World()
    meeting = await world.accept(CALENDAR)
    [text] = world.requests.take()
    let_go = await hung(world, text)
    await world.app.changes.cancel(meeting.id, None)
    world.clock.advance(seconds=61)
    await world.deliver()
    assert (await world.ledger.read(meeting.id)).status is Status.QUEUED
    await let_go()
    assert len(world.events()) == 1
    await world.settle()
    assert (await world.ledger.read(meeting.id)).status is Status.CANCELLED
    assert not world.events()


@pytest.mark.parametrize("request_", [CALENDAR, STANDALONE])
async def test_what_was_asked_for_twice_is_not_made_again_after_its_cancellation(request_: dict[str, Any]) -> None:
    """The first creation is still on its way: the cancellation waits, so that Graph knows the one that was made."""
    world = World()
    meeting = await world.accept(request_)
    [text] = world.requests.take()
    let_go = await hung(world, text)
    world.clock.advance(seconds=61)
    await world.app.message_handler.handle(text, None)
    assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED
    await world.app.changes.cancel(meeting.id, None)
    await world.deliver()
    assert (await world.ledger.read(meeting.id)).status is Status.QUEUED
    await let_go()
    await world.settle()
    assert (await world.ledger.read(meeting.id)).status is Status.CANCELLED
    assert not world.events()
    assert not world.tenant.meetings
    assert len(world.tenant.sent_mail) == (2 if request_ is CALENDAR else 0)  # an invitation, and that it is off


async def test_an_end_that_could_not_be_written_down_is_not_told() -> None:
    """The record comes first: a result that nobody can look up would be one of another end, perhaps."""
    world = World()
    meeting = await world.accept(CALENDAR)
    [text] = world.requests.take()

    async def storage_goes_away() -> None:
        world.table.broken = True

    with pytest.raises(StorageUnavailableError):
        await host(world, storage_goes_away, after=True).message_handler.handle(text, None)
    world.table.broken = False
    assert not world.results.messages
    assert (await world.ledger.read(meeting.id)).status is Status.RUNNING
    world.clock.advance(seconds=61)
    await world.app.upkeep.run()
    await world.settle()
    assert [event["id"] for event in world.results.events()] == [f"{meeting.id}/1"]
    assert len(world.events()) == 1


async def test_a_host_that_did_not_hear_the_retry_after_keeps_to_it() -> None:
    """The record of a meeting that waits says until when, to every host."""
    world = World()
    world.fault({"method": "POST", "times": 1, "action": {"status": 429, "retryAfter": "60"}})
    meeting = await world.accept(CALENDAR)
    await world.deliver()
    calls = len(world.tenant.requests)
    world.mailboxes_table.partitions.clear()  # nor can it learn of it from the mailbox's row
    world.clock.advance(seconds=59)
    await world.new_host().message_handler.handle(json.dumps({"meeting": meeting.id}), None)
    assert len(world.tenant.requests) == calls
    world.clock.advance(seconds=1)
    await world.settle(timedelta(minutes=5))
    assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED
