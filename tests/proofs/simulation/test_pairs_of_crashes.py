"""A host that crashes twice, at every pair of points."""

from collections.abc import Callable

import pytest

from tests.proofs.simulation.crash_points import STORIES, broken_by_two_crashes


@pytest.mark.parametrize("name", STORIES)
def test_a_second_crash_breaks_no_promise_either(name: str, record_property: Callable[[str, object], None]) -> None:
    """The first life ends at any point, the second at any of its own; the third finds all that was made."""
    told, wrong = broken_by_two_crashes(STORIES[name])
    assert wrong == []
    assert told > 50
    record_property("pairs of crashes", told)
