"""VTIMEZONE: a time zone's rules written into the invitation, as RFC 5545 asks of every zone that it names.

The library makes such components too, with transitions that are an hour off in spring and that end in 2038.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard, vRecur

_STEP = timedelta(days=7)  # shorter than any zone's summer time
_A_YEAR = timedelta(days=366)
_YEARS_THAT_SHOW_A_RULE = 12
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True, slots=True)
class _Clock:
    """How a zone's clocks go for a while."""

    offset: timedelta
    summer: bool
    name: str


@dataclass(frozen=True, slots=True)
class _Change:
    """A change of clock: when, by the clock that ends there, and from what to what."""

    wall: datetime
    before: _Clock
    after: _Clock


def time_zone(zone: ZoneInfo, first: datetime, last: datetime) -> Timezone:
    """Return the component that holds between two instants, and after them as long as the zone keeps its rules."""
    start = first.replace(microsecond=0) - _A_YEAR
    end = max(last, first + _A_YEAR * _YEARS_THAT_SHOW_A_RULE) + _A_YEAR
    component = Timezone()
    component.add("TZID", zone.key)
    changes = list(_changes(zone, start, end))
    initial = _clock(zone, start)
    opening = _Change((start + initial.offset).replace(tzinfo=None), initial, initial)
    component.add_component(_observance([opening], end))
    by_kind = defaultdict[tuple[_Clock, _Clock], list[_Change]](list)
    for change in changes:
        by_kind[change.before, change.after].append(change)
    for alike in by_kind.values():
        component.add_component(_observance(alike, end))
    return component


def _changes(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[_Change]:
    steps = int((end - start) / _STEP) + 1
    for low, high in itertools.pairwise(start + _STEP * step for step in range(steps + 1)):
        before, after = _clock(zone, low), _clock(zone, high)
        if before != after:
            instant = _bisected(zone, low, high)
            yield _Change((instant + before.offset).replace(tzinfo=None), before, after)


def _bisected(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """Return the first second of the clock that `high` has."""
    before = _clock(zone, low)
    first, last = 0, int((high - low).total_seconds())
    while last - first > 1:
        middle = (first + last) // 2
        if _clock(zone, low + timedelta(seconds=middle)) == before:
            first = middle
        else:
            last = middle
    return low + timedelta(seconds=last)


def _clock(zone: ZoneInfo, instant: datetime) -> _Clock:
    local = instant.astimezone(zone)
    return _Clock(local.utcoffset() or timedelta(0), bool(local.dst()), local.tzname() or "")


def _observance(changes: list[_Change], end: datetime) -> TimezoneStandard | TimezoneDaylight:
    change = changes[0]
    component = TimezoneDaylight() if change.after.summer else TimezoneStandard()
    component.DTSTART = change.wall
    component.TZOFFSETFROM = change.before.offset
    component.TZOFFSETTO = change.after.offset
    component.add("TZNAME", change.after.name)
    if rule := _yearly_rule(changes, end):
        component.add("RRULE", rule)
    elif len(changes) > 1:
        component.add("RDATE", [each.wall for each in changes[1:]])
    return component


def _yearly_rule(changes: list[_Change], end: datetime) -> vRecur | None:
    """Return the rule of changes that come each year on, say, the last Sunday of March, up to the end of what was seen.

    Outlook reads rules and not lists of dates.
    """
    walls = [change.wall for change in changes]
    years = [wall.year for wall in walls]
    if years != list(range(years[0], years[0] + len(years))) or len(years) < _YEARS_THAT_SHOW_A_RULE:
        return None
    if years[-1] < end.year - 1 or len({(wall.month, wall.weekday(), wall.time()) for wall in walls}) > 1:
        return None
    first = walls[0]
    for position in (-1, 1, 2, 3, 4):
        if all(_is_nth(wall, position) for wall in walls):
            weekday = f"{position}{_WEEKDAYS[first.weekday()]}"
            return vRecur({"FREQ": "YEARLY", "BYMONTH": first.month, "BYDAY": [weekday]})
    return None


def _is_nth(wall: datetime, position: int) -> bool:
    if position < 0:
        return (wall + timedelta(days=7)).month != wall.month
    return (wall.day - 1) // 7 + 1 == position
