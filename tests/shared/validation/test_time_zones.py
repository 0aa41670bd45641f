from datetime import UTC, datetime, timedelta

import pytest
from tzlocal.windows_tz import win_tz

from local.graph.time_zones import DOCUMENTED_IANA_NAMES
from shared.validation.date_times import DateTimeTimeZone, to_graph
from shared.validation.time_zones import (
    agree_for_a_year,
    allowed_names,
    check_time_zone,
    is_windows_name,
    nearby_windows_name,
    to_utc,
    windows_name,
    zone,
)
from tests.shared.meeting_request.requests import at, calendar_document, codes_of, faults_of, parsed_calendar

YEAR = 2026


@pytest.mark.parametrize(
    "name",
    [
        "Mars/Base",
        "",
        " ",
        " Europe/Berlin",
        "Europe/Berlin ",
        "europe/berlin",
        "Europe/Berlin\n",
        "EST",
        "MST",
        "HST",
        "PST",
        "CEST",
        "gmt",
        "japan",
        "utc",
        "posixrules",
        "posix/Europe/Berlin",
        "right/Europe/Berlin",
        "localtime",
        "Factory",
        "tzdata.zi",
        "../../etc/passwd",
        "/etc/passwd",
        "/usr/share/zoneinfo/Europe/Berlin",
        "Europe/../Europe/Berlin",
        "Europe",
        "Europe/",
        "pacific standard time",
        "Pacific Standard  Time",
        "UTC+1",
        "+01:00",
        "x" * 10_000,
    ],
)
def test_no_time_zone(name: str) -> None:
    """What is not exactly an allowed name is refused, whatever zoneinfo would make of it."""
    document = calendar_document(end=at("2026-11-20T14:00:00", name))
    assert codes_of(document) == [("/end/timeZone", "invalidTimeZone")]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("europe/berlin", "Europe/Berlin"),
        (" Europe/Berlin", "Europe/Berlin"),
        ("America/New York", "America/New_York"),
        ("pacific standard time", "Pacific Standard Time"),
        ("utc", "UTC"),
        ("Cet", "CET"),
        ("Europe/Kyiv(Kiev)", "Europe/Kyiv (Kiev)"),
        ("Europe/Osol", "Europe/Oslo"),
        ("Pacific Standart Time", "Pacific Standard Time"),
    ],
)
def test_suggestion(name: str, meant: str) -> None:
    """A name that is wrong only in case, spaces or a few letters is answered with the right one."""
    assert f"did you mean '{meant}'" in faults_of(calendar_document(start=at("2026-11-20T13:00:00", name)))[0].message


@pytest.mark.parametrize(
    ("name", "instead"),
    [("Kamchatka Standard Time", "Asia/Kamchatka"), ("Mid-Atlantic Standard Time", "UTC-02")],
)
def test_obsolete_names_of_windows(name: str, instead: str) -> None:
    """They are refused with the name of a zone that can be used."""
    [fault, *_] = faults_of(calendar_document(start=at("2026-11-20T13:00:00", name)))
    assert fault.code == "invalidTimeZone"
    assert f"use {instead}" in fault.message
    assert check_time_zone(instead) == instead


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Customized Time Zone", "Outlook invents this name"),
        ("tzone://Microsoft/Custom", "Outlook invents this name"),
        ("Greenwich Mean Time", "it is neither a Windows nor an IANA name"),
    ],
)
def test_names_that_are_none_are_told_why(name: str, words: str) -> None:
    """A zone of Outlook's own making, and a name that people take for one."""
    [fault, *_] = faults_of(calendar_document(start=at("2026-11-20T13:00:00", name)))
    assert (fault.code, words in fault.message) == ("invalidTimeZone", True)


@pytest.mark.parametrize("name", ["UTC", "UTC-11", "Pacific Standard Time", "Asia/Kolkata", "Etc/GMT+5", "US/Eastern"])
def test_time_zone(name: str) -> None:
    """Windows names, IANA's names and UTC are zones."""
    request = parsed_calendar(start=at("2026-11-20T13:00:00", name), end=at("2026-11-20T13:00:00", name))
    assert request.start.time_zone == name


@pytest.mark.parametrize(
    ("name", "hours", "windows"),
    [
        ("GMT", 0, "UTC"),
        ("GMT+0", 0, "UTC"),
        ("Universal", 0, "UTC"),
        ("Zulu", 0, "UTC"),
        ("CET", 2, "Romance Standard Time"),
        ("EST5EDT", -4, "Eastern Standard Time"),
        ("CST6CDT", -5, "Central Standard Time"),
        ("MST7MDT", -6, "Mountain Standard Time"),
        ("PST8PDT", -7, "Pacific Standard Time"),
        ("Japan", 9, "Tokyo Standard Time"),
        ("NZ", 12, "New Zealand Standard Time"),
        ("Europe/Kyiv (Kiev)", 3, "FLE Standard Time"),
        ("Europe/Kyiv", 3, "FLE Standard Time"),
        ("Asia/Karachi", 5, "Pakistan Standard Time"),
        ("Africa/Casablanca", 1, "Morocco Standard Time"),
        ("Asia/Yangon (Rangoon)", 6.5, "Myanmar Standard Time"),
        ("Asia/Toshkent (Tashkent)", 5, "West Asia Standard Time"),
    ],
)
def test_names_without_an_area_and_as_graph_spells_them(name: str, hours: float, windows: str) -> None:
    """Each is the zone that it is for IANA, in summer as in winter, also for a series."""
    request = parsed_calendar(
        start=at("2026-07-20T13:00:00", name),
        end=at("2026-07-20T14:00:00", name),
        recurrence={
            "pattern": {"type": "daily", "interval": 1},
            "range": {"type": "noEnd", "startDate": "2026-07-20", "recurrenceTimeZone": name},
        },
    )
    assert request.start.instant[0] == datetime(2026, 7, 20, 13, tzinfo=UTC) - timedelta(hours=hours)
    told = to_graph(request.start, recurring=True, all_day=False)
    assert told == {"dateTime": "2026-07-20T13:00:00", "timeZone": windows}


def test_every_name_that_graph_documents_is_a_zone() -> None:
    """https://learn.microsoft.com/graph/api/resources/datetimetimezone."""
    assert allowed_names() >= DOCUMENTED_IANA_NAMES


def test_every_name_is_told_from_the_others() -> None:
    """No name is taken for another one's misspelling."""
    for name in allowed_names():
        assert check_time_zone(name) == name


def test_every_name_has_rules() -> None:
    """Each allowed name can be computed with, and every one of Windows' names is among them."""
    assert len(allowed_names()) > 600
    assert set(win_tz) < allowed_names()
    for name in allowed_names():
        assert zone(name).utcoffset(datetime(YEAR, 1, 1)) is not None  # noqa: DTZ001 - a wall clock's time


def offset_changes(name: str) -> list[datetime]:
    """The walls' times around each change of the zone's clocks in one year, and one far from any."""
    walls = [datetime(YEAR, 6, 15, 12)]  # noqa: DTZ001 - a wall clock's time
    hour = datetime(YEAR, 1, 1, tzinfo=UTC)
    rules = zone(name)
    while hour.year == YEAR:
        later = hour + timedelta(days=1)
        if hour.astimezone(rules).utcoffset() != later.astimezone(rules).utcoffset():
            local = hour.astimezone(rules).replace(tzinfo=None)
            walls += [local + timedelta(minutes=30 * step) for step in range(-3, 54)]
        hour = later
    return walls


@pytest.mark.parametrize("chunk", range(8))
def test_graph_is_told_the_instant_that_is_meant(chunk: int) -> None:
    """In every allowed zone, before, in and after its changes, Graph reads the instant that the app tells.

    Windows and IANA read differently what clocks show twice or never: Graph is told no such time.
    """
    for name in sorted(allowed_names())[chunk::8]:
        for wall in offset_changes(name):
            value = DateTimeTimeZone.model_validate(at(wall.isoformat(), name))
            told = to_graph(value, recurring=False, all_day=False)
            assert is_windows_name(told["timeZone"])
            told_wall = datetime.fromisoformat(told["dateTime"])
            read = {told_wall.replace(tzinfo=zone(told["timeZone"]), fold=fold).astimezone(UTC) for fold in (0, 1)}
            assert read == {value.instant[0]}, (name, wall)


@pytest.mark.parametrize("chunk", range(4))
def test_series_keep_their_instants(chunk: int) -> None:
    """Wherever a series is accepted in an IANA zone, the Windows zone's clock goes alike all year."""
    first = datetime(YEAR, 1, 15, 13)  # noqa: DTZ001 - a wall clock's time
    names = [name for name in sorted(allowed_names()) if not is_windows_name(name)][chunk::4]
    unnamed = [
        name for name in names if (windows := windows_name(name)) is None or not agree_for_a_year(name, windows, first)
    ]
    assert len(unnamed) < 6
    for name in set(names) - set(unnamed):
        for recurring, all_day in ((True, False), (False, True)):
            value = DateTimeTimeZone.model_validate(at("2026-07-15T00:00:00", name))
            told = to_graph(value, recurring=recurring, all_day=all_day)
            assert told == {"dateTime": "2026-07-15T00:00:00", "timeZone": windows_name(name)}
            assert to_utc(value.wall, told["timeZone"]) == value.instant[0]


@pytest.mark.parametrize(
    ("name", "near"),
    [("America/Scoresbysund", "Greenland Standard Time"), ("Europe/Uzhgorod", "FLE Standard Time")],
)
def test_nearby(name: str, near: str) -> None:
    """The zone that is proposed instead has the same clock."""
    first = datetime(YEAR, 11, 20, 13)  # noqa: DTZ001 - a wall clock's time
    found = nearby_windows_name(name, first)
    assert agree_for_a_year(name, found, first)
    assert agree_for_a_year(near, found, first)
