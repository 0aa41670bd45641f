"""The watch under bad luck: people act in Outlook for hours while hosts die, Graph throttles and sinks are away.

    python -m tests.proofs.simulation.watch --meetings 1000 --seed 1

The same figures come again from the same seed and size. Exit code 1 says that promise 7 was broken.
"""

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from rich.console import Console
from rich.table import Table

from shared.access.origin import Origin
from shared.bootstrap import App
from shared.errors import ConveneError, StorageUnavailableError
from tests.proofs.simulation.attendance_checker import check_attendance
from tests.proofs.simulation.checker import check_calls
from tests.proofs.simulation.fault_injection import FaultRates, RandomFaults
from tests.proofs.simulation.hosts import OPTIONS, Farm, Host, HostDiedError
from tests.proofs.simulation.loop import SimulatedClock, simulate
from tests.proofs.simulation.participants import Participants
from tests.proofs.simulation.people import People
from tests.proofs.simulation.run import BAD, add_organizers
from tests.proofs.simulation.violation import Violation
from tests.proofs.simulation.watch_checker import check_watch
from tests.proofs.simulation.watched_world import RESULTS, WatchedWorld

_HOUR = 3600.0
_MEETINGS_PER_ORGANIZER = 10
# After the last deed: a meeting that is days away is looked at every six hours, and hosts may be slow.
_SETTLING = timedelta(hours=7, minutes=30)
_FAR_AWAY = 0.15
_CALLER_CHANGES = 0.4
_SHOWN = 20
_CRASHES = 0.03
# In a row, of a meeting that is due: a look is tried three times in a run, the host may die in it, and nobody looks
# at a meeting while an attempt to change it is under way.
_RUNS_THAT_MAY_FAIL = 3


@dataclass(frozen=True, slots=True)
class WatchPlan:
    """What is to be run.

    Attributes:
        hours: for how long people act.
        pause: between what the people of one meeting do, in seconds on average.
        mean_life: of a host, in seconds.
        watch_seconds: between the timer's runs.
    """

    meetings: int
    hosts: int = 3
    hours: float = 12.0
    pause: float = _HOUR
    mean_life: float | None = 600.0
    watch_seconds: float = 300.0
    fault_rates: FaultRates = BAD


@dataclass(frozen=True, slots=True)
class WatchReport:
    """What came of it.

    Attributes:
        violations: of promise 7, and of promise 5 about Retry-After.
        deeds: what people did.
        published: the events, each once.
        repeated: how many were sent again.
        looks: how many observations were written down.
        reports: how many attendance reports the tenant has.
    """

    violations: Sequence[Violation]
    faults: Sequence[str]
    deeds: Counter[str]
    published: Counter[str]
    repeated: int
    looks: int
    reports: int
    ends: Counter[str]
    graph_calls: int
    throttled: int
    crashes: int
    endings: Counter[str]
    digest: str
    seconds: float


def run_watch(plan: WatchPlan, seed: int) -> WatchReport:
    """Run a plan; the same seed brings the same run."""
    return simulate(partial(_run, plan, seed), seed)


@dataclass(slots=True)
class _Caller:
    """Asks for one meeting, then perhaps changes what people in Outlook have nothing to do with."""

    name: str
    world: WatchedWorld
    farm: Farm
    request: dict[str, Any]
    chance: random.Random
    meeting_id: str = ""

    async def run(self, arrival: float, seconds: float) -> None:
        """Do all that this caller does within so many seconds."""
        await asyncio.sleep(arrival)
        accepted = await self._insist(lambda app: app.acceptance.accept(dict(self.request), Origin(key=self.name)))
        self.meeting_id = accepted.meeting.id
        while self.chance.random() < _CALLER_CHANGES:
            await asyncio.sleep(self.chance.uniform(0, seconds / 2))
            if asyncio.get_running_loop().time() > seconds or self._is_nearly_over():
                return
            await self._change()

    def _is_nearly_over(self) -> bool:
        """Return whether a change might come after the end, when nobody looks any more."""
        found = self.world.find(self.name)
        return found is not None and found[1].end.moment.second < self.world.clock() + timedelta(hours=1)

    async def _change(self) -> None:
        match self.chance.choice(("body", "add", "refresh")):
            case "body":
                content = f"<p>Text {self.chance.randrange(1000)}.</p>"
                await self._patch({"body": {"contentType": "html", "content": content}})
            case "add":
                guest = {"emailAddress": {"address": f"{self.name}.{self.chance.randrange(10**6)}@fabrikam.com"}}
                await self._insist(lambda app: app.changes.add_attendee(self.meeting_id, guest))
                self.request["attendees"] = [*self.request["attendees"], guest]
            case _:
                with suppress(HostDiedError, ConveneError):
                    await self.farm.ask(lambda app: app.refreshing.refresh(self.meeting_id))

    async def _patch(self, patch: dict[str, Any]) -> None:
        await self._insist(lambda app: app.changes.patch(self.meeting_id, patch))
        self.request |= patch

    async def _insist[T](self, work: Callable[[App], Awaitable[T]]) -> T:
        while True:
            try:
                return await self.farm.ask(work)
            except (HostDiedError, StorageUnavailableError):
                await asyncio.sleep(self.chance.uniform(0.5, 5))


async def _run(plan: WatchPlan, seed: int) -> WatchReport:
    begun, clock = time.perf_counter(), SimulatedClock()

    def chance_of(name: str) -> random.Random:
        return random.Random(f"{seed} {name}")  # noqa: S311 - repeatable, not secret

    chance = chance_of("requests")
    seconds = plan.hours * _HOUR
    away = {"queue": (seconds * 0.2, seconds * 0.35), "topic": (seconds * 0.5, seconds * 0.75)}
    outages = {f"send {RESULTS}": [away["queue"]], "send topic": [away["topic"]]}
    # A run's calls grow with the meetings: as many runs die, whatever their number.
    rates = replace(plan.fault_rates, crashes=_CRASHES / plan.meetings, sink_outages=outages)
    injector = RandomFaults(rates, seed, clock)
    world = WatchedWorld(injector, seed, clock)
    network = world.network
    organizers = add_organizers(world, max(5, plan.meetings // _MEETINGS_PER_ORGANIZER))
    options = replace(OPTIONS, max_polling_interval=timedelta(seconds=60))
    farm = Farm([Host(f"host{number}", world, network, options) for number in range(plan.hosts)], seed)
    names = [f"r{number}" for number in range(plan.meetings)]
    callers = [
        _Caller(name, world, farm, _request(name, chance, organizers, clock(), plan.hours), chance_of(name))
        for name in names
    ]
    people = [People(name, world, world.timeline, timedelta(hours=plan.hours), seed) for name in names]
    ended_at = clock() + timedelta(seconds=seconds) + _SETTLING
    for name in names:
        asyncio.create_task(Participants(name, world, ended_at, seed).attend())  # noqa: RUF006 - the loop keeps it
    farm.start(plan.mean_life, watch_seconds=plan.watch_seconds)
    await asyncio.gather(
        *(caller.run(600 * number / plan.meetings, seconds) for number, caller in enumerate(callers)),
        *(each.act(world.find, plan.pause) for each in people),
    )
    injector.stop_faults()
    farm.spare()
    await asyncio.sleep(max(0, seconds - asyncio.get_running_loop().time()) + _SETTLING.total_seconds())
    watched = await world.watched(
        (each.name, caller.meeting_id, caller.request, each.wishes)
        for caller, each in zip(callers, people, strict=True)
    )
    outages_of_sinks = {
        sink: [(clock.now + timedelta(seconds=begin), clock.now + timedelta(seconds=end))]
        for sink, (begin, end) in away.items()
    }
    slack = _RUNS_THAT_MAY_FAIL * timedelta(seconds=plan.watch_seconds)
    return WatchReport(
        violations=[
            *check_watch(watched, clock(), outages_of_sinks, slack),
            *check_attendance(watched, clock(), slack),
            *check_calls(network.calls, world.settings.graph_calls_per_mailbox),
        ],
        faults=[repr(fault) for fault in (*(fault for host in farm.hosts for fault in host.faults), *farm.faults)],
        deeds=sum((each.deeds for each in people), Counter[str]()),
        published=Counter(event["type"] for event in {event["id"]: event for event in world.topic.events()}.values()),
        repeated=len(world.topic.events()) - len({event["id"] for event in world.topic.events()}),
        looks=sum(len(meeting.kept) for meeting in watched),
        reports=sum(len(meeting.reports) for meeting in watched),
        ends=Counter(meeting.shown["status"] for meeting in watched),
        graph_calls=len(network.calls),
        throttled=sum(call.closed_until is not None for call in network.calls),
        crashes=farm.crashes + farm.worker_deaths,
        endings=network.endings,
        digest=network.digest,
        seconds=time.perf_counter() - begun,
    )


def _request(
    name: str, chance: random.Random, organizers: Sequence[str], now: datetime, hours: float
) -> dict[str, Any]:
    """Return a request for a meeting that begins while people act, or in some days."""
    ahead = chance.uniform(48, 120) if chance.random() < _FAR_AWAY else chance.uniform(1, hours)
    start = (now + timedelta(hours=ahead)).replace(second=0, microsecond=0)
    return {
        "organizer": chance.choice(organizers),
        "reference": name,
        "subject": name,
        "start": {"dateTime": start.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"},
        "end": {"dateTime": (start + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"},
        "attendees": [{"emailAddress": {"address": f"{name}.{number}@fabrikam.com"}} for number in range(2)],
    }


def main(arguments: Sequence[str]) -> int:
    """Run it, print a table, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.proofs.simulation.watch", description="Watch meetings under simulated bad luck."
    )
    parser.add_argument("--meetings", type=int, default=1000, help="how many (1000)")
    parser.add_argument("--hours", type=float, default=12.0, help="for how long people act (12)")
    parser.add_argument("--seed", type=int, help="of all chance; a new one without it")
    given = parser.parse_args(arguments)
    seed = random.SystemRandom().randrange(10**9) if given.seed is None else given.seed
    report = run_watch(WatchPlan(meetings=given.meetings, hours=given.hours), seed)
    console = Console()
    console.print(_table(seed, report))
    problems = [*map(str, report.violations), *report.faults]
    for problem in problems[:_SHOWN]:
        console.print(problem, style="red", markup=False)
    return 1 if problems else 0


def _table(seed: int, report: WatchReport) -> Table:
    table = Table("figure", "value", title=f"seed {seed}")
    table.columns[1].justify = "right"
    figures: dict[str, object] = {
        "broken promises": len(report.violations),
        "failures without a name": len(report.faults),
        "what people did": report.deeds.total(),
        **dict(sorted(report.deeds.items())),
        "observations": report.looks,
        "attendance reports": report.reports,
        **dict(sorted(report.published.items())),
        "events sent again": report.repeated,
        **{f"ended {name}": count for name, count in sorted(report.ends.items())},
        "deaths of hosts and workers": report.crashes,
        "calls to Graph": report.graph_calls,
        "answers with a Retry-After": report.throttled,
        **dict(sorted(report.endings.items())),
        "seconds": f"{report.seconds:.1f}",
        "digest": report.digest[:16],
    }
    for name, value in figures.items():
        table.add_row(name, str(value))
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
