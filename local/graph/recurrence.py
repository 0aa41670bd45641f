"""When a recurring event takes place, as Exchange reads its pattern.

https://learn.microsoft.com/graph/api/resources/recurrencepattern
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Final

from local.graph.errors import JsonObject
from local.graph.records import Event
from local.graph.time_zones import Moment, zone

_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_POSITIONS: Final = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1}


def occurrences(event: Event, until: Moment) -> Iterator[tuple[Moment, Moment]]:
    """Yield start and end of each occurrence that starts before a moment, in order; of a single event its own."""
    recurrence = event.properties["recurrence"]
    if recurrence is None:
        yield event.start.moment, event.end.moment
        return
    where = zone(recurrence["range"]["recurrenceTimeZone"])
    first, last = (each.moment.second.astimezone(where).replace(tzinfo=None) for each in (event.start, event.end))
    number = recurrence["range"]["numberOfOccurrences"] or None
    for day in islice(_days(recurrence, first.date(), until.second.date() + timedelta(days=1)), number):
        shift = day - first.date()
        start, end = (
            Moment((wall + shift).replace(tzinfo=where, fold=1).astimezone(UTC), each.moment.fraction)
            for wall, each in ((first, event.start), (last, event.end))
        )
        if start < until:
            yield start, end


def _days(recurrence: JsonObject, first: date, last: date) -> Iterator[date]:
    if recurrence["range"]["type"] == "endDate":
        last = min(last, date.fromisoformat(recurrence["range"]["endDate"]))
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if _is_due(recurrence["pattern"], first, day) and _fits(recurrence["pattern"], day):
            yield day


def _is_due(pattern: JsonObject, first: date, day: date) -> bool:
    """Return whether a day is in one of the days, weeks, months or years that the interval counts."""
    match pattern["type"]:
        case "daily":
            passed = (day - first).days
        case "weekly":
            passed = (_week(pattern, day) - _week(pattern, first)).days // 7
        case "absoluteMonthly" | "relativeMonthly":
            passed = (day.year - first.year) * 12 + day.month - first.month
        case _:
            passed = day.year - first.year
    return passed % pattern["interval"] == 0


def _week(pattern: JsonObject, day: date) -> date:
    """Return the first day of a day's week."""
    return day - timedelta(days=(day.weekday() - _WEEKDAYS.index(pattern["firstDayOfWeek"])) % 7)


def _fits(pattern: JsonObject, day: date) -> bool:
    """Return whether the pattern names a day of its week, month or year."""
    kind, length = pattern["type"], monthrange(day.year, day.month)[1]
    if kind.endswith("Yearly") and day.month != pattern["month"]:
        return False
    match kind:
        case "daily":
            return True
        case "weekly":
            return _WEEKDAYS[day.weekday()] in pattern["daysOfWeek"]
        case "absoluteMonthly" | "absoluteYearly":
            return day.day == min(pattern["dayOfMonth"], length)
        case _:
            days = [datetime(day.year, day.month, number, tzinfo=UTC) for number in range(1, length + 1)]
            named = [each.day for each in days if _WEEKDAYS[each.weekday()] in pattern["daysOfWeek"]]
            place = _POSITIONS[pattern["index"]]
            return place < len(named) and named[place] == day.day
