"""Many small runs, each from another seed."""

from tests.simulation.run import BAD, Plan, run

SEEDS = 500
SMALL = Plan(requests=4, hosts=2, climate=BAD, arrive_within=20.0, mean_life=90.0, longest_poll=30.0)


def broken_by(first: int, last: int) -> list[str]:
    """Run the seeds from `first` to just before `last` and return what was wrong, with the seed that shows it."""
    wrong: list[str] = []
    for seed in range(first, last):
        report = run(SMALL, seed)
        wrong += [f"seed {seed}: {problem}" for problem in (*report.violations, *report.faults)]
    return wrong
