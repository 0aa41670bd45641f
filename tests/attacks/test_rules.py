"""A rule costs a bounded number of steps, however rare what it gives, and a list of such rules stalls nobody."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import Any

import pytest

from shared.schedules.parse import parse_schedule
from shared.schedules.rule_text import RuleError, parse_rule
from shared.schedules.schedule import Schedule
from shared.schedules.schedule_response import ScheduleResponse
from shared.schedules.timetable import KnownOccurrences, Timetable
from tests.examples import CALENDAR

NOW = datetime(2027, 2, 1, tzinfo=UTC)
MOST_STEPS = 2_500_000
HOURS = ",".join(map(str, range(24)))
EVERY_DAY = ",".join(map(str, [*range(1, 32), *range(-31, 0)]))
RULES = [
    f"FREQ=DAILY;BYSETPOS=366,-366,365,-365,364,-364,363,-363,362,-362;BYHOUR={HOURS}",
    "FREQ=DAILY;BYMONTH=1;BYMONTHDAY=1;BYSETPOS=252",
    "FREQ=DAILY;BYSETPOS=2;BYHOUR=1;BYMINUTE=1",
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO;BYSETPOS=1",
    "FREQ=DAILY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO",
    "FREQ=HOURLY;INTERVAL=999;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO",
    "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=5",
    "FREQ=WEEKLY;BYMONTH=2;BYDAY=MO;BYSETPOS=4",
    "FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1",
    f"FREQ=MONTHLY;BYMONTHDAY={EVERY_DAY};BYHOUR={HOURS};BYSETPOS=366,-366",
    "FREQ=YEARLY;BYDAY=53MO;BYMONTHDAY=2",
    "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO;BYSETPOS=366",
]


def _steps(work: Callable[[], object]) -> int:
    """Return how many lines of dateutil's rules run."""
    count = 0

    def within(_frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal count
        count += event == "line"
        return within

    def enter(frame: FrameType, _event: str, _argument: object) -> Any:
        return within if frame.f_code.co_filename.endswith("rrule.py") else None

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("text", RULES)
def test_a_rule_takes_a_bounded_number_of_steps(text: str) -> None:
    """Whether it gives something soon, in a hundred years, or never."""
    rule = parse_rule(f"RRULE:{text}")
    timetable = Timetable(rule, datetime.fromisoformat("2027-01-20T13:00"), "Europe/Berlin")
    assert _steps(lambda: list(zip(range(5), timetable.after(NOW), strict=False))) < MOST_STEPS


@pytest.mark.parametrize("text", RULES)
@pytest.mark.parametrize("step", [timedelta(seconds=1), timedelta(days=150)])
def test_exclusions_take_a_bounded_number_of_steps(text: str, step: timedelta) -> None:
    """As many as a text holds, met or not, close together or over a century: only the first few are told."""
    start = datetime.fromisoformat("2027-01-20T13:00")
    dates = ",".join(f"{start + number * step:%Y%m%dT%H%M%S}" for number in range(200))
    timetable = Timetable(parse_rule(f"RRULE:{text}\nEXDATE:{dates}"), start, "Europe/Berlin")
    assert _steps(lambda: list(zip(range(3), timetable.ineffective_exclusions(), strict=False))) < 4 * MOST_STEPS


def test_positions_of_a_day_are_those_of_its_times() -> None:
    """The second and the last of three times, each day."""
    rule = parse_rule("RRULE:FREQ=DAILY;BYHOUR=9,12,17;BYSETPOS=2,-1;INTERVAL=2")
    found = Timetable(rule, datetime.fromisoformat("2027-02-01T09:00"), "UTC").after(NOW)
    assert [f"{each.wall:%d %H}" for _, each in zip(range(4), found, strict=False)] == [
        *("01 12", "01 17", "03 12", "03 17")
    ]


def test_a_rule_that_never_gives_anything_is_refused() -> None:
    """When the schedule is asked for, so that no list ever looks for it."""
    document = {
        "recurrence": "RRULE:FREQ=DAILY;BYSETPOS=252;BYMONTH=1;BYMONTHDAY=1",
        "timeZone": "UTC",
        "start": "2027-02-01T09:00:00",
        "duration": "PT1H",
        "leadTime": "P1D",
        "request": {"organizer": "AlexW@contoso.com", "subject": "X"},
    }
    with pytest.raises(Exception, match="must give at least one occurrence"):
        parse_schedule(document, NOW)


def test_a_list_searches_what_is_rare_once() -> None:
    """The next look at the same schedule costs dateutil nothing; after an occurrence the rest is still known."""
    document = {
        "recurrence": "RRULE:FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO",
        "timeZone": "UTC",
        "start": "2027-02-01T09:00:00",
        "duration": "PT1H",
        "leadTime": "P1D",
        "request": {name: CALENDAR[name] for name in ("organizer", "subject")},
    }
    schedule = Schedule(
        id="4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7",
        version=1,
        created_at=NOW,
        updated_at=NOW,
        fingerprint="",
        request=parse_schedule(document, NOW),
        cursor=NOW,
    )
    first = ScheduleResponse.of(schedule, NOW)
    assert len(first.next_occurrences) == 5
    assert _steps(lambda: ScheduleResponse.of(schedule, NOW)) == 0
    assert _steps(lambda: ScheduleResponse.of(schedule, NOW + timedelta(days=8000))) == 0
    later = ScheduleResponse.of(schedule, NOW + timedelta(days=8000)).next_occurrences
    assert later[:4] == first.next_occurrences[1:]


def test_what_is_known_is_what_a_search_finds() -> None:
    """At every moment, in whatever order they are asked about."""
    timetable = Timetable(
        parse_rule("RRULE:FREQ=WEEKLY;COUNT=12"), datetime.fromisoformat("2027-02-01T09:00"), "Europe/Berlin"
    )
    known = KnownOccurrences()
    for week in (0, 3, 4, 1, 11, 12, 2, 30):
        moment = NOW + timedelta(weeks=week)
        expected = [each for _, each in zip(range(5), timetable.after(moment), strict=False)]
        assert known.after(timetable, moment, 5) == expected


def test_a_rule_longer_than_any_is_not_read() -> None:
    """Before it is divided into lines and values."""
    with pytest.raises(RuleError, match="at most 4096"):
        parse_rule("RRULE:" + "BYDAY=MO;" * 1_000)
