"""Many small runs, each from another seed."""

from dataclasses import replace

from tests.proofs.simulation.run import BAD, Plan, run

SEEDS = 500
# A small run makes few calls: each is in more danger, so that most runs see a few deaths and losses of storage.
WORST = replace(BAD, storage_fails=0.01, storage_lost=0.01, deaths=0.004)
SMALL = Plan(requests=4, hosts=2, climate=WORST, arrive_within=20.0, mean_life=90.0, longest_poll=30.0)


def broken_by(first: int, last: int) -> list[str]:
    """Run the seeds from `first` to just before `last` and return what was wrong, with the seed that shows it."""
    wrong: list[str] = []
    for seed in range(first, last):
        report = run(SMALL, seed)
        wrong += [f"seed {seed}: {problem}" for problem in (*report.violations, *report.faults)]
    return wrong
