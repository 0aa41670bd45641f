"""One run: hosts, clients and faults from one seed, until every promise has had its time; then the checker looks."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from local.graph.control import state
from tests.app_fixture import World
from tests.proofs.simulation.checker import Evidence, check
from tests.proofs.simulation.clients import Client
from tests.proofs.simulation.fault_injection import FaultRates, RandomFaults
from tests.proofs.simulation.hosts import OPTIONS, Farm, Host, may_be_unrecorded
from tests.proofs.simulation.loop import SimulatedClock, simulate
from tests.proofs.simulation.network import Network
from tests.proofs.simulation.violation import Violation
from tests.tenants import set_switches

# What the project's promises are measured under.
BAD = FaultRates(
    throttled=0.10,
    unavailable=0.05,
    graph_lost=0.03,
    graph_reset=0.02,
    storage_fails=0.002,  # what is left after the SDK's own three retries
    storage_lost=0.002,
    storage_repeated=0.01,
    slow=0.004,
)
ORGANIZERS = tuple(f"{name}@contoso.com" for name in ("AlexW", "AdeleV", "MeganB", "LidiaH", "NestorW"))
_LONGEST_SETTLING = 6 * 3600.0
# The part of the requests that the long runs of the tests have.
SHARE = float(os.environ.get("SIMULATED_SHARE", "0.4"))


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be run.

    Attributes:
        requests: how many clients, each with a meeting of its own.
        hosts: how many.
        arrive_within: the clients come in so many seconds.
        mean_life: of a host, in seconds; None if only `fault_rates` kills it.
        organizers: how many; the clients share them.
        longest_poll: of the hosts' loops, in seconds; None as host.json has it. Looks at an empty queue are most of
            what a small run costs.
        transaction_id_memory: Graph remembers a transactionId, as is documented.
        any_tenant: the tenant's switches are set by the seed; otherwise they are the defaults.
    """

    requests: int
    hosts: int = 2
    fault_rates: FaultRates = field(default_factory=FaultRates)
    arrive_within: float = 60.0
    mean_life: float | None = None
    organizers: int = len(ORGANIZERS)
    longest_poll: float | None = None
    transaction_id_memory: bool = True
    any_tenant: bool = False


# A small run makes few calls, so its fault rates are higher: most runs see a few crashes and storage failures.
WORST = replace(BAD, storage_fails=0.01, storage_lost=0.01, crashes=0.004)
SMALL = Plan(
    requests=4, hosts=2, fault_rates=WORST, arrive_within=20.0, mean_life=90.0, longest_poll=30.0, any_tenant=True
)


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it.

    Attributes:
        violations: of promises.
        faults: what the app raised and had no name for.
        digest: of everything that happened; the same seed has the same.
        endings: how many calls of each service ended how.
        graph_calls: how many calls to Graph.
        orphans: online meetings with a passcode that nobody was told of, the documented exception.
        most_creations: how often a creation was sent that Graph can recognise, at most.
        poisoned: messages in the poison queue.
        last_end: when the last result was sent, in seconds from the start.
        simulated_seconds: from the first request to the last end.
        seconds: that the run took.
    """

    seed: int
    violations: Sequence[Violation]
    faults: Sequence[str]
    digest: str
    endings: Counter[str]
    requests: int
    graph_calls: int
    throttled: int
    crashes: int
    orphans: int
    most_creations: int
    poisoned: int
    last_end: float
    simulated_seconds: float
    seconds: float


def part_of(plan: Plan) -> Plan:
    """Return a plan with a part of its requests, as many of them to an organizer as before."""
    requests, organizers = (max(1, round(SHARE * number)) for number in (plan.requests, plan.organizers))
    return replace(plan, requests=requests, organizers=organizers)


def run(plan: Plan, seed: int) -> Report:
    """Run a plan; the same seed brings the same run."""
    return simulate(partial(_run, plan, seed), seed)


async def _run(plan: Plan, seed: int) -> Report:
    begun, loop = time.perf_counter(), asyncio.get_running_loop()
    clock = SimulatedClock()
    world = World(clock=clock)
    if plan.any_tenant:
        set_switches(world.tenant.settings, seed)
    world.tenant.settings.latency_seconds = 0.1
    world.tenant.settings.transaction_id_memory = plan.transaction_id_memory
    organizers = add_organizers(world, plan.organizers)
    before = frozenset(event.id for mailbox in world.tenant.mailboxes.values() for event in mailbox.events.values())
    injector = RandomFaults(plan.fault_rates, seed, clock)
    network = Network(injector)
    options = OPTIONS
    if plan.longest_poll is not None:
        options = replace(OPTIONS, max_polling_interval=timedelta(seconds=plan.longest_poll))
    farm = Farm([Host(f"host{number}", world, network, options) for number in range(plan.hosts)], seed)
    clients = [Client(number, world, farm, organizers, seed) for number in range(plan.requests)]
    farm.start(plan.mean_life)
    arrivals = [plan.arrive_within * number / plan.requests for number in range(plan.requests)]
    await asyncio.gather(*(client.run(arrival) for client, arrival in zip(clients, arrivals, strict=True)))
    injector.stop_faults()
    farm.spare()
    await _settle(world)
    evidence = Evidence(
        promises=[client.wish.promise() for client in clients],
        tenant=state(world.tenant),
        results=world.results.events(),
        before=before,
        calls=network.calls,
        calls_per_mailbox=world.settings.graph_calls_per_mailbox,
    )
    return Report(
        seed=seed,
        violations=check(evidence),
        faults=[repr(fault) for host in farm.hosts for fault in host.faults],
        digest=network.digest,
        endings=network.endings,
        requests=plan.requests,
        graph_calls=len(network.calls),
        throttled=sum(call.closed_until is not None for call in network.calls),
        crashes=farm.crashes,
        orphans=_orphans(world, clients),
        most_creations=max(network.creations.values(), default=0),
        poisoned=len(world.poison.messages),
        last_end=max(((message.put_at - clock.now).total_seconds() for message in world.results.messages), default=0),
        simulated_seconds=loop.time(),
        seconds=time.perf_counter() - begun,
    )


async def _settle(world: World) -> None:
    """Wait until nothing is left to do, or nothing comes of waiting."""
    loop = asyncio.get_running_loop()
    end = loop.time() + _LONGEST_SETTLING
    while loop.time() < end and not _settled(world):  # noqa: ASYNC110 - nobody tells when
        await asyncio.sleep(10)
    await asyncio.sleep(120)  # late effects, and whatever should not happen any more


def _settled(world: World) -> bool:
    if world.requests.messages or may_be_unrecorded(world):
        return False
    return not any(key.startswith(("due.", "unsent.")) for rows in world.table.partitions.values() for key in rows)


def add_organizers(world: World, number: int) -> list[str]:
    """Return as many organizers, added to the tenant where it does not have them."""
    more = [f"user{each}@contoso.com" for each in range(len(ORGANIZERS), number)]
    for name in more:
        world.tenant.add_user(name, name)
    return [*ORGANIZERS[:number], *more]


def _orphans(world: World, clients: Sequence[Client]) -> int:
    wanted = {client.wish.name for client in clients if client.wish.at_most > 1 and client.wish.request}
    made = Counter(str(meeting.properties["subject"]).partition(" ")[0] for meeting in world.tenant.meetings.values())
    exceptions = {client.wish.name for client in clients if client.wish.at_most > 1}
    return sum(made[name] - (name in wanted) for name in exceptions)
