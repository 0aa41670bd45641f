"""VTIMEZONE: the rules of a time zone, as RFC 5545 requires for every zone that a file names.

Exchange and Outlook read one STANDARD and one DAYLIGHT part with a yearly rule each, and may take the first part of a
kind for the only one; so there is one of each wherever possible, from 1970 on, as Google and Outlook write them.
DAYLIGHT is the part whose clocks are ahead, in Dublin too, where the IANA database calls summer time the standard.
https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxcical/65e61fa3-de85-4030-8245-1054e27208f7

The library makes such components too, with transitions that are an hour off in spring and that end in 2038.
"""

from calendar import monthrange
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard, vRecur

_FIRST_YEAR = 1970
_STEP = timedelta(days=7)  # shorter than any zone's summer time
_A_YEAR = timedelta(days=366)
_YEARS_THAT_SHOW_A_RULE = 12
_A_CHANGE_AND_BACK = 2
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class _Clock(NamedTuple):
    """The offset and name of a zone's clocks during a period."""

    offset: timedelta
    name: str


@dataclass(frozen=True, slots=True)
class _Change:
    """A change of clock: when, and from what to what."""

    instant: datetime
    before: _Clock
    after: _Clock

    @property
    def wall(self) -> datetime:
        """Return its wall time by the clock that ends."""
        return _wall(self.instant, self.before)


@dataclass(frozen=True, slots=True)
class _YearlyRule:
    """The nth weekday of a month at a time of the day; -1 is the last one."""

    month: int
    position: int
    weekday: int
    time: time

    @property
    def by_day(self) -> str:
        """Return the BYDAY of an RRULE."""
        return f"{self.position}{_WEEKDAYS[self.weekday]}"

    def day_in(self, year: int) -> datetime:
        """Return the day and time in a year."""
        days = [
            day
            for day in range(1, monthrange(year, self.month)[1] + 1)
            if date(year, self.month, day).weekday() == self.weekday
        ]
        position = self.position if self.position < 0 else self.position - 1
        return datetime.combine(date(year, self.month, days[position]), self.time)


def time_zone(zone: ZoneInfo, first: datetime, last: datetime) -> Timezone:
    """Return the component that is right between two instants, and later as long as the zone keeps its rules."""
    start = first.replace(microsecond=0) - _A_YEAR
    end = max(last, first + _A_YEAR * _YEARS_THAT_SHOW_A_RULE) + _A_YEAR
    component = Timezone()
    component.add("TZID", zone.key)
    years = range(start.year, end.year + 1)
    changes = [change for year in years for change in _changes_in(zone, year) if start < change.instant <= end]
    by_kind = defaultdict[tuple[_Clock, _Clock], list[_Change]](list)
    for change in changes:
        by_kind[change.before, change.after].append(change)
    kinds = [(alike, _yearly_rule(alike, end.year)) for alike in by_kind.values()]
    earliest = min(_FIRST_YEAR, first.year - 2)  # in either hemisphere, both parts have begun at `first`
    ruled = [_ruled(alike[0], rule, earliest) for alike, rule in kinds if rule]
    begun = bool(changes) and changes[0].instant <= first
    if begun and len(kinds) == len(ruled) == _A_CHANGE_AND_BACK:
        parts = ruled
    elif not any(first < change.instant <= last for change in changes):
        parts = [_constant(_clock(zone, first), datetime(earliest, 1, 1))]  # noqa: DTZ001 - a wall clock's time
    else:
        parts = [_ruled(alike[0], rule, alike[0].wall.year) if rule else _listed(alike) for alike, rule in kinds]
        if not begun:
            initial = changes[0].before
            parts.insert(0, _constant(initial, _wall(start, initial)))
    for part in parts:
        component.add_component(part)
    return component


# Many meetings share a zone, and each needs its changes of 15 years at least. Finding those of a year costs 0.2 ms.
@lru_cache(maxsize=4096)
def _changes_in(zone: ZoneInfo, year: int) -> tuple[_Change, ...]:
    low, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    before, changes = _clock(zone, low), list[_Change]()
    while low < end:
        high = min(low + _STEP, end)
        after = _clock(zone, high)
        if before != after:
            changes.append(_Change(_bisected(zone, low, high), before, after))
        low, before = high, after
    return tuple(changes)


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
    return _Clock(local.utcoffset() or timedelta(0), local.tzname() or "")


def _wall(instant: datetime, clock: _Clock) -> datetime:
    return (instant + clock.offset).replace(tzinfo=None)


def _ruled(change: _Change, rule: _YearlyRule, year: int) -> TimezoneStandard | TimezoneDaylight:
    """Return the part for changes that follow a rule, from a year on."""
    component = _observance(_part(change), rule.day_in(year), change.before, change.after)
    component.add("RRULE", vRecur({"FREQ": "YEARLY", "BYMONTH": rule.month, "BYDAY": [rule.by_day]}))
    return component


def _constant(clock: _Clock, start: datetime) -> TimezoneStandard:
    """Return the part for a clock that does not change."""
    return _observance(TimezoneStandard(), start, clock, clock)


def _listed(changes: list[_Change]) -> TimezoneStandard | TimezoneDaylight:
    """Return the part for changes that follow no rule that every reader understands."""
    first, *others = changes
    component = _observance(_part(first), first.wall, first.before, first.after)
    if others:
        component.add("RDATE", [each.wall for each in others])
    return component


def _part(change: _Change) -> TimezoneStandard | TimezoneDaylight:
    return TimezoneDaylight() if change.after.offset > change.before.offset else TimezoneStandard()


def _observance[Part: TimezoneStandard | TimezoneDaylight](
    component: Part, start: datetime, before: _Clock, after: _Clock
) -> Part:
    component.DTSTART = start
    component.TZOFFSETFROM = before.offset
    component.TZOFFSETTO = after.offset
    component.add("TZNAME", after.name)
    return component


def _yearly_rule(changes: list[_Change], last_year: int) -> _YearlyRule | None:
    """Return the rule of changes that occur each year on, for example, the last Sunday of March.

    None where there is no such rule up to the last year or the one before it, or too few changes to show it.
    """
    walls = [change.wall for change in changes]
    years = [wall.year for wall in walls]
    if years != list(range(years[0], years[0] + len(years))) or len(years) < _YEARS_THAT_SHOW_A_RULE:
        return None
    if years[-1] < last_year - 1:
        return None
    first = walls[0]
    for position in (-1, 1, 2, 3, 4):
        rule = _YearlyRule(first.month, position, first.weekday(), first.time())
        if all(rule.day_in(wall.year) == wall for wall in walls):
            return rule
    return None
