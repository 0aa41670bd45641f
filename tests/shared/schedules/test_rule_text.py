"""The text of a recurrence: read as RFC 5545 has it, or refused with every reason."""

from datetime import UTC, date, datetime
from itertools import islice

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.schedules.rule_text import _PARTS, FREQUENCIES, MOST_A_DAY, RuleError, parse_rule
from shared.schedules.timetable import Timetable

NOW = datetime(2026, 11, 21, 8, 0)  # noqa: DTZ001 - a wall clock's


def codes(text: str) -> list[str]:
    with pytest.raises(RuleError) as refused:
        parse_rule(text, "Europe/Berlin")
    return [code for code, _ in refused.value.reasons]


def test_a_rule_is_read_whole() -> None:
    """Numbers, days with their ordinals, the end, and dates more and less."""
    rule = parse_rule(
        "RRULE:FREQ=MONTHLY;INTERVAL=2;BYDAY=1MO,-1FR,WE;BYSETPOS=1,-1;WKST=SU;UNTIL=20270120T120000Z\r\n"
        'EXDATE;TZID="Europe/Berlin":20270101T100000,20270102T090000Z\nEXDATE;VALUE=DATE:20270103\n'
        "RDATE:20270104T100000\n",
        "Europe/Berlin",
    )
    assert (rule.frequency, rule.interval, rule.count, rule.week_start) == ("MONTHLY", 2, None, 6)
    assert rule.weekdays == ((1, 0), (-1, 4), (0, 2))
    assert rule.by == {"BYSETPOS": (1, -1)}
    assert rule.until == datetime(2027, 1, 20, 12, tzinfo=UTC)
    assert rule.excluded == {
        datetime(2027, 1, 1, 10),  # noqa: DTZ001
        datetime(2027, 1, 2, 9, tzinfo=UTC),
        date(2027, 1, 3),
    }
    assert rule.added == {datetime(2027, 1, 4, 10)}  # noqa: DTZ001


def test_case_does_not_matter() -> None:
    """RFC 5545, section 2.1: names and enumerated values are the same in any case."""
    assert parse_rule("rrule:freq=weekly;byday=mo,tu") == parse_rule("RRULE:FREQ=WEEKLY;BYDAY=MO,TU")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "invalidRule"),
        ("FREQ=DAILY", "invalidRule"),
        ("RRULE:", "required"),
        ("RRULE:FREQ=", "invalidRule"),
        ("RRULE:BYDAY=MO", "required"),
        ("RRULE:FREQ=FORTNIGHTLY", "notOneOf"),
        ("RRULE:FREQ=SECONDLY", "tooOften"),
        ("RRULE:FREQ=MINUTELY", "tooOften"),
        ("RRULE:FREQ=HOURLY;BYMINUTE=0,30", "tooOften"),
        ("RRULE:FREQ=HOURLY;INTERVAL=2;BYMINUTE=0,20,40", "tooOften"),
        ("RRULE:FREQ=HOURLY;BYSETPOS=1;BYMINUTE=0", "invalidRule"),
        ("RRULE:FREQ=HOURLY;BYDAY=1MO", "invalidRule"),
        ("RRULE:FREQ=HOURLY;BYWEEKNO=1", "invalidRule"),
        ("RRULE:FREQ=DAILY;BYHOUR=8,9,10,11,12;BYMINUTE=0,10,20,30,40", "tooOften"),
        ("RRULE:FREQ=DAILY;FREQ=WEEKLY", "invalidRule"),
        ("RRULE:FREQ=DAILY;", "invalidRule"),
        ("RRULE:FREQ=DAILY;;COUNT=1", "invalidRule"),
        ("RRULE:FREQ=DAILY;COLOR=RED", "invalidRule"),
        ("RRULE:FREQ=YEARLY;BYEASTER=0", "invalidRule"),
        ("RRULE:FREQ=DAILY;RSCALE=HEBREW", "invalidRule"),
        ("RRULE:FREQ=DAILY;COUNT=0", "outOfRange"),
        ("RRULE:FREQ=DAILY;COUNT=-1", "outOfRange"),
        ("RRULE:FREQ=DAILY;COUNT=1.5", "outOfRange"),
        ("RRULE:FREQ=DAILY;COUNT=\uff11", "outOfRange"),
        ("RRULE:FREQ=DAILY;COUNT=1000000", "outOfRange"),
        ("RRULE:FREQ=DAILY;INTERVAL=0", "outOfRange"),
        ("RRULE:FREQ=DAILY;INTERVAL=99999999999999999999", "outOfRange"),
        ("RRULE:FREQ=DAILY;COUNT=1;UNTIL=20270101", "invalidRule"),
        ("RRULE:FREQ=DAILY;UNTIL=20270230", "invalidDateTime"),
        ("RRULE:FREQ=DAILY;UNTIL=99990101", "invalidDateTime"),
        ("RRULE:FREQ=DAILY;UNTIL=2027-01-20", "invalidDateTime"),
        ("RRULE:FREQ=DAILY;UNTIL=20270120T250000", "invalidDateTime"),
        ("RRULE:FREQ=DAILY;BYHOUR=24", "outOfRange"),
        ("RRULE:FREQ=DAILY;BYSECOND=60", "outOfRange"),
        ("RRULE:FREQ=DAILY;BYMONTH=13", "outOfRange"),
        ("RRULE:FREQ=DAILY;BYMONTH=-1", "outOfRange"),
        ("RRULE:FREQ=DAILY;BYMONTHDAY=0", "outOfRange"),
        ("RRULE:FREQ=DAILY;BYMONTHDAY=1,", "outOfRange"),
        ("RRULE:FREQ=YEARLY;BYWEEKNO=54", "outOfRange"),
        ("RRULE:FREQ=YEARLY;BYYEARDAY=367", "outOfRange"),
        ("RRULE:FREQ=WEEKLY;BYDAY=MONDAY", "invalidRule"),
        ("RRULE:FREQ=WEEKLY;BYDAY=1MO", "invalidRule"),
        ("RRULE:FREQ=MONTHLY;BYDAY=0MO", "invalidRule"),
        ("RRULE:FREQ=MONTHLY;BYDAY=6MO", "outOfRange"),
        ("RRULE:FREQ=YEARLY;BYMONTH=2;BYDAY=53MO", "outOfRange"),
        ("RRULE:FREQ=YEARLY;BYWEEKNO=3;BYDAY=1MO", "invalidRule"),
        ("RRULE:FREQ=WEEKLY;BYMONTHDAY=1", "invalidRule"),
        ("RRULE:FREQ=DAILY;BYYEARDAY=1", "invalidRule"),
        ("RRULE:FREQ=MONTHLY;BYWEEKNO=1", "invalidRule"),
        ("RRULE:FREQ=MONTHLY;BYSETPOS=1", "invalidRule"),
        ("RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1,2,3,4,5,6,7,8,9,10,11", "tooMany"),
        ("RRULE:FREQ=YEARLY;BYYEARDAY=" + ",".join(map(str, range(1, 64))), "tooMany"),
        ("RRULE:FREQ=DAILY;WKST=XX", "invalidRule"),
        ("RRULE:FREQ=DAILY\nRRULE:FREQ=WEEKLY", "invalidRule"),
        ("RRULE:FREQ=DAILY\nDTSTART:20270120T100000", "notAllowed"),
        ("RRULE:FREQ=DAILY\nEXRULE:FREQ=WEEKLY", "invalidRule"),
        ("RRULE:FREQ=DAILY\nEXDATE:soon", "invalidDateTime"),
        ("RRULE:FREQ=DAILY\nEXDATE;TZID=America/New_York:20270101T100000", "invalidRule"),
        ("RRULE:FREQ=DAILY\nRDATE;VALUE=PERIOD:20270101T100000/PT1H", "invalidRule"),
        ("RRULE:FREQ=DAILY\nRDATE;VALUE=DATE:20270101", "invalidRule"),
        ("RRULE:FREQ=DAILY\n\nEXDATE:20270101", "invalidRule"),
        ("RRULE;X=1:FREQ=DAILY", "invalidRule"),
        ("RRULE:FREQ=DAILY;COUNT=" + "1" * 5000, "tooLong"),
    ],
)
def test_what_is_no_rule_is_refused(text: str, code: str) -> None:
    """Each with its reason, also what is a rule and would make too much or never end."""
    assert code in codes(text)


def test_every_reason_is_told() -> None:
    """At once, and each once."""
    found = codes("RRULE:FREQ=MINUTELY;COUNT=0;UNTIL=x;BYHOUR=25,25;WKST=0\nDTSTART:1")
    assert sorted(found) == [
        "invalidDateTime", "invalidRule", "invalidRule", "notAllowed", "outOfRange", "outOfRange", "tooOften",
    ]  # fmt: skip


numbers = st.integers(-60, 400).map(str)
lists = st.lists(numbers, min_size=1, max_size=12).map(",".join)
days = st.lists(
    st.tuples(st.sampled_from(["", "1", "-1", "2", "5", "-5", "53"]), st.sampled_from(["MO", "TU", "SU"])).map("".join),
    min_size=1,
    max_size=5,
).map(",".join)
parts = st.one_of(
    st.sampled_from([f"FREQ={name}" for name in (*FREQUENCIES, "MINUTELY", "SECONDLY")]),
    st.tuples(
        st.sampled_from([*_PARTS, "COUNT", "INTERVAL", "UNTIL", "WKST", "X"]),
        st.one_of(lists, numbers, st.text(max_size=5)),
    ).map("=".join),
    days.map("BYDAY={}".format),
    st.text(max_size=8),
)
nonsense = st.lists(parts, max_size=6).map(lambda each: "RRULE:" + ";".join(each))

months = st.integers(1, 12).map(str)
month_days = st.integers(-31, 31).filter(bool).map(str)
plausible = st.fixed_dictionaries(
    {"FREQ": st.sampled_from(FREQUENCIES)},
    optional={
        "INTERVAL": st.integers(1, 1000).map(str),
        "COUNT": st.integers(1, 4000).map(str),
        "UNTIL": st.sampled_from(["20270120", "21991231T000000Z", "19000101T000000"]),
        "BYMONTH": st.lists(months, min_size=1, max_size=3).map(",".join),
        "BYMONTHDAY": st.lists(month_days, min_size=1, max_size=3).map(",".join),
        "BYYEARDAY": st.lists(st.integers(-366, 366).filter(bool).map(str), min_size=1, max_size=62).map(",".join),
        "BYWEEKNO": st.lists(st.integers(-53, 53).filter(bool).map(str), min_size=1, max_size=9).map(",".join),
        "BYDAY": days,
        "BYHOUR": st.lists(st.integers(0, 23).map(str), min_size=1, max_size=24).map(",".join),
        "BYSETPOS": st.lists(st.integers(-366, 366).filter(bool).map(str), min_size=1, max_size=10).map(",".join),
        "WKST": st.sampled_from(["MO", "SU", "TH"]),
    },
).map(lambda members: "RRULE:" + ";".join(f"{name}={value}" for name, value in members.items()))
starts = st.datetimes(datetime(1900, 1, 1), datetime(2199, 12, 31, 23, 59)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)


@given(st.one_of(nonsense, plausible), starts)
@example("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", NOW)
@example("RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;BYHOUR=" + ",".join(map(str, range(24))), NOW)
@example("RRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", NOW)
@example("RRULE:FREQ=HOURLY;INTERVAL=997;BYMONTH=2;BYMONTHDAY=30", NOW)
@example("RRULE:FREQ=HOURLY;INTERVAL=24;BYHOUR=9", NOW)
@example("RRULE:FREQ=YEARLY;BYDAY=53MO,-53SU", NOW)
@example("RRULE:FREQ=YEARLY;INTERVAL=1000;BYMONTHDAY=29;BYMONTH=2", NOW)
def test_whatever_is_accepted_ends_soon(text: str, start: datetime) -> None:
    """A rule is refused, or gives occurrences in their order, or none, without going through all of the calendar."""
    try:
        rule = parse_rule(text)
    except RuleError:
        return
    for wall in (start, NOW):
        found = [each.instant for each in islice(Timetable(rule, start, "Europe/Berlin").after(wall), 60)]
        assert found == sorted(set(found))
        if not rule.weekdays:
            a_day = [moment.date() for moment in found]
            assert all(a_day.count(day) <= MOST_A_DAY + 1 for day in a_day)
