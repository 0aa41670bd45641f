from typing import Any

import pytest

from shared.meeting_request import event_properties
from tests.shared.meeting_request.requests import (
    at,
    calendar_document,
    codes_of,
    faults_of,
    parsed_calendar,
    recurrence,
)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (at("2026-11-20T13:00:00"), at("2026-11-20T12:59:59")),
        (at("2026-11-20T13:00:00"), at("2026-11-20T13:30:00", "Asia/Tokyo")),
        (at("2026-11-20T13:00:00.0000001"), at("2026-11-20T13:00:00")),
    ],
)
def test_end_before_start(start: dict[str, str], end: dict[str, str]) -> None:
    """Start and end are compared as instants."""
    assert codes_of(calendar_document(start=start, end=end)) == [("/end", "endBeforeStart")]


def test_end_on_another_clock() -> None:
    """An end whose clock shows less may be later all the same."""
    end = at("2026-11-20T08:00:00", "Eastern Standard Time")
    assert parsed_calendar(end=end).end.time_zone == "Eastern Standard Time"


@pytest.mark.parametrize(
    "value",
    [
        at("2026-03-29T02:30:00"),
        at("2026-03-29T02:00:00", "W. Europe Standard Time"),
        at("2026-03-08T02:59:59.9999999", "Pacific Standard Time"),
        at("2011-12-30T12:00:00", "Pacific/Apia"),
    ],
)
def test_nonexistent_time(value: dict[str, str]) -> None:
    """A time over which clocks are put forward is nobody's time."""
    document = calendar_document(start=value, end=at("2026-11-20T14:00:00"))
    assert codes_of(document) == [("/start/dateTime", "nonexistentTime")]


ALL_DAY: dict[str, Any] = {"isAllDay": True, "start": at("2026-11-20T00:00:00"), "end": at("2026-11-21T00:00")}


@pytest.mark.parametrize(
    ("members", "faults"),
    [
        ({"start": at("2026-11-20T00:00:01")}, [("/start/dateTime", "allDayNotMidnight")]),
        ({"end": at("2026-11-21T00:00:00.0000001")}, [("/end/dateTime", "allDayNotMidnight")]),
        (
            {"start": at("2026-11-20T09:00:00"), "end": at("2026-11-20T17:00:00")},
            [("/start/dateTime", "allDayNotMidnight"), ("/end/dateTime", "allDayNotMidnight")],
        ),
        ({"end": at("2026-11-21T00:00:00", "UTC")}, [("/end/timeZone", "allDayZonesDiffer")]),
        ({"end": at("2026-11-20T00:00:00")}, [("/end", "endBeforeStart")]),
        ({"end": at("2026-11-19T00:00:00")}, [("/end", "endBeforeStart")]),
    ],
)
def test_all_day(members: dict[str, Any], faults: list[tuple[str, str]]) -> None:
    """An all-day event goes from midnight to a later midnight of one zone."""
    assert codes_of(calendar_document(**(ALL_DAY | members))) == faults


def test_all_day_keeps_its_zone() -> None:
    """An all-day event stays in its zone, so that its day stays."""
    event = event_properties(parsed_calendar(**ALL_DAY))
    assert event["start"] == at("2026-11-20T00:00:00", "W. Europe Standard Time")
    assert event["end"] == at("2026-11-21T00:00:00", "W. Europe Standard Time")


def test_all_day_over_a_skipped_midnight() -> None:
    """A day has a beginning even where clocks skip midnight, as in Cairo in April."""
    days = {"start": at("2026-04-24T00:00:00", "Africa/Cairo"), "end": at("2026-04-25T00:00:00", "Africa/Cairo")}
    assert event_properties(parsed_calendar(isAllDay=True, **days))["start"]["timeZone"] == "Egypt Standard Time"
    assert codes_of(calendar_document(**days)) == [("/start/dateTime", "nonexistentTime")]


@pytest.mark.parametrize("name", ["Antarctica/Troll", "Antarctica/Casey", "America/Scoresbysund", "Europe/Uzhgorod"])
def test_zone_that_windows_does_not_have(name: str) -> None:
    """All-day and recurring events need a zone of Windows; the message names one that is near."""
    days = {"start": at("2026-11-20T00:00:00", name), "end": at("2026-11-21T00:00:00", name)}
    expected = [("/start/timeZone", "timeZoneNotSupported"), ("/end/timeZone", "timeZoneNotSupported")]
    assert codes_of(calendar_document(isAllDay=True, **days)) == expected
    assert codes_of(calendar_document(recurrence=recurrence(), **days)) == expected
    assert "Standard Time is near" in faults_of(calendar_document(isAllDay=True, **days))[0].message or name.endswith(
        "l"
    )
    assert event_properties(parsed_calendar(**days))["start"]["timeZone"] == "UTC"


def test_series_whose_first_day_agrees_only() -> None:
    """For a series it is not enough that the clocks agree on its first day."""
    first = at("2026-07-20T13:00:00", "Antarctica/Troll")
    document = calendar_document(
        start=first, end=first, recurrence=recurrence(recurrence_range={"type": "noEnd", "startDate": "2026-07-20"})
    )
    assert ("/start/timeZone", "timeZoneNotSupported") in codes_of(document)
