"""When a schedule's meetings begin: a rule, evaluated on the clock of a zone.

dateutil evaluates the rule. It is given the rule in full, with nothing left for it to take from the start, so that the
evaluation can begin at any period of the rule: what has been costs nothing, however much it was.

Where clocks are changed, a time is read as RFC 5545 says (https://www.rfc-editor.org/rfc/rfc5545#section-3.3.5): one
that they skip is meant by the clock before the change, so that it is shown as so much later, and one that they show
twice is meant the first time. Only a date in UTC, in RDATE or EXDATE, can name the second; on the clock it then has
`fold` 1. An hourly rule counts the hours that the clocks would show if they were never changed.
"""

import heapq
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from itertools import dropwhile, islice, product, starmap, takewhile
from typing import Any, Literal

from dateutil.rrule import DAILY, MONTHLY, WEEKLY, YEARLY, rrule, weekday

from shared.schedules.date_or_time import Point
from shared.schedules.rule import HOURS_A_DAY, WEEKDAYS, Rule
from shared.validation.date_times import LAST_YEAR
from shared.validation.time_zones import zone

_FREQUENCIES: Mapping[str, Literal[0, 1, 2, 3]] = {
    "YEARLY": YEARLY,
    "MONTHLY": MONTHLY,
    "WEEKLY": WEEKLY,
    "DAILY": DAILY,
}
_ARGUMENTS = {
    "BYSECOND": "bysecond",
    "BYMINUTE": "byminute",
    "BYHOUR": "byhour",
    "BYMONTHDAY": "bymonthday",
    "BYYEARDAY": "byyearday",
    "BYWEEKNO": "byweekno",
    "BYMONTH": "bymonth",
    "BYSETPOS": "bysetpos",
}
_ORDINALS_IN_A_MONTH = range(1, 6)
_ORDINALS_IN_A_YEAR = range(1, 54)

# dateutil looks for an occurrence up to the year 9999, which takes it seconds when there is none. Weekdays and leap
# years repeat every 400 years: so late in the calendar it asks the same, and the search is over soon.
_LATE = 400 * 19
# More than any zone's clock was ever put forward: Pacific/Apia skipped a day.
_MARGIN = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One of the times that a rule gives.

    Attributes:
        nominal: the time by the rule or RDATE, which the zone's clocks may skip.
        start: the time on the zone's clocks.
    """

    nominal: datetime
    start: datetime

    @property
    def wall(self) -> datetime:
        """What the zone's clocks show at the start."""
        return self.start.replace(tzinfo=None)

    @property
    def mark(self) -> datetime:
        """The start as it is kept: see `Timetable.mark`."""
        return self.start if self.start.fold else self.wall

    @property
    def instant(self) -> datetime:
        """The start in UTC."""
        return self.start.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Timetable:
    """A rule, the time from which it holds, and the zone whose clocks show it."""

    rule: Rule
    start: datetime
    time_zone: str

    def after(self, moment: datetime) -> Iterator[Occurrence]:
        """Yield the occurrences that start later than a moment, each once, in their order."""
        since = self.instant(moment)
        near = max(self.wall(since), self.start) - _MARGIN
        times = {self.instant(point) for point in self.rule.excluded if isinstance(point, datetime)}
        days = {point for point in self.rule.excluded if not isinstance(point, datetime)}
        last: datetime | None = None
        for occurrence in dropwhile(lambda each: each.instant <= since, self._in_order(near)):
            instant, named = occurrence.instant, {occurrence.nominal.date(), occurrence.start.date()}
            if instant != last and instant not in times and days.isdisjoint(named):
                yield occurrence
            last = instant

    def resolve(self, nominal: datetime) -> datetime:
        """Return a time that the rule, or a sum of days, gives as the zone's clocks show it."""
        where = zone(self.time_zone)
        return nominal.replace(tzinfo=where).astimezone(UTC).astimezone(where)

    def instant(self, moment: datetime) -> datetime:
        """Return a moment in UTC; without a zone it is a time on the zone's clocks."""
        return (moment if moment.tzinfo else self.resolve(moment)).astimezone(UTC)

    def wall(self, instant: datetime) -> datetime:
        """Return what the zone's clocks show at an instant."""
        return instant.astimezone(zone(self.time_zone)).replace(tzinfo=None)

    def mark(self, instant: datetime) -> datetime:
        """Return an instant as it is kept: what clocks show, with its offset if they show it the second time.

        So it stays the clock's time when the zone's rules are changed, and yet is never ambiguous.
        """
        start = instant.astimezone(zone(self.time_zone))
        return start if start.fold else start.replace(tzinfo=None)

    def _in_order(self, near: datetime) -> Iterator[Occurrence]:
        # A skipped time moves past later ones, and the second of two equal times comes after the first of later ones:
        # each waits until the rule gives none any more that can be earlier.
        where = zone(self.time_zone)
        waiting: list[tuple[datetime, datetime]] = []
        for nominal in self._nominals(near):
            instants = [nominal.replace(tzinfo=where, fold=fold).astimezone(UTC) for fold in (0, 1)]
            while waiting and waiting[0][0] < min(instants):
                yield self._occurrence(heapq.heappop(waiting)[1])
            heapq.heappush(waiting, (instants[nominal.fold], nominal))
        yield from (self._occurrence(nominal) for _, nominal in sorted(waiting))

    def _occurrence(self, nominal: datetime) -> Occurrence:
        return Occurrence(nominal, self.resolve(nominal))

    def _nominals(self, near: datetime) -> Iterator[datetime]:
        added = sorted(self.wall(point) if point.tzinfo else point for point in self.rule.added)
        return heapq.merge(self._by_rule(near), (point for point in added if point >= near))

    def _by_rule(self, near: datetime) -> Iterator[datetime]:
        until = self._until()
        for nominal in _expanded(_Completed.of(self.rule, self.start), self.start, near):
            if until is not None and self._is_later(nominal - _MARGIN, until):
                return
            if until is None or not self._is_later(nominal, until):
                yield nominal

    def _until(self) -> Point | None:
        if self.rule.count is None:
            return self.rule.until
        # So many that the calendar ends before them are as good as no end.
        return _last_of(_Completed.of(self.rule, self.start), self.start, self.rule.count)

    def _is_later(self, nominal: datetime, until: Point) -> bool:
        if not isinstance(until, datetime):
            return nominal.date() > until
        return (self.resolve(nominal) if until.tzinfo else nominal) > until


@dataclass(frozen=True, slots=True)
class _Completed:
    """A rule with everything that RFC 5545 otherwise takes from the start; hashable."""

    frequency: str
    interval: int
    week_start: int
    by: frozenset[tuple[str, tuple[int, ...]]]
    weekdays: tuple[tuple[int, int], ...]

    @staticmethod
    def of(rule: Rule, start: datetime) -> "_Completed":
        by, days = dict(rule.by), rule.weekdays
        if rule.frequency != "HOURLY":
            by.setdefault("BYHOUR", (start.hour,))
        by.setdefault("BYMINUTE", (start.minute,))
        by.setdefault("BYSECOND", (start.second,))
        says_which_day = bool(days) or not {"BYMONTHDAY", "BYYEARDAY"}.isdisjoint(by)
        if not says_which_day and (rule.frequency == "WEEKLY" or "BYWEEKNO" in by):
            days = ((0, start.weekday()),)
        elif not says_which_day and rule.frequency in {"MONTHLY", "YEARLY"}:
            by["BYMONTHDAY"] = (start.day,)
            if rule.frequency == "YEARLY":
                by.setdefault("BYMONTH", (start.month,))
        if any(ordinal for ordinal, _ in days):  # dateutil takes MO,1TU for Mondays that are first Tuesdays
            in_month = rule.frequency == "MONTHLY" or "BYMONTH" in by
            every = _ORDINALS_IN_A_MONTH if in_month else _ORDINALS_IN_A_YEAR
            days = tuple((n, day) for ordinal, day in days for n in ([ordinal] if ordinal else every))
        return _Completed(rule.frequency, rule.interval, rule.week_start, frozenset(by.items()), days)

    def hours(self, start: datetime, near: datetime) -> Iterator[datetime]:
        """Yield the times of an hourly rule: on the days that its other parts give, the hours that its steps reach."""
        by = dict(self.by)
        step = math.gcd(self.interval, HOURS_A_DAY)
        hours = [hour for hour in by.get("BYHOUR", range(HOURS_A_DAY)) if (hour - start.hour) % step == 0]
        times = sorted(starmap(time, product(hours, by["BYMINUTE"], by["BYSECOND"])))
        if not times:
            return
        first = datetime.combine(start.date(), time.min)
        members = by | {"BYHOUR": (0,), "BYMINUTE": (0,), "BYSECOND": (0,)}
        daily = replace(self, frequency="DAILY", interval=1, by=frozenset(members.items()))
        for day in _expanded(daily, first, near):
            passed = (day - first).days * HOURS_A_DAY - start.hour
            for each in times:
                if (passed + each.hour) % self.interval == 0:
                    yield datetime.combine(day, each)

    def period_near(self, start: datetime, near: datetime) -> datetime:
        """Return when the last period begins that the rule looks at, counted from `start`, and that is not after."""
        near = max(near, start)
        midnight = datetime.combine(start.date(), time.min)
        match self.frequency:
            case "YEARLY":
                passed = near.year - start.year
                return midnight.replace(year=start.year + passed - passed % self.interval, month=1, day=1)
            case "MONTHLY":
                passed = 12 * (near.year - start.year) + near.month - start.month
                years, month = divmod(start.month - 1 + passed - passed % self.interval, 12)
                return midnight.replace(year=start.year + years, month=month + 1, day=1)
            case "WEEKLY":
                begin = midnight - timedelta(days=(start.weekday() - self.week_start) % 7)
                passed = (near - begin).days // 7
                return begin + timedelta(weeks=passed - passed % self.interval)
            case _:
                passed = (near - midnight).days
                return midnight + timedelta(days=passed - passed % self.interval)

    def library_rule(self, period: datetime) -> rrule:
        """Return the rule as dateutil has it, from the beginning of a period."""
        arguments: dict[str, Any] = {_ARGUMENTS[name]: values for name, values in self.by}
        if self.weekdays:
            arguments["byweekday"] = [weekday(day, ordinal or None) for ordinal, day in self.weekdays]
        frequency = _FREQUENCIES[self.frequency]
        rare = not {"bymonth", "bymonthday", "byyearday"}.isdisjoint(arguments)
        if frequency == DAILY and self.interval == 1 and rare and "bysetpos" not in arguments:
            # The same days, but looked at by the year, which takes dateutil a twentieth of the time.
            frequency = YEARLY
            arguments.setdefault("byweekday", range(len(WEEKDAYS)))
        return rrule(frequency, dtstart=period, interval=self.interval, wkst=self.week_start, **arguments)


def _expanded(rule: _Completed, start: datetime, near: datetime) -> Iterator[datetime]:
    """Yield the times from `start` on that the rule gives, in their order; `near` tells how many may be left out."""
    if rule.frequency == "HOURLY":
        return dropwhile(lambda nominal: nominal < start, rule.hours(start, near))
    period = rule.period_near(start, near)
    late = rule.library_rule(period.replace(year=period.year + _LATE))
    nominals = (nominal.replace(year=nominal.year - _LATE) for nominal in late)
    return takewhile(lambda nominal: nominal.year <= LAST_YEAR, (nominal for nominal in nominals if nominal >= start))


@lru_cache(maxsize=1024)
def _last_of(rule: _Completed, start: datetime, count: int) -> datetime | None:
    """Return the last of so many occurrences, None if the calendar ends before it."""
    return next(islice(_expanded(rule, start, start), count - 1, None), None)
