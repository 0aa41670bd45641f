"""Batches: each item by itself, in order, some at a time."""

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, override

import pytest

from shared.access.callers import Caller
from shared.access.origin import Origin
from shared.errors import (
    ConveneError,
    InvalidRequestError,
    KeyReusedError,
    OrganizerNotAllowedError,
    RequestTooLargeError,
    StorageUnavailableError,
)
from shared.meeting import Status
from shared.storage import Operation
from shared.use_cases.acceptance import Accepted
from shared.use_cases.batch import BatchItem, read_csv_items
from shared.use_cases.batch.batch import Batch
from shared.use_cases.for_each import CONCURRENCY
from tests.app_fixture import World
from tests.examples import CALENDAR, STANDALONE
from tests.fakes import InMemoryQueue, InMemoryTable

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def accept(world: World, *items: BatchItem) -> list[Any]:
    return await world.app.batch.accept(items, Origin(traceparent=TRACEPARENT))


def visit(number: int, **members: Any) -> dict[str, Any]:
    return STANDALONE | {"subject": f"Visit {number}"} | members


async def test_a_hundred_become_meetings_in_order() -> None:
    """Each outcome is its item's."""
    world = World()
    outcomes = await accept(world, *(BatchItem(visit(number), f"k{number}") for number in range(100)))
    subjects = [each.meeting.request["subject"] for each in outcomes]
    assert subjects == [f"Visit {number}" for number in range(100)]
    assert {each.meeting.traceparent for each in outcomes} == {TRACEPARENT}
    await world.settle()
    assert {(await world.ledger.read(each.meeting.id)).status for each in outcomes} == {Status.SUCCEEDED}


async def test_one_bad_item_does_not_stop_the_others() -> None:
    """What a request alone would have raised is its item's outcome."""
    world = World({"ALLOWED_ORGANIZERS": "alexw@contoso.com"})
    outcomes = await accept(
        world,
        BatchItem({}),
        BatchItem(visit(1)),
        BatchItem(7),
        BatchItem(visit(2, organizer="MeganB@contoso.com")),
        BatchItem(visit(3, subject="x" * 300_000)),
        BatchItem({"subject": "\ud800"}),
        BatchItem(visit(4)),
    )
    kinds = [type(each) for each in outcomes]
    invalid = InvalidRequestError
    assert kinds == [invalid, Accepted, invalid, OrganizerNotAllowedError, RequestTooLargeError, invalid, Accepted]
    assert len(world.requests.messages) == 2


@pytest.mark.parametrize("second", ["the same", "another"])
async def test_the_same_key_twice_in_one_batch_is_one_meeting(second: str) -> None:
    """The first item is the one that counts: the second is its repetition, or reuses the key."""
    world = World()
    other = visit(0) if second == "the same" else visit(1)
    items = [BatchItem(visit(number), f"k{number}") for number in range(30)]
    outcomes = await accept(world, *items, BatchItem(other, "k0"))
    first, last = outcomes[0], outcomes[-1]
    assert not first.replayed
    if second == "the same":
        assert last.replayed
        assert last.meeting.id == first.meeting.id
    else:
        assert isinstance(last, KeyReusedError)
    await world.settle()
    assert len(world.sent("POST", "onlineMeetings")) == 30


async def test_a_batch_sent_again_is_a_replay() -> None:
    """Every item leads to the meeting that it led to before."""
    world = World()
    items = [BatchItem(visit(number), f"k{number}") for number in range(5)]
    first, again = await accept(world, *items), await accept(world, *items)
    assert [each.meeting.id for each in again] == [each.meeting.id for each in first]
    assert all(each.replayed for each in again)


async def test_the_same_file_twice_makes_no_meeting_twice() -> None:
    """Without a column idempotencyKey: each row has a key from its cells."""
    world = World()
    file = (
        b"kind,organizer,subject,start,timeZone\n"
        b"standalone,AlexW@contoso.com,Visit 1,2027-01-20 9:00,Europe/Berlin\n"
        b"standalone,AlexW@contoso.com,Visit 2,2027-01-20 9:00,Europe/Berlin\n"
    )
    first, again = [await accept(world, *read_csv_items(file)) for _ in range(2)]
    assert [(each.meeting.id, each.replayed) for each in again] == [(each.meeting.id, True) for each in first]
    await world.settle()
    assert len(world.sent("POST", "onlineMeetings")) == len(first)


async def test_faults_that_are_known_are_told_with_those_of_the_request() -> None:
    """And such an item is never accepted."""
    world = World()
    csv = (
        "kind,organizer,subject,start,timeZone\n"
        "standalone,AlexW@contoso.com,fine,soon,UTC\n"
        "standalone,nobody,fine,soon,UTC\n"
        "standalone,AlexW@contoso.com,fine,,\n"
    )
    outcomes = await accept(world, *read_csv_items(csv.encode()))
    assert [fault.pointer for fault in outcomes[0].faults] == ["/rows/2/start"]
    assert {fault.pointer for fault in outcomes[1].faults} == {"/rows/3/start", "/rows/3/organizer"}
    assert isinstance(outcomes[2], Accepted)
    assert len(world.requests.messages) == 1


class _Gauge:
    """Counts how many calls are under way, each of which takes its time."""

    def __init__(self) -> None:
        self.now = self.most = self.calls = 0
        self.patience = 10

    async def __aenter__(self) -> None:
        self.now += 1
        self.calls += 1
        self.most = max(self.most, self.now)
        for _ in range(self.patience // self.calls + 1):
            await asyncio.sleep(0)

    async def __aexit__(self, *_: object) -> None:
        self.now -= 1


class _BusyTable(InMemoryTable):
    def __init__(self, gauge: _Gauge) -> None:
        super().__init__()
        self.gauge = gauge

    @override
    async def write(self, partition: str, operations: Sequence[Operation]) -> list[str]:
        async with self.gauge:
            return await super().write(partition, operations)


class _BusyQueue(InMemoryQueue):
    gauge: _Gauge

    @override
    async def send(self, text: str, delay: timedelta = timedelta(0), life: timedelta | None = None) -> None:
        async with self.gauge:
            await super().send(text, delay, life)


def busy_world() -> tuple[World, _Gauge]:
    world, gauge = World(), _Gauge()
    world.table, world.requests = _BusyTable(gauge), _BusyQueue(world.clock)
    world.requests.gauge = gauge
    world.app = world.new_host()
    return world, gauge


async def test_a_batch_makes_a_bounded_number_of_storage_calls_at_a_time() -> None:
    """Side by side, so that a hundred do not take a hundred round trips, and never more than sixteen."""
    world, gauge = busy_world()
    gauge.patience = 100  # longer than it takes to begin sixteen, one after the other
    await accept(world, *(BatchItem(visit(number)) for number in range(100)))
    assert (gauge.calls, gauge.most) == (200, CONCURRENCY)


async def test_the_first_of_two_with_the_same_key_is_the_one_that_counts() -> None:
    """Also when the storage answers the second one sooner."""
    world, gauge = busy_world()
    gauge.patience = 100
    first, second = await accept(world, BatchItem(visit(0), "k"), BatchItem(visit(1), "k"))
    assert isinstance(first, Accepted)
    assert isinstance(second, KeyReusedError)


async def test_what_could_not_be_begun_in_time_is_said_to_be_unavailable() -> None:
    """The caller hears what was accepted before the connection is cut, and sends the rest again."""
    world, _ = busy_world()
    outcomes = await Batch(world.app.acceptance, longest_seconds=0).accept([BatchItem(CALENDAR)], Origin())
    assert [type(each) for each in outcomes] == [StorageUnavailableError]
    assert not world.requests.messages


async def test_storage_that_does_not_answer_is_each_items_outcome() -> None:
    """Nothing is raised, and nothing is said to be accepted."""
    world = World()
    world.table.broken = True
    outcomes = await accept(world, *(BatchItem(visit(number)) for number in range(3)))
    assert [type(each) for each in outcomes] == [StorageUnavailableError] * 3


async def test_callers_have_keys_of_their_own() -> None:
    """Where callers are told apart, the same key of two of them is two meetings."""
    world = World()
    [one] = await world.app.batch.accept([BatchItem(CALENDAR, "k")], Origin(Caller("one")))
    [two] = await world.app.batch.accept([BatchItem(CALENDAR, "k")], Origin(Caller("two")))
    assert not isinstance(one, Exception)
    assert not isinstance(two, Exception)
    assert one.meeting.id != two.meeting.id


async def test_faults_of_ours_are_outcomes_too() -> None:
    """One item that breaks the code does not take the answers of the others with it."""
    world = World()
    outcomes = await accept(world, BatchItem(visit(0), "k0"), BatchItem(object()), BatchItem(visit(1), "k1"))
    assert [isinstance(each, Accepted) for each in outcomes] == [True, False, True]
    assert not isinstance(outcomes[1], ConveneError)
    assert json.loads(world.requests.messages[0].text)["meeting"]
