"""A host that dies at every point of what it does about Outlook, before or after each of its calls takes effect."""

from collections.abc import Callable, Sequence

import pytest

from tests.proofs.simulation.crash_points import Kill, first_alike, kills_to_try
from tests.proofs.simulation.network import Point
from tests.proofs.simulation.watch_crash_points import WATCH_STORIES, broken_by_two_deaths, tell_watch

# What each story publishes about Outlook, beside the result of the meeting's creation.
PUBLISHED = {
    "nothing happened, look": [],
    "moved, look": ["meeting.changed"],
    "moved and declined, look": ["meeting.changed", "meeting.responded"],
    "cancelled, look": ["meeting.removed"],
    "deleted, look": ["meeting.removed"],
    "deleted, noticed and restored, look": ["meeting.removed", "meeting.changed"],
    "moved and declined, refresh": ["meeting.changed", "meeting.responded"],
    "deleted, refresh": ["meeting.removed"],
    "a report came, look": ["meeting.attended"],
    "moved while the queue was away, send": ["meeting.changed", "meeting.responded"],
    "moved while the topic was away, send": ["meeting.changed", "meeting.responded"],
    "moved while both were away, send": ["meeting.changed", "meeting.responded"],
}


@pytest.mark.parametrize("name", WATCH_STORIES)
def test_a_death_at_any_point_loses_and_invents_nothing(
    name: str, record_property: Callable[[str, object], None]
) -> None:
    """The next life goes on: `observed` is what the tenant has, and both sinks have each event, numbered without gaps.

    Each story has a tenant of its own. Points are the calls of a look, a refresh, a search for reports and a sending to
    Graph, the table, the mailboxes' table, the queue and the topic.
    """
    story, tenant = WATCH_STORIES[name], list(WATCH_STORIES).index(name)
    fine = tell_watch(story, tenant=tenant)
    assert [*fine.violations, *fine.faults] == []
    assert fine.published[1:] == PUBLISHED[name]
    wrong, alike = list[str](), first_alike(fine.points[0])
    kills = list(alike) if story.threads else kills_to_try(fine.points[0], tenant)
    left = dict[Kill, Sequence[Sequence[Point]]]()
    for kill in kills:
        number, ending = kill
        what, ended = f"{ending} {number} ({fine.points[0][number - 1].what})", tell_watch(story, [kill], tenant)
        assert len(ended.points) > 1, "the host should have died"
        left[kill] = ended.points[1:]
        assert story.threads or left[kill] == left[alike[kill]], what
        wrong += [f"{what}: {each}" for each in (*ended.violations, *ended.faults)]
        if ended.published[1:] != PUBLISHED[name]:
            wrong.append(f"{what}: {ended.published}")
    assert wrong == []
    record_property("deaths in the watch", len(kills))


def test_a_second_death_does_neither() -> None:
    """The first life ends at any point, the second at any of its own; here at some pairs of one story."""
    told, wrong = broken_by_two_deaths(WATCH_STORIES["moved and declined, look"], every=4)
    assert wrong == []
    assert told > 10
