"""A host that dies at every point of its work, before or after each of its calls takes effect."""

from collections.abc import Callable

import pytest

from tests.proofs.simulation.crash_points import REQUESTS, STORIES, Ended, tell
from tests.proofs.simulation.network import Ending

_ENDINGS = (Ending.CRASH_BEFORE, Ending.CRASH_AFTER)


@pytest.mark.parametrize("name", STORIES)
def test_a_crash_at_any_point_breaks_no_promise(name: str, record_property: Callable[[str, object], None]) -> None:
    """The host starts again, and it ends with one meeting in the right state, nobody invited twice, all ends told.

    Each story has a tenant of its own. A crash after a read is as one before it, and no pair of crashes has it.
    """
    story, tenant = STORIES[name], list(STORIES).index(name)
    fine = tell(story, tenant=tenant)
    assert [*fine.violations, *fine.faults] == []
    wrong, left = list[str](), list[Ended]()
    for number, point in enumerate(fine.points[0], 1):
        for ending in _ENDINGS:
            ended = tell(story, [(number, ending)], tenant)
            assert len(ended.points) > 1 or ending is Ending.CRASH_AFTER, "the host should have died"
            wrong += [f"{ending} {number} ({point.what}): {each}" for each in (*ended.violations, *ended.faults)]
            left.append(ended)
        before, after = left[-2:]
        assert not point.reads or before.points[1:] == after.points[1:], point
    assert wrong == []
    record_property("stories", 1)
    record_property("single crashes", len(fine.points[0]) * len(_ENDINGS))


def test_every_kind_of_meeting_has_its_stories() -> None:
    """Each kind is created and cancelled."""
    for kind in REQUESTS:
        assert {f"create, {kind}", f"cancel, {kind}"} <= STORIES.keys()


def test_what_a_crash_leaves_of_a_meeting_with_a_passcode() -> None:
    """One that nobody was told of, if the host died between Graph's making it and its being written down; else none.

    Graph has no id of ours for such a meeting, so that a repetition makes another. No result names the first one, it
    invites nobody, and one story of each crash has at most one.
    """
    story = STORIES["create, passcode"]
    points = tell(story).points[0]
    # The first creation is createOrGet's, which Graph recognizes; the second makes the passcode.
    made = [number for number, point in enumerate(points, 1) if point.what == "POST onlineMeetings"][-1]
    left = {
        (number, ending)
        for number in range(1, len(points) + 1)
        for ending in _ENDINGS
        if _orphans(tell(story, [(number, ending)])) == 1
    }
    assert left == {(made, Ending.CRASH_AFTER), (made + 1, Ending.CRASH_BEFORE)}


def _orphans(ended: Ended) -> int:
    assert ended.made in {1, 2}
    return ended.made - 1
