"""Two deaths of a host, at every pair of points; a file for every other story, so that two workers share them."""

from collections.abc import Callable

import pytest

from tests.proofs.simulation.deaths import STORIES, broken_by_two_deaths


@pytest.mark.parametrize("name", list(STORIES)[1::2])
def test_a_second_death_breaks_no_promise_either(name: str, record_property: Callable[[str, object], None]) -> None:
    """The first life ends at any point, the second at any of its own; the third finds all that was made."""
    told, wrong = broken_by_two_deaths(STORIES[name])
    assert wrong == []
    assert told > 50
    record_property("pairs of deaths", told)
