"""VTIMEZONE: the clocks of a zone, as a program without a time zone database reads them."""

from datetime import UTC, datetime, timedelta

import pytest
from tzlocal.windows_tz import win_tz

from shared.use_cases.invitation.time_zone_rules import time_zone
from shared.validation.time_zones import zone
from tests.shared.use_cases.invitation.reading import offset_at, offset_in, onsets_until, real_offset

FIRST = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize("name", sorted(set(win_tz.values()) | {"Africa/Casablanca", "Antarctica/Troll"}))
def test_every_zone_of_windows(name: str) -> None:
    """Forty years of a series, around each change of clock to the second, and every ten days between."""
    where, last = zone(name), FIRST + timedelta(days=40 * 366)
    onsets = onsets_until(time_zone(where, FIRST, last), last)
    instant, previous = FIRST, real_offset(where, FIRST)
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
