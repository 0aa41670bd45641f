"""Checks between the start, the end, the days and the time zones of an event."""

from collections.abc import Iterator
from datetime import datetime

from shared.validation.date_times import DateTimeTimeZone
from shared.validation.draft import Draft
from shared.validation.findings import Finding, JsonPath
from shared.validation.time_zones import (
    agree_for_a_year,
    is_skipped,
    is_windows_name,
    nearby_windows_name,
    to_utc,
    windows_name,
)


def time_findings(draft: Draft) -> Iterator[Finding]:
    """Yield the faults between the times of a calendar request, each of which is valid by itself."""
    start, end = (draft.model(DateTimeTimeZone, name) for name in ("start", "end"))
    all_day = draft.value("isAllDay") is True
    recurring = draft.given("recurrence") is not None
    for name, time in (("start", start), ("end", end)):
        if time is None:
            continue
        if all_day and not time.is_midnight:
            message = "must be midnight, as for every all-day event"
            yield Finding((name, "dateTime"), "allDayNotMidnight", message)
        if not all_day and is_skipped(time.wall, time.time_zone):
            message = f"does not exist in {time.time_zone}: the clocks skip it"
            yield Finding((name, "dateTime"), "nonexistentTime", message)
        if (all_day or recurring) and not _has_windows_name(time, recurring=recurring):
            yield _no_windows_name((name, "timeZone"), time.time_zone, time.wall)
    if start is not None and end is not None:
        yield from _order(start, end, all_day=all_day)
    yield from _recurrence_zone(draft, start)


def _order(start: DateTimeTimeZone, end: DateTimeTimeZone, *, all_day: bool) -> Iterator[Finding]:
    if all_day and start.time_zone != end.time_zone:
        message = f"must be {start.time_zone}, the zone of start, as for every all-day event"
        yield Finding(("end", "timeZone"), "allDayZonesDiffer", message)
    if end.instant < start.instant:
        yield Finding(("end",), "endBeforeStart", "must not be before start")
    elif all_day and end.instant == start.instant:
        message = "must be at least one day after start: an all-day event ends when its last day ends"
        yield Finding(("end",), "endBeforeStart", message)


def _has_windows_name(time: DateTimeTimeZone, *, recurring: bool) -> bool:
    windows = windows_name(time.time_zone)
    if windows is None or is_windows_name(time.time_zone):
        return windows is not None
    if recurring:
        return agree_for_a_year(time.time_zone, windows, time.wall)
    return to_utc(time.wall, time.time_zone) == to_utc(time.wall, windows)


def _no_windows_name(location: JsonPath, zone: str, wall: datetime) -> Finding:
    message = (
        f"is {zone}, for which Windows has no zone with the same clock, so that Graph cannot keep an all-day or"
        f" recurring event in it; {nearby_windows_name(zone, wall)} is near"
    )
    return Finding(location, "timeZoneNotSupported", message)


def _recurrence_zone(draft: Draft, start: DateTimeTimeZone | None) -> Iterator[Finding]:
    location = ("recurrence", "range", "recurrenceTimeZone")
    zone = draft.value(*location)
    if zone is None or start is None:
        return
    windows = windows_name(zone)
    if windows is None or not agree_for_a_year(zone, windows, start.wall):
        yield _no_windows_name(location, zone, start.wall)
