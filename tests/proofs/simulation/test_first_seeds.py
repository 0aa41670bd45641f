"""The first half of the small runs; a file of its own, so that two workers share them."""

import pytest

from tests.proofs.simulation.seeds import SEEDS, broken_by

_HALF = SEEDS // 2
_PART = _HALF // 5


@pytest.mark.parametrize("part", range(5))
def test_no_seed_breaks_a_promise(part: int) -> None:
    """Whatever goes wrong: nothing is lost, nothing is done twice, every end is told."""
    first = part * _PART
    assert broken_by(first, first + _PART) == []
