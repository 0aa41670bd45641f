"""Bad luck of every kind, from one seed."""

import asyncio
import random
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.utils import format_datetime

from tests.proofs.simulation.loop import SimulatedClock
from tests.proofs.simulation.network import CallOutcome, Ending, FaultInjector, Point, Refusal, Service

_STORAGE_SECONDS = 0.01
_GRAPH_SECONDS = 0.05
_LONGEST_DELAY = 90.0  # beyond the claim on a meeting, and every timeout
# Graph gives online meetings no etag, so that a change of theirs that takes effect after a newer one undoes it, and
# nothing can be done about it. The app's promise is about everything else; here only the answer to it comes late.
_NEVER_LATE = "PATCH onlineMeetings"
# Graph throttles the calls within a batch, each on its own; the batch itself hardly ever.
# https://learn.microsoft.com/graph/throttling#throttling-and-batching
_SELDOM_THROTTLED, _AS_SELDOM = "POST $batch", 0.1


@dataclass(frozen=True, slots=True)
class FaultRates:
    """How often what goes wrong, as a share of the calls; what is left goes well.

    Attributes:
        throttled: Graph answers 429, with a Retry-After in any form, or none.
        unavailable: Graph answers 503, or 504 without having done anything.
        graph_lost: Graph has done it, and its answer is lost.
        graph_reset: the connection is reset before Graph has done anything.
        storage_fails: the storage is not reached.
        storage_lost: it is reached, and the answer is lost.
        storage_repeated: the same, and the SDK has sent the call again.
        slow: the call takes effect, or its answer comes, up to 90 s late; of a change of an online meeting only the
            answer.
        crashes: the process dies just before the call takes effect, or just after.
        storage_outages: when the storage is away, in seconds from the start.
        graph_outages: when Graph is.
        first_creations: what happens to the first creation of each event or online meeting; None for nothing special.
        sink_outages: when a sink of results is away, by what a call to it is: `send queue`, `send topic`.
    """

    throttled: float = 0.0
    unavailable: float = 0.0
    graph_lost: float = 0.0
    graph_reset: float = 0.0
    storage_fails: float = 0.0
    storage_lost: float = 0.0
    storage_repeated: float = 0.0
    slow: float = 0.0
    crashes: float = 0.0
    storage_outages: Sequence[tuple[float, float]] = ()
    graph_outages: Sequence[tuple[float, float]] = ()
    first_creations: CallOutcome | None = None
    sink_outages: Mapping[str, Sequence[tuple[float, float]]] = field(
        default_factory=dict[str, Sequence[tuple[float, float]]]
    )


_CRASHES = (Ending.CRASH_BEFORE, Ending.CRASH_AFTER, Ending.WORKER_CRASH_BEFORE, Ending.WORKER_CRASH_AFTER)


class Lethal:
    """Mailboxes that kill whoever asks Graph about them; what is asked about the others has another fate."""

    def __init__(self, mailboxes: Container[str], endings: Sequence[Ending], seed: int, others: FaultInjector) -> None:
        """Make the injector.

        Args:
            mailboxes: whose.
            endings: how it kills; one of them is chosen for each call.
            seed: of the choice.
            others: decides what becomes of every other call.
        """
        self.deaths = 0
        self._mailboxes = mailboxes
        self._endings = endings
        self._random = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._others = others

    def outcome(self, point: Point) -> CallOutcome:
        """Return what happens to a call."""
        if point.service is not Service.GRAPH or point.mailbox not in self._mailboxes:
            return self._others.outcome(point)
        self.deaths += 1
        return CallOutcome(self._random.choice(self._endings), before=self._random.uniform(0, 1))

    def refusal(self, point: Point) -> Refusal | None:
        """Return how Graph refuses a call within a batch."""
        return self._others.refusal(point)


class RandomFaults:
    """Faults by chance, at given rates."""

    def __init__(self, rates: FaultRates, seed: int, clock: SimulatedClock) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._rates = rates
        self._clock = clock
        self._created = set[str]()

    def stop_faults(self) -> None:
        """Let nothing go wrong any more, but for outages: these end at their time."""
        rates = self._rates
        self._rates = FaultRates(
            storage_outages=rates.storage_outages,
            graph_outages=rates.graph_outages,
            sink_outages=rates.sink_outages,
        )

    def outcome(self, point: Point) -> CallOutcome:
        """Return what happens to a call."""
        graph = point.service is Service.GRAPH
        rates, chance = self._rates, self._random.random()
        usual = self._random.uniform(0, _GRAPH_SECONDS if graph else _STORAGE_SECONDS)
        if self._away(rates.graph_outages if graph else rates.storage_outages):
            return (
                CallOutcome(Ending.REFUSED, usual, refusal=Refusal(503))
                if graph
                else CallOutcome(Ending.NOT_SENT, usual)
            )
        if self._away(rates.sink_outages.get(point.what, ())):
            return CallOutcome(Ending.NOT_SENT, usual)
        if rates.first_creations and point.creates and point.creates not in self._created:
            self._created.add(point.creates)
            return rates.first_creations
        if point.what == _SELDOM_THROTTLED:
            rates = replace(rates, throttled=rates.throttled * _AS_SELDOM)
        for share, ending in self._endings(rates, graph=graph):
            chance -= share
            if chance < 0:
                return self._outcome(ending, usual, point)
        return CallOutcome(before=usual)

    @staticmethod
    def _endings(rates: FaultRates, *, graph: bool) -> list[tuple[float, str]]:
        anywhere = [(rates.slow, "slow"), (rates.crashes, "crash")]
        if graph:
            return [
                *anywhere,
                (rates.throttled, "throttled"),
                (rates.unavailable, "unavailable"),
                (rates.graph_lost, Ending.LOST),
                (rates.graph_reset, Ending.NOT_SENT),
            ]
        return [
            *anywhere,
            (rates.storage_fails, Ending.NOT_SENT),
            (rates.storage_lost, Ending.LOST),
            (rates.storage_repeated, Ending.REPEATED),
        ]

    def _outcome(self, ending: str, usual: float, point: Point) -> CallOutcome:
        match ending:
            case "slow":
                late = self._random.uniform(1, _LONGEST_DELAY)
                late_effect = self._random.random() < 0.5 and point.what != _NEVER_LATE
                return CallOutcome(before=late) if late_effect else CallOutcome(before=usual, after=late)
            case "crash":
                return CallOutcome(self._random.choice(_CRASHES), usual)
            case "throttled":
                return CallOutcome(Ending.REFUSED, usual, refusal=Refusal(429, self._retry_after()))
            case "unavailable":
                return CallOutcome(Ending.REFUSED, usual, refusal=self._unavailable())
            case _:
                return CallOutcome(Ending(ending), usual)

    def refusal(self, point: Point) -> Refusal | None:
        """Return how Graph refuses a call within a batch, as often as one on its own."""
        del point
        chance = self._random.random()
        if chance < self._rates.throttled:
            return Refusal(429, self._retry_after())
        return self._unavailable() if chance < self._rates.throttled + self._rates.unavailable else None

    def _unavailable(self) -> Refusal:
        return self._random.choice([Refusal(503), Refusal(504), Refusal(503, self._retry_after())])

    def _retry_after(self) -> str | None:
        seconds = self._random.uniform(1, 10)
        date = format_datetime(self._clock() + timedelta(seconds=round(seconds) + 1), usegmt=True)
        forms = [str(round(seconds)), f"{seconds:.3f}", date, "soon", "-1", None]
        return self._random.choices(forms, [4, 2, 2, 1, 1, 1])[0]

    def _away(self, outages: Sequence[tuple[float, float]]) -> bool:
        now = asyncio.get_running_loop().time()
        return any(start <= now < end for start, end in outages)
