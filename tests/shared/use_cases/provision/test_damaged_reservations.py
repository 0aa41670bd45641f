"""Damaged rows of reservations and of turns keep nobody's meeting from being made."""

import logging
from typing import Any

import pytest

from shared.meeting import Meeting, Status
from shared.storage import Row
from tests.app_fixture import World
from tests.shared.use_cases.provision.test_organizer_pools import NURSES, pooled

_TIMES = '"2027-01-20T09:00:00+00:00", "2027-01-20T10:00:00+00:00"'
TEXTS = {
    "no JSON": "nonsense",
    "half of it": '[["5d7a2c43", 1, "2027-',
    "empty": "",
    "null": "null",
    "an object": "{}",
    "deep nesting": "[" * 15_000,
    "a line too short": '[["5d7a2c43", 1]]',
    "another type in a line": f"[[{{}}, 1, {_TIMES}]]",
    "no meeting's id": f'[["", 1, {_TIMES}]]',
    "an id that is no key": f'[["a/b?c#d", 1, {_TIMES}]]',
    "an endless attempt": f'[["5d7a2c43", 1e999, {_TIMES}]]',
    "times without a zone": '[["5d7a2c43", 1, "2027-01-20T09:00:00", "2027-01-20T10:00:00"]]',
    "an end before the start": '[["5d7a2c43", 1, "2027-01-20T10:00:00Z", "2027-01-20T09:00:00Z"]]',
    "all of time": '[["5d7a2c43", 1, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]]',
    "a meeting that there is not": f'[["5d7a2c43", 1, {_TIMES}]]',
}
VALUES: dict[str, Any] = {**TEXTS, "a number": 5, "bytes": b"[]", "a double": 0.5, "a Boolean": True}


async def made(world: World, *requests: dict[str, Any]) -> list[Meeting]:
    meetings = [await world.accept(request) for request in requests]
    await world.settle()
    return [await world.ledger.read(meeting.id) for meeting in meetings]


def damage(world: World, prefix: str, member: str, value: Any) -> int:
    """Damage a member of every row in the partitions that begin so, and return how many there are."""
    count = 0
    for name, rows in world.mailboxes_table.partitions.items():
        for key, row in list(rows.items()) if name.startswith(prefix) else ():
            values = {name: each for name, each in row.values.items() if name != member}
            rows[key] = Row(key, values if value is None else values | {member: value}, row.etag)
            count += 1
    return count


@pytest.fixture
def world(caplog: pytest.LogCaptureFixture) -> World:
    caplog.set_level(logging.ERROR)
    world = World()
    for nurse in NURSES:
        world.tenant.add_user(nurse, nurse)
    return world


@pytest.mark.parametrize("value", [*VALUES.values(), None], ids=[*VALUES, "missing"])
async def test_a_damaged_reservation_stops_nobody(
    world: World, value: object, caplog: pytest.LogCaptureFixture
) -> None:
    """The calendar shows what is made: two nurses have two meetings, and a third one is told that nobody is free."""
    [first] = await made(world, pooled(NURSES[:2], "first"))
    assert damage(world, "reserved", "entries", value) == 1
    second, third, later = await made(world, *[pooled(NURSES[:2], "first")] * 2, pooled(NURSES[:2], "first", hour=11))
    assert [first.organizer, second.organizer, later.organizer] == [NURSES[0], NURSES[1], NURSES[0]]
    assert third.error
    assert third.error.code == "nobodyFree"
    await world.app.upkeep.run()
    await world.app.changes.cancel(first.id, None)
    await world.settle()
    assert (await world.ledger.read(first.id)).status is Status.CANCELLED
    [again] = await made(world, pooled(NURSES[:2], "first"))
    assert again.organizer == NURSES[0]
    assert ("reservations.unreadable" in caplog.text) is (value != TEXTS["a meeting that there is not"])


async def test_a_damaged_key_stops_nobody(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """It says no day; the others are read."""
    [first] = await made(world, pooled(NURSES[:2], "first"))
    for name, rows in world.mailboxes_table.partitions.items():
        if name.startswith("reserved"):
            [key] = rows
            rows[f"{key}-"] = Row(f"{key}-", dict(rows[key].values), rows[key].etag)
    [second] = await made(world, pooled(NURSES[:2], "first"))
    assert [first.organizer, second.organizer] == NURSES[:2]
    assert "reservations.unreadable" in caplog.text


@pytest.mark.parametrize("member", ["last", "taken", "at"])
@pytest.mark.parametrize("value", [*VALUES.values(), None], ids=[*VALUES, "missing"])
async def test_a_damaged_turn_stops_nobody(world: World, value: object, member: str) -> None:
    """Somebody begins."""
    [first] = await made(world, pooled(NURSES[:3], "rotate"))
    assert damage(world, "turn", member, value) == 1
    second, third = await made(world, *(pooled(NURSES[:3], "rotate", hour=hour) for hour in (11, 13)))
    assert {first.organizer, second.organizer, third.organizer} <= set(NURSES[:3])
    assert second.organizer != third.organizer
    await world.app.upkeep.run()
