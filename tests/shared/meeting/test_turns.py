"""Turns: who comes next in a pool that rotates."""

from datetime import timedelta

import pytest

from shared.errors import ConflictError
from shared.meeting.turns import REMEMBERED, Turns
from tests.examples import NOW
from tests.fakes import InMemoryTable

POOL = ["a@contoso.com", "b@contoso.com", "c@contoso.com"]


async def test_who_follows_the_last_comes_first() -> None:
    """In the order given, whatever the order in which the pool was named before."""
    turns = Turns(InMemoryTable())
    known = await turns.read(POOL)
    assert known.order(POOL, "one") == POOL
    await turns.take(POOL, known, "one", "B@contoso.com", NOW)
    known = await turns.read(POOL[::-1])
    assert known.order(POOL, "two") == ["c@contoso.com", "a@contoso.com", "b@contoso.com"]


async def test_a_meeting_has_one_turn() -> None:
    """An attempt that comes again gets whom the first had, and takes nobody's turn."""
    turns = Turns(InMemoryTable())
    await turns.take(POOL, await turns.read(POOL), "one", POOL[0], NOW)
    await turns.take(POOL, await turns.read(POOL), "two", POOL[1], NOW)
    known = await turns.read(POOL)
    assert known.order(POOL, "one")[0] == POOL[0]
    await turns.take(POOL, known, "one", POOL[0], NOW)
    assert (await turns.read(POOL)).order(POOL, "three")[0] == POOL[2]


async def test_a_meeting_that_comes_again_late_has_the_turn_it_had() -> None:
    """After 60 other meetings too: who comes next stays, so each has as many."""
    turns = Turns(InMemoryTable())
    await turns.take(POOL, await turns.read(POOL), "one", POOL[0], NOW)
    for number in range(60):
        known = await turns.read(POOL)
        await turns.take(POOL, known, f"other-{number}", known.order(POOL, f"other-{number}")[0], NOW)
    known = await turns.read(POOL)
    following = known.order(POOL, "new")[0]
    assert known.order(POOL, "one")[0] == POOL[0]
    await turns.take(POOL, known, "one", POOL[0], NOW)
    assert (await turns.read(POOL)).order(POOL, "new")[0] == following


async def test_the_row_of_a_busy_pool_stays_small_enough() -> None:
    """More meetings than are remembered: the row is full then, and a property holds 64 KiB, two bytes a character."""
    table = InMemoryTable()
    turns = Turns(table)
    for number in range(REMEMBERED + 10):
        known = await turns.read(POOL)
        await turns.take(POOL, known, f"{number:036}", POOL[number % len(POOL)], NOW)
    [row] = table.partitions["turn"].values()
    assert len((await turns.read(POOL)).taken) == REMEMBERED
    assert max(2 * len(str(value)) for value in row.values.values()) <= 60 * 1024


async def test_of_two_at_once_one_has_to_look_again() -> None:
    """So two meetings never have the same turn."""
    turns = Turns(InMemoryTable())
    for meeting in ("one", "two"):
        known = await turns.read(POOL)
        await turns.take(POOL, known, meeting, POOL[0], NOW)
        with pytest.raises(ConflictError):
            await turns.take(POOL, known, "three", POOL[0], NOW)


async def test_turns_end() -> None:
    """Of a pool that nobody has used for 90 days nothing is left; one in use stays."""
    table = InMemoryTable()
    turns = Turns(table)
    await turns.take(POOL, await turns.read(POOL), "one", POOL[0], NOW)
    await turns.forget_past(NOW + timedelta(days=89))
    assert table.partitions["turn"]
    await turns.forget_past(NOW + timedelta(days=91))
    assert not table.partitions["turn"]
