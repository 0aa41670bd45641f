from datetime import UTC, datetime

import pytest

from shared.validation.date_times import DateTimeTimeZone, check_timestamp, instant_of, to_graph
from tests.shared.meeting_request.requests import (
    at,
    calendar_document,
    codes_of,
    faults_of,
    parsed_calendar,
    parsed_standalone,
    standalone_document,
)

NO_TIMES = [
    "",
    "2026-02-30T10:00:00",
    "2026-13-01T10:00:00",
    "2026-11-20T24:00:00",
    "2026-11-20T23:60:00",
    "2026-11-20T23:59:60",
    "2026-11-20",
    "2026-W47-5T10:00:00",
    "2026-324T10:00:00",
    "1795183200",
    "\uff12\uff10\uff12\uff16-11-20T10:00:00",  # full-width digits
    "\u0662\u0660\u0662\u0666-11-20T10:00:00",  # Arabic-Indic digits
    "2026-11-20 10:00:00",
    "2026-11-20t10:00:00",
    "20261120T100000",
    "2026-11-20T10",
    "2026-11-20T10:00:00.",
    "2026-11-20T10:00:00,5",
    "2026-11-20T10:00:00.12345678",
    " 2026-11-20T10:00:00",
    "2026-11-20T10:00:00\n",
    "+2026-11-20T10:00:00",
    "0001-01-01T00:00:00",
    "0000-01-01T00:00:00",
    "1899-12-31T23:59:59",
    "2200-01-01T00:00:00",
    "9999-12-31T23:59:59",
    "tomorrow",
]


@pytest.mark.parametrize("text", NO_TIMES)
def test_no_wall_time(text: str) -> None:
    """What is not a time of the calendar, written out, is refused."""
    assert codes_of(calendar_document(start=at(text))) == [("/start/dateTime", "invalidDateTime")]


@pytest.mark.parametrize("text", [f"{text}Z" for text in NO_TIMES] + ["2026-11-20T10:00:00+25:00"])
def test_no_timestamp(text: str) -> None:
    """The same holds for timestamps."""
    assert codes_of(standalone_document(startDateTime=text)) == [("/startDateTime", "invalidDateTime")]


@pytest.mark.parametrize("suffix", ["+14:30", "-15:00", "+01:60", "+1:00", "+0100", " +01:00", "z", "+01:00:00", "+01"])
def test_no_offset(suffix: str) -> None:
    """An offset is written as RFC 3339 has it, and is one of a zone on Earth."""
    assert codes_of(standalone_document(startDateTime=f"2026-11-20T10:00:00{suffix}")) == [
        ("/startDateTime", "invalidDateTime")
    ]


@pytest.mark.parametrize("suffix", ["Z", "z", "+01:00", "-0800", ".1234567Z"])
def test_offset_beside_a_zone(suffix: str) -> None:
    """An offset inside a dateTimeTimeZone would contradict its zone, and the message says so."""
    [fault] = faults_of(calendar_document(start=at(f"2026-11-20T10:00:00{suffix}")))
    assert (fault.pointer, fault.code) == ("/start/dateTime", "invalidDateTime")
    assert "timeZone names the zone" in fault.message


def test_missing_offset() -> None:
    """A standalone meeting's time without an offset is no instant."""
    document = standalone_document(startDateTime="2026-11-20T10:00:00", endDateTime="2026-11-20T11:00:00.5000000")
    assert codes_of(document) == [("/startDateTime", "missingOffset"), ("/endDateTime", "missingOffset")]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2026-11-20T13:00", "2026-11-20T13:00:00"),
        ("2026-11-20T13:00:05", "2026-11-20T13:00:05"),
        ("2026-11-20T13:00:00.0000000", "2026-11-20T13:00:00.0000000"),
        ("2026-11-20T13:00:00.2444915", "2026-11-20T13:00:00.2444915"),
        ("2026-11-20T13:00:00.5", "2026-11-20T13:00:00.5"),
        ("1900-01-01T00:00:00", "1900-01-01T00:00:00"),
        ("2199-12-31T23:59:59", "2199-12-31T23:59:59"),
    ],
)
def test_digits_are_kept(text: str, told: str) -> None:
    """Graph is told the caller's digits, and the seconds if there were none."""
    value = DateTimeTimeZone.model_validate(at(text, "Pacific Standard Time"))
    assert to_graph(value, recurring=False, all_day=False) == {"dateTime": told, "timeZone": "Pacific Standard Time"}


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (at("2026-11-20T13:00:00", "UTC"), at("2026-11-20T13:00:00", "UTC")),
        (at("2026-11-20T13:00:00.1234567"), at("2026-11-20T13:00:00.1234567", "W. Europe Standard Time")),
        (at("2026-10-25T02:30:00.1234567"), at("2026-10-25T00:30:00.1234567", "UTC")),
        (at("2026-10-25T02:30:00", "W. Europe Standard Time"), at("2026-10-25T00:30:00", "UTC")),
        (at("2026-10-25T03:00:00", "W. Europe Standard Time"), at("2026-10-25T03:00:00", "W. Europe Standard Time")),
        (at("2027-11-07T01:30:00.5", "Pacific Standard Time"), at("2027-11-07T08:30:00.5", "UTC")),
        (at("2026-03-29T02:30:00", "W. Europe Standard Time"), at("2026-03-29T01:30:00", "UTC")),
        (at("2026-03-29T02:30:00"), at("2026-03-29T01:30:00", "UTC")),
        (at("2026-11-20T13:00:00", "Antarctica/Troll"), at("2026-11-20T13:00:00", "UTC")),
        (at("2026-07-20T13:00:00", "Antarctica/Troll"), at("2026-07-20T11:00:00", "UTC")),
        (at("2026-11-20T13:00:00", "Antarctica/Casey"), at("2026-11-20T05:00:00", "UTC")),
    ],
)
def test_zone_for_graph(value: dict[str, str], told: dict[str, str]) -> None:
    """Times go with Windows names where those clocks show them once, and as they were meant; as UTC elsewhere."""
    assert to_graph(DateTimeTimeZone.model_validate(value), recurring=False, all_day=False) == told


def test_no_zone_for_a_series() -> None:
    """A series in a zone that Windows does not have cannot be told, and is never told in UTC."""
    value = DateTimeTimeZone.model_validate(at("2026-11-20T13:00:00", "Antarctica/Troll"))
    with pytest.raises(ValueError, match="Antarctica/Troll"):
        to_graph(value, recurring=True, all_day=False)


def test_instants_compare_to_the_last_digit() -> None:
    """A tick of 100 ns, Python's datetime or not, decides what comes first."""
    assert instant_of("2026-11-20T13:00:00.0000001Z") > instant_of("2026-11-20T14:00:00+01:00")
    assert instant_of("2026-11-20T13:00:00.5Z") == (datetime(2026, 11, 20, 13, tzinfo=UTC), 5_000_000)
    later = parsed_calendar(start=at("2026-11-20T13:00:00.0000001"), end=at("2026-11-20T13:00:00.0000002"))
    assert later.start.instant < later.end.instant


def test_documented_timestamp() -> None:
    """Graph's own example, seven fractional digits and an offset, is accepted and kept."""
    start, end = "2019-07-12T14:30:34.2444915-07:00", "2019-07-12T15:00:34.2464912-07:00"
    request = parsed_standalone(startDateTime=start, endDateTime=end)
    assert (request.start_date_time, request.end_date_time) == (start, end)


def test_a_plus_that_a_url_has_made_a_blank() -> None:
    """The message says how the offset is written there."""
    with pytest.raises(ValueError, match="write \\+ as %2B"):
        check_timestamp("2027-01-20T18:00:00 09:00")
