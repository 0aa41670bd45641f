"""Innocent meetings beside guilty ones, which kill the worker, or the whole host, whenever Graph is asked about them.

    python -m tests.proofs.simulation.isolation --seeds 1000

Numbers, kinds of death, hosts and ways to ask come from the seed. Exit code 1 says that an innocent meeting did not
succeed, that a guilty one did not end as crashed, that something was made twice, or that it took too many deaths.
"""

import argparse
import asyncio
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

from local.graph.control import state
from shared.access.origin import Origin
from shared.errors import StorageUnavailableError
from tests.app_fixture import World
from tests.examples import CALENDAR, STANDALONE
from tests.proofs.simulation.checker import Evidence, Promise, check
from tests.proofs.simulation.fault_injection import Lethal
from tests.proofs.simulation.hosts import OPTIONS, Farm, Host, HostDiedError, may_be_unrecorded
from tests.proofs.simulation.loop import SimulatedClock, simulate
from tests.proofs.simulation.network import Ending, Network, NoFaults

DEATHS_FOR_EACH = 15
_WAYS_TO_DIE: tuple[tuple[Ending, ...], ...] = (
    (Ending.WORKER_CRASH_BEFORE, Ending.WORKER_CRASH_AFTER),
    (Ending.CRASH_BEFORE, Ending.CRASH_AFTER),
    (Ending.FREEZE,),
    (Ending.WORKER_CRASH_BEFORE, Ending.CRASH_AFTER, Ending.FREEZE),
)
_LONGEST = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """Who is there.

    Attributes:
        innocent: how many meetings do no harm.
        guilty: how many kill.
        endings: how.
        hosts: how many.
        arrive_within: all come in so many seconds.
    """

    innocent: int
    guilty: int = 1
    endings: tuple[Ending, ...] = _WAYS_TO_DIE[0]
    hosts: int = 1
    arrive_within: float = 0.0

    @staticmethod
    def of(seed: int) -> "Scenario":
        """Return the scenario of a seed."""
        chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
        return Scenario(
            innocent=chance.randint(1, 24),
            guilty=chance.choices([1, 2, 3], [8, 2, 1])[0],
            endings=chance.choice(_WAYS_TO_DIE),
            hosts=chance.randint(1, 3),
            arrive_within=chance.choice([0.0, 1.0, 20.0, 120.0]),
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """How it came out."""

    wrong: Sequence[str]
    deaths: int
    in_poison: int
    seconds: float


def run_scenario(scenario: Scenario, seed: int) -> Verdict:
    """Run a scenario; the same seed brings the same run."""
    return simulate(partial(_run, scenario, seed), seed)


async def _run(scenario: Scenario, seed: int) -> Verdict:
    chance = random.Random(f"scenario {seed}")  # noqa: S311 - repeatable, not secret
    world = World(clock=SimulatedClock())
    world.tenant.settings.latency_seconds = 0.1
    killers = [f"killer{number}@contoso.com" for number in range(scenario.guilty)]
    others = [f"user{number}@contoso.com" for number in range(4)]
    for name in (*killers, *others):
        world.tenant.add_user(name, name)
    lethal = Lethal(frozenset(killers), scenario.endings, seed, NoFaults())
    network = Network(lethal)
    options = replace(OPTIONS, max_polling_interval=timedelta(seconds=15))
    farm = Farm([Host(f"host{number}", world, network, options) for number in range(scenario.hosts)], seed)
    farm.start(None)
    organizers = [*killers, *(chance.choice(others) for _ in range(scenario.innocent))]
    chance.shuffle(organizers)
    requests = [_request(f"r{number}", organizer, chance) for number, organizer in enumerate(organizers)]
    await asyncio.gather(*(_ask(world, farm, request, chance, scenario.arrive_within) for request in requests))
    await _settle(world)
    promises = [_promise(request, guilty=request["organizer"] in killers) for request in requests]
    price = frozenset({"AAMkADAGu0AABIGYDaAAA="})
    wrong = list(map(str, check(Evidence(promises, state(world.tenant), world.results.events(), price, network.calls))))
    wrong += [repr(fault) for host in farm.hosts for fault in host.faults]
    wrong += _verdicts(world, killers)
    if lethal.deaths > DEATHS_FOR_EACH * scenario.guilty:
        wrong.append(f"{lethal.deaths} deaths for {scenario.guilty} guilty")
    last = max(((message.put_at - world.clock.now).total_seconds() for message in world.results.messages), default=0.0)
    return Verdict(wrong, lethal.deaths, len(world.poison.messages), last)


def _request(name: str, organizer: str, chance: random.Random) -> dict[str, Any]:
    kinds = [CALENDAR, CALENDAR | {"options": {"allowedPresenters": "organizer"}, "language": "ja"}, STANDALONE]
    return chance.choice(kinds) | {"organizer": organizer, "reference": name, "subject": name}


def _promise(request: dict[str, Any], *, guilty: bool) -> Promise:
    guests = frozenset(each["emailAddress"]["address"] for each in request.get("attendees", ()))
    kind = request.get("kind", "calendar")
    return Promise(request["reference"], request, kind=kind, guests=guests, fails=guilty)


async def _ask(world: World, farm: Farm, request: dict[str, Any], chance: random.Random, within: float) -> None:
    """Ask for a meeting over HTTP, or by a message with a key or without one."""
    path, arrival = chance.choice(["http", "keyed", "keyless"]), chance.uniform(0, within)
    await asyncio.sleep(arrival)
    key = request["reference"]
    if path != "http":
        world.requests.put(json.dumps(request | ({"idempotencyKey": key} if path == "keyed" else {})))
        return
    while True:
        try:
            await farm.ask(lambda app: app.acceptance.accept(request, Origin(key=key)))
        except (HostDiedError, StorageUnavailableError):
            await asyncio.sleep(1)
        else:
            return


def _verdicts(world: World, killers: Sequence[str]) -> list[str]:
    """Return what is wrong about who was called crashed."""
    wrong: list[str] = []
    for event in world.results.events():
        meeting = event["data"]
        assert isinstance(meeting, dict)
        code = (meeting["error"] or {}).get("code")
        if (code == "crashed") is not (meeting["organizer"] in killers):
            wrong.append(f"{meeting['reference']} of {meeting['organizer']} ended with {code}")
    return wrong


async def _settle(world: World) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + _LONGEST
    while loop.time() < end:
        await asyncio.sleep(10)
        unfinished = any(
            key.startswith(("due.", "unsent.")) for rows in world.table.partitions.values() for key in rows
        )
        if not (world.requests.messages or may_be_unrecorded(world) or unfinished):
            return


def main(arguments: Sequence[str]) -> int:
    """Run the seeds, print what was wrong and the figures, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.simulation.isolation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many runs (1000)")
    parser.add_argument("--first", type=int, default=0, help="the first seed (0)")
    given = parser.parse_args(arguments)
    innocent = guilty = deaths = in_poison = wrong = 0
    longest, most = 0.0, 0.0
    for seed in range(given.first, given.first + given.seeds):
        scenario = Scenario.of(seed)
        verdict = run_scenario(scenario, seed)
        innocent, guilty = innocent + scenario.innocent, guilty + scenario.guilty
        deaths, in_poison = deaths + verdict.deaths, in_poison + verdict.in_poison
        most, longest = max(most, verdict.deaths / scenario.guilty), max(longest, verdict.seconds)
        for each in verdict.wrong:
            wrong += 1
            print(f"seed {seed}: {each}")  # noqa: T201 - a command
    print(  # noqa: T201
        f"{given.seeds} runs: {innocent} innocent and {guilty} guilty meetings, {deaths} deaths, at most {most:g} for "
        f"each of the guilty, {in_poison} messages set aside, the last end after {longest / 60:.0f} minutes at the "
        f"latest, {wrong} wrong"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
