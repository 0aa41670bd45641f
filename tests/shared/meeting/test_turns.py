"""Turns: who comes next in a pool that rotates."""

from datetime import timedelta

import pytest

from shared.errors import ConflictError
from shared.meeting.turns import Turns
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
