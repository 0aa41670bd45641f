"""What the watch asks of Graph and of the storage, counted; the figures of docs/scale.md follow from these."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from shared.graph.batch import MOST_IN_BATCH
from tests.app_fixture import World
from tests.examples import CALENDAR
from tests.shared.use_cases.watch.test_watched_attendance import hold_call

PARTITIONS = 16
# For attendance reports of one meeting: every 15 minutes for six hours, then daily for a week.
LOOKS = 6 * 4 + 1 + 7
SCALE = Path(__file__).parents[4] / "docs" / "scale.md"


@dataclass(frozen=True, slots=True)
class Cost:
    """Of some runs of the timer."""

    looks: int
    requests: int
    reads: int
    table: int
    mailboxes: int


async def cost(world: World, runs: int, apart: timedelta) -> Cost:
    """Return what so many runs cost."""
    tables = (world.table, world.mailboxes_table)
    before, looks = [table.operations for table in tables], 0
    world.tenant.requests.clear()
    for _ in range(runs):
        world.clock.now += apart
        looks += (await world.app.watch.run()).looked
    table, mailboxes = (each.operations - was for each, was in zip(tables, before, strict=True))
    requests = [seen.path for seen in world.tenant.requests]
    batches = sum("$batch" in path for path in requests)
    return Cost(looks, batches, len(requests) - batches, table, mailboxes)


async def with_meetings(number: int, settings: dict[str, str] | None = None) -> World:
    """Return a world with upcoming meetings of one organizer."""
    world = World(settings)
    for each in range(number):
        await world.accept(CALENDAR, str(each))
    await world.settle()
    return world


async def test_a_look_is_one_read_of_graph_and_two_operations_of_the_storage() -> None:
    """Its record is read and written. A run asks 16 partitions twice, a batch after its mailboxes and for itself."""
    world = await with_meetings(4)
    far = await cost(world, runs=4, apart=timedelta(hours=6))
    assert far == Cost(looks=16, requests=4, reads=16, table=16 * 2 + 4 * 2 * PARTITIONS, mailboxes=4 * 2)
    last_day = await cost(world, runs=1, apart=timedelta(days=59))
    assert last_day.looks == last_day.reads == 4
    near = await cost(world, runs=12, apart=timedelta(minutes=5))
    assert near == Cost(looks=48, requests=12, reads=48, table=48 * 2 + 12 * 2 * PARTITIONS, mailboxes=12 * 2)


@pytest.mark.parametrize(("number", "settings"), [(0, {}), (4, {})])
async def test_a_run_with_nothing_due_looks_at_the_rows_alone(number: int, settings: dict[str, str]) -> None:
    """Whatever the size of the ledger."""
    world = await with_meetings(number, settings)
    runs = await cost(world, runs=12, apart=timedelta(minutes=5))
    assert runs == Cost(looks=0, requests=0, reads=0, table=12 * PARTITIONS, mailboxes=0)


async def test_switched_off_it_costs_nothing() -> None:
    """Neither Graph nor the storage is asked."""
    world = await with_meetings(4, {"WATCH": "off"})
    assert await cost(world, runs=4, apart=timedelta(hours=6)) == Cost(0, 0, 0, 0, 0)


async def test_a_look_for_attendance_is_one_read_and_three_operations_of_the_storage() -> None:
    """32 looks a meeting; one read more for its online meeting, one a report, and two operations to publish it."""
    world = World({"ARTIFACTS": "attendance"})
    meeting = await world.made(CALENDAR)
    hold_call(world)
    looks = reads = storage = 0
    while look_at := (await world.ledger.read(meeting.id)).attendance.look_at:
        world.clock.now = look_at
        world.tenant.requests.clear()
        before = world.table.operations + world.mailboxes_table.operations
        looks += (await world.app.watched_attendance.run()).looked
        reads += len(world.tenant.requests)
        storage += world.table.operations + world.mailboxes_table.operations - before
    assert (looks, reads, storage) == (LOOKS, LOOKS + 2, LOOKS * (3 + 2 * PARTITIONS) + 2)


@pytest.mark.parametrize("meetings", [1_000, 20_000])
def test_the_table_of_a_day_of_attendance(meetings: int) -> None:
    """docs/scale.md has what the counts above come to where so many meetings end each day, with one report each."""
    looks, reads = meetings * LOOKS, meetings * (LOOKS + 2)
    storage = looks * 3 + meetings * 2 + 24 * 12 * 2 * PARTITIONS
    assert f"| {meetings:,} | {looks:,} | {reads:,} | {storage:,} |" in SCALE.read_text(encoding="utf-8")


@pytest.mark.parametrize(("far", "near"), [(20_000, 0), (19_000, 1_000), (0, 20_000)])
def test_the_table_of_a_day(far: int, near: int) -> None:
    """docs/scale.md has what the counts above come to in a day of 288 runs, with full batches of twenty mailboxes."""
    runs = 24 * 12
    looks = far * 4 + near * runs
    batches = looks // MOST_IN_BATCH
    storage = looks * 2 + runs * 2 * PARTITIONS + batches * (MOST_IN_BATCH + 1)
    assert f"| {far:,} | {near:,} | {looks:,} | {batches:,} | {storage:,} |" in SCALE.read_text(encoding="utf-8")
