"""The checker of attendance sees what it is there to see: each fault is planted into a course that was good."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.proofs.simulation.attendance_checker import Fault, check_attendance
from tests.proofs.simulation.sights import Json, Report
from tests.proofs.simulation.test_watch_checker import ENDED_AT, SLACK, at, good, time_in, told
from tests.proofs.simulation.watch_checker import Arrival, Watched

ADELE, MEGAN = "a@fabrikam.com", "m@fabrikam.com"
ENDED = at(10)
FIRST = Report(at(10.5), ENDED, frozenset({ADELE, MEGAN}), 5000)
SECOND = Report(at(12), ENDED, frozenset({ADELE}), 60)


def published(number: int, hours: float, **numbers: int) -> Json:
    return told(number, "attended", hours) | {"data": {"attendance": numbers}}


def attended() -> Watched:
    """Return a meeting of which two reports came, each published when it had been there for some minutes."""
    meeting = replace(good(), course=good().course[:1], reports=(FIRST, SECOND))
    wanted = {**meeting.wanted, "end": time_in(ENDED)}
    return replace(with_events(meeting, *EVENTS), wanted=wanted)


def with_events(meeting: Watched, *events: Json) -> Watched:
    arrivals = [Arrival(at(0), event) for event in events]
    return replace(meeting, arrivals={"queue": arrivals, "topic": arrivals})


EVENTS = (
    published(3, 10.6, reports=1, participants=2, seconds=5000),
    published(4, 12.1, reports=2, participants=2, seconds=5060),
)
FLAWS: dict[str, tuple[Callable[[Watched], Watched], set[Fault]]] = {
    "nothing was published": (with_events, {Fault.UNPUBLISHED}),
    "the later report was not published": (lambda good: with_events(good, EVENTS[0]), {Fault.UNPUBLISHED}),
    "too many participants": (
        lambda good: with_events(good, published(3, 10.6, reports=1, participants=3, seconds=5000), EVENTS[1]),
        {Fault.UNTRUE},
    ),
    "numbers of a report that had not appeared": (
        lambda good: with_events(good, published(3, 11, reports=2, participants=2, seconds=5060)),
        {Fault.UNTRUE},
    ),
    "no report at all": (lambda good: replace(good, reports=()), {Fault.UNTRUE}),
    "an event without a report": (
        lambda good: with_events(good, published(3, 10.1, reports=0, participants=0, seconds=0), *EVENTS),
        {Fault.UNTRUE},
    ),
}


def found(meeting: Watched) -> set[object]:
    return {violation.fault for violation in check_attendance([meeting], ENDED_AT, SLACK)}


def test_what_is_good_has_no_flaw() -> None:
    """Both reports are in the numbers; one that appears after the six hours may be published later."""
    assert found(attended()) == set()
    late = replace(SECOND, shown_from=ENDED + timedelta(hours=6))
    assert found(with_events(replace(attended(), reports=(FIRST, late)), EVENTS[0])) == set()


@pytest.mark.parametrize("name", FLAWS)
def test_a_flaw_is_seen(name: str) -> None:
    """Each by the name of what is wrong."""
    plant, expected = FLAWS[name]
    assert found(plant(attended())) == expected
