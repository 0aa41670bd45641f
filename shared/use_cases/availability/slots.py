"""The slots of a window: each as long as a meeting, one every step."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from shared.schedules.duration import Duration
from shared.use_cases.availability.stretches import Stretch
from shared.validation.date_times import DateTimeTimeZone
from shared.validation.time_zones import to_utc, zone


def starts(start: DateTimeTimeZone, step: Duration) -> Iterator[datetime]:
    """Yield `start` and every step after it, in UTC and without an end.

    A day of a step is a calendar day: nine o'clock stays nine o'clock when the clocks change.
    """
    number = 0
    while True:
        day = start.wall + timedelta(days=step.days * number)
        yield to_utc(day, start.time_zone) + step.time * number
        number += 1


def end_of(start: datetime, duration: Duration, time_zone: str) -> datetime:
    """Return when something ends that starts in UTC; its days are those of the calendar in the zone."""
    if duration.days:
        wall = start.astimezone(zone(time_zone)).replace(tzinfo=None)
        start = to_utc(wall + timedelta(days=duration.days), time_zone)
    return start + duration.time


def slots(start: DateTimeTimeZone, end: datetime, duration: Duration, step: Duration) -> Iterator[Stretch]:
    """Yield the slots that are wholly within the window, in order."""
    for begin in starts(start, step):
        if begin >= end:
            return
        finish = end_of(begin, duration, start.time_zone)
        if finish <= end:
            yield Stretch(begin, finish)


def divides(start: DateTimeTimeZone, end: datetime, step: Duration) -> bool:
    """Return whether a step ends exactly at the end of the window."""
    return next(moment for moment in starts(start, step) if moment >= end) == end
