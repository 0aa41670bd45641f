"""One run: so many requests on so many instances, and what it took."""

import asyncio
import json
import random
import time
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from local.host.configuration import QueueOptions
from shared.meeting import Meeting, Progress
from shared.meeting.messages import ProvisionMeeting
from tests.examples import queued_meeting
from tests.fakes import Clock
from tests.proofs.scale.graph import AT_ONCE, CALLS_PER_WINDOW, WINDOW_SECONDS, LightGraph
from tests.proofs.scale.hosts import LightHost, Surroundings
from tests.proofs.scale.processor import Measured, Processor
from tests.proofs.scale.storage import LightLedger, LightQueue, LightTable, Wire, meeting_id
from tests.proofs.simulation.hosts import OPTIONS
from tests.proofs.simulation.loop import SimulatedClock, simulate

_UPKEEP_SECONDS = 300.0
_SETTLING_SECONDS = 60.0
# Between these shares of the ends the rate is measured: after the start and before the last stragglers.
_AFTER_START, _BEFORE_END = 0.05, 0.95


class Arrival(StrEnum):
    """How the requests come."""

    WAITING = "waiting"  # all accepted over HTTP before the start, their messages are in the queue
    BURST = "burst"  # all in the queue at the start, as messages
    PACED = "paced"  # accepted over HTTP one after the other


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be run.

    Attributes:
        requests: how many.
        instances: of the app, all there from the start.
        organizers: who share the requests by chance.
        hot: so many of the requests are one further organizer's.
        arrival: how they come.
        per_second: how many of them, if they are paced.
        graph_seconds: that a call to Graph takes on average.
        graph_spread: how much more or less, as a share of it.
        storage_seconds: that an operation takes, where the bench's own are not taken.
        retry_after: of a refused call, in seconds.
        options: host.json's.
        measured: what work costs an instance's one core, and how long the storage takes; None for a processor that is
            no limit, and a storage that takes the same time always.
    """

    requests: int
    instances: int = 1
    organizers: int = 10_000
    hot: int = 0
    arrival: Arrival = Arrival.WAITING
    per_second: float = 0.0
    graph_seconds: float = 0.3
    graph_spread: float = 0.2
    storage_seconds: float = 0.005
    retry_after: float = 5.0
    calls_per_mailbox: int = AT_ONCE
    options: QueueOptions = OPTIONS
    measured: Measured | None = None

    @property
    def places(self) -> int:
        """Return how many messages can be under way at once."""
        return self.instances * (self.options.batch_size + self.options.new_batch_threshold)


@dataclass(frozen=True, slots=True)
class Waits:
    """How long meetings took from their acceptance to their end, in seconds."""

    p50: float
    p95: float
    longest: float


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it.

    Attributes:
        organizers: how many had a meeting.
        seconds: until the last meeting had its end, in simulated time.
        per_second: meetings, after the start and before the last stragglers.
        calls: to Graph, by name, refused ones included.
        refused: calls that Graph answered with 429.
        storage: operations by name.
        processor_seconds: what all instances' cores have worked.
        others: the waits of all but the hot organizer's meetings.
        hot: the waits of those, None if there are none.
        hot_per_second: how many of those were made in a second.
        ran_for: seconds that the run took.
    """

    plan: Plan
    organizers: int
    seconds: float
    per_second: float
    calls: Counter[str]
    refused: int
    storage: Counter[str]
    processor_seconds: float
    others: Waits
    hot: Waits | None
    hot_per_second: float
    ran_for: float

    @property
    def calls_needed(self) -> int:
        """Return the least calls: one for each meeting, and one question for each organizer."""
        return self.plan.requests + self.organizers

    @property
    def calls_per_needed(self) -> float:
        return self.calls.total() / self.calls_needed

    @property
    def storage_per_meeting(self) -> float:
        return self.storage.total() / self.plan.requests

    @property
    def limit_per_second(self) -> float:
        """Return the rate with every place busy all the time, with what a meeting needs and nothing else."""
        plan = self.plan
        # claim, note the end, send the result, note it, delete the wake-up row, delete the message
        storage = 6 * plan.storage_seconds
        if plan.arrival is not Arrival.BURST:
            storage += plan.storage_seconds  # read the record
        graph = plan.graph_seconds * self.calls_needed / plan.requests
        return plan.places / (storage + graph)

    @property
    def share_of_limit(self) -> float:
        return self.per_second / self.limit_per_second

    @property
    def processor_ms_per_meeting(self) -> float:
        return self.processor_seconds / self.plan.requests * 1000

    @property
    def share_of_processors(self) -> float:
        """Return the rate, as a part of what all cores could make if they did nothing but meetings."""
        return self.per_second * self.processor_ms_per_meeting / 1000 / self.plan.instances

    def figures(self) -> dict[str, float | int | None]:
        """Return what the table shows."""
        return {
            "requests": self.plan.requests,
            "instances": self.plan.instances,
            "seconds": round(self.seconds),
            "per_second": round(self.per_second, 1),
            "of_limit": round(self.share_of_limit, 3),
            "calls_per_needed": round(self.calls_per_needed, 4),
            "refused": self.refused,
            "storage_per_meeting": round(self.storage_per_meeting, 2),
            "processor_ms_per_meeting": round(self.processor_ms_per_meeting, 1) if self.plan.measured else None,
            "of_processors": round(self.share_of_processors, 3) if self.plan.measured else None,
            "queue_passes_per_meeting": round(self.storage["delete meeting-requests"] / self.plan.requests, 2),
            "others_p50": round(self.others.p50, 2),
            "others_p95": round(self.others.p95, 2),
            "hot_per_second": round(self.hot_per_second, 2) if self.hot else None,
            "hot_p95": round(self.hot.p95) if self.hot else None,
            "ran_for": round(self.ran_for),
        }

    @property
    def hot_limit_per_second(self) -> float:
        """Return the rate that Graph allows one mailbox."""
        return min(AT_ONCE / self.plan.graph_seconds, CALLS_PER_WINDOW / WINDOW_SECONDS)


def run(plan: Plan, seed: int = 1) -> Report:
    """Run a plan; the same seed brings the same run."""
    return simulate(partial(_run, plan, seed), seed)


async def _run(plan: Plan, seed: int) -> Report:
    begun, clock = time.perf_counter(), SimulatedClock()
    organizers = organizers_of(plan, seed)
    measured = plan.measured or Measured({}, (plan.storage_seconds,))
    wire = Wire(measured.storage_seconds, Counter(), random.Random(seed))  # noqa: S311 - repeatable, not secret
    requests, poison = (LightQueue(name, wire, clock) for name in ("meeting-requests", "poison"))
    around = Surroundings(
        ledger=LightLedger(wire, _template(clock), organizers, clock),
        mailboxes=LightTable(wire),
        requests=requests,
        poison=poison,
        results=LightQueue("meeting-results", wire, clock, kept=False),
        graph=LightGraph(plan.graph_seconds, plan.graph_spread, plan.retry_after, seed),
        clock=clock,
        calls_per_mailbox=plan.calls_per_mailbox,
    )
    hosts = [
        LightHost(around, plan.options, around.ledger.accepted, Processor(measured.costs))
        for _ in range(plan.instances)
    ]
    work = [asyncio.create_task(host.run()) for host in hosts]
    work += [asyncio.create_task(_upkeep(hosts[0])), asyncio.create_task(_arrive(plan, around))]
    await around.ledger.all_ended
    for task in work:
        task.cancel()
    used = sum(host.processor.used for host in hosts)
    return _report(plan, around, organizers, wire, used, time.perf_counter() - begun)


async def _upkeep(host: LightHost) -> None:
    while True:
        await asyncio.sleep(_UPKEEP_SECONDS)
        await host.upkeep.run()


async def _arrive(plan: Plan, around: Surroundings) -> None:
    for number in range(plan.requests):
        match plan.arrival:
            case Arrival.BURST:
                around.requests.put(json.dumps({"number": number}))
                continue
            case Arrival.PACED:
                await asyncio.sleep(1 / plan.per_second)
            case Arrival.WAITING:
                pass
        meeting = around.ledger.accepted(number)
        around.ledger.place(meeting)
        around.requests.put(ProvisionMeeting.of(meeting).encode())


def organizers_of(plan: Plan, seed: int) -> array[int]:
    """Return each meeting's organizer: 0 is the hot one, whose meetings are spread over all."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    organizers = array("l", bytes(8 * plan.requests))
    for number in range(plan.requests):
        hot_left = plan.hot and number * plan.hot // plan.requests != (number + 1) * plan.hot // plan.requests
        organizers[number] = 0 if hot_left or not plan.organizers else chance.randint(1, plan.organizers)
    return organizers


def _template(clock: Clock) -> Meeting:
    now = clock.now
    return queued_meeting(
        id=meeting_id(0),
        organizer=None,
        request={},
        created_at=now,
        updated_at=now,
        progress=Progress(version_started_at=now),
    )


def _report(
    plan: Plan, around: Surroundings, organizers: array[int], wire: Wire, used: float, ran_for: float
) -> Report:
    ledger = around.ledger
    ends = sorted(ledger.ends)
    first, last = int(_AFTER_START * len(ends)), int(_BEFORE_END * len(ends)) - 1
    waits = list(zip(organizers, ledger.waits, strict=True))
    hot = sorted(wait for organizer, wait in waits if not organizer)
    hot_ends = sorted(end for organizer, end in zip(organizers, ledger.ends, strict=True) if not organizer)
    return Report(
        plan=plan,
        organizers=len(set(organizers)),
        seconds=ends[-1],
        per_second=(last - first) / (ends[last] - ends[first]),
        calls=around.graph.calls,
        refused=around.graph.refused,
        storage=wire.operations,
        processor_seconds=used,
        others=_waits(sorted(wait for organizer, wait in waits if organizer or not plan.organizers)),
        hot=_waits(hot) if hot else None,
        hot_per_second=len(hot_ends) / hot_ends[-1] if hot_ends else 0.0,
        ran_for=ran_for,
    )


def _waits(ordered: Sequence[float]) -> Waits:
    return Waits(ordered[len(ordered) // 2], ordered[int(0.95 * len(ordered))], ordered[-1])
