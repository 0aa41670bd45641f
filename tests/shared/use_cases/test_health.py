"""Health, looked at deeply: storage and Graph are reached, and not more often than they should be."""

import asyncio

import pytest

from shared.use_cases.health import REMEMBERED, HealthReport
from tests.app_fixture import World


async def test_all_is_well() -> None:
    """Both answer; nothing is written, and Graph is only asked about nobody."""
    world = World()
    assert await world.app.health.examine() == HealthReport(storage=True, graph=True)
    [seen] = world.tenant.requests
    assert seen.method == "GET"
    assert "/users/00000000-0000-0000-0000-000000000000" in seen.path
    assert not world.table.partitions


async def test_a_table_that_does_not_answer() -> None:
    """Storage is one of the two."""
    world = World()
    world.table.broken = True
    assert await world.app.health.examine() == HealthReport(storage=False, graph=True)


@pytest.mark.parametrize(
    ("status", "reached"), [(403, True), (404, True), (429, True), (401, False), (500, False), (503, False)]
)
async def test_what_counts_as_an_answer_of_graph(status: int, *, reached: bool) -> None:
    """A refusal is an answer, as the permission to look users up is not needed; a failure is none."""
    world = World()
    world.fault({"method": "GET", "times": 9, "action": {"status": status}})
    report = await world.app.health.examine()
    assert report == HealthReport(storage=True, graph=reached)
    assert report.healthy is reached


async def test_who_asks_often_gets_the_same_answer() -> None:
    """Graph is asked once in a while, however many ask at once."""
    world = World()
    await asyncio.gather(*(world.app.health.examine() for _ in range(20)))
    world.clock.advance(seconds=REMEMBERED.total_seconds() - 1)
    await world.app.health.examine()
    assert len(world.tenant.requests) == 1
    world.clock.advance(seconds=1)
    world.table.broken = True
    assert not (await world.app.health.examine()).storage
    assert len(world.tenant.requests) == 2


@pytest.mark.parametrize(("status", "reached"), [(429, True), (503, False)])
async def test_while_graph_wants_to_be_left_alone_its_last_answer_counts(status: int, *, reached: bool) -> None:
    """Throttled it is well, unavailable it is not; it is asked again after its Retry-After."""
    world = World()
    world.fault({"times": 1, "action": {"status": status, "headers": {"Retry-After": "60"}}})
    assert (await world.app.health.examine()).graph is reached
    world.clock.advance(seconds=30)
    assert (await world.app.health.examine()).graph is reached
    assert len(world.tenant.requests) == 1
    world.clock.advance(seconds=31)
    assert (await world.app.health.examine()).graph
