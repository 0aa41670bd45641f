"""`python -m tests.benchmarks`: Convene beside what a user would write instead, measured in one run.

Every round measures each app once, one right after the other, so that a ratio is of figures that share their noise.
"""

import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from tests.benchmarks import calls, latencies, paths, simulated, sizes, starts, storage_operations, throughput
from tests.benchmarks.apps import ROOT
from tests.benchmarks.charts import PERFORMANCE
from tests.benchmarks.commands import BenchmarkError
from tests.benchmarks.figures import Report
from tests.benchmarks.goals import GOALS
from tests.benchmarks.plan import FULL, QUICK, Plan
from tests.benchmarks.surroundings import Surroundings
from tests.benchmarks.tables import goal_table, section_tables

_WIDTH = 150


class Section(StrEnum):
    """What can be measured by itself."""

    START = starts.SECTION
    CALLS = calls.SECTION
    PATH = paths.SECTION
    THROUGHPUT = throughput.SECTION
    HTTP = latencies.SECTION
    SIZE = sizes.SECTION
    OPERATIONS = storage_operations.SECTION
    SIMULATION = simulated.SECTION


_MEASURE: dict[Section, Callable[[Surroundings, Report], None]] = {
    Section.START: starts.measure,
    Section.CALLS: calls.measure,
    Section.PATH: paths.measure,
    Section.THROUGHPUT: throughput.measure,
    Section.HTTP: latencies.measure,
    Section.SIZE: sizes.measure,
    Section.OPERATIONS: storage_operations.measure,
    Section.SIMULATION: simulated.measure,
}


def run(plan: Plan, sections: list[Section], console: Console) -> Report:
    """Measure, and show what came out; a machine that is busy otherwise is told of, since it makes times useless."""
    report = Report()
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load > cores / 2:
        console.print(
            f"The machine is busy (load {load:.1f} on {cores} cores): look at CPU, not at times.", style="yellow"
        )
    with Surroundings(plan) as surroundings:
        for section in sections:
            began = time.monotonic()
            try:
                with console.status(f"measuring: {section}"):
                    _MEASURE[section](surroundings, report)
            except BenchmarkError as error:  # what the others measure is not lost
                console.print(f"{section} is incomplete: {error}", style="red")
            console.print(f"{section}: {time.monotonic() - began:.0f} s", style="dim", highlight=False)
    for table in section_tables(report):
        console.print(table)
    console.print(goal_table(report))
    return report


def as_json(plan: Plan, report: Report) -> dict[str, Any]:
    """Return the whole report."""
    goals = [(goal, goal.measured(report)) for goal in GOALS]
    return {
        "machine": {
            "cores": os.cpu_count(),
            "platform": platform.platform(),
            "python": platform.python_version(),
            "loadAverage": os.getloadavg(),
        },
        "plan": asdict(plan),
        "goals": [
            {
                "name": goal.name,
                "short": goal.short,
                "limit": goal.limit,
                "atLeast": goal.at_least,
                "measured": measured.as_json(),
                "met": goal.met(measured.median),
                "missedBy": goal.missed_by(measured.median),
            }
            for goal, measured in goals
            if measured
        ],
        "rows": [row.as_json() for row in report.rows],
    }


app = typer.Typer(add_completion=False)


@app.command()
def main(
    only: Annotated[list[Section] | None, typer.Option(help="Measure this; may be given several times.")] = None,
    rounds: Annotated[int | None, typer.Option(min=1, help="How many samples of each figure.")] = None,
    *,
    quick: Annotated[bool, typer.Option("--quick", help="A minute's look, with little to rely on.")] = False,
    target: Annotated[Path, typer.Option(help="Where the JSON goes.")] = ROOT / "dist" / "bench.json",
    against: Annotated[Path | None, typer.Option(help="A checkout of an earlier Convene, measured beside.")] = None,
    publish: Annotated[bool, typer.Option("--publish", help="Write the figures and the chart of the docs.")] = False,
) -> None:
    """Measure Convene beside a plain app of the Graph SDK, and one that calls Graph with aiohttp."""
    plan = QUICK if quick else FULL
    if rounds:
        plan = replace(plan, rounds=rounds, storage_rounds=rounds, host_rounds=rounds)
    if against:
        plan = replace(plan, against=str(against.resolve()))
    console = Console()
    console.width = max(console.width, _WIDTH)
    report = run(plan, only or list(Section), console)
    target.parent.mkdir(parents=True, exist_ok=True)
    written = as_json(plan, report)
    target.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")
    if publish:
        PERFORMANCE.publish({"goals": written["goals"], "figures": report.medians()})
    console.print(f"{target}", style="dim", highlight=False)


if __name__ == "__main__":
    app()
