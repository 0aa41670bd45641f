"""NCRONTAB expressions as the Functions host reads them: NCrontab 3.4, in UTC.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions. Unlike in cron, the day
and the day of the week must both match. The host reverses a backward range: `22-3` is `3-22`.
"""

import calendar
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime, time, timedelta
from typing import NamedTuple

# The calendar repeats after this many years, days of the week included.
_CALENDAR_REPEATS_AFTER = 400
_SHORT_FORM, _LONG_FORM = 5, 6
_NUMBER = re.compile("[0-9]{1,9}")
_STEP = re.compile("[+-]?[0-9]{1,9}")
_MONTHS = tuple(calendar.month_name[1:])
_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


class _Field(NamedTuple):
    name: str
    least: int
    most: int
    names: Sequence[str] = ()


_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of the week", 0, 6, _DAYS),
)


@dataclass(frozen=True, slots=True)
class Ncrontab:
    """A parsed expression: the values of each field, in order."""

    seconds: Sequence[int]
    minutes: Sequence[int]
    hours: Sequence[int]
    days: Sequence[int]
    months: Sequence[int]
    days_of_week: Sequence[int]

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first occurrence after a moment, None if there is none."""
        start = moment.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        for day in self._days_from(start):
            earliest = start.time() if day.date() == start.date() else time()
            if found := self._time_from(earliest):
                return datetime.combine(day, found, UTC)
        return None

    def _days_from(self, start: datetime) -> Iterator[datetime]:
        midnight = datetime.combine(start, time(), UTC)
        for year in range(start.year, min(start.year + _CALENDAR_REPEATS_AFTER, MAXYEAR) + 1):
            for month in self.months:
                _, length = calendar.monthrange(year, month)
                days = (datetime(year, month, day, tzinfo=UTC) for day in self.days if day <= length)
                yield from (day for day in days if day >= midnight and day.isoweekday() % 7 in self.days_of_week)

    def _time_from(self, earliest: time) -> time | None:
        times = (
            found
            for hour in self.hours
            if hour >= earliest.hour
            for minute in self.minutes
            if (hour, minute) >= (earliest.hour, earliest.minute)
            for second in self.seconds
            if (found := time(hour, minute, second)) >= earliest
        )
        return next(times, None)


def parse_ncrontab(text: str) -> Ncrontab:
    """Return an expression of six fields, or of five, without seconds.

    Raises:
        ValueError: the text is not one; the message names the field that is wrong.
    """
    texts = [each for each in text.split(" ") if each]
    if len(texts) == _SHORT_FORM:
        texts.insert(0, "0")
    if len(texts) != _LONG_FORM:
        raise ValueError(f"has {len(texts)} fields, not six: second, minute, hour, day, month, day of the week")
    return Ncrontab(*(_values(field, each) for field, each in zip(_FIELDS, texts, strict=True)))


def _values(field: _Field, text: str) -> Sequence[int]:
    values: set[int] = set()
    for item in text.split(","):
        try:
            values.update(_item(field, item))
        except ValueError as error:
            raise ValueError(f"has '{text}' as its {field.name}: {error}") from error
    return sorted(values)


def _item(field: _Field, item: str) -> range:
    """Return the values of one item of a list: `*`, a value or a range, each with an optional step."""
    bounds, slash, step = item.partition("/")
    if slash and not _STEP.fullmatch(step):
        raise ValueError(f"'{step}' is not a step")
    interval = max(1, int(step)) if slash else 1
    if bounds == "*":
        return range(field.least, field.most + 1, interval)
    first, dash, last = bounds.partition("-")
    start = _value(field, first)
    end = _value(field, last) if dash else field.most if slash else start
    low, high = min(start, end), max(start, end)
    if low < field.least or high > field.most:
        raise ValueError(f"a value is from {field.least} to {field.most}")
    return range(low, high + 1, interval)


def _value(field: _Field, text: str) -> int:
    if _NUMBER.fullmatch(text):
        return int(text)
    named = [number for number, name in enumerate(field.names) if text and name.lower().startswith(text.lower())]
    if not named:
        raise ValueError(f"'{text}' is not a value")
    return named[0] + field.least
