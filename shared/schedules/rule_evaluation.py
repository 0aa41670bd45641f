"""A completed rule and its times, evaluated by dateutil in a bounded number of steps.

The completed rule takes nothing from its start, so that dateutil can begin at any period of the rule. It stops only at
the end of its calendar, 372 years after a schedule's rule begins; the search is bounded because it never goes day by
day.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import lru_cache
from itertools import dropwhile, islice, product, starmap, takewhile
from typing import Any, Literal

from dateutil.rrule import DAILY, MONTHLY, WEEKLY, YEARLY, rrule, weekday

from shared.schedules.rule_text import HOURS_A_DAY, WEEKDAYS, Rule
from shared.validation.date_times import LAST_YEAR

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
# The days of the longest period.
_LONGEST: Mapping[str, int] = {"MONTHLY": 31, "YEARLY": 366}
_ORDINALS_IN_A_MONTH = range(1, 6)
_ORDINALS_IN_A_YEAR = range(1, 54)

# dateutil searches for an occurrence up to the year 9999, which takes seconds when there is none. Weekdays and leap
# years repeat every 400 years: so late in the calendar the result is the same, and the search ends soon.
_LATE = 400 * 19


@dataclass(frozen=True, slots=True)
class CompletedRule:
    """A rule completed with the parts that RFC 5545 takes from the start; hashable."""

    frequency: str
    interval: int
    week_start: int
    by: frozenset[tuple[str, tuple[int, ...]]]
    weekdays: tuple[tuple[int, int], ...]

    @staticmethod
    def of(rule: Rule, start: datetime) -> "CompletedRule":
        """Return a rule, completed from its start."""
        by, days = dict(rule.by), rule.weekdays
        if rule.frequency != "HOURLY":
            by.setdefault("BYHOUR", (start.hour,))
        by.setdefault("BYMINUTE", (start.minute,))
        by.setdefault("BYSECOND", (start.second,))
        if not days and {"BYMONTHDAY", "BYYEARDAY"}.isdisjoint(by):
            days = _complete_days(rule.frequency, by, start)
        if any(ordinal for ordinal, _ in days):  # dateutil takes MO,1TU for Mondays that are first Tuesdays
            in_month = rule.frequency == "MONTHLY" or "BYMONTH" in by
            every = _ORDINALS_IN_A_MONTH if in_month else _ORDINALS_IN_A_YEAR
            days = tuple((n, day) for ordinal, day in days for n in ([ordinal] if ordinal else every))
        return CompletedRule(rule.frequency, rule.interval, rule.week_start, frozenset(by.items()), days)

    def times_of_day(self, start: datetime) -> list[time]:
        """Return the times that a day may have; of a daily rule those at the positions of BYSETPOS."""
        by = dict(self.by)
        step = math.gcd(self.interval, HOURS_A_DAY) if self.frequency == "HOURLY" else 1
        hours = [hour for hour in by.get("BYHOUR", range(HOURS_A_DAY)) if (hour - start.hour) % step == 0]
        times = sorted(starmap(time, product(hours, by["BYMINUTE"], by["BYSECOND"])))
        if self.frequency == "DAILY" and "BYSETPOS" in by:
            places = {place - 1 if place > 0 else len(times) + place for place in by["BYSETPOS"]}
            return [times[place] for place in sorted(places) if 0 <= place < len(times)]
        return times

    def by_day(self, start: datetime, near: datetime) -> Iterator[datetime]:
        """Yield the times of an hourly or daily rule: those that it reaches, on the days of its other parts.

        The days come from a rule of one time a day. Where they are few, that rule is yearly, which takes dateutil a
        twentieth of the time.
        """
        times = self.times_of_day(start)
        if not times:
            return
        by = {name: values for name, values in self.by if name != "BYSETPOS"}
        by |= {"BYHOUR": (0,), "BYMINUTE": (0,), "BYSECOND": (0,)}
        hourly, few = self.frequency == "HOURLY", not {"BYMONTH", "BYMONTHDAY", "BYYEARDAY"}.isdisjoint(by)
        weekdays = self.weekdays or tuple((0, day) for day in range(len(WEEKDAYS)))
        days = replace(
            self,
            frequency="YEARLY" if few else "DAILY",
            interval=1 if few or hourly else self.interval,
            by=frozenset(by.items()),
            weekdays=weekdays if few else self.weekdays,
        )
        first = datetime.combine(start.date(), time.min)
        for day in _expanded(days, first, near):
            passed = (day - first).days
            if hourly:
                hours = passed * HOURS_A_DAY - start.hour
                yield from (datetime.combine(day, each) for each in times if (hours + each.hour) % self.interval == 0)
            elif passed % self.interval == 0:
                yield from (datetime.combine(day, each) for each in times)

    def has_positions(self) -> bool:
        """Return whether a period can have as many times as BYSETPOS counts to."""
        by = dict(self.by)
        times = math.prod(len(by[name]) for name in ("BYHOUR", "BYMINUTE", "BYSECOND"))
        days = len(self.weekdays) if self.frequency == "WEEKLY" else _LONGEST[self.frequency]
        return any(abs(place) <= days * times for place in by.get("BYSETPOS", (1,)))

    def period_near(self, start: datetime, near: datetime) -> datetime:
        """Return when the rule's last period begins, counted from `start`, that is not after `near`."""
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
        """Return the rule as dateutil's, from the beginning of a period."""
        arguments: dict[str, Any] = {_ARGUMENTS[name]: values for name, values in self.by}
        if self.weekdays:
            arguments["byweekday"] = [weekday(day, ordinal or None) for ordinal, day in self.weekdays]
        frequency = _FREQUENCIES[self.frequency]
        return rrule(frequency, dtstart=period, interval=self.interval, wkst=self.week_start, **arguments)


def _complete_days(frequency: str, by: dict[str, tuple[int, ...]], start: datetime) -> tuple[tuple[int, int], ...]:
    """Return the start's weekday if it decides the day, or add the day of the month to the BY parts."""
    if frequency == "WEEKLY" or "BYWEEKNO" in by:
        return ((0, start.weekday()),)
    if frequency in {"MONTHLY", "YEARLY"}:
        by["BYMONTHDAY"] = (start.day,)
    if frequency == "YEARLY":
        by.setdefault("BYMONTH", (start.month,))
    return ()


def all_times(rule: CompletedRule, start: datetime, near: datetime) -> Iterator[datetime]:
    """Yield the times of a rule from `start` on, in order; those before `near` may be missing."""
    if rule.frequency in {"HOURLY", "DAILY"}:
        return dropwhile(lambda nominal: nominal < start, rule.by_day(start, near))
    return _expanded(rule, start, near) if rule.has_positions() else iter(())


def _expanded(rule: CompletedRule, start: datetime, near: datetime) -> Iterator[datetime]:
    """Yield the times that dateutil computes for a rule."""
    period = rule.period_near(start, near)
    late = rule.library_rule(period.replace(year=period.year + _LATE))
    nominals = (nominal.replace(year=nominal.year - _LATE) for nominal in late)
    return takewhile(lambda nominal: nominal.year <= LAST_YEAR, (nominal for nominal in nominals if nominal >= start))


@lru_cache(maxsize=1024)
def last_of(rule: CompletedRule, start: datetime, count: int) -> datetime | None:
    """Return the last of this many occurrences, None if the calendar ends first."""
    return next(islice(all_times(rule, start, start), count - 1, None), None)
