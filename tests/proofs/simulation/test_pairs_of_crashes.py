"""A host that crashes twice, at every pair of points, or at every n-th."""

import os
from collections.abc import Callable

import pytest

from tests.proofs.simulation.crash_points import STORIES, broken_by_two_crashes

EVERY = int(os.environ.get("CRASH_PAIRS_EVERY", "7"))


@pytest.mark.parametrize("name", STORIES)
def test_a_second_crash_breaks_no_promise_either(name: str, record_property: Callable[[str, object], None]) -> None:
    """The first life ends at any point, the second at any of its own; the third finds all that was made."""
    pairs, wrong = broken_by_two_crashes(STORIES[name], EVERY)
    assert wrong == []
    assert pairs > 50
    record_property("pairs of crashes", pairs // EVERY)
