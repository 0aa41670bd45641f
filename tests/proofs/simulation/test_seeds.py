"""Many small runs, each from another seed."""

import os

import pytest

from tests.proofs.simulation.run import SMALL, run

SEEDS = int(os.environ.get("SEEDS", "100"))
_PARTS = 10  # so that each ends within the time of a test


@pytest.mark.parametrize("part", range(_PARTS))
def test_no_seed_breaks_a_promise(part: int) -> None:
    """Whatever goes wrong: nothing is lost, nothing is done twice, every end is told."""
    wrong: list[str] = []
    for seed in range(part, SEEDS, _PARTS):
        report = run(SMALL, seed)
        wrong += [f"seed {seed}: {problem}" for problem in (*report.violations, *report.faults)]
    assert wrong == []
