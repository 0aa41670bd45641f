"""The soak: a run of any size, its figures, and whether a promise was broken.

    python -m tests.proofs.simulation --requests 10000 --hosts 3 --seed 1

The same figures come again from the same seed and size. Exit code 1 says that a promise was broken.
"""

import argparse
import random
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from tests.proofs.simulation.run import BAD, Plan, Report, run

_SHOWN = 20
# So that the requests come at the same pace, and crowd a mailbox alike, whatever their number.
_REQUESTS_PER_ORGANIZER = 50
_REQUESTS_PER_SECOND = 5


def main(arguments: Sequence[str]) -> int:
    """Run it, print a table, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.proofs.simulation", description="Run the whole app under simulated bad luck."
    )
    parser.add_argument("--requests", type=int, default=10_000, help="clients, each with a meeting (10000)")
    parser.add_argument("--hosts", type=int, default=3, help="machines that run the app (3)")
    parser.add_argument("--seed", type=int, help="of all chance; a new one without it")
    parser.add_argument("--mean-life", type=float, default=60.0, help="of a host's process, in seconds (60)")
    parser.add_argument("--no-faults", action="store_true", help="inject no faults, to compare the costs")
    given = parser.parse_args(arguments)
    seed = random.SystemRandom().randrange(10**9) if given.seed is None else given.seed
    console = Console()
    console.print(f"seed {seed}", highlight=False)
    plan = Plan(
        requests=given.requests,
        hosts=given.hosts,
        arrive_within=given.requests / _REQUESTS_PER_SECOND,
        organizers=max(5, given.requests // _REQUESTS_PER_ORGANIZER),
    )
    if not given.no_faults:
        plan = Plan(
            requests=plan.requests,
            hosts=plan.hosts,
            arrive_within=plan.arrive_within,
            organizers=plan.organizers,
            fault_rates=BAD,
            mean_life=given.mean_life,
        )
    report = run(plan, seed)
    console.print(_table(plan, report))
    problems = [*map(str, report.violations), *report.faults]
    for problem in problems[:_SHOWN]:
        console.print(problem, style="red", markup=False)
    if problems:
        again = f"--requests {plan.requests} --hosts {plan.hosts} --seed {seed}"
        console.print(
            f"{len(problems)} problems; the same again: python -m tests.proofs.simulation {again}", style="red"
        )
    return 1 if problems else 0


def _table(plan: Plan, report: Report) -> Table:
    table = Table("figure", "value", title=f"{plan.requests} requests on {plan.hosts} hosts")
    table.columns[1].justify = "right"
    figures: dict[str, str] = {
        "broken promises": str(len(report.violations)),
        "failures without a name": str(len(report.faults)),
        "host crashes": str(report.crashes),
        "calls to Graph": str(report.graph_calls),
        "calls to Graph per request": f"{report.graph_calls / plan.requests:.2f}",
        "answers with a Retry-After": str(report.throttled),
        "passcode meetings that nobody was told of": str(report.orphans),
        **{name: str(number) for name, number in sorted(report.endings.items())},
        "simulated minutes": f"{report.simulated_seconds / 60:.1f}",
        "seconds": f"{report.seconds:.1f}",
        "digest": report.digest[:16],
    }
    for name, value in figures.items():
        table.add_row(name, value)
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
