"""The report in the terminal: ratios first."""

from collections.abc import Iterator
from itertools import groupby

from rich import box
from rich.table import Table

from tests.benchmarks.apps import App
from tests.benchmarks.figures import Report, Row, Spread
from tests.benchmarks.goals import GOALS

_COUNTED = 100


def section_tables(report: Report) -> Iterator[Table]:
    """Return a table for each section."""
    for section, rows in groupby(report.rows, key=lambda row: row.section):
        table = Table(title=section, title_justify="left", box=box.SIMPLE_HEAD)
        for column in ("", "to baseline", "to floor", "of bound", "convene", "baseline", "floor", "unit"):
            table.add_column(column, justify="left" if column in {"", "unit"} else "right")
        for row in rows:
            table.add_row(*_cells(row))
        yield table


def _cells(row: Row) -> Iterator[str]:
    yield row.case
    for ratio in (row.ratio(App.BASELINE), row.ratio(App.FLOOR), row.share()):
        yield _spread(ratio)
    for app in App:
        yield _median(row.spread(app))
    yield row.unit


def _spread(spread: Spread | None) -> str:
    if spread is None:
        return ""
    median, low, high = map(_figure, (spread.median, spread.low, spread.high))
    return median if low == high else f"{median} [dim]({low} to {high})[/dim]"


def _median(spread: Spread | None) -> str:
    if spread is None:
        return ""
    wide = (spread.high - spread.low) / 2 / abs(spread.median) if spread.median else 0
    return f"{_figure(spread.median)} [dim]±{wide:.0%}[/dim]" if wide else _figure(spread.median)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= _COUNTED or value == int(value) else f"{value:.3g}"


def goal_table(report: Report) -> Table:
    """Return the goals with what was measured of them."""
    table = Table(title="goals", title_justify="left", box=box.SIMPLE_HEAD)
    for column in ("", "goal", "measured", "outcome"):
        table.add_column(column, justify="right" if column in {"goal", "measured"} else "left")
    for goal in GOALS:
        measured = goal.measured(report)
        if measured is None:
            outcome = "[dim]not measured[/dim]"
        elif goal.met(measured.median):
            outcome = "[green]met[/green]"
        else:
            outcome = f"[red]missed by {goal.missed_by(measured.median):.0%}[/red]"
        table.add_row(goal.name, f"{'≥' if goal.at_least else '≤'} {goal.limit:g}", _spread(measured), outcome)
    return table
