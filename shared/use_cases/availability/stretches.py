"""Arithmetic of stretches of time: from a moment on, until just before another. Both are in UTC."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import NamedTuple

from shared.graph.free_busy import WorkingHours
from shared.validation.time_zones import to_utc, zone

_A_DAY = timedelta(days=1)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Stretch(NamedTuple):
    """From `start` on, until just before `end`."""

    start: datetime
    end: datetime


def merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Return the same time in order, without overlaps and gaps of no length; what has no length is left out."""
    result: list[Stretch] = []
    for start, end in sorted(stretches):
        if start >= end:
            continue
        if result and start <= result[-1].end:
            result[-1] = Stretch(result[-1].start, max(result[-1].end, end))
        else:
            result.append(Stretch(start, end))
    return result


def without(stretches: Iterable[Stretch], taken: Iterable[Stretch]) -> list[Stretch]:
    """Return what is left of stretches, in order."""
    left: list[Stretch] = []
    holes = merged(taken)
    for start, end in merged(stretches):
        at = start
        for hole in holes[max(0, bisect_right(holes, Stretch(start, start)) - 1) :]:
            if hole.start >= end:
                break
            if hole.start > at:
                left.append(Stretch(at, hole.start))
            at = max(at, hole.end)
        if at < end:
            left.append(Stretch(at, end))
    return left


def holds(stretches: Sequence[Stretch], wanted: Stretch) -> bool:
    """Return whether one of the stretches, which are ordered and disjoint, contains another."""
    place = bisect_right(stretches, wanted.start, key=lambda stretch: stretch.start) - 1
    return place >= 0 and wanted.end <= stretches[place].end


def working_stretches(hours: WorkingHours, window: Stretch) -> list[Stretch]:
    """Return somebody's working hours in a window; they may extend over midnight.

    The zone's name is one that `allowed_names` has.
    """
    name = hours.time_zone.name
    first, last = (moment.astimezone(zone(name)).date() for moment in window)
    days = {day.lower() for day in hours.days_of_week}
    working: list[Stretch] = []
    for number in range(-1, (last - first).days + 1):
        day = datetime.combine(first, time()) + number * _A_DAY
        if _WEEKDAYS[day.weekday()] in days:
            until = day if hours.start_time < hours.end_time else day + _A_DAY
            start = to_utc(datetime.combine(day, hours.start_time), name)
            working.append(Stretch(start, to_utc(datetime.combine(until, hours.end_time), name)))
    return merged(working)
