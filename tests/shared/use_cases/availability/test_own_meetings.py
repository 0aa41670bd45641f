"""What meetings that are not made yet take of a window, against a plain model that walks from day to day."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.meeting import Cancellation, Status
from shared.use_cases.availability.own_meetings import taken_by
from shared.use_cases.availability.stretches import Stretch, holds, merged
from shared.validation.time_zones import to_utc
from tests.examples import queued_meeting

ALEX, ADELE = "AlexW@contoso.com", "AdeleV@contoso.com"
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
ZONES = ["Europe/Berlin", "Eastern Standard Time", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]
QUARTER, DAY = timedelta(minutes=15), timedelta(days=1)


def request(start: datetime, length: timedelta, zone: str, **more: Any) -> dict[str, Any]:
    times = {"start": start, "end": start + length}
    told = {name: {"dateTime": moment.isoformat(), "timeZone": zone} for name, moment in times.items()}
    return {"kind": "calendar", "organizer": ALEX, "subject": "Visit", **told, **more}


@given(
    st.sampled_from([datetime(2027, 3, 20), datetime(2027, 10, 25), datetime(2027, 7, 1)]),  # noqa: DTZ001
    st.sampled_from(ZONES),
    st.booleans(),
    st.integers(5, 22),
    st.integers(1, 30),
    st.none() | st.tuples(st.integers(1, 3), st.integers(1, 12)),
)
def test_every_quarter_of_an_hour(
    start: datetime,
    zone: str,
    all_day: bool,  # noqa: FBT001 - drawn
    hour: int,
    length: int,
    series: tuple[int, int] | None,
) -> None:
    """Over changes of clocks, whole days and series: a quarter is taken if it lies in one of the days' meetings."""
    wall = start if all_day else start + timedelta(hours=hour)
    lasts = DAY * (1 + length % 2) if all_day else QUARTER * length
    more: dict[str, Any] = {"isAllDay": True} if all_day else {}
    interval, count = series or (1, 1)
    if series:
        pattern = {"type": "daily", "interval": interval}
        extent = {"type": "numbered", "startDate": start.date().isoformat(), "numberOfOccurrences": count}
        more["recurrence"] = {"pattern": pattern, "range": extent}
    window = Stretch(to_utc(start - DAY, "UTC"), to_utc(start + 20 * DAY, "UTC"))
    meeting = queued_meeting(request=request(wall, lasts, zone, **more))
    taken = merged(taken_by([meeting], window)[ALEX.lower()])
    walls = [wall + DAY * interval * number for number in range(count)]
    times = [(to_utc(each, zone), to_utc(each + lasts, zone)) for each in walls]
    moment = window.start
    while moment < window.end:
        inside = any(begin <= moment < end for begin, end in times)
        assert holds(taken, Stretch(moment, moment + timedelta(seconds=1))) == inside, moment
        moment += QUARTER


START = datetime(2027, 1, 20, 9)  # noqa: DTZ001 - a wall clock's time
WINDOW = Stretch(datetime(2027, 1, 20, tzinfo=UTC), datetime(2027, 1, 21, tzinfo=UTC))


def test_a_series_ends_on_its_last_day() -> None:
    """The last day is one of the series, by the clock of its zone."""
    pattern = {"type": "weekly", "interval": 1, "daysOfWeek": ["wednesday", "thursday"]}
    extent = {"type": "endDate", "startDate": "2027-01-20", "endDate": "2027-01-27"}
    series = request(START, QUARTER, "Europe/Berlin", recurrence={"pattern": pattern, "range": extent})
    window = Stretch(WINDOW.start, WINDOW.start + 30 * DAY)
    taken = taken_by([queued_meeting(request=series)], window)[ALEX.lower()]
    assert [stretch.start.day for stretch in taken] == [20, 21, 27]


@pytest.mark.parametrize(
    "change",
    [
        {"status": Status.SUCCEEDED},
        {"status": Status.FAILED},
        {"cancellation": Cancellation()},
        {"kind": "standalone"},
        {"request": None},
        {"request": {"kind": "calendar", "start": "tomorrow"}},
        {"request": request(START, QUARTER, "UTC", showAs="free")},
        {"request": request(START, QUARTER, "UTC", showAs="workingElsewhere")},
        {"request": request(START + 2 * DAY, QUARTER, "UTC")},
    ],
)
def test_what_takes_no_time(change: dict[str, Any]) -> None:
    """What is finished is in the calendar or never will be; a message that could not be read holds up nobody."""
    meeting = queued_meeting(request=request(START, QUARTER, "UTC"))
    assert taken_by([meeting], WINDOW)[ALEX.lower()]
    assert not any(taken_by([meeting.changed(**change)], WINDOW).values())


def test_everybody_whom_it_invites() -> None:
    """People and rooms alike, and the organizer by both names."""
    attendees = [{"emailAddress": {"address": ADELE}}, {"type": "resource", "emailAddress": {"address": "r@b.co"}}]
    meeting = queued_meeting(request=request(START, QUARTER, "UTC", attendees=attendees), organizer_id="An-Id")
    assert taken_by([meeting], WINDOW).keys() == {ALEX.lower(), ADELE.lower(), "r@b.co", "an-id"}
