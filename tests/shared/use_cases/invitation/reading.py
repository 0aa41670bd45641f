"""Reads invitations back, as a calendar program would."""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from icalendar import Calendar, Timezone


def parsed(content: bytes) -> tuple[Calendar, Any]:
    """Return the calendar and its only event, and see that the file has the form that RFC 5545 asks for."""
    assert content.endswith(b"\r\n")
    lines = content.removesuffix(b"\r\n").split(b"\r\n")
    assert all(len(line) <= 75 and not {10, 13} & set(line) for line in lines)
    content.decode()
    calendar = Calendar.from_ical(content)
    assert isinstance(calendar, Calendar)
    [event] = calendar.events
    assert not event.errors
    assert not calendar.errors
    return calendar, event


def properties(content: bytes) -> list[str]:
    """Return the names of the event's properties, in the order of the file."""
    unfolded = content.replace(b"\r\n ", b"").decode().split("\r\n")
    inside = unfolded[unfolded.index("BEGIN:VEVENT") + 1 : unfolded.index("END:VEVENT")]
    return [line.partition(":")[0].partition(";")[0] for line in inside]


def offset_at(component: Timezone, instant: datetime) -> timedelta:
    """Return the offset from UTC that a VTIMEZONE gives for an instant."""
    return offset_in(onsets_until(component, instant), instant)


def onsets_until(component: Timezone, last: datetime) -> list[tuple[datetime, timedelta]]:
    """Return when each offset of a VTIMEZONE begins, in order, up to an instant and a little beyond."""
    onsets: list[tuple[datetime, timedelta]] = []
    for observance in component.subcomponents:
        before, after = observance.TZOFFSETFROM, observance.TZOFFSETTO
        walls = [observance.DTSTART, *_dates(observance)]
        if rule := observance.get("RRULE"):
            end = last.replace(tzinfo=None) + timedelta(days=2)
            endless = rrulestr(rule.to_ical().decode(), dtstart=observance.DTSTART)
            walls += list(takewhile(end.__ge__, endless))
        onsets += [((wall - before).replace(tzinfo=UTC), after) for wall in walls]
    return sorted(onsets)


def offset_in(onsets: list[tuple[datetime, timedelta]], instant: datetime) -> timedelta:
    """Return the offset of the last onset that is not after an instant."""
    return onsets[bisect_right(onsets, instant, key=lambda onset: onset[0]) - 1][1]


def instant_meant(calendar: Calendar, event: Any, name: str) -> datetime:
    """Return the instant that a program means which knows the zones of the file and no others."""
    moment: datetime = event[name].dt
    zone_name = event[name].params.get("TZID")
    if zone_name is None:
        return moment.astimezone(UTC)
    [component] = [zone for zone in calendar.timezones if zone.tz_name == zone_name]
    wall = moment.replace(tzinfo=UTC)
    offsets = {observance.TZOFFSETTO for observance in component.subcomponents}
    meant = [wall - offset for offset in offsets if offset_at(component, wall - offset) == offset]
    return min(meant)  # of two, the first: RFC 5545, section 3.3.5


def real_offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta(0)


def _dates(observance: Any) -> list[datetime]:
    given = observance.get("RDATE", [])
    return [each.dt for dates in (given if isinstance(given, list) else [given]) for each in dates.dts]


def occurrences(event: Any, count: int) -> list[datetime]:
    """Return the first wall-clock times of a series."""
    start = event.start
    naive = datetime.combine(start, datetime.min.time()) if not isinstance(start, datetime) else start
    rule = event["RRULE"].to_ical().decode()
    found = rrulestr(rule, dtstart=naive, ignoretz=not isinstance(start, datetime))
    return [each.replace(tzinfo=None) for each, _ in zip(found, range(count), strict=False)]
