"""What was measured: rows of samples for each app, their medians and ratios."""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from tests.benchmarks.apps import App


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some samples, and the quartiles on both sides of it."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, samples: Iterable[float]) -> Self:
        """Return the spread of at least one sample; that of two reaches from the one to the other."""
        ordered = sorted(samples)
        if len(ordered) == 1:
            return cls(*ordered * 3)
        low, median, high = statistics.quantiles(ordered, n=4, method="inclusive")
        return cls(median, low, high)

    def as_json(self) -> dict[str, float]:
        """Return it as JSON has it."""
        return {"median": self.median, "q1": self.low, "q3": self.high}


@dataclass(slots=True)
class Row:
    """One thing that was measured.

    Attributes:
        section: what it belongs to.
        case: of what, and under which conditions.
        unit: of each sample, such as `ms`.
        samples: of each app, in the order of the rounds.
        bound: what is the best that can be, where that is known.
    """

    section: str
    case: str
    unit: str
    samples: defaultdict[App, list[float]] = field(default_factory=lambda: defaultdict(list))
    bound: float | None = None

    def spread(self, app: App) -> Spread | None:
        """Return the spread of an app's samples, None where it was not measured."""
        return Spread.of(self.samples[app]) if self.samples.get(app) else None

    def ratio(self, to: App) -> Spread | None:
        """Return Convene's ratio to another app: of the samples of each round, which share its noise."""
        pairs = zip(self.samples.get(App.CONVENE, ()), self.samples.get(to, ()), strict=False)
        ratios = [ours / theirs for ours, theirs in pairs if theirs]
        return Spread.of(ratios) if ratios else None

    def share(self) -> Spread | None:
        """Return how much of the best that can be Convene reaches."""
        samples = self.samples.get(App.CONVENE)
        return Spread.of([sample / self.bound for sample in samples]) if samples and self.bound else None

    def as_json(self) -> dict[str, Any]:
        """Return everything that is known of it."""
        ratios = {f"ratioTo{app.title()}": self.ratio(app) for app in (App.BASELINE, App.FLOOR)}
        ratios |= {"shareOfBound": self.share()}
        apps = {app: spread.as_json() | {"samples": self.samples[app]} for app in App if (spread := self.spread(app))}
        return {
            "section": self.section,
            "case": self.case,
            "unit": self.unit,
            **{name: ratio.as_json() for name, ratio in ratios.items() if ratio},
            **({"bound": self.bound} if self.bound else {}),
            **apps,
        }


class Report:
    """All the rows, in the order in which they were first measured."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], Row] = {}

    def add(self, section: str, case: str, unit: str, app: App, sample: float, bound: float | None = None) -> None:
        """Note a sample."""
        row = self._rows.setdefault((section, case), Row(section, case, unit, bound=bound))
        row.samples[app].append(sample)

    def row(self, section: str, case: str) -> Row | None:
        """Return a row, None where it was not measured."""
        return self._rows.get((section, case))

    def medians(self) -> dict[str, dict[str, dict[str, float]]]:
        """Return the median of each section, case and app."""
        found = defaultdict[str, dict[str, dict[str, float]]](dict)
        for row in self._rows.values():
            spreads = ((app, row.spread(app)) for app in App)
            found[row.section][row.case] = {app: spread.median for app, spread in spreads if spread}
        return dict(found)

    @property
    def rows(self) -> Sequence[Row]:
        """Every row."""
        return tuple(self._rows.values())


def percentile(samples: Sequence[float], percent: int) -> float:
    """Return the value that so many percent of the samples do not exceed, by the nearest rank."""
    ordered = sorted(samples)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
