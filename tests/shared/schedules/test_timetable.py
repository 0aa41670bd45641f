"""Occurrences: what RFC 5545 says they are, by its own examples and by counting days."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.schedules.duration import Duration, parse_duration
from shared.schedules.rule_text import WEEKDAYS, parse_rule
from shared.schedules.schedule_request import ScheduleRequest
from shared.schedules.timetable import Timetable
from tests.shared.schedules.documents import schedule_document

LAST = datetime(2200, 1, 1)  # noqa: DTZ001
EARLY = datetime(1900, 1, 1)  # noqa: DTZ001 - a wall clock's


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def first(text: str, start: str, count: int, zone: str = "America/New_York", after: str = "") -> list[str]:
    timetable = Timetable(parse_rule(text, zone), wall(start), zone)
    found = islice(timetable.after(wall(after) if after else EARLY), count)
    return [each.start.isoformat() for each in found]


def dates(text: str, start: str, count: int) -> list[str]:
    return [each[:10] for each in first(text, start, count)]


# https://www.rfc-editor.org/rfc/rfc5545#section-3.8.5.3
@pytest.mark.parametrize(
    ("rule", "start", "expected"),
    [
        ("FREQ=DAILY;COUNT=3", "1997-09-02", ["1997-09-02", "1997-09-03", "1997-09-04"]),
        ("FREQ=DAILY;INTERVAL=10;COUNT=5", "1997-09-02",
         ["1997-09-02", "1997-09-12", "1997-09-22", "1997-10-02", "1997-10-12"]),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;WKST=SU;BYDAY=TU,TH", "1997-09-02",
         ["1997-09-02", "1997-09-04", "1997-09-16", "1997-09-18"]),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "1997-08-05",
         ["1997-08-05", "1997-08-10", "1997-08-19", "1997-08-24"]),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "1997-08-05",
         ["1997-08-05", "1997-08-17", "1997-08-19", "1997-08-31"]),
        ("FREQ=MONTHLY;COUNT=3;BYDAY=1FR", "1997-09-05", ["1997-09-05", "1997-10-03", "1997-11-07"]),
        ("FREQ=MONTHLY;INTERVAL=2;COUNT=4;BYDAY=1SU,-1SU", "1997-09-07",
         ["1997-09-07", "1997-09-28", "1997-11-02", "1997-11-30"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-3;COUNT=3", "1997-09-28", ["1997-09-28", "1997-10-29", "1997-11-28"]),
        ("FREQ=MONTHLY;INTERVAL=18;COUNT=3;BYMONTHDAY=10,11,12", "1997-09-10",
         ["1997-09-10", "1997-09-11", "1997-09-12"]),
        ("FREQ=YEARLY;INTERVAL=2;COUNT=3;BYMONTH=1,2,3", "1997-03-10", ["1997-03-10", "1999-01-10", "1999-02-10"]),
        ("FREQ=YEARLY;INTERVAL=3;COUNT=4;BYYEARDAY=1,100,200", "1997-01-01",
         ["1997-01-01", "1997-04-10", "1997-07-19", "2000-01-01"]),
        ("FREQ=YEARLY;BYDAY=20MO;COUNT=3", "1997-05-19", ["1997-05-19", "1998-05-18", "1999-05-17"]),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO;COUNT=3", "1997-05-12", ["1997-05-12", "1998-05-11", "1999-05-17"]),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=3", "1998-02-13", ["1998-02-13", "1998-03-13", "1998-11-13"]),
        ("FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;COUNT=3", "1996-11-05",
         ["1996-11-05", "2000-11-07", "2004-11-02"]),
        ("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "1997-09-04", ["1997-09-04", "1997-10-07", "1997-11-06"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2;COUNT=3", "1997-09-29",
         ["1997-09-29", "1997-10-30", "1997-11-27"]),
        ("FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "2007-01-15",
         ["2007-01-15", "2007-01-30", "2007-02-15", "2007-03-15", "2007-03-30"]),
        # What the start gives to a rule that does not say it.
        ("FREQ=MONTHLY;COUNT=3", "2027-01-31", ["2027-01-31", "2027-03-31", "2027-05-31"]),
        ("FREQ=YEARLY;COUNT=2", "2028-02-29", ["2028-02-29", "2032-02-29"]),
        ("FREQ=YEARLY;BYWEEKNO=20;COUNT=2", "1997-05-14", ["1997-05-14", "1998-05-13"]),
        # A start that the rule does not give is no occurrence.
        ("FREQ=WEEKLY;BYDAY=FR;COUNT=2", "2026-11-23", ["2026-11-27", "2026-12-04"]),
        # dateutil takes plain and counted days together for days that are both.
        ("FREQ=MONTHLY;BYDAY=MO,2TU;COUNT=4", "2027-02-01", ["2027-02-01", "2027-02-08", "2027-02-09", "2027-02-15"]),
        ("FREQ=YEARLY;COUNT=1", "2199-12-31", ["2199-12-31"]),
    ],
)  # fmt: skip
def test_the_examples_of_the_standard(rule: str, start: str, expected: list[str]) -> None:
    """Each rule gives its dates, and where it counts them no more."""
    assert dates(f"RRULE:{rule}", f"{start}T09:00:00", len(expected) + ("COUNT" in rule)) == expected


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("20270103", "2027-01-03"),  # a day is meant with all its hours
        ("20270103T100000", "2027-01-03"),
        ("20270103T095959", "2027-01-02"),
        ("20270103T150000Z", "2027-01-03"),  # 10 o'clock in New York
        ("20270103T145959Z", "2027-01-02"),
    ],
)
def test_the_end_may_be_a_day_a_time_or_an_instant(until: str, last: str) -> None:
    """UNTIL is the latest that an occurrence may be; without a Z it is on the zone's clock."""
    assert dates(f"RRULE:FREQ=DAILY;UNTIL={until}", "2027-01-01T10:00:00", 9)[-1] == last


def test_dates_are_taken_away_and_added() -> None:
    """EXDATE by time, by instant and by day; RDATE also beyond the end; COUNT counts what EXDATE takes away."""
    text = (
        "RRULE:FREQ=DAILY;COUNT=6\nEXDATE:20270102T100000,20270103T150000Z\nEXDATE;VALUE=DATE:20270104\n"
        "RDATE:20270102T180000,20270201T100000,20270105T100000"
    )
    assert [each[:16] for each in first(text, "2027-01-01T10:00:00", 20)] == [
        "2027-01-01T10:00", "2027-01-02T18:00", "2027-01-05T10:00", "2027-01-06T10:00", "2027-02-01T10:00",
    ]  # fmt: skip


def test_a_skipped_time_is_later_and_a_repeated_one_the_first() -> None:
    """RFC 5545, section 3.3.5, in Berlin's nights of 28 March and 31 October 2027."""
    march = first("RRULE:FREQ=DAILY;COUNT=3", "2027-03-27T02:30:00", 9, "Europe/Berlin")
    assert march == ["2027-03-27T02:30:00+01:00", "2027-03-28T03:30:00+02:00", "2027-03-29T02:30:00+02:00"]
    october = first("RRULE:FREQ=DAILY;COUNT=3", "2027-10-30T02:30:00", 9, "Europe/Berlin")
    assert october == ["2027-10-30T02:30:00+02:00", "2027-10-31T02:30:00+02:00", "2027-11-01T02:30:00+01:00"]


def test_a_skipped_time_that_falls_on_another_is_one_occurrence() -> None:
    """2:30 and 3:30 are the same in the night in which 2:30 does not exist; 3:00 comes before them."""
    found = first("RRULE:FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0,30;COUNT=8", "2027-03-28T00:00:00", 9, "Europe/Berlin")
    assert [each[:16] for each in found] == [
        "2027-03-28T03:00", "2027-03-28T03:30",
        "2027-03-29T02:00", "2027-03-29T02:30", "2027-03-29T03:00", "2027-03-29T03:30",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=HOURLY;INTERVAL=23;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU", ["2032-02-29T20", "2060-02-29T05"]),
        ("FREQ=HOURLY;INTERVAL=999;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU", []),
        ("FREQ=HOURLY;INTERVAL=24;BYHOUR=11", []),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU", ["2032-02-29T10", "2060-02-29T10"]),
        ("FREQ=DAILY;BYMONTHDAY=30,31;BYMONTH=2", []),
        ("FREQ=HOURLY;INTERVAL=24;BYYEARDAY=366;BYDAY=SU", ["2028-12-31T10", "2056-12-31T10"]),
        ("FREQ=HOURLY;INTERVAL=24;BYYEARDAY=-366;BYDAY=MO", ["2052-01-01T10", "2080-01-01T10"]),
    ],
)
def test_what_comes_rarely_or_never_is_found_soon(rule: str, expected: list[str]) -> None:
    """A search up to the end of the calendar looks at years, not at every day or hour of each rule."""
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        found = first(f"RRULE:{rule}", "2027-01-10T10:00:00", 2, "Europe/Berlin")
    finally:
        sys.setprofile(None)
    assert [each[:13] for each in found] == expected
    assert calls < 5000


MARCH, OCTOBER = "2027-03-27T02:30:00", "2027-10-30T02:30:00"
BEFORE_MARCH, IN_MARCH, AFTER_MARCH = (
    "2027-03-27T02:30:00+01:00",
    "2027-03-28T03:30:00+02:00",
    "2027-03-29T02:30:00+02:00",
)
BEFORE_OCTOBER, AFTER_OCTOBER = "2027-10-30T02:30:00+02:00", "2027-11-01T02:30:00+01:00"
FIRST, SECOND = "2027-10-31T02:30:00+02:00", "2027-10-31T02:30:00+01:00"


@pytest.mark.parametrize(
    ("start", "dates", "expected"),
    [
        (MARCH, "EXDATE:20270328T013000Z", [BEFORE_MARCH, AFTER_MARCH]),
        (MARCH, "EXDATE:20270328T033000", [BEFORE_MARCH, AFTER_MARCH]),  # where it is shown
        (MARCH, "EXDATE:20270328T023000", [BEFORE_MARCH, AFTER_MARCH]),  # what the rule gives
        (MARCH, "EXDATE:20270328T003000Z", [BEFORE_MARCH, IN_MARCH, AFTER_MARCH]),
        (MARCH, "RDATE:20270328T013000Z,20270328T033000,20270328T023000", [BEFORE_MARCH, IN_MARCH, AFTER_MARCH]),
        (  # of times that are skipped the first is not the first that is shown
            MARCH,
            "RDATE:20270328T021500,20270328T031000",
            [BEFORE_MARCH, "2027-03-28T03:10:00+02:00", "2027-03-28T03:15:00+02:00", IN_MARCH, AFTER_MARCH],
        ),
        (OCTOBER, "EXDATE:20271031T013000Z", [BEFORE_OCTOBER, FIRST, AFTER_OCTOBER]),
        (OCTOBER, "EXDATE:20271031T003000Z", [BEFORE_OCTOBER, AFTER_OCTOBER]),
        (OCTOBER, "EXDATE:20271031T023000", [BEFORE_OCTOBER, AFTER_OCTOBER]),
        (OCTOBER, "RDATE:20271031T013000Z", [BEFORE_OCTOBER, FIRST, SECOND, AFTER_OCTOBER]),
        (OCTOBER, "RDATE:20271031T003000Z", [BEFORE_OCTOBER, FIRST, AFTER_OCTOBER]),
        (OCTOBER, "RDATE:20271031T013000Z\nEXDATE:20271031T023000", [BEFORE_OCTOBER, SECOND, AFTER_OCTOBER]),
        (OCTOBER, "RDATE:20271031T013000Z\nEXDATE:20271031T013000Z", [BEFORE_OCTOBER, FIRST, AFTER_OCTOBER]),
        (OCTOBER, "RDATE:20271031T013000Z\nEXDATE;VALUE=DATE:20271031", [BEFORE_OCTOBER, AFTER_OCTOBER]),
        (
            OCTOBER,
            "RDATE:20271031T024500,20271031T013000Z,20271031T014500Z",
            [BEFORE_OCTOBER, FIRST, "2027-10-31T02:45:00+02:00", SECOND, "2027-10-31T02:45:00+01:00", AFTER_OCTOBER],
        ),
    ],
)
def test_a_date_in_utc_names_its_instant(start: str, dates: str, expected: list[str]) -> None:
    """RFC 5545, section 3.3.5: with a Z it is that instant and no other, also where clocks are changed."""
    assert first(f"RRULE:FREQ=DAILY;COUNT=3\n{dates}", start, 9, "Europe/Berlin") == expected


def test_the_second_of_two_times_goes_on_from_itself() -> None:
    """Its end is counted from it, and it is asked for in UTC, being read as the first."""
    members = {"start": OCTOBER, "recurrence": "RRULE:FREQ=DAILY;COUNT=1\nRDATE:20271031T013000Z", "duration": "PT15M"}
    request = ScheduleRequest.model_validate(schedule_document(**members))
    [second] = request.timetable.after(wall("2027-10-30T12:00:00"))
    document = request.meeting_of(second)
    assert document["start"] == {"dateTime": "2027-10-31T01:30:00", "timeZone": "UTC"}
    assert document["end"] == {"dateTime": "2027-10-31T01:45:00", "timeZone": "UTC"}
    longer = ScheduleRequest.model_validate(schedule_document(**members | {"duration": "P1D"}))
    assert longer.end_of(second).isoformat() == "2027-11-01T02:30:00+01:00"


def test_what_comes_after_an_instant() -> None:
    """Within the hour that clocks show twice, too: the first 02:45 is past when the second 02:30 comes."""
    timetable = Timetable(parse_rule("RRULE:FREQ=DAILY;BYMINUTE=45"), wall("2027-10-30T02:45:00"), "Europe/Berlin")
    found = [next(timetable.after(datetime(2027, 10, 31, hour, 30, tzinfo=UTC))).start.isoformat() for hour in (0, 1)]
    assert found == ["2027-10-31T02:45:00+02:00", "2027-11-01T02:45:00+01:00"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P1D", Duration(1, timedelta(0))),
        ("P2W", Duration(14, timedelta(0))),
        ("PT90M", Duration(0, timedelta(hours=1.5))),
        ("P1DT1H1M1S", Duration(1, timedelta(seconds=3661))),
        ("PT0S", Duration(0, timedelta(0))),
    ],
)
def test_durations(text: str, expected: Duration) -> None:
    """Days and weeks are the calendar's, the rest is exact."""
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1", "1D", "P1DT", "-PT1H", "P1Y", "P1M", "P1.5D", "PT1H30", "P1W1D", "PT\uff11H", "pt1h"]
)
def test_what_is_no_duration(text: str) -> None:
    """Months and years differ in length, and RFC 5545 has none."""
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        ("2027-03-27T10:00:00", "P1D", "2027-03-28T10:00:00+02:00"),  # 23 hours
        ("2027-03-27T10:00:00", "PT24H", "2027-03-28T11:00:00+02:00"),
        ("2027-10-31T02:30:00", "PT1H", "2027-10-31T02:30:00+01:00"),  # shown twice
        ("2027-10-31T01:30:00", "PT1H", "2027-10-31T02:30:00+02:00"),
    ],
)
def test_a_day_is_a_day_and_an_hour_an_hour(start: str, duration: str, end: str) -> None:
    """RFC 5545, section 3.3.6; an end that clocks show the second time is told in UTC, being read as the first."""
    request = ScheduleRequest.model_validate(schedule_document(start=start, duration=duration))
    [occurrence] = islice(request.timetable.after(EARLY), 1)
    assert request.end_of(occurrence).isoformat() == end
    given = request.meeting_of(occurrence)["end"]
    if end.endswith("02:30:00+01:00"):
        assert given == {"dateTime": "2027-10-31T01:30:00", "timeZone": "UTC"}
    else:
        assert given == {"dateTime": end[:19], "timeZone": "Europe/Berlin"}


ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Santiago"]
FREQUENT = st.one_of(
    st.builds("FREQ=DAILY;INTERVAL={}".format, st.integers(1, 40)),
    st.builds(
        "FREQ=WEEKLY;INTERVAL={};BYDAY={};WKST={}".format,
        st.integers(1, 5),
        st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=4, unique=True).map(",".join),
        st.sampled_from(WEEKDAYS),
    ),
    st.builds("FREQ=MONTHLY;INTERVAL={};BYMONTHDAY={}".format, st.integers(1, 5), st.integers(-31, 31).filter(bool)),
    st.builds("FREQ=YEARLY;INTERVAL={};BYMONTH={};BYMONTHDAY={}".format, st.integers(1, 3), st.integers(1, 12),
              st.integers(1, 31)),
)  # fmt: skip


def counted(rule: str, start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the days of such a rule by looking at every day: no library, no code of ours."""
    parts = dict(part.split("=") for part in rule.split(";"))
    every = int(parts["INTERVAL"])
    day = start
    while day < end:
        next_month = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        from_end = (day - next_month).days
        month_day = int(parts.get("BYMONTHDAY", 0))
        match parts["FREQ"]:
            case "DAILY":
                fits = (day - start).days % every == 0
            case "WEEKLY":
                monday = WEEKDAYS.index(parts["WKST"])
                begin = start - timedelta(days=(start.weekday() - monday) % 7)
                fits = (day - begin).days // 7 % every == 0 and WEEKDAYS[day.weekday()] in parts["BYDAY"].split(",")
            case "MONTHLY":
                fits = (day.year * 12 + day.month - start.year * 12 - start.month) % every == 0
                fits = fits and month_day in {day.day, from_end}
            case _:
                fits = (day.year - start.year) % every == 0 and day.month == int(parts["BYMONTH"])
                fits = fits and day.day == month_day
        if fits:
            yield day
        day += timedelta(days=1)


@given(
    FREQUENT,
    st.sampled_from(ZONES),
    st.datetimes(datetime(2020, 1, 1), datetime(2027, 6, 30)),  # noqa: DTZ001
    st.integers(-400, 3000),
)
def test_as_many_days_as_counting_gives(rule: str, zone: str, moment: datetime, days: int) -> None:
    """From any day on, a rule gives the instants that looking at each day of the calendar gives."""
    start = moment.replace(microsecond=0, second=0)
    end = start + timedelta(days=3600)
    since = start + timedelta(days=days)
    clock = ZoneInfo(zone)
    expected = sorted(
        datetime.fromtimestamp(day.replace(tzinfo=clock).timestamp(), UTC) for day in counted(rule, start, end)
    )
    shown = [instant for instant in expected if instant > since.replace(tzinfo=clock).astimezone(UTC)]
    timetable = Timetable(parse_rule(f"RRULE:{rule}"), start, zone)
    found = [each.instant for each in islice(timetable.after(since), len(shown))]
    assert found == shown


# https://www.rfc-editor.org/rfc/rfc5545#section-3.8.5.3
@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("INTERVAL=3;UNTIL=19970902T170000", ["02T09", "02T12", "02T15"]),
        ("INTERVAL=5;COUNT=6", ["02T09", "02T14", "02T19", "03T00", "03T05", "03T10"]),
        ("INTERVAL=36;COUNT=3", ["02T09", "03T21", "05T09"]),
        ("BYHOUR=8,9,10;COUNT=4", ["02T09", "02T10", "03T08", "03T09"]),
        ("BYDAY=TH;COUNT=2", ["04T00", "04T01"]),
        ("BYMONTHDAY=1;INTERVAL=12;COUNT=2", ["01T09", "01T21"]),
    ],
)
def test_hours(rule: str, expected: list[str]) -> None:
    """An hour after the other, as the zone's clocks show them."""
    found = first(f"RRULE:FREQ=HOURLY;{rule}", "1997-09-02T09:00:00", len(expected) + ("COUNT" in rule))
    assert [each[8:13] for each in found] == expected
    assert all(each[13:19] == ":00:00" for each in found)


def test_hours_where_clocks_are_changed() -> None:
    """23 in the night without 2 o'clock, and the repeated hour once."""
    march = first("RRULE:FREQ=HOURLY;COUNT=5", "2027-03-28T00:30:00", 9, "Europe/Berlin")
    assert [each[11:16] for each in march] == ["00:30", "01:30", "03:30", "04:30"]
    october = first("RRULE:FREQ=HOURLY;COUNT=5", "2027-10-31T00:30:00", 9, "Europe/Berlin")
    assert [each[11:] for each in october] == [
        "00:30:00+02:00", "01:30:00+02:00", "02:30:00+02:00", "03:30:00+01:00", "04:30:00+01:00",
    ]  # fmt: skip


@given(
    st.integers(1, 1000),
    st.lists(st.integers(0, 23), max_size=5),
    st.lists(st.integers(0, 6), max_size=4),
    st.lists(st.integers(1, 12), max_size=2),
    st.datetimes(datetime(2020, 1, 1), datetime(2027, 6, 30)),  # noqa: DTZ001
    st.integers(-100, 3000),
)
def test_as_many_hours_as_counting_gives(
    interval: int, hours: list[int], days: list[int], months: list[int], moment: datetime, later: int
) -> None:
    """From any hour on, a rule gives the hours that looking at each of its steps gives."""
    start = moment.replace(microsecond=0)
    since = start + timedelta(hours=later)
    steps = (start + timedelta(hours=interval * step) for step in range(2000))
    shown = [
        each
        for each in steps
        if since < each < LAST
        and (not hours or each.hour in hours)
        and (not days or each.weekday() in days)
        and (not months or each.month in months)
    ][:50]
    by = f";BYHOUR={','.join(map(str, hours))}" if hours else ""
    by += f";BYDAY={','.join(WEEKDAYS[day] for day in days)}" if days else ""
    by += f";BYMONTH={','.join(map(str, months))}" if months else ""
    timetable = Timetable(parse_rule(f"RRULE:FREQ=HOURLY;INTERVAL={interval}{by}"), start, "UTC")
    assert [each.wall for each in islice(timetable.after(since), len(shown))] == shown


@pytest.mark.parametrize(
    "rule", [f"FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))}", "FREQ=HOURLY", "FREQ=HOURLY;INTERVAL=1"]
)
def test_a_million_that_have_been_cost_nothing(rule: str) -> None:
    """The evaluation begins near the time asked for: 24 a day since 1900 are over a million until 2030."""
    timetable = Timetable(parse_rule(f"RRULE:{rule}"), EARLY, "Europe/Berlin")
    passed: list[datetime] = []
    resolve = Timetable.resolve

    class Watched(Timetable):
        def resolve(self, nominal: datetime) -> datetime:
            passed.append(nominal)
            return resolve(self, nominal)

    watched = Watched(timetable.rule, timetable.start, timetable.time_zone)
    assert next(watched.after(wall("2030-01-01T10:00:00"))).wall == wall("2030-01-01T11:00:00")
    assert len(passed) < 200


CHANGES = [datetime(2027, 3, 28, 1), datetime(2027, 10, 31, 1), datetime(2027, 6, 1)]  # noqa: DTZ001
AROUND = st.sampled_from([change + timedelta(minutes=15 * step) for change in CHANGES for step in range(-12, 13)])
LOCAL = st.builds("{:%Y%m%dT%H%M%S}".format, AROUND)
IN_UTC = st.builds("{:%Y%m%dT%H%M%S}Z".format, AROUND)


@given(
    st.lists(st.one_of(LOCAL, IN_UTC), max_size=8),
    st.lists(st.one_of(LOCAL, IN_UTC), max_size=8),
    st.integers(-12, 12),
)
def test_dates_are_a_set_of_instants(added: list[str], taken: list[str], quarters: int) -> None:
    """What is there is what the rule and RDATE name without what EXDATE names, read as RFC 5545 reads each alone."""
    clock = ZoneInfo("Europe/Berlin")

    def instant(text: str) -> datetime:
        read = datetime.fromisoformat(text)
        return (read if read.tzinfo else read.replace(tzinfo=clock)).astimezone(UTC)

    start = datetime(2027, 3, 27, 2, 30) + timedelta(minutes=15 * quarters)  # noqa: DTZ001
    rule = [(start + timedelta(days=day)).replace(tzinfo=clock).astimezone(UTC) for day in range(250)]
    later = {date for date in map(instant, added) if date > min(rule)}
    expected = sorted({*rule, *later} - set(map(instant, taken)))
    text = "RRULE:FREQ=DAILY;COUNT=250" + "".join(f"\nRDATE:{date}" for date in added)
    text += "".join(f"\nEXDATE:{date}" for date in taken)
    timetable = Timetable(parse_rule(text), start, "Europe/Berlin")
    found = [each.instant for each in timetable.after(start - timedelta(seconds=1))]
    assert found == expected
