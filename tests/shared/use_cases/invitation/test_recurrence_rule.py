"""RRULE: the same days as Graph's recurrence."""

from calendar import monthrange
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from shared.meeting_request.recurrence import Recurrence
from shared.meeting_request.recurrence_rule import first_start
from shared.use_cases.invitation.calendar_file import recurrence_rule

START = date(2026, 11, 20)
BERLIN = ZoneInfo("Europe/Berlin")
KINDS = ["daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly", "relativeYearly"]
DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]


def rule_of(pattern: dict[str, Any], *, zone: ZoneInfo | None = BERLIN, **extent: Any) -> str:
    given_range = {"type": "noEnd", "startDate": START.isoformat()} | extent
    recurrence = Recurrence.model_validate({"pattern": {"interval": 1} | pattern, "range": given_range})
    return recurrence_rule(recurrence, zone).to_ical().decode()


@pytest.mark.parametrize(
    ("pattern", "rule"),
    [
        ({"type": "daily", "interval": 3}, "FREQ=DAILY;INTERVAL=3"),
        (
            {"type": "weekly", "daysOfWeek": ["monday", "friday"], "firstDayOfWeek": "monday", "interval": 2},
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;WKST=MO",
        ),
        ({"type": "weekly", "daysOfWeek": ["friday"]}, "FREQ=WEEKLY;INTERVAL=1;BYDAY=FR;WKST=SU"),
        ({"type": "absoluteMonthly", "dayOfMonth": 20}, "FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=20"),
        ({"type": "absoluteMonthly", "dayOfMonth": 31}, "FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=-1"),
        (
            {"type": "absoluteMonthly", "dayOfMonth": 30},
            "FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=28,29,30;BYSETPOS=-1",
        ),
        (
            {"type": "relativeMonthly", "daysOfWeek": ["friday"], "index": "third"},
            "FREQ=MONTHLY;INTERVAL=1;BYDAY=3FR",
        ),
        ({"type": "relativeMonthly", "daysOfWeek": ["friday"]}, "FREQ=MONTHLY;INTERVAL=1;BYDAY=1FR"),
        (
            {"type": "relativeMonthly", "daysOfWeek": ["saturday", "sunday"], "index": "last"},
            "FREQ=MONTHLY;INTERVAL=1;BYDAY=SA,SU;BYSETPOS=-1",
        ),
        (
            {"type": "absoluteYearly", "dayOfMonth": 20, "month": 11},
            "FREQ=YEARLY;INTERVAL=1;BYMONTHDAY=20;BYMONTH=11",
        ),
        (
            {"type": "absoluteYearly", "dayOfMonth": 29, "month": 2},
            "FREQ=YEARLY;INTERVAL=1;BYMONTHDAY=-1;BYMONTH=2",
        ),
        (
            {"type": "absoluteYearly", "dayOfMonth": 31, "month": 4},
            "FREQ=YEARLY;INTERVAL=1;BYMONTHDAY=30;BYMONTH=4",
        ),
        (
            {"type": "relativeYearly", "daysOfWeek": ["friday"], "month": 11, "index": "third"},
            "FREQ=YEARLY;INTERVAL=1;BYDAY=3FR;BYMONTH=11",
        ),
    ],
)
def test_each_pattern(pattern: dict[str, Any], rule: str) -> None:
    """Graph's six types, and the days that a month may lack."""
    assert sorted(rule_of(pattern).split(";")) == sorted(rule.split(";"))


def test_each_range() -> None:
    """UNTIL is the last moment of the last day, in UTC; of an all-day event it is the day."""
    daily = {"type": "daily"}
    assert "COUNT=5" in rule_of(daily, type="numbered", numberOfOccurrences=5)
    assert "UNTIL=20261222T225959Z" in rule_of(daily, type="endDate", endDate="2026-12-22")
    assert "UNTIL=20261222;" in rule_of(daily, zone=None, type="endDate", endDate="2026-12-22") + ";"
    assert "UNTIL" not in rule_of(daily)


def test_the_first_day_that_fits() -> None:
    """A series of Mondays that is asked for on a Friday begins on Monday."""
    rule = Recurrence.model_validate(
        {
            "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
            "range": {"type": "noEnd", "startDate": "2026-11-20"},
        }
    )
    start = datetime(2026, 11, 20, 13)  # noqa: DTZ001 - a wall clock's time
    assert first_start(rule.pattern, start) == datetime(2026, 11, 23, 13)  # noqa: DTZ001


@st.composite
def patterns(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(KINDS))
    pattern: dict[str, Any] = {"type": kind, "interval": draw(st.integers(1, 12) | st.just(2**31 - 1))}
    if kind in {"weekly", "relativeMonthly", "relativeYearly"}:
        pattern["daysOfWeek"] = draw(st.lists(st.sampled_from(DAYS), min_size=1, max_size=7))
    if kind == "weekly":
        pattern["firstDayOfWeek"] = draw(st.sampled_from(DAYS))
    if kind in {"relativeMonthly", "relativeYearly"}:
        pattern["index"] = draw(st.sampled_from(["first", "second", "third", "fourth", "last"]))
    if kind in {"absoluteMonthly", "absoluteYearly"}:
        pattern["dayOfMonth"] = draw(st.integers(1, 31))
    if kind in {"absoluteYearly", "relativeYearly"}:
        pattern["month"] = draw(st.integers(1, 12))
    return pattern


def fits(day: date, pattern: dict[str, Any]) -> bool:
    """Return whether a day is one of the pattern's, in a month or week that counts."""
    kind, weekday = pattern["type"], DAYS[(day.weekday() + 1) % 7]
    longest = monthrange(day.year, day.month)[1]
    if kind == "daily":
        return True
    if kind == "weekly":
        return weekday in pattern["daysOfWeek"]
    if day.month != pattern.get("month", day.month):
        return False
    if kind.startswith("absolute"):
        return day.day == min(pattern["dayOfMonth"], longest)
    month = [day.replace(day=number) for number in range(1, longest + 1)]
    days = [each for each in month if DAYS[(each.weekday() + 1) % 7] in pattern["daysOfWeek"]]
    return day == days[{"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1}[pattern["index"]]]


@given(patterns(), st.dates(date(2020, 1, 1), date(2032, 1, 1)))
def test_the_same_days(pattern: dict[str, Any], day: date) -> None:
    """With an interval of one, every day of five years is in both or in neither; with another, only days that fit."""
    recurrence = Recurrence.model_validate({"pattern": pattern, "range": {"type": "noEnd", "startDate": str(day)}})
    rule = recurrence_rule(recurrence, BERLIN)
    start = datetime.combine(day, datetime.min.time())
    first = first_start(recurrence.pattern, start) or start
    end = start + timedelta(days=5 * 366)
    series = rrulestr(rule.to_ical().decode(), dtstart=start).between(start, end, inc=True)
    assert all(fits(each.date(), pattern) for each in series)
    assert first == start or fits(first.date(), pattern)
    if pattern["interval"] == 1:
        days = [day + timedelta(days=number) for number in range(5 * 366 + 1)]
        assert [each.date() for each in series] == [each for each in days if fits(each, pattern)]
        assert first == series[0]
