"""Pools while hosts die and Graph throttles: nobody is had twice, and nobody is left out while somebody is free.

    python -m tests.proofs.simulation.pools --requests 2000 --seed 1

The same figures come again from the same seed and size. Exit code 1 says that promise 9 was broken. Of ten requests,
eight compete: for pools of 2 to 20 of the same organizers, half of them for a room too, at times that overlap. One
rotates in a pool of its own, and one takes the least busy of another, each at a time of its own: there the shares show.
"""

import argparse
import asyncio
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from time import process_time
from typing import Any

from local.graph.records import Event, Room
from shared.access.callers import Caller
from shared.access.origin import Origin
from shared.bootstrap import App
from shared.errors import StorageUnavailableError
from shared.meeting import Meeting, Status
from tests.app_fixture import World
from tests.examples import CALENDAR
from tests.proofs.simulation.fault_injection import FaultRates, RandomFaults
from tests.proofs.simulation.hosts import OPTIONS, Farm, Host, HostDiedError, may_be_unrecorded
from tests.proofs.simulation.loop import SimulatedClock, simulate
from tests.proofs.simulation.network import Network
from tests.proofs.simulation.run import BAD, WORST

SUBJECT = "Pooled"
_ROTA = tuple(f"Rota{number}@contoso.com" for number in range(5))
_TEAM = tuple(f"Team{number}@contoso.com" for number in range(7))
_STRATEGIES = ("leastBusy", "first", "rotate")
_MIDNIGHT = datetime(2027, 1, 20, tzinfo=UTC)
_HALF_AN_HOUR = timedelta(minutes=30)
_TURNS_A_DAY = 40
_LARGEST_POOL = 20
_MEAN_LIFE = 90.0
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be run: so many requests, for organizers and rooms that are too few for all of them."""

    requests: int
    hosts: int = 2
    fault_rates: FaultRates = WORST

    @property
    def organizers(self) -> tuple[str, ...]:
        """Those whom requests compete for."""
        return tuple(f"Nurse{number}@contoso.com" for number in range(min(40, max(6, self.requests // 10))))

    @property
    def rooms(self) -> tuple[str, ...]:
        """The rooms."""
        return tuple(f"Room{number}@contoso.com" for number in range(max(4, len(self.organizers) // 3)))

    def request(self, number: int) -> dict[str, Any]:
        """Return one of the requests."""
        turn, kind = divmod(number, 10)
        if kind >= 8:
            start = _MIDNIGHT + timedelta(days=turn // _TURNS_A_DAY) + _HALF_AN_HOUR * (turn % _TURNS_A_DAY)
            candidates, strategy = (_ROTA, "rotate") if kind == 8 else (_TEAM, "leastBusy")
            return _request(start, candidates, strategy)
        start = _MIDNIGHT + timedelta(days=number % max(1, self.requests // 200), hours=9)
        start += timedelta(minutes=15 * (number * 5 % 9))
        nurses = _some(self.organizers, number * 3, 2 + number * 7 % 19)
        rooms = _some(self.rooms, number, 1 + number % 6) if number % 2 else ()
        return _request(start, nurses[:_LARGEST_POOL], _STRATEGIES[number % 3], rooms)


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it.

    Attributes:
        violations: of promise 9.
        faults: what the app raised and had no name for.
        endings: how many meetings ended how.
        crashes: how many hosts died.
        simulated_seconds: how long it took in simulated time.
    """

    violations: Sequence[str]
    faults: Sequence[str]
    endings: Counter[str]
    crashes: int
    simulated_seconds: float


def run(plan: Plan, seed: int) -> Report:
    """Run a plan; the same seed has the same report."""
    return simulate(partial(_run, plan, seed), seed)


def _some(names: Sequence[str], first: int, count: int) -> list[str]:
    return [names[(first + number) % len(names)] for number in range(min(count, len(names)))]


def _request(start: datetime, candidates: Sequence[str], strategy: str, rooms: Sequence[str] = ()) -> dict[str, Any]:
    times = {
        name: {"dateTime": moment.replace(tzinfo=None).isoformat(), "timeZone": "UTC"}
        for name, moment in (("start", start), ("end", start + _HALF_AN_HOUR))
    }
    base = {name: value for name, value in CALENDAR.items() if name not in {"organizer", "attendees"}}
    pool = {"organizerPool": {"candidates": [*candidates], "strategy": strategy}}
    room_pool = {"roomPool": {"candidates": [*rooms]}} if rooms else {}
    return base | times | pool | room_pool | {"subject": SUBJECT}


async def _run(plan: Plan, seed: int) -> Report:
    clock = SimulatedClock()
    world = World(clock=clock)
    for name in (*plan.organizers, *_ROTA, *_TEAM):
        world.tenant.add_user(name, name)
    for name in plan.rooms:
        world.tenant.add_user(name, name, room=Room())
    injector, began = RandomFaults(plan.fault_rates, seed, clock), clock()
    options = replace(OPTIONS, max_polling_interval=timedelta(seconds=30))
    hosts = [Host(f"host{number}", world, Network(injector), options) for number in range(plan.hosts)]
    farm = Farm(hosts, seed)
    farm.start(_MEAN_LIFE)
    ids = await asyncio.gather(*(_ask(farm, number, plan.request(number)) for number in range(plan.requests)))
    injector.stop_faults()
    farm.spare()
    while True:
        await asyncio.sleep(10)
        if not _unfinished(world):
            break
    meetings = [await world.ledger.read(meeting_id) for meeting_id in ids]
    faults = [repr(fault) for fault in (*farm.faults, *(each for host in hosts for each in host.faults))]
    return Report(
        violations=[*violations(meetings), *unlike_the_tenant(meetings, world), *unfair_shares(meetings)],
        faults=faults,
        endings=Counter(meeting.error.code if meeting.error else str(meeting.status) for meeting in meetings),
        crashes=farm.crashes,
        simulated_seconds=(clock() - began).total_seconds(),
    )


async def _ask(farm: Farm, number: int, request: dict[str, Any]) -> str:
    async def accept(app: App) -> Meeting:
        return (await app.acceptance.accept(request, Origin(Caller("caller"), f"key-{number}"))).meeting

    await asyncio.sleep(number * 0.3)
    while True:
        try:
            return (await farm.ask(accept)).id
        except (HostDiedError, StorageUnavailableError):
            await asyncio.sleep(1)


def _unfinished(world: World) -> bool:
    due = any(key.startswith(("due.", "unsent.")) for rows in world.table.partitions.values() for key in rows)
    return bool(due or world.requests.messages or may_be_unrecorded(world))


def violations(meetings: Sequence[Meeting]) -> list[str]:
    """Return who was had twice, and who was left out while somebody was free, by what the records say in the end."""
    wrong = [f"{each.id} ended {each.status}: {each.error}" for each in meetings if not each.finished]
    had = _had(meetings)
    for name, theirs in had.items():
        ordered = sorted(theirs, key=_times)
        for one, other in pairwise(ordered):
            if _overlap(one, other):
                wrong.append(f"{name} is had by {one.id} and {other.id} at once")
    for meeting in meetings:
        code, request = meeting.error.code if meeting.error else None, meeting.request or {}
        pool = {"nobodyFree": "organizerPool", "noRoomFree": "roomPool"}.get(code or "")
        if pool is None:
            wrong += [f"{meeting.id} failed with {code}"] if code else []
            continue
        for name in request[pool]["candidates"]:
            if not any(_overlap(meeting, each) for each in had[name]):
                wrong.append(f"{meeting.id} was left out ({code}), and {name} is free")
    return wrong


def _had(meetings: Sequence[Meeting]) -> defaultdict[str, list[Meeting]]:
    """Return the meetings that were made, by each organizer and room that was chosen."""
    had = defaultdict[str, list[Meeting]](list)
    for meeting in meetings:
        if meeting.status is Status.SUCCEEDED:
            had[meeting.organizer or ""].append(meeting)
            if meeting.room:
                had[meeting.room.mailbox].append(meeting)
    return had


def unlike_the_tenant(meetings: Sequence[Meeting], world: World) -> list[str]:
    """Return what the tenant has otherwise than the records say: whose event it is, when, and in which room."""
    recorded = {
        (each.outcome.event_id, each.organizer, *_times(each), each.room.mailbox if each.room else None)
        for each in meetings
        if each.status is Status.SUCCEEDED
    }
    present = {
        (
            event.immutable_id,
            event.organizer.user_principal_name,
            *(time.moment.second.replace(tzinfo=None).isoformat() for time in (event.start, event.end)),
            next((each["emailAddress"]["address"] for each in event.properties["attendees"]), None),
        )
        for event in _events(world)
    }
    return [f"not as recorded: {each}" for each in sorted(map(str, recorded ^ present))]


def _events(world: World) -> Iterator[Event]:
    for mailbox in world.tenant.mailboxes.values():
        for event in mailbox.events.values():
            if event.properties["subject"] == SUBJECT and not (event.deleted or event.cancelled):
                yield event


def unfair_shares(meetings: Sequence[Meeting]) -> list[str]:
    """Return the pools in which one has two meetings more than another: of the rota in all, of the team on one day."""
    shares: dict[str, Counter[str]] = {}
    for meeting in meetings:
        candidates = tuple((meeting.request or {})["organizerPool"]["candidates"])
        if candidates in {_ROTA, _TEAM}:
            day = _times(meeting)[0][:10] if candidates == _TEAM else "all days"
            shares.setdefault(f"{candidates[0]} ... on {day}", Counter(dict.fromkeys(candidates, 0)))[
                meeting.organizer or ""
            ] += 1
    return [
        f"unfair: {name} {dict(counts)}"
        for name, counts in shares.items()
        if max(counts.values()) - min(counts.values()) > 1
    ]


def _times(meeting: Meeting) -> tuple[str, str]:
    request = meeting.request or {}
    return request["start"]["dateTime"], request["end"]["dateTime"]


def _overlap(one: Meeting, other: Meeting) -> bool:
    (start, end), (begin, finish) = _times(one), _times(other)
    return start < finish and begin < end


def main(arguments: Sequence[str]) -> int:
    """Run it, print the figures, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.proofs.simulation.pools", description="Choose from pools under simulated bad luck."
    )
    parser.add_argument("--requests", type=int, default=2000, help="meetings of a pool (2000)")
    parser.add_argument("--hosts", type=int, default=3, help="machines that run the app (3)")
    parser.add_argument("--seed", type=int, default=1, help="of all chance (1)")
    given = parser.parse_args(arguments)
    began = process_time()
    report = run(Plan(given.requests, given.hosts, BAD), given.seed)
    problems = [*report.violations, *report.faults]
    figures = {
        "seed": given.seed,
        "broken promises": len(report.violations),
        "failures without a name": len(report.faults),
        "host crashes": report.crashes,
        **dict(sorted(report.endings.items())),
        "simulated minutes": round(report.simulated_seconds / 60, 1),
        "seconds of processor": round(process_time() - began),
    }
    sys.stdout.writelines(f"{name}: {value}\n" for name, value in figures.items())
    sys.stdout.writelines(f"{problem}\n" for problem in problems[:_SHOWN])
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
