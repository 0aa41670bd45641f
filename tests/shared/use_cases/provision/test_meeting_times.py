"""When a meeting takes place, against a plain model: changes of clocks, whole days, series, online meetings."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import assume, example, given
from hypothesis import strategies as st

from shared.errors import InvalidRequestError
from shared.meeting_request import CalendarRequest, StandaloneRequest, parse_request
from shared.use_cases.availability.stretches import Stretch
from shared.use_cases.provision.meeting_times import MeetingTimes, times_of
from tests.shared.meeting_request.requests import calendar_document, standalone_document

A_DAY = timedelta(days=1)
CALENDARS_SHOWN = timedelta(days=62)
RESERVED = timedelta(days=366)
# Midnight is skipped in Cairo, and half an hour on Lord Howe.
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Africa/Cairo", "Australia/Sydney", "Australia/Lord_Howe"]


@dataclass(frozen=True)
class Event:
    """An event, by the clocks of its zone: once, or every so many days."""

    zone: str
    day: date
    begins: timedelta
    length: timedelta
    every: int | None = None
    number: int | None = None
    all_day: bool = False

    @property
    def document(self) -> dict[str, Any]:
        """The request for it."""
        walls = {"start": self._wall(self.day), "end": self._wall(self.day) + self.length}
        members: dict[str, Any] = {
            name: {"dateTime": wall.isoformat(), "timeZone": self.zone} for name, wall in walls.items()
        }
        if self.every:
            extent = {"type": "numbered", "numberOfOccurrences": self.number} if self.number else {"type": "noEnd"}
            pattern = {"type": "daily", "interval": self.every}
            members["recurrence"] = {"pattern": pattern, "range": extent | {"startDate": self.day.isoformat()}}
        return calendar_document(**members, isAllDay=self.all_day)

    def occurrences(self, until: datetime) -> Iterator[Stretch]:
        """Yield those that begin by an instant: where the clocks skip the start and show the end, as long as others."""
        for number in range((self.number or 10_000) if self.every else 1):
            wall = self._wall(self.day + (self.every or 0) * number * A_DAY)
            start, end = instant(wall, self.zone), instant(wall + self.length, self.zone)
            if start > until:
                return
            yield Stretch(start, end if start < end else start + self.length)

    def _wall(self, day: date) -> datetime:
        return datetime.combine(day, time()) + self.begins


def instant(wall: datetime, name: str) -> datetime:
    """Return when clocks show a time first; of one that they skip, when they show what is as much later."""
    around = (wall.replace(tzinfo=UTC) + shift for shift in (-A_DAY, A_DAY))
    offsets = [each.astimezone(ZoneInfo(name)).utcoffset() or timedelta() for each in around]
    instants = [(wall - offset).replace(tzinfo=UTC) for offset in offsets]
    shown = [each for each in instants if each.astimezone(ZoneInfo(name)).replace(tzinfo=None) == wall]
    return min(shown or [max(instants)])


def assert_covers(times: MeetingTimes) -> None:
    """Calendars are read from the first occurrence and its day on, for 62 days; reservations on all days."""
    window, begin = times.window, min(times.day.start, times.stretches[0].start)
    assert window.start == begin
    needed = [times.day, *(each for each in times.stretches if each.start < begin + CALENDARS_SHOWN)]
    assert window.end == min(max(each.end for each in needed), begin + CALENDARS_SHOWN)
    first, last = times.days
    assert first == begin.date()
    assert last >= times.stretches[-1].start.date()
    assert last >= (times.stretches[-1].end - timedelta(microseconds=1)).date()


CHANGES = [date(2027, 3, 14), date(2027, 3, 28), date(2027, 4, 4), date(2027, 4, 30), date(2027, 10, 31)]
days = st.sampled_from([change + shift * A_DAY for change in CHANGES for shift in (-364, -1, 0, 1)])
minutes = st.sampled_from([0, 90, 105, 120, 150, 165, 720, 1410]).map(lambda each: timedelta(minutes=each))
lengths = st.sampled_from([0, 30, 60, 720, 1440]).map(lambda each: timedelta(minutes=each))
repeated: dict[str, Any] = {"every": st.sampled_from([2, 7, 365, 800]), "number": st.sampled_from([None, 1, 3, 200])}
single = {"zone": st.sampled_from(ZONES), "day": days}
timed = single | {"begins": minutes, "length": lengths}
whole = single | {
    "begins": st.just(timedelta()),
    "length": st.sampled_from([1, 3]).map(timedelta),
    "all_day": st.sampled_from([True]),
}
events = st.one_of(
    st.builds(Event, **timed),
    st.builds(Event, **timed, **repeated),
    st.builds(Event, **timed | {"length": st.just(400 * A_DAY)}),
    st.builds(Event, **whole),
    st.builds(Event, **whole, **repeated),
)


@given(events, st.sampled_from([-400, 0, 1, 100, 365, 800]))
@example(Event("Europe/Berlin", date(2027, 3, 26), timedelta(hours=2.5), timedelta(hours=0.5), 2, 3), 0)
@example(Event("Africa/Cairo", date(2027, 4, 29), timedelta(), A_DAY, 2, 3, all_day=True), 0)
@example(Event("UTC", date(2027, 3, 28), timedelta(), timedelta(hours=1), 365, None), 100)
@example(Event("UTC", date(2027, 3, 28), timedelta(), timedelta(hours=1), 800, None), 100)
def test_an_event_is_reserved_for_a_year_from_its_next_occurrence_on(event: Event, age: int) -> None:
    """From the first that is not over when it is made; of a series that is over, the last."""
    now = datetime.combine(event.day + age * A_DAY, time(12), UTC)
    try:
        request = parse_request(event.document)
    except InvalidRequestError:
        assume(condition=False)
    assert isinstance(request, CalendarRequest)
    found = list(event.occurrences(max(now, datetime.combine(event.day, time(), UTC)) + 3 * RESERVED))
    found = [each for each in found if each.end > now] or found[-1:]
    end = found[0].start + RESERVED
    times = times_of(request, now)
    assert [*times.stretches] == [Stretch(each.start, min(each.end, end)) for each in found if each.start < end]
    midnight = datetime.combine(found[0].start.astimezone(ZoneInfo(event.zone)), time())
    assert times.day == (instant(midnight, event.zone), instant(midnight + A_DAY, event.zone))
    assert all(each.start <= each.end for each in times.stretches)
    start, end = (each.astimezone(ZoneInfo(event.zone)).isoformat() for each in times.stretches[0])
    assert times.first_in_words == f"from {start} to {end}".replace("+00:00", "Z")
    assert_covers(times)


offsets = st.sampled_from([-10, -3.5, 0, 5.75, 14]).map(lambda hours: timezone(timedelta(hours=hours)))


@given(
    st.none() | st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=offsets),  # noqa: DTZ001 - it adds them
    st.none() | st.sampled_from([timedelta(), timedelta(minutes=45), A_DAY, 400 * A_DAY]),
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_an_online_meeting_is_reserved_until_its_end(
    start: datetime | None, length: timedelta | None, now: datetime
) -> None:
    """Or for an hour from its start, or from now; its day is one of the offset in which the start is given."""
    members: dict[str, Any] = {}
    if start:
        start = start.replace(microsecond=0)
        members["startDateTime"] = start.isoformat()
        if length is not None:
            members["endDateTime"] = (start + length).isoformat()
    request = parse_request(standalone_document(**members))
    assert isinstance(request, StandaloneRequest)
    begin = start or now.replace(microsecond=0)
    lasts = timedelta(hours=1) if length is None or not start else length
    times = times_of(request, now)
    assert times.stretches == (Stretch(begin, begin + min(lasts, RESERVED)),)
    midnight = datetime.combine(begin, time(), begin.tzinfo)
    assert times.day == (midnight, midnight + A_DAY)
    assert_covers(times)
