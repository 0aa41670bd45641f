"""Pools while hosts die and Graph throttles: nobody is had twice, and nobody is left out while somebody is free."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from local.graph.records import Room
from shared.access.callers import Caller
from shared.access.origin import Origin
from shared.bootstrap import App
from shared.errors import StorageUnavailableError
from shared.meeting import Meeting, Status
from tests.app_fixture import World
from tests.examples import CALENDAR
from tests.proofs.simulation.fault_injection import RandomFaults
from tests.proofs.simulation.hosts import OPTIONS, Farm, Host, HostDiedError, may_be_unrecorded
from tests.proofs.simulation.loop import SimulatedClock, simulate
from tests.proofs.simulation.network import Network
from tests.proofs.simulation.run import WORST

NURSES = [f"Nurse{number}@contoso.com" for number in range(6)]
ROOMS = [f"Room{number}@contoso.com" for number in range(4)]
_STRATEGIES = ("leastBusy", "first", "rotate")


def _request(number: int) -> dict[str, Any]:
    """Return a request for one of a few half hours that overlap, of a pool that overlaps with others."""
    start = datetime(2027, 1, 20, 9, tzinfo=UTC) + timedelta(minutes=15 * (number % 5))
    times = {
        name: {"dateTime": moment.replace(tzinfo=None).isoformat(), "timeZone": "UTC"}
        for name, moment in (("start", start), ("end", start + timedelta(minutes=30)))
    }
    nurses = [NURSES[(number + each) % len(NURSES)] for each in range(2 + number % 4)]
    pool: dict[str, Any] = {"organizerPool": {"candidates": nurses, "strategy": _STRATEGIES[number % 3]}}
    if number % 2:
        pool["roomPool"] = {"candidates": [ROOMS[(number + each) % len(ROOMS)] for each in range(1 + number % 3)]}
    return {name: value for name, value in CALENDAR.items() if name not in {"organizer", "attendees"}} | times | pool


async def _ask(farm: Farm, number: int) -> str:
    async def accept(app: App) -> Meeting:
        origin = Origin(Caller("caller"), f"key-{number}")
        return (await app.acceptance.accept(_request(number), origin)).meeting

    await asyncio.sleep(number * 0.3)
    while True:
        try:
            return (await farm.ask(accept)).id
        except (HostDiedError, StorageUnavailableError):
            await asyncio.sleep(1)


async def _run(requests: int, seed: int) -> list[Meeting]:
    clock = SimulatedClock()
    world = World(clock=clock)
    for name in NURSES:
        world.tenant.add_user(name, name)
    for name in ROOMS:
        world.tenant.add_user(name, name, room=Room())
    injector = RandomFaults(WORST, seed, clock)
    options = replace(OPTIONS, max_polling_interval=timedelta(seconds=30))
    farm = Farm([Host(f"host{number}", world, Network(injector), options) for number in range(2)], seed)
    farm.start(90.0)
    ids = await asyncio.gather(*(_ask(farm, number) for number in range(requests)))
    injector.stop_faults()
    farm.spare()
    while True:
        await asyncio.sleep(10)
        unfinished = any(
            key.startswith(("due.", "unsent.")) for rows in world.table.partitions.values() for key in rows
        )
        if not (world.requests.messages or may_be_unrecorded(world) or unfinished):
            break
    return [await world.ledger.read(meeting_id) for meeting_id in ids]


def _times(meeting: Meeting) -> tuple[str, str]:
    request = meeting.request or {}
    return request["start"]["dateTime"], request["end"]["dateTime"]


def _overlap(one: Meeting, other: Meeting) -> bool:
    (start, end), (begin, finish) = _times(one), _times(other)
    return start < finish and begin < end


def violations(meetings: Sequence[Meeting]) -> list[str]:
    """Return where a promise about pools is broken."""
    wrong = [f"{meeting.id} ended {meeting.status}: {meeting.error}" for meeting in meetings if not meeting.finished]
    made = [meeting for meeting in meetings if meeting.status is Status.SUCCEEDED]
    for place, one in enumerate(made):
        for other in made[place + 1 :]:
            if _overlap(one, other):
                if one.organizer == other.organizer:
                    wrong.append(f"{one.organizer} organizes {one.id} and {other.id} at once")
                if one.room and other.room and one.room.mailbox == other.room.mailbox:
                    wrong.append(f"{one.room.mailbox} is had by {one.id} and {other.id} at once")
    for meeting in meetings:
        code = meeting.error.code if meeting.error else None
        beside = [each for each in made if _overlap(meeting, each)]
        request = meeting.request or {}
        if code == "nobodyFree":
            left = set(request["organizerPool"]["candidates"]) - {each.organizer for each in beside}
        elif code == "noRoomFree":
            left = set(request["roomPool"]["candidates"]) - {each.room.mailbox for each in beside if each.room}
        else:
            left = {f"{code}"} if code else set[str]()
        wrong += [f"{meeting.id} was left out ({code}), and {each} is free" for each in sorted(left)]
    return wrong


@pytest.mark.parametrize("seed", range(3))
def test_nobody_is_had_twice_or_left_out(seed: int) -> None:
    """Hosts die, Graph throttles, storage and Graph lose answers; afterwards the ledger is compared with the pools."""
    meetings = simulate(partial(_run, 24, seed), seed)
    assert violations(meetings) == []
    assert {meeting.status for meeting in meetings} == {Status.SUCCEEDED, Status.FAILED}
