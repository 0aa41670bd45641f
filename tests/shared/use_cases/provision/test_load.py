"""Under load: a busy organizer delays nobody else, the limit holds at the wire, and no call is wasted."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from shared.meeting import Status
from tests.app_fixture import World
from tests.examples import CALENDAR, STANDALONE
from tests.shared.use_cases.provision.busy_host import BusyHost

ALEX_ID = "64339082-ed84-4b0b-b4ab-004ae54f3747"


async def test_a_busy_organizer_delays_nobody_else() -> None:
    """Of 50 meetings for one and then 10 for others, the others' are done before the first one waited for."""
    world = World()
    host = BusyHost(world)
    for _ in range(50):
        await world.accept(CALENDAR)
    names = ["MeganB", "AdeleV", "LidiaH", "NestorW", "Baker"]
    others = [await world.accept(CALENDAR | {"organizer": f"{name}@contoso.com"}) for name in names * 2]
    began = world.clock()
    await host.work()
    for meeting in others:
        made = await world.ledger.read(meeting.id)
        assert made.status is Status.SUCCEEDED
        assert made.updated_at - began <= timedelta(seconds=2 * 0.3 * 2)  # two calls each, and two rounds at most
    await host.work_to_the_end()
    assert len(world.events()) == 50
    assert host.graph.peaks["alexw@contoso.com"] == 4


@pytest.mark.parametrize("limit", [1, 2, 4])
async def test_the_limit_holds_at_the_wire(limit: int) -> None:
    """Under load of every kind, by both names of the organizer, no more calls are under way than the limit."""
    world = World({"GRAPH_CALLS_PER_MAILBOX": str(limit)})
    host = BusyHost(world)
    # both names are one mailbox as soon as the first meeting that looks the id up has done so
    await world.accept(STANDALONE)
    await host.work()
    for number in range(20):
        await world.accept(CALENDAR)
        await world.accept(CALENDAR | {"organizer": ALEX_ID})
        await world.accept(STANDALONE | {"organizer": ALEX_ID if number % 2 else "AlexW@contoso.com"})
    await host.work_to_the_end()
    assert len(world.events()) == 40
    assert len(world.tenant.meetings) >= 61
    assert host.graph.peaks["alexw@contoso.com"] == limit


async def test_many_meetings_of_one_organizer_cost_little_more() -> None:
    """Who finds the mailbox full costs a read and a message; 200 at once at most four operations more each."""
    random.seed(4)
    world = World()
    host = BusyHost(world)
    for _ in range(200):
        await world.accept(CALENDAR)
    await host.work_to_the_end()
    assert len(world.events()) == 200
    counted = (world.table, world.mailboxes_table, world.requests, world.results)
    assert sum(each.operations for each in counted) <= 200 * (9 + 4)
    assert host.graph.calls <= 204  # the calendar's providers, asked by the first four at once


async def test_calls_are_not_wasted(record_property: Callable[[str, object], None]) -> None:
    """With 10 % of the calls failing in a way that passes, at most 1.2 times as many are made as without."""
    calls: list[int] = []
    for rules in ([], _transient()):
        random.seed(11)
        world = World()
        world.fault(*rules)
        for number in range(400):
            organizer = f"{('AlexW', 'MeganB', 'AdeleV', 'LidiaH', 'NestorW')[number % 5]}@contoso.com"
            await world.accept((STANDALONE if number % 4 == 0 else CALENDAR) | {"organizer": organizer})
        await BusyHost(world).work_to_the_end()
        assert sum(len(world.events(name)) for name in world.tenant.mailboxes) == 300
        calls.append(len(world.tenant.requests))
        failed = sum(seen.status in {0, 429, 503, 504} for seen in world.tenant.requests)
        assert not rules or 0.07 <= failed / calls[-1] <= 0.13
    assert calls[1] <= 1.2 * calls[0], calls
    record_property("calls under faults, as a multiple of those without", f"{calls[1] / calls[0]:.3f}")


async def test_a_message_under_way_when_the_mailbox_closes_makes_no_further_call() -> None:
    """Those inside ask before each call, also when they were let in before Graph throttled the mailbox."""
    world = World()
    host = BusyHost(world)
    for _ in range(4):
        await world.accept(CALENDAR)
    world.fault({"path": "/calendar$", "times": 1, "action": {"status": 429, "retryAfter": "60"}})
    assert await host.step()
    while await host.step():
        pass
    [told] = [seen for seen in world.tenant.requests if seen.status == 429]
    assert not [seen for seen in world.tenant.requests if seen.time > told.time]
    await host.work_to_the_end()
    assert len(world.events()) == 4


def _transient() -> list[dict[str, Any]]:
    """Return rules for 10 % of all calls: half of them throttled, the rest unanswered in the ways that pass."""
    return [
        {"probability": 0.05, "action": {"status": 429, "retryAfter": "1.5"}},
        {"probability": 0.03, "action": {"status": 503, "code": "serviceNotAvailable"}},
        {"probability": 0.01, "when": "after", "action": {"status": 504, "code": "UnknownError"}},
        {"probability": 0.01, "action": "reset"},
    ]
