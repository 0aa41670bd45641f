"""What Convene wants to reach, beside what was measured."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.benchmarks import calls, latencies, paths, simulated, starts, throughput
from tests.benchmarks.apps import App
from tests.benchmarks.figures import Report, Row, Spread


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on the median of one measurement.

    Attributes:
        name: what is measured, in one line.
        short: the same in a few words.
        limit: the bound.
        at_least: whether it is the least, not the most, that is wanted.
        of: what of a row is compared, None where that was not measured.
        section: of the row.
        case: of the row.
    """

    name: str
    short: str
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


def to_earlier(row: Row) -> Spread | None:
    """Return the ratio to an earlier Convene."""
    return row.ratio(App.EARLIER)


def above_empty(row: Row) -> Spread | None:
    """Return the ratio to the baseline of what each takes above an app that does nothing."""
    empty, baseline, convene = (row.spread(app) for app in (App.EMPTY, App.BASELINE, App.CONVENE))
    if not (empty and baseline and convene):
        return None
    return Spread.of([(convene.median - empty.median) / (baseline.median - empty.median)])


def _at_most(limit: float, short: str, name: str, of: Callable[[Row], Spread | None], row: tuple[str, str]) -> Goal:
    return Goal(name, short, limit, at_least=False, of=of, section=row[0], case=row[1])


def _at_least(limit: float, short: str, name: str, of: Callable[[Row], Spread | None], row: tuple[str, str]) -> Goal:
    return Goal(name, short, limit, at_least=True, of=of, section=row[0], case=row[1])


def _case(storage: str, latency: float) -> tuple[str, str]:
    return throughput.SECTION, str(throughput.Case(storage, 32, latency))


_MEETING = "a calendar meeting through the queue"
_SIMULATED = "of 1,500 meetings, simulated with Graph at 300 ms"

GOALS = (
    _at_most(
        1.7,
        "CPU of a meeting, to baseline",
        f"processor time of {_MEETING}, host and app, real storage clients; to the baseline's, which stores nothing",
        to_baseline,
        (paths.SECTION, paths.CPU),
    ),
    _at_most(
        0.5,
        "CPU of a meeting, to the earlier",
        f"the same of {_MEETING}, to the Convene of --against, whose app runs under the same host",
        to_earlier,
        (paths.SECTION, paths.CPU),
    ),
    _at_least(
        0.9,
        "Throughput on the emulator",
        "meetings a second on the emulator, Graph at 300 ms, 32 at once, to the baseline's",
        to_baseline,
        _case(throughput.EMULATOR, 0.3),
    ),
    _at_most(
        7,
        "Storage operations, queue",
        f"storage operations of the app for {_MEETING}, its result included",
        absolute,
        (paths.SECTION, paths.OPERATIONS),
    ),
    _at_most(
        13,
        "Rows written, queue",
        f"rows written by {_MEETING}, in transactions or alone",
        absolute,
        (paths.SECTION, paths.ROWS),
    ),
    _at_most(
        7,
        "Storage operations, HTTP",
        "storage operations of the app for a calendar meeting over HTTP, its result included",
        absolute,
        (paths.SECTION, paths.HTTP_OPERATIONS),
    ),
    _at_most(
        13,
        "Rows written, HTTP",
        "rows written by a calendar meeting over HTTP",
        absolute,
        (paths.SECTION, paths.HTTP_ROWS),
    ),
    _at_least(
        3,
        "Throughput, Graph at once",
        "meetings a second in memory, Graph answers at once, 32 at once, to the baseline's",
        to_baseline,
        _case(throughput.IN_MEMORY, 0),
    ),
    _at_least(
        0.9,
        "Throughput, Graph at 300 ms",
        "meetings a second in memory, Graph at 300 ms, 32 at once, to concurrency / latency",
        Row.share,
        _case(throughput.IN_MEMORY, 0.3),
    ),
    _at_most(
        0.30,
        "First meeting after the start",
        "seconds from the start of the process to its first meeting, from the package, to the baseline's",
        to_baseline,
        (starts.SECTION, starts.first_meeting(starts.PACKAGE, starts.WARM)),
    ),
    _at_most(
        0.5,
        "Memory after many meetings",
        "resident memory of the app's process after the run's meetings, above that of an empty app, to the baseline's",
        above_empty,
        (paths.SECTION, paths.MEMORY),
    ),
    _at_least(
        11,
        "One organizer, one instance",
        f"meetings a second {_SIMULATED}, one instance",
        absolute,
        (simulated.SECTION, simulated.ONE_INSTANCE),
    ),
    _at_least(
        9,
        "One organizer, ten instances",
        f"meetings a second {_SIMULATED}, ten instances",
        absolute,
        (simulated.SECTION, simulated.TEN_INSTANCES),
    ),
    _at_most(
        1.1,
        "One organizer, calls on ten",
        f"calls to Graph for each that is needed {_SIMULATED}, ten instances",
        absolute,
        (simulated.SECTION, simulated.TEN_CALLS),
    ),
    _at_least(
        0.95,
        "Ten instances, of their processors",
        "meetings a second on ten instances, simulated with 1,000 organizers, to what the processors allow",
        absolute,
        (simulated.SECTION, simulated.OF_PROCESSORS),
    ),
    _at_most(
        0.25,
        "CPU of a Graph call",
        "processor time of a Graph call, to the baseline's",
        to_baseline,
        (calls.SECTION, calls.CPU),
    ),
    _at_most(
        2,
        "Storage operations, accept",
        "storage operations of an accept over HTTP",
        absolute,
        (latencies.SECTION, latencies.ACCEPT_OPERATIONS),
    ),
    _at_most(
        1,
        "Storage operations, lookup",
        "storage operations of a lookup",
        absolute,
        (latencies.SECTION, latencies.LOOKUP_OPERATIONS),
    ),
)
