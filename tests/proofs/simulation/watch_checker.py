"""What people did in Outlook against what the app has kept and published of it: promise 7.

The oracle is the tenant's own course: each event as it was from which moment on. Beside it stand the observations that
were written down, one after the other, and the events that each sink has got.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

from local.graph.attendee_responses import RESPONSES
from tests.proofs.simulation.people import Wishes
from tests.proofs.simulation.sights import GONE, Json, Kept, Report, Sight, time_of
from tests.proofs.simulation.violation import Violation

# Between Graph's reading of an event and the conclusion: the longest that the calls of one look take.
_LONGEST_LOOK = timedelta(seconds=60)
# Of the promise.
_FAR = timedelta(hours=6)
_NEAR = timedelta(minutes=15)
# What people change as well; only that can be missing in Graph because a change of the caller failed.
_CHANGED_BY_CALLERS = frozenset({"attendees"})
_LAST_DAY = timedelta(days=1)
ATTENDED = "meeting.attended"


class Fault(StrEnum):
    """What can be wrong with what was noticed."""

    UNTRUE = "observed what never was"
    STALE = "observed is not what the tenant has"
    UNNOTICED = "a change that stood was not observed"
    NUMBERS = "numbers with gaps, or used twice"
    OTHER_EVENTS = "the events are not those of the observations"
    MISSING = "a sink lacks an event"
    WAITED = "a sink waited for the other"
    UNDONE = "a change of the caller undid what people did"


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event that a sink has got."""

    at: datetime
    event: Json


@dataclass(frozen=True, slots=True)
class Watched:
    """Everything there is of one meeting.

    Attributes:
        shown: the meeting as the interface shows it in the end; None if it was never accepted.
        course: its event in the tenant, from which moment on; empty if there never was one.
        arrivals: what each sink has got, in the order of arrival.
        wanted: the request, with what the caller changed.
        wishes: what people did.
        reports: the attendance reports that the tenant has of it.
    """

    name: str
    shown: Json
    course: Sequence[tuple[datetime, Sight]]
    kept: Sequence[Kept]
    arrivals: Mapping[str, Sequence[Arrival]]
    wanted: Json
    wishes: Wishes
    reports: Sequence[Report] = ()


def check_watch(
    meetings: Sequence[Watched],
    ended_at: datetime,
    outages: Mapping[str, Sequence[tuple[datetime, datetime]]],
    slack: timedelta,
) -> list[Violation]:
    """Return everything that is wrong, in a stable order.

    Args:
        meetings: what there is of each.
        ended_at: until when everybody was watched; by then no outage lasts, and nobody acts any more.
        outages: when which sink was away.
        slack: how much later than promised something may be noticed or sent, because runs fail.
    """
    violations: list[Violation] = []
    for meeting in meetings:
        found = [*_truth(meeting), *_events(meeting), *_sinks(meeting, outages, slack)]
        if meeting.shown["status"] == "succeeded":
            found += [*_noticed(meeting, ended_at, slack), *_end(meeting)]
        violations += [Violation(fault, meeting.name, detail) for fault, detail in found]
    return violations


def _truth(meeting: Watched) -> Iterator[tuple[Fault, str]]:
    """Whatever was kept was there when it was looked for."""
    for kept in meeting.kept:
        there = _during(meeting.course, kept.at - _LONGEST_LOOK, kept.at)
        if kept.sight not in there:
            yield Fault.UNTRUE, f"at {kept.at:%d %H:%M:%S} {_differences(kept.sight, there[-1] if there else GONE)}"
        if others := kept.unapplied - _CHANGED_BY_CALLERS:
            yield Fault.UNTRUE, f"at {kept.at:%d %H:%M:%S} the caller would have changed {sorted(others)}"


def _during(course: Sequence[tuple[datetime, Sight]], first: datetime, last: datetime) -> list[Sight]:
    ends = [*(begin for begin, _ in course[1:]), datetime.max.replace(tzinfo=last.tzinfo)]
    return [sight for (begin, sight), end in zip(course, ends, strict=True) if begin <= last and end >= first]


def _differences(seen: Sight, there: Sight) -> str:
    if seen.removed or there.removed:
        return f"removed={seen.removed}, in the tenant removed={there.removed}"
    names = [name for name in Sight.__slots__ if getattr(seen, name) != getattr(there, name)]
    return ", ".join(
        f"{name}: {_short(getattr(seen, name))}, in the tenant {_short(getattr(there, name))}" for name in names
    )


def _short(value: object) -> str:
    """Return a value of a sight for people."""
    if isinstance(value, datetime):
        return f"{value:%d %H:%M:%S}"
    if isinstance(value, (frozenset, tuple)):
        return f"({' '.join(sorted(_short(each).replace('@fabrikam.com', '') for each in value))})"
    return str(value)


def _noticed(meeting: Watched, ended_at: datetime, slack: timedelta) -> Iterator[tuple[Fault, str]]:
    """What stood for as long as the promise says was kept, meanwhile or at the end."""
    ends = [*(begin for begin, _ in meeting.course[1:]), ended_at]
    for (begin, sight), end in zip(meeting.course, ends, strict=True):
        near = _is_near(meeting, begin) and (sight.start is None or sight.start - _LAST_DAY <= begin)
        if end - begin < (_NEAR if near else _FAR) + slack:
            continue
        if not any(begin <= kept.at <= end + _LONGEST_LOOK and kept.sight == sight for kept in meeting.kept):
            yield (
                Fault.UNNOTICED,
                f"from {begin:%d %H:%M:%S} for {end - begin}, {_differences(sight, Sight(removed=False))}",
            )


def _is_near(meeting: Watched, now: datetime) -> bool:
    """Return whether a meeting is in its last day, as far as the app can know from its latest observation."""
    known = [kept.observed["start"] for kept in meeting.kept if kept.at <= now][-1:] or [meeting.wanted["start"]]
    start = time_of(known[0])
    return start is not None and start - _LAST_DAY <= now


def _end(meeting: Watched) -> Iterator[tuple[Fault, str]]:
    """In the end `observed` is what the tenant has, and that is what the caller and people have made of it."""
    observed, there = meeting.shown["observed"], meeting.course[-1][1] if meeting.course else GONE
    if observed is None:
        if there != meeting.course[0][1]:
            yield Fault.STALE, "nothing was observed"
        return
    last = meeting.kept[-1]
    if last.sight != there:
        yield Fault.STALE, _differences(last.sight, there)
    if there.removed:
        return
    changes = tuple(_changes(meeting.wanted, there))
    state = "changed" if changes else "asRequested"
    if (observed["state"], tuple(observed["changes"])) != (state, changes):
        yield Fault.STALE, f"{observed['state']} {observed['changes']} instead of {state} {changes}"
    yield from _undone(meeting, there)


def _changes(wanted: Json, there: Sight) -> Iterator[str]:
    if time_of(wanted["start"]) != there.start:
        yield "start"
        if time_of(wanted["end"]) != there.end:
            yield "end"
    elif time_of(wanted["end"]) != there.end:
        yield "end"
    if wanted["subject"] != there.subject:
        yield "subject"
    if (wanted.get("location") or {}).get("displayName", "") != there.place:
        yield "location"
    if _addresses(wanted["attendees"]) != {guest for guest, _ in there.guests}:
        yield "attendees"


def _addresses(attendees: Sequence[Json]) -> set[str]:
    return {each["emailAddress"]["address"].casefold() for each in attendees}


def _undone(meeting: Watched, there: Sight) -> Iterator[tuple[Fault, str]]:
    """A later change of the caller sends what the caller changed: what people did stays."""
    properties, guests = meeting.wishes.properties, {guest for guest, _ in there.guests}
    made = {
        "start": (there.start, properties.get("start") and time_of(properties["start"])),
        "end": (there.end, properties.get("end") and time_of(properties["end"])),
        "subject": (there.subject, properties.get("subject")),
        "location": (there.place, properties.get("location", {}).get("displayName")),
    }
    for name, (is_there, was_made) in made.items():
        if was_made is not None and was_made != is_there:
            yield Fault.UNDONE, f"{name} is {is_there} and not {was_made}"
    asked = _addresses(meeting.wanted["attendees"])
    expected = (asked | meeting.wishes.invited) - meeting.wishes.uninvited
    if guests != expected:
        yield Fault.UNDONE, f"{sorted(guests ^ expected)} are not as people left them"


def _events(meeting: Watched) -> Iterator[tuple[Fault, str]]:
    """The events that were published, by number, are exactly those which the observations cause, in their order.

    Those about attendance are numbered with them; tests/proofs/simulation/attendance_checker.py looks at what they say.
    """
    told: defaultdict[int, set[tuple[str, str]]] = defaultdict(set)
    for arrivals in meeting.arrivals.values():
        for arrival in arrivals:
            if (number := _number(arrival.event)) is not None:
                told[number].add((arrival.event["type"], arrival.event["time"]))
    if sorted(told) != list(range(1, len(told) + 1)) or any(len(events) > 1 for events in told.values()):
        yield Fault.NUMBERS, f"{ {number: sorted(events) for number, events in sorted(told.items())} }"
        return
    expected = [
        (kind, latest.at)
        for former, latest in pairwise([None, *meeting.kept])
        if latest is not None
        for kind in _caused(meeting, former, latest)
    ]
    published = [
        (kind, datetime.fromisoformat(at))
        for [(kind, at)] in (sorted(told[number]) for number in sorted(told))
        if kind != ATTENDED
    ]
    if [kind for kind, _ in expected] != [kind for kind, _ in published] or any(
        abs(wanted - given) > timedelta(seconds=1) for (_, wanted), (_, given) in zip(expected, published, strict=True)
    ):
        yield Fault.OTHER_EVENTS, f"{_shown(published)} instead of {_shown(expected)}"


def _shown(events: Sequence[tuple[str, datetime]]) -> str:
    return ", ".join(f"{kind.removeprefix('meeting.')} {at:%d %H:%M:%S}" for kind, at in events) or "nothing"


def _number(event: Json) -> int | None:
    parts = str(event["id"]).split("/")
    return int(parts[2]) if len(parts) > 2 else None


def _caused(meeting: Watched, former: Kept | None, latest: Kept) -> Iterator[str]:
    """Yield the types of the events that the contract has for two observations."""
    was_removed = former is not None and former.sight.removed
    if latest.sight.removed:
        if not was_removed:
            yield "meeting.removed"
        return
    if was_removed or _differing(former) != _differing(latest) or _others_invited(meeting, former, latest):
        yield "meeting.changed"
    known = {each["address"]: _answer(each) for each in former.observed["attendees"]} if former else {}
    answers = [each for each in latest.observed["attendees"] if each["response"] in RESPONSES]
    if any(_answer(each) != known.get(each["address"]) for each in answers):
        yield "meeting.responded"


def _differing(kept: Kept | None) -> dict[str, Any]:
    """Return what differs from the request because of people, with its values; attendees are looked at apart."""
    if kept is None:
        return {}
    names = [name for name in kept.observed["changes"] if name not in kept.unapplied | _CHANGED_BY_CALLERS]
    return {name: kept.observed[name] for name in names}


def _others_invited(meeting: Watched, former: Kept | None, latest: Kept) -> bool:
    """Return whether people have invited or removed somebody; whom the caller has invited is no difference."""
    created = meeting.course[0]
    own = _addresses(meeting.wanted["attendees"]) - {guest for guest, _ in created[1].guests}
    known, since = (former.sight.guests, former.at) if former else (created[1].guests, created[0])
    shown = frozenset[tuple[str, str]]().union(*(each.guests for each in _during(meeting.course, since, latest.at)))
    return known | {guest for guest in shown if guest[0] in own} != latest.sight.guests


def _answer(attendee: Json) -> tuple[Any, ...]:
    return tuple(str(attendee[name]) for name in ("response", "respondedAt", "proposedStart", "proposedEnd"))


def _sinks(
    meeting: Watched, outages: Mapping[str, Sequence[tuple[datetime, datetime]]], slack: timedelta
) -> Iterator[tuple[Fault, str]]:
    """Each sink has every event, and had it while the other was away."""
    ids = {name: {arrival.event["id"] for arrival in arrivals} for name, arrivals in meeting.arrivals.items()}
    for name, have in ids.items():
        if missing := sorted(set().union(*ids.values()) - have):
            yield Fault.MISSING, f"the {name} lacks {len(missing)}, such as {missing[0]}"
    for away, times in outages.items():
        for name, arrivals in meeting.arrivals.items():
            first = {arrival.event["id"]: arrival.at for arrival in reversed(arrivals)}
            for event in {arrival.event["id"]: arrival.event for arrival in arrivals}.values():
                at = datetime.fromisoformat(event["time"])
                if name != away and any(
                    begin <= at < end - slack and first[event["id"]] >= end for begin, end in times
                ):
                    yield Fault.WAITED, f"the {name} got {event['id']} when the {away} was back"
