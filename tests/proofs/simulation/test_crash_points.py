"""A host that dies at every point of its work, before or after each of its calls takes effect, and once more."""

from collections.abc import Callable
from functools import cache

import pytest

from tests.proofs.simulation.crash_points import (
    EVERY,
    REQUESTS,
    STORIES,
    Ended,
    Kill,
    first_alike,
    kills_of,
    kills_to_try,
    tell,
)
from tests.proofs.simulation.network import Ending


@cache
def _told(name: str, *kills: Kill) -> Ended:
    """Return how a story comes out, in a tenant of its own."""
    return tell(STORIES[name], kills, list(STORIES).index(name))


@pytest.mark.parametrize("name", STORIES)
def test_a_crash_at_any_point_breaks_no_promise(name: str, record_property: Callable[[str, object], None]) -> None:
    """The host starts again, and it ends with one meeting in the right state, nobody invited twice, all ends told.

    A crash that is said to leave what another one leaves does: the next life makes the same calls.
    """
    fine = _told(name)
    assert _faults(fine) == []
    wrong, alike = list[str](), first_alike(fine.points[0])
    kills = kills_to_try(fine.points[0], list(STORIES).index(name))
    for kill in kills:
        number, ending = kill
        what, ended = f"{ending} {number} ({fine.points[0][number - 1].what})", _told(name, kill)
        assert len(ended.points) > 1 or ending is Ending.CRASH_AFTER, "the host should have died"
        assert ended.points[1:] == _told(name, alike[kill]).points[1:], what
        wrong += [f"{what}: {fault}" for fault in _faults(ended)]
    assert wrong == []
    record_property("stories", 1)
    record_property("single crashes", len(kills))


@pytest.mark.parametrize("name", STORIES)
def test_a_second_crash_breaks_no_promise_either(name: str, record_property: Callable[[str, object], None]) -> None:
    """The first life ends at any point, the second at any of its own; the third finds all that was made."""
    pairs = [
        (first, second)
        for first in kills_of(_told(name).points[0])
        for life in _told(name, first).points[1:2]
        for second in kills_of(life)
    ]
    assert len(pairs) > 50
    tried = pairs[EVERY - 1 :: EVERY]
    assert [f"{pair}: {fault}" for pair in tried for fault in _faults(_told(name, *pair))] == []
    record_property("pairs of crashes", len(tried))


def test_every_kind_of_meeting_has_its_stories() -> None:
    """Each kind is created and cancelled."""
    for kind in REQUESTS:
        assert {f"create, {kind}", f"cancel, {kind}"} <= STORIES.keys()


def test_what_a_crash_leaves_of_a_meeting_with_a_passcode() -> None:
    """One that nobody was told of, if the host died between Graph's making it and its being written down; else none.

    Graph has no id of ours for such a meeting, so that a repetition makes another. No result names the first one, it
    invites nobody, and one story of each crash has at most one.
    """
    points = _told("create, passcode").points[0]
    # The first creation is createOrGet's, which Graph recognizes; the second makes the passcode.
    made = [number for number, point in enumerate(points, 1) if point.what == "POST onlineMeetings"][-1]
    left = {kill for kill in first_alike(points) if _orphans(_told("create, passcode", kill)) == 1}
    assert left == {(made, Ending.CRASH_AFTER), (made + 1, Ending.CRASH_BEFORE)}


def _faults(ended: Ended) -> list[object]:
    return [*ended.violations, *ended.faults]


def _orphans(ended: Ended) -> int:
    assert ended.made in {1, 2}
    return ended.made - 1
