"""The checker of the watch sees what it is there to see: each fault is planted into a course that was good."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.proofs.simulation.people import Wishes
from tests.proofs.simulation.sights import GONE, Json, Kept, Sight
from tests.proofs.simulation.watch_checker import Arrival, Fault, Watched, check_watch

NINE = datetime(2026, 11, 21, 9, tzinfo=UTC)
ENDED_AT = NINE + timedelta(days=1)
SLACK = timedelta(hours=1)
AWAY = {"topic": [(NINE + timedelta(hours=3), NINE + timedelta(hours=6))]}
GUEST = {"emailAddress": {"address": "a@fabrikam.com"}, "type": "required"}


def at(hours: float) -> datetime:
    return NINE + timedelta(hours=hours)


def time_in(moment: datetime) -> dict[str, str]:
    return {"dateTime": moment.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"}


FIRST = Sight(
    removed=False, start=at(30), end=at(31), subject="one", guests=frozenset({("a@fabrikam.com", "required")})
)
MOVED = replace(FIRST, start=at(32), end=at(33))
ANSWERED = replace(MOVED, answers=frozenset({("a@fabrikam.com", "declined", at(4), None)}))


def observed(sight: Sight, state: str = "asRequested", *changes: str) -> dict[str, Any]:
    answer = "declined" if sight.answers else "none"
    attendee = {"address": "a@fabrikam.com", "type": "required", "response": answer, "respondedAt": None}
    return {
        "state": state,
        "changes": list(changes),
        "start": time_in(sight.start) if sight.start else None,
        "end": time_in(sight.end) if sight.end else None,
        "subject": "one",
        "location": None,
        "attendees": [attendee | {"proposedStart": None, "proposedEnd": None}],
    }


def told(number: int, kind: str, hours: float) -> dict[str, Any]:
    return {"id": f"meeting/1/{number}", "type": f"meeting.{kind}", "time": at(hours).isoformat()}


def good() -> Watched:
    """Return a meeting that was moved, then declined by its guest; both sinks have all of it."""
    events = [(1.2, told(1, "changed", 1.2)), (4.2, told(2, "responded", 4.2))]
    arrivals = [Arrival(at(hours), event) for hours, event in events]
    kept = [
        Kept(at(0.1), observed(FIRST), FIRST, 0),
        Kept(at(1.2), observed(MOVED, "changed", "start", "end"), MOVED, 1),
        Kept(at(4.2), observed(ANSWERED, "changed", "start", "end"), ANSWERED, 2),
    ]
    return Watched(
        name="one",
        shown={"status": "succeeded", "observed": kept[-1].observed},
        course=[(at(0), FIRST), (at(1), MOVED), (at(4), ANSWERED)],
        kept=kept,
        arrivals={"queue": arrivals, "topic": arrivals},
        wanted={"subject": "one", "start": time_in(at(30)), "end": time_in(at(31)), "attendees": [GUEST]},
        wishes=Wishes({"start": time_in(at(32)), "end": time_in(at(33))}),
    )


def faults(meeting: Watched) -> set[object]:
    return {flaw.fault for flaw in check_watch([meeting], ENDED_AT, AWAY, SLACK)}


def queue(meeting: Watched, arrivals: list[Arrival]) -> Watched:
    return replace(meeting, arrivals={"queue": arrivals, "topic": meeting.arrivals["topic"]})


def with_events(meeting: Watched, *events: Json) -> Watched:
    arrivals = [Arrival(datetime.fromisoformat(event["time"]), event) for event in events]
    return replace(meeting, arrivals={"queue": arrivals, "topic": arrivals})


def test_what_is_good_has_no_flaw() -> None:
    """A change that was observed when it had stood for some minutes, and published once."""
    assert faults(good()) == set()


FLAWS: dict[str, tuple[Callable[[Watched], Watched], set[Fault]]] = {
    "a removal that never was": (
        lambda good: replace(good, kept=[*good.kept, Kept(at(5), observed(GONE, "removed"), GONE, 2)]),
        {Fault.UNTRUE, Fault.STALE, Fault.OTHER_EVENTS},
    ),
    "a change that nobody noticed": (
        lambda good: replace(good, course=[*good.course, (at(6), GONE)]),
        {Fault.UNNOTICED, Fault.STALE},
    ),
    "a change that stood for hours, and was noticed as the next": (
        lambda good: replace(good, course=[(at(-9), replace(FIRST, subject="none")), *good.course]),
        {Fault.UNNOTICED},
    ),
    "an event that nothing caused": (
        lambda good: with_events(good, *(arrival.event for arrival in good.arrivals["queue"]), told(3, "changed", 5)),
        {Fault.OTHER_EVENTS},
    ),
    "an event that is not there": (
        lambda good: with_events(good, good.arrivals["queue"][0].event),
        {Fault.OTHER_EVENTS},
    ),
    "an event of another type": (
        lambda good: with_events(good, told(1, "changed", 1.2), told(2, "removed", 4.2)),
        {Fault.OTHER_EVENTS},
    ),
    "a gap": (lambda good: with_events(good, told(1, "changed", 1.2), told(3, "responded", 4.2)), {Fault.NUMBERS}),
    "one number for two": (
        lambda good: with_events(good, told(1, "changed", 1.2), told(1, "responded", 4.2)),
        {Fault.NUMBERS},
    ),
    "an event that one sink lacks": (
        lambda good: queue(good, list(good.arrivals["queue"][:1])),
        {Fault.MISSING},
    ),
    "a sink that waits for the other": (
        lambda good: queue(good, [good.arrivals["queue"][0], Arrival(at(6.1), told(2, "responded", 4.2))]),
        {Fault.WAITED},
    ),
    "changes that are none": (
        lambda good: replace(
            good, shown={**good.shown, "observed": observed(ANSWERED, "changed", "start", "end", "subject")}
        ),
        {Fault.STALE},
    ),
    "a move that was undone": (
        lambda good: replace(good, wishes=Wishes({"start": time_in(at(50))})),
        {Fault.UNDONE},
    ),
    "a guest who was removed and is there": (
        lambda good: replace(good, wishes=replace(good.wishes, uninvited={"a@fabrikam.com"})),
        {Fault.UNDONE},
    ),
    "a guest who was invited and is not there": (
        lambda good: replace(good, wishes=replace(good.wishes, invited={"b@fabrikam.com"})),
        {Fault.UNDONE},
    ),
    "a change of people taken for the caller's": (
        lambda good: replace(
            good, kept=[good.kept[0], replace(good.kept[1], unapplied=frozenset({"start", "end"})), good.kept[2]]
        ),
        {Fault.UNTRUE, Fault.OTHER_EVENTS},
    ),
}


@pytest.mark.parametrize("name", FLAWS)
def test_a_flaw_is_seen(name: str) -> None:
    """Each by the name of what is wrong."""
    plant, expected = FLAWS[name]
    assert faults(plant(good())) == expected
