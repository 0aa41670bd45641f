"""What a million requests take: the figures of docs/scale.md.

    python -m tests.proofs.scale                       every scenario, some minutes each
    python -m tests.proofs.scale spread-40 hot-40      these
    python -m tests.proofs.scale --divide 100          every scenario with a hundredth of the requests and organizers

The same figures come again each time, but for the seconds that a run takes; dist/scale.json has them all.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks.charts import SCALE
from tests.proofs.scale.processor import published
from tests.proofs.scale.run import Arrival, Plan, Report, run

_MILLION = 1_000_000
_HOT = 50_000
# So begin the scenarios whose operations cost what was measured of them (docs/performance.md).
_MEASURED = "processor-"
SCENARIOS: dict[str, Plan] = {
    "growth-1000": Plan(1_000, organizers=10),
    "growth-10000": Plan(10_000, organizers=100),
    "growth-100000": Plan(100_000, organizers=1_000),
    "spread-1": Plan(_MILLION),
    "spread-10": Plan(_MILLION, 10),
    "spread-40": Plan(_MILLION, 40),
    "spread-100": Plan(_MILLION, 100),
    "burst-40": Plan(_MILLION, 40, arrival=Arrival.BURST),
    "others-40": Plan(_MILLION - _HOT, 40),
    "hot-40": Plan(_MILLION, 40, hot=_HOT),
    "others-10": Plan(95_000, 10),
    "hot-10": Plan(100_000, 10, hot=5_000),
    "paced-others-10": Plan(95_000, 10, arrival=Arrival.PACED, per_second=300 * 0.95),
    "paced-hot-10": Plan(100_000, 10, hot=5_000, arrival=Arrival.PACED, per_second=300),
    **{
        f"processor-{instances}": Plan(_MILLION // 10, instances, arrival=Arrival.BURST)
        for instances in (1, 2, 5, 10, 20, 40)
    },
    "processor-one-1": Plan(5_000, 1, organizers=0, hot=5_000),
    "processor-one-10": Plan(5_000, 10, organizers=0, hot=5_000),
    "one-1": Plan(5_000, 1, organizers=0, hot=5_000),
    "one-2": Plan(5_000, 2, organizers=0, hot=5_000),
    "one-10": Plan(5_000, 10, organizers=0, hot=5_000),
    "one-40": Plan(5_000, 40, organizers=0, hot=5_000),
    "one-2-of-2": Plan(5_000, 2, organizers=0, hot=5_000, calls_per_mailbox=2),
}


def main(arguments: Sequence[str]) -> int:
    """Run the scenarios, print a table of each, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.scale", description="What a million requests take.")
    parser.add_argument("names", nargs="*", metavar="scenario", help=f"all without; of {', '.join(SCENARIOS)}")
    parser.add_argument("--divide", type=int, default=1, help="requests and organizers by so much")
    parser.add_argument("--output", type=Path, default=Path("dist/scale.json"), help="where the figures go as JSON")
    parser.add_argument("--publish", action="store_true", help="write the chart of docs/scale.md from this run")
    given = parser.parse_args(arguments)
    if unknown := set(given.names) - SCENARIOS.keys():
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    console = Console()
    reports: dict[str, Report] = {}
    for name in given.names or SCENARIOS:
        plan = _smaller(SCENARIOS[name], given.divide)
        reports[name] = run(replace(plan, measured=published()) if name.startswith(_MEASURED) else plan)
        console.print(_table(name, reports[name]))
    given.output.parent.mkdir(parents=True, exist_ok=True)
    figures = {name: report.figures() for name, report in reports.items()}
    given.output.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if given.publish:
        SCALE.publish({name: figures[name] for name in figures if name.startswith(_MEASURED)})
    return 0


def _smaller(plan: Plan, divisor: int) -> Plan:
    return replace(
        plan,
        requests=plan.requests // divisor,
        organizers=plan.organizers and max(1, plan.organizers // divisor),
        hot=plan.hot // divisor,
    )


def _table(name: str, report: Report) -> Table:
    table = Table("figure", "value", title=name)
    table.columns[1].justify = "right"
    for figure, value in report.figures().items():
        if value is not None:
            table.add_row(figure.replace("_", " "), f"{value:,}")
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
