"""The arithmetic of stretches and slots, against a plain model that looks at every quarter of an hour by itself."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.graph.free_busy import WorkingHours
from shared.schedules.duration import parse_duration
from shared.use_cases.availability.slots import divides, slots
from shared.use_cases.availability.stretches import Stretch, holds, merged, without, working_stretches
from shared.validation.date_times import DateTimeTimeZone
from shared.validation.time_zones import is_skipped, to_utc, zone

ORIGIN = datetime(2027, 1, 1, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
# Weeks in which clocks change: Berlin, New York, Lord Howe (by half an hour), Sao Paulo (not any more).
CHANGES = [datetime(2027, 3, 26), datetime(2027, 10, 29), datetime(2027, 3, 12), datetime(2027, 4, 2)]  # noqa: DTZ001
ZONES = ["Europe/Berlin", "Eastern Standard Time", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu", "UTC"]


def stretch(first: int, length: int) -> Stretch:
    return Stretch(ORIGIN + QUARTER * first, ORIGIN + QUARTER * (first + length))


stretches = st.lists(st.builds(stretch, st.integers(0, 60), st.integers(0, 20)), max_size=8)


def covered(each: list[Stretch]) -> set[int]:
    """Return the quarters that stretches cover, by number."""
    return {number for number in range(100) for start, end in each if start <= ORIGIN + QUARTER * number < end}


@given(stretches, stretches, st.integers(0, 70), st.integers(1, 10))
def test_what_is_left(given_stretches: list[Stretch], taken: list[Stretch], first: int, length: int) -> None:
    """Every quarter that is given and not taken is left, in order and apart; a slot fits where all of it is left."""
    left = without(given_stretches, taken)
    assert covered(left) == covered(given_stretches) - covered(taken)
    assert all(before.end < after.start for before, after in pairwise(left))
    assert all(start < end for start, end in left)
    assert covered(merged(given_stretches)) == covered(given_stretches)
    assert holds(left, stretch(first, length)) == (set(range(first, first + length)) <= covered(left))


def works_at(hours: WorkingHours, moment: datetime) -> bool:
    """Tell whether somebody works at a moment: the plain model, by the clock on the wall."""
    wall = moment.astimezone(zone(hours.time_zone.name)).replace(tzinfo=None)
    today, yesterday = (DAYS[(wall.weekday() - back) % 7] in hours.days_of_week for back in (0, 1))
    if hours.start_time < hours.end_time:
        return today and hours.start_time <= wall.time() < hours.end_time
    return (today and wall.time() >= hours.start_time) or (yesterday and wall.time() < hours.end_time)


@given(
    st.sampled_from(CHANGES),
    st.sampled_from(ZONES),
    st.sampled_from(ZONES),
    st.sets(st.sampled_from(DAYS)),
    st.integers(4, 23),
    st.integers(4, 23),
)
def test_working_hours(start: datetime, own: str, asked: str, days: set[str], first: int, last: int) -> None:
    """At every quarter of a week with a change of clocks somebody works as the clock on their wall says."""
    hours = WorkingHours.model_validate(
        {
            "daysOfWeek": sorted(days),
            "startTime": f"{first:02}:00:00.0000000",
            "endTime": f"{last:02}:30:00.0000000",
            "timeZone": {"name": own},
        }
    )
    window = Stretch(to_utc(start, asked), to_utc(start + timedelta(days=7), asked))
    working = working_stretches(hours, window)
    moment = window.start
    while moment < window.end:
        assert holds(working, Stretch(moment, moment + timedelta(seconds=1))) == works_at(hours, moment)
        moment += QUARTER


@given(
    st.sampled_from(CHANGES),
    st.sampled_from(ZONES),
    st.integers(0, 23),
    st.integers(1, 72 * 4),
    st.sampled_from([15, 30, 45, 60, 90, 24 * 60]),
    st.sampled_from([15, 30, 60]),
)
def test_slots(start: datetime, name: str, hour: int, quarters: int, length: int, step: int) -> None:
    """They begin at the start and every step after it, and each lies in the window whole."""
    begin = start + timedelta(hours=hour)
    if is_skipped(begin, name):
        return
    given_start = DateTimeTimeZone.model_validate({"dateTime": begin.isoformat(), "timeZone": name})
    window = Stretch(to_utc(begin, name), to_utc(begin, name) + QUARTER * quarters)
    duration, stride = parse_duration(f"PT{length}M"), parse_duration(f"PT{step}M")
    found = list(slots(given_start, window.end, duration, stride))
    wanted = [
        Stretch(moment, moment + timedelta(minutes=length))
        for number in range(quarters * 15)
        if (moment := window.start + timedelta(minutes=step) * number) + timedelta(minutes=length) <= window.end
    ]
    assert found == wanted
    assert divides(given_start, window.end, stride) == (quarters * 15 % step == 0)


@pytest.mark.parametrize("day", [26, 27, 28])
def test_days_are_those_of_the_calendar(day: int) -> None:
    """A slot of a day is 23 hours where clocks are put forward, and the next one begins at the same hour."""
    start = DateTimeTimeZone.model_validate({"dateTime": f"2027-03-{day}T09:00:00", "timeZone": "Europe/Berlin"})
    a_day = parse_duration("P1D")
    [first, second] = slots(start, to_utc(start.wall + timedelta(days=2), start.time_zone), a_day, a_day)
    where = zone(start.time_zone)
    assert {moment.astimezone(where).time() for moment in (*first, *second)} == {time(9)}
    hours = [(each.end - each.start) / timedelta(hours=1) for each in (first, second)]
    assert hours == {26: [24, 23], 27: [23, 24], 28: [24, 24]}[day]


def test_a_working_day_has_the_hours_that_the_clock_shows() -> None:
    """On the Sunday when clocks are put forward, midnight to four is three hours."""
    given_hours: dict[str, Any] = {"daysOfWeek": ["sunday"], "startTime": "00:00:00", "endTime": "04:00:00"}
    hours = WorkingHours.model_validate(given_hours | {"timeZone": {"name": "W. Europe Standard Time"}})
    [only] = working_stretches(hours, Stretch(datetime(2027, 3, 27, tzinfo=UTC), datetime(2027, 3, 29, tzinfo=UTC)))
    assert only.end - only.start == timedelta(hours=3)
