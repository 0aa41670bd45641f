"""Graph's recurrence pattern as the parts of an RRULE, and the first day that it gives.

https://learn.microsoft.com/graph/api/resources/recurrencepattern and
https://www.rfc-editor.org/rfc/rfc5545#section-3.3.10
"""

from calendar import monthrange
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import Any

from dateutil.rrule import rrulestr

from shared.meeting_request.recurrence import Recurrence, RecurrencePattern

_POSITIONS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
_SHORTEST_MONTH = 28
_LONGEST_MONTH = 31
_LEAP_YEAR = 2000


def rule_parts(pattern: RecurrencePattern) -> dict[str, Any]:
    """Return the parts of the rule by their names; a part with several values is a list."""
    return {"FREQ": _frequency(pattern), "INTERVAL": pattern.interval, **_days(pattern)}


def first_start(pattern: RecurrencePattern, start: datetime) -> datetime | None:
    """Return the first start of a pattern from `start` on, in wall-clock time; None if there is no such start.

    Graph accepts a start that does not fit its pattern, and begins on the first day that does.
    """
    return next(wall_starts(pattern, start), None)


def starts(recurrence: Recurrence, start: datetime) -> Iterator[datetime]:
    """Yield the starts of a recurrence from `start` on, in wall-clock time."""
    last, number = recurrence.range.end_date, recurrence.range.number_of_occurrences
    for each in islice(wall_starts(recurrence.pattern, start), number):
        if last is not None and each.date().isoformat() > last:
            return
        yield each


def wall_starts(pattern: RecurrencePattern, start: datetime) -> Iterator[datetime]:
    """Yield the starts of a pattern from `start` on, in wall-clock time, until the calendar ends."""
    parts = (
        f"{name}={','.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in rule_parts(pattern).items()
    )
    with suppress(OverflowError, ValueError):  # beyond the calendar
        yield from rrulestr(";".join(parts), dtstart=start)


def _frequency(pattern: RecurrencePattern) -> str:
    return pattern.type.removeprefix("absolute").removeprefix("relative").upper()


def _days(pattern: RecurrencePattern) -> dict[str, Any]:
    match pattern.type:
        case "daily":
            return {}
        case "weekly":
            return {"BYDAY": _weekdays(pattern), "WKST": _weekday(pattern.first_day_of_week or "sunday")}
        case "absoluteMonthly":
            return _days_of_month(pattern.day_of_month or 1)
        case "relativeMonthly":
            return _relative(pattern)
        case "absoluteYearly":
            month = pattern.month or 1
            day = pattern.day_of_month or 1
            longest = monthrange(_LEAP_YEAR, month)[1]
            last_of_february = day > _SHORTEST_MONTH and longest < _LONGEST_MONTH - 1
            return {"BYMONTH": month, "BYMONTHDAY": -1 if last_of_february else min(day, longest)}
        case "relativeYearly":
            return {"BYMONTH": pattern.month or 1} | _relative(pattern)


def _days_of_month(day: int) -> dict[str, Any]:
    """Return the day of each month, in a month without it the last one, as Exchange does.

    https://learn.microsoft.com/exchange/client-developer/web-service-reference/dayofmonth
    """
    if day <= _SHORTEST_MONTH:
        return {"BYMONTHDAY": day}
    if day == _LONGEST_MONTH:
        return {"BYMONTHDAY": -1}
    return {"BYMONTHDAY": list(range(_SHORTEST_MONTH, day + 1)), "BYSETPOS": -1}


def _relative(pattern: RecurrencePattern) -> dict[str, Any]:
    position, days = _POSITIONS[pattern.index or "first"], _weekdays(pattern)
    if len(days) == 1:
        return {"BYDAY": [f"{position}{days[0]}"]}
    return {"BYDAY": days, "BYSETPOS": position}


def _weekdays(pattern: RecurrencePattern) -> list[str]:
    return list(dict.fromkeys(_weekday(day) for day in pattern.days_of_week or ()))


def _weekday(day: str) -> str:
    return day[:2].upper()
