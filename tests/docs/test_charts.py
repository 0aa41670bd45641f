"""The charts of the documentation come from the figures beside them, and its tables say the same."""

import json

import pytest

from infra.cost import Figures
from tests.benchmarks.apps import ROOT, App
from tests.benchmarks.charts import CHARTS, PERFORMANCE, Chart, goal_lines
from tests.benchmarks.paths import CPU, SECTION


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
def test_a_chart_is_drawn_from_its_figures(chart: Chart) -> None:
    """Drawn again it is the same, and its page shows it."""
    figures = json.loads(chart.figures.read_text(encoding="utf-8"))
    assert chart.image.read_text(encoding="utf-8") == chart.draw(figures)
    page = (ROOT / "docs" / f"{chart.name}.md").read_text(encoding="utf-8")
    assert f"](images/{chart.image.name})" in page


def test_the_goals_of_the_page_are_those_that_were_measured() -> None:
    """Each goal of the run has its line, with what was measured and whether that is enough."""
    page = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8").splitlines()
    figures = json.loads(PERFORMANCE.figures.read_text(encoding="utf-8"))
    assert [line for line in goal_lines(figures) if line not in page] == []


def test_what_a_month_costs_is_of_the_same_run() -> None:
    """The processor time of a meeting in infra/cost.py is the one of docs/performance.md, in whole milliseconds."""
    figures = json.loads(PERFORMANCE.figures.read_text(encoding="utf-8"))["figures"]
    assert Figures().cpu_ms == round(figures[SECTION][CPU][App.CONVENE])
