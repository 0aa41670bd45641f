"""VTIMEZONE: the clocks of a zone, as a program without a time zone database reads them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tzlocal.windows_tz import win_tz

from shared.use_cases.invitation.time_zone_rules import time_zone
from shared.validation.time_zones import zone
from tests.shared.use_cases.invitation.reading import offset_at, offset_in, onsets_until, real_offset

FIRST = datetime(2026, 11, 20, 12, tzinfo=UTC)


def assert_holds(where: ZoneInfo, first: datetime, years: int) -> None:
    """See that a component for a series holds: around each change of clock to the second, and in between."""
    last = first + timedelta(days=years * 366)
    onsets = onsets_until(time_zone(where, first, last), last)
    instant, previous = first, real_offset(where, first)
    assert offset_in(onsets, first) == previous
    while instant < last:
        later = instant + timedelta(days=10)
        offset = real_offset(where, later)
        if offset != previous:
            low, high = instant, later
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
                low, high = (middle, high) if real_offset(where, middle) == previous else (low, middle)
            assert offset_in(onsets, low) == previous
            assert offset_in(onsets, high) == offset
        instant, previous = later, offset
        if instant.month in {1, 4, 7, 10} and instant.day <= 10:
            assert offset_in(onsets, instant) == offset


@pytest.mark.parametrize("name", sorted(set(win_tz.values()) | {"Africa/Casablanca", "Antarctica/Troll"}))
def test_every_zone_of_windows(name: str) -> None:
    """Forty years of a series from today on."""
    assert_holds(zone(name), FIRST, 40)


@pytest.mark.parametrize("year", [1971, 1985, 1997, 2006, 2015])
@pytest.mark.parametrize(
    "name",
    [
        "Europe/Moscow",
        "America/New_York",
        "America/Sao_Paulo",
        "Africa/Cairo",
        "Africa/Casablanca",
        "America/Cambridge_Bay",
    ],
)
def test_rules_that_begin_change_and_end(name: str, year: int) -> None:
    """A rule is written for as long as clocks follow it, however long that was."""
    assert_holds(zone(name), datetime(year, 6, 1, 12, tzinfo=UTC), 40)


@pytest.mark.parametrize("name", sorted(set(win_tz.values()) | {"Africa/Casablanca", "Antarctica/Troll"}))
def test_one_part_of_each_kind(name: str) -> None:
    """At any time of the year an event has one STANDARD and at most one DAYLIGHT, whose clocks are ahead."""
    where = zone(name)
    for month in range(1, 13):
        instant = datetime(2027, month, 15, 12, tzinfo=UTC)
        component = time_zone(where, instant, instant + timedelta(hours=1))
        parts = {part.name: part for part in component.subcomponents}
        assert len(parts) == len(component.subcomponents)
        assert parts.keys() in ({"STANDARD"}, {"STANDARD", "DAYLIGHT"})
        if daylight := parts.get("DAYLIGHT"):
            assert daylight.TZOFFSETTO > parts["STANDARD"].TZOFFSETTO
            assert all(part.get("RRULE") for part in parts.values())
        assert offset_at(component, instant) == real_offset(where, instant)


BERLIN = """BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZNAME:CEST
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZNAME:CET
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
END:VTIMEZONE
"""
DUBLIN = (
    BERLIN.replace("Berlin", "Dublin").replace("CEST", "IST").replace("CET", "GMT")
    .replace("T020000", "T010000").replace("T030000", "T020000")
    .replace("+0100", "+0000").replace("+0200", "+0100")
)  # fmt: skip
KOLKATA = """BEGIN:VTIMEZONE
TZID:Asia/Kolkata
BEGIN:STANDARD
DTSTART:19700101T000000
TZNAME:IST
TZOFFSETFROM:+0530
TZOFFSETTO:+0530
END:STANDARD
END:VTIMEZONE
"""


@pytest.mark.parametrize("text", [BERLIN, DUBLIN, KOLKATA])
@pytest.mark.parametrize("instant", [FIRST, datetime(2027, 7, 1, tzinfo=UTC)])
@pytest.mark.parametrize("days", [0, 27_000])
def test_as_outlook_and_google_write_it(text: str, instant: datetime, days: int) -> None:
    """From 1970 on, winter being the standard everywhere; for a single event and a series alike."""
    name = text.split("TZID:")[1].splitlines()[0]
    component = time_zone(zone(name), instant, instant + timedelta(days=days))
    parts = sorted(component.subcomponents, key=lambda part: part.DTSTART)
    component.subcomponents[:] = parts
    assert component.to_ical().decode().replace("\r\n", "\n") == text


@pytest.mark.parametrize("year", [1900, 1945, 1970, 2007, 2026, 2037, 2038, 2150, 2199])
@pytest.mark.parametrize("name", ["Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata", "Africa/Casablanca"])
def test_a_single_event_at_any_time(name: str, year: int) -> None:
    """Before and after the end of any table."""
    where = zone(name)
    for month in range(1, 13):
        instant = datetime(year, month, 15, 12, tzinfo=UTC)
        assert offset_at(time_zone(where, instant, instant), instant) == real_offset(where, instant)


def test_rules_where_there_are_rules() -> None:
    """Berlin's clocks follow two rules without an end; Outlook reads no lists of dates."""
    text = time_zone(zone("Europe/Berlin"), FIRST, FIRST).to_ical().decode()
    assert "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3" in text
    assert "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10" in text
    assert "RDATE" not in text
    assert "T020000" in text
