"""What Convene wants to reach, beside what was measured."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.benchmarks import calls, latencies, paths, starts, throughput
from tests.benchmarks.apps import App
from tests.benchmarks.figures import Report, Row, Spread


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on the median of one measurement.

    Attributes:
        name: what it is about.
        limit: the bound.
        at_least: whether it is the least, not the most, that is wanted.
        of: what of a row is compared, None where that was not measured.
        section: of the row.
        case: of the row.
    """

    name: str
    limit: float
    at_least: bool
    of: Callable[[Row], Spread | None]
    section: str
    case: str

    def measured(self, report: Report) -> Spread | None:
        """Return what was measured, None when it was not."""
        row = report.row(self.section, self.case)
        return self.of(row) if row else None

    def met(self, value: float) -> bool:
        """Return whether a value is within the bound."""
        return value >= self.limit if self.at_least else value <= self.limit

    def missed_by(self, value: float) -> float:
        """Return how far a value is beyond the bound, as a part of the bound; 0 when it is met."""
        return 0.0 if self.met(value) else abs(value - self.limit) / self.limit


def to_baseline(row: Row) -> Spread | None:
    """Return the ratio to what a user would write."""
    return row.ratio(App.BASELINE)


def absolute(row: Row) -> Spread | None:
    """Return Convene's own figure."""
    return row.spread(App.CONVENE)


def _throughput(concurrency: int) -> Goal:
    case = throughput.Case(throughput.IN_MEMORY, concurrency, 0)
    return Goal(
        f"throughput to baseline: {case}",
        3.0,
        at_least=True,
        of=to_baseline,
        section=throughput.SECTION,
        case=str(case),
    )


def _operations(what: str, most: int, section: str, case: str) -> Goal:
    return Goal(f"storage operations of {what}", most, at_least=False, of=absolute, section=section, case=case)


_SLOW = throughput.Case(throughput.IN_MEMORY, 32, 0.3)

GOALS = (
    Goal(
        "first meeting after process start, the package, to baseline",
        0.30,
        at_least=False,
        of=to_baseline,
        section=starts.SECTION,
        case=starts.first_meeting(starts.PACKAGE, starts.WARM),
    ),
    Goal(
        "CPU of a Graph call, to baseline", 0.25, at_least=False, of=to_baseline, section=calls.SECTION, case=calls.CPU
    ),
    Goal(
        "memory after meetings, to baseline",
        0.7,
        at_least=False,
        of=to_baseline,
        section=paths.SECTION,
        case=paths.MEMORY,
    ),
    *map(_throughput, (1, 8, 32)),
    Goal(
        f"throughput to concurrency / latency: {_SLOW}",
        0.9,
        at_least=True,
        of=Row.share,
        section=throughput.SECTION,
        case=str(_SLOW),
    ),
    _operations("a calendar meeting by queue", 7, paths.SECTION, paths.OPERATIONS),
    _operations("an accept over HTTP", 2, latencies.SECTION, latencies.ACCEPT_OPERATIONS),
    _operations("a lookup", 1, latencies.SECTION, latencies.LOOKUP_OPERATIONS),
)
