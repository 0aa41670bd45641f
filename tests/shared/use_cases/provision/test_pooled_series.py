"""Series of a pool: every occurrence of a year is reserved, also where a write of them is interrupted."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.errors import StorageUnavailableError
from shared.graph.free_busy import LONGEST_WINDOW
from shared.meeting import Meeting, Status
from shared.meeting_request.pools import RESERVED_FOR
from shared.storage import Operation
from tests.app_fixture import World
from tests.examples import CALENDAR
from tests.fakes import InMemoryTable

POOL = ["Nurse0@contoso.com", "Nurse1@contoso.com"]
FIRST_DAY = datetime(2027, 1, 20)  # noqa: DTZ001 - of UTC


@dataclass(frozen=True)
class Plan:
    """An hour of a day, or of several.

    Attributes:
        day: the first one, after `FIRST_DAY`.
        half_hours: after midnight of UTC.
        every: days from one to the next.
    """

    day: int
    half_hours: int = 18
    every: int = 7
    number: int = 1

    @property
    def times(self) -> dict[str, Any]:
        """The start and the end, as a request has them."""
        start = FIRST_DAY + timedelta(days=self.day, minutes=30 * self.half_hours)
        return {
            name: {"dateTime": moment.isoformat(), "timeZone": "UTC"}
            for name, moment in (("start", start), ("end", start + timedelta(hours=1)))
        }

    @property
    def request(self) -> dict[str, Any]:
        """The request for one of the pool."""
        rest = {name: value for name, value in CALENDAR.items() if name not in {"organizer", "attendees"}}
        request = rest | self.times | {"organizerPool": {"candidates": POOL, "strategy": "first"}}
        if self.number > 1:
            request["recurrence"] = {
                "pattern": {"type": "daily", "interval": self.every},
                "range": {
                    "type": "numbered",
                    "startDate": self.times["start"]["dateTime"][:10],
                    "numberOfOccurrences": self.number,
                },
            }
        return request

    @property
    def slots(self) -> set[int]:
        """The half hours after `FIRST_DAY` for which the organizer is promised."""
        return self.slots_of(RESERVED_FOR)

    def slots_of(self, length: timedelta | None) -> set[int]:
        """The half hours of what begins within so many days of the first one, of everything if None."""
        days = [self.day + self.every * place for place in range(self.number)]
        starts = [48 * day + self.half_hours for day in days if length is None or day < self.day + length.days]
        return {slot for start in starts for slot in (start, start + 1)}

    def meets(self, other: "Plan") -> bool:
        """Whether who has the other is not free: by what is reserved, or by what the calendar shows of the other."""
        return bool(self.slots & other.slots or self.slots_of(LONGEST_WINDOW) & other.slots_of(None))


class InterruptedTable(InMemoryTable):
    """A table that is switched off after some writes of many rows, or has something come before the next of them."""

    def __init__(self) -> None:
        super().__init__()
        self.left: int | None = None
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    async def write(self, partition: str, operations: Sequence[Operation]) -> list[str]:
        if len(operations) > 1 and self.left is not None:
            self.left -= 1
            self.broken = self.left < 0 and self.meanwhile is None
            if self.left < 0 and (meanwhile := self.meanwhile):
                self.left = self.meanwhile = None
                await meanwhile()
        return await super().write(partition, operations)


def new_world() -> World:
    world = World()
    world.mailboxes_table = InterruptedTable()
    world.app = world.new_host()
    for nurse in POOL:
        world.tenant.add_user(nurse, nurse)
    return world


async def attempted(world: World, plan: Plan, writes: int) -> Meeting:
    """Accept a request, and have the storage fail after some writes of the attempt; it works again then."""
    table = world.mailboxes_table
    assert isinstance(table, InterruptedTable)
    meeting = await world.accept(plan.request)
    [text] = world.requests.take()
    table.left = writes
    with pytest.raises(StorageUnavailableError):
        await world.app.message_handler.handle(text, None)
    table.left, table.broken = None, False
    world.requests.put(text, timedelta(minutes=2))  # the claim has run out then
    return meeting


def reserved_days(world: World, meeting: Meeting) -> int:
    """Return how many rows hold a reservation for a meeting."""
    rows = [row for rows in world.mailboxes_table.partitions.values() for row in rows.values()]
    return sum(meeting.id in str(row.values.get("entries")) for row in rows)


DAILY = Plan(0, every=1, number=300)


@pytest.mark.parametrize("writes", [0, 1, 2])
async def test_an_interrupted_write_is_completed(writes: int) -> None:
    """The next attempt goes on with the same organizer: 300 days in three writes."""
    world = new_world()
    series = await attempted(world, DAILY, writes)
    assert reserved_days(world, series) == 100 * writes
    await world.settle()
    assert (await world.ledger.read(series.id)).organizer == POOL[0]
    assert reserved_days(world, series) == 300


async def test_an_interrupted_write_keeps_nobody_out() -> None:
    """Where the rest of the days is taken meanwhile, another is chosen, and what was written is released."""
    world = new_world()
    series = await attempted(world, DAILY, 1)
    other = await world.accept(Plan(150).request)
    await world.deliver()
    assert (await world.ledger.read(other.id)).organizer == POOL[0]
    await world.settle()
    assert (await world.ledger.read(series.id)).organizer == POOL[1]
    assert reserved_days(world, series) == 300
    assert (await world.made(Plan(10).request)).organizer == POOL[0]


async def test_of_two_at_once_one_looks_again_in_the_middle_of_its_write() -> None:
    """Another process takes a day of the second write between it and the first: nobody is had twice."""
    world = new_world()
    table = world.mailboxes_table
    assert isinstance(table, InterruptedTable)
    other = world.new_host()
    series, single = await world.accept(DAILY.request), await world.accept(Plan(150).request)
    table.left, table.meanwhile = 1, lambda: other.message_handler.handle(second, None)
    first, second = world.requests.take()
    await world.app.message_handler.handle(first, None)
    await world.settle()
    assert (await world.ledger.read(single.id)).organizer == POOL[0]
    assert (await world.ledger.read(series.id)).organizer == POOL[1]
    assert reserved_days(world, series) == 300


async def test_where_nobody_is_free_nothing_stays_written() -> None:
    """Of a series that fails after an interrupted write."""
    world = new_world()
    series = await attempted(world, DAILY, 2)
    for _ in POOL:
        await world.accept(Plan(250).request)
        await world.deliver()
    await world.settle()
    failed = await world.ledger.read(series.id)
    assert failed.error
    assert failed.error.code == "nobodyFree"
    assert reserved_days(world, series) == 0


async def test_a_meeting_of_a_year_is_reserved_whole() -> None:
    """Of 366 days, in one piece."""
    world = new_world()
    end = FIRST_DAY + timedelta(days=366, hours=9)
    long = await world.made(Plan(0).request | {"end": {"dateTime": end.isoformat(), "timeZone": "UTC"}})
    assert (long.organizer, reserved_days(world, long)) == (POOL[0], 367)
    assert (await world.made(Plan(365).request)).organizer == POOL[1]
    assert (await world.made(Plan(367).request)).organizer == POOL[0]


PLANS = st.builds(
    Plan,
    day=st.sampled_from([0, 1, 7, 63, 70, 364, 371]),
    half_hours=st.integers(18, 20),
    every=st.sampled_from([1, 7, 14]),
    number=st.sampled_from([1, 1, 2, 12, 60, 400]),
)
STEPS = st.lists(st.tuples(st.sampled_from(["make", "make", "make", "move", "cancel"]), PLANS), min_size=3, max_size=6)


@settings(max_examples=12)
@example([("make", Plan(0, every=1, number=400)), ("make", Plan(0)), ("make", Plan(371))])
@given(STEPS)
async def test_nobody_is_had_twice_or_left_out(steps: list[tuple[str, Plan]]) -> None:
    """Against a plain model: singles and series that come, move and go, of a pool of two."""
    world = new_world()
    live: dict[str, tuple[Plan, str]] = {}

    def busy(plan: Plan, but: str = "") -> set[str]:
        return {nurse for each, (other, nurse) in live.items() if each != but and plan.meets(other)}

    for step, plan in steps:
        if step == "make":
            meeting = await world.made(plan.request)
            free = [nurse for nurse in POOL if nurse not in busy(plan)]
            assert meeting.organizer == (free[0] if free else None)
            if free:
                live[meeting.id] = plan, free[0]
        elif live:
            meeting_id, (former, nurse) = next(iter(live.items()))
            if step == "cancel":
                await world.app.changes.cancel(meeting_id, None)
                await world.settle()
                del live[meeting_id]
                continue
            moved = Plan(former.day, plan.half_hours, former.every, former.number)
            await world.app.changes.patch(meeting_id, moved.times)
            await world.settle()
            meeting = await world.ledger.read(meeting_id)
            fits = nurse not in busy(moved, meeting_id)
            assert (meeting.status, meeting.organizer) == (Status.SUCCEEDED if fits else Status.FAILED, nurse)
            live[meeting_id] = (moved if fits else former), nurse
