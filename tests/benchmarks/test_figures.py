"""Medians, ratios and goals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.benchmarks.apps import App
from tests.benchmarks.figures import Report, Row, Spread, percentile
from tests.benchmarks.goals import GOALS, Goal, to_baseline

SAMPLES = st.lists(st.floats(0.001, 1000), min_size=1)


def row(**samples: list[float]) -> Row:
    report = Report()
    for name, values in samples.items():
        for value in values:
            report.add("section", "case", "ms", App(name), value, bound=10)
    found = report.row("section", "case")
    assert found is not None
    return found


def goal(limit: float, *, at_least: bool) -> Goal:
    return Goal("name", "short", limit, at_least=at_least, of=to_baseline, section="section", case="case")


def test_a_spread_is_median_and_quartiles() -> None:
    """Of five samples in any order, the second, third and fourth."""
    assert Spread.of([5, 1, 4, 2, 3]) == Spread(3, 2, 4)
    assert Spread.of([7]) == Spread(7, 7, 7)


@given(SAMPLES)
def test_a_spread_lies_within_its_samples(samples: list[float]) -> None:
    """And its quartiles are on both sides of the median."""
    spread = Spread.of(samples)
    assert min(samples) <= spread.low <= spread.median <= spread.high <= max(samples)


def test_a_ratio_is_of_the_samples_of_one_round() -> None:
    """A round that was slow for both does not change it, where the ratio of the medians would be 0.4."""
    measured = row(convene=[1, 2, 30], baseline=[2, 5, 60])
    ratio = measured.ratio(App.BASELINE)
    assert ratio is not None
    assert ratio.median == pytest.approx(0.5)
    assert measured.ratio(App.FLOOR) is None


def test_a_share_is_of_the_best_that_can_be() -> None:
    """Ours, in parts of the bound."""
    share = row(convene=[8, 9, 7]).share()
    assert share is not None
    assert share.median == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("limit", "at_least", "value", "missed_by"),
    [(0.25, False, 0.25, 0), (0.25, False, 0.3, 0.2), (3, True, 3.5, 0), (3, True, 1.5, 0.5)],
)
def test_a_goal_is_missed_by_a_part_of_itself(limit: float, at_least: bool, value: float, missed_by: float) -> None:  # noqa: FBT001
    """Met at its limit and beyond."""
    assert goal(limit, at_least=at_least).missed_by(value) == pytest.approx(missed_by)
    assert goal(limit, at_least=at_least).met(value) == (missed_by == 0)


def test_a_goal_looks_at_its_row() -> None:
    """And knows when that was not measured."""
    report = Report()
    assert goal(3, at_least=True).measured(report) is None
    report.add("section", "case", "/s", App.CONVENE, 6)
    report.add("section", "case", "/s", App.BASELINE, 2)
    assert goal(3, at_least=True).measured(report) == Spread(3, 3, 3)


def test_goals_have_names_of_their_own() -> None:
    """In a line, and in a few words."""
    assert len({each.name for each in GOALS}) == len({each.short for each in GOALS}) == len(GOALS)


def test_a_percentile_is_a_sample() -> None:
    """By the nearest rank: of a hundred, the 95th is what 95 of them do not exceed."""
    samples = [float(number) for number in range(100, 0, -1)]
    assert [percentile(samples, percent) for percent in (50, 95, 99, 100)] == [50, 95, 99, 100]
    assert percentile([3.0], 50) == 3.0
