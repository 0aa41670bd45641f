"""When a meeting takes place: once, or as often as its recurrence says."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice

from shared.meeting import Observed
from shared.meeting_request import CalendarRequest, MeetingRequest, StandaloneRequest
from shared.meeting_request.recurrence_rule import starts
from shared.validation.date_times import DateTimeTimeZone, instant_of
from shared.validation.time_zones import to_utc

# Of a series; what comes after as many is not computed.
MOST_OCCURRENCES = 5_000
# What Graph makes of a start alone: https://learn.microsoft.com/graph/api/onlinemeeting-createorget
_USUAL_LENGTH = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that a meeting takes place.

    Attributes:
        date: on which it begins, by the clocks of the meeting's zone.
    """

    start: datetime
    end: datetime
    date: date


def is_series(request: MeetingRequest) -> bool:
    """Return whether a meeting takes place more than once."""
    return isinstance(request, CalendarRequest) and request.recurrence is not None


def times(request: MeetingRequest, observed: Observed | None) -> tuple[DateTimeTimeZone, DateTimeTimeZone] | None:
    """Return when an event begins and ends, as it was seen or else as it was requested; None where neither says."""
    if observed and observed.start and observed.end:
        return observed.start, observed.end
    return (request.start, request.end) if isinstance(request, CalendarRequest) else None


def occurrences(request: MeetingRequest, observed: Observed | None) -> Iterator[Occurrence]:
    """Yield when a meeting takes place, in order, at most `MOST_OCCURRENCES` times; never where nothing says when."""
    if (seen := times(request, observed)) is not None:
        start, end = seen
        length = end.instant[0] - start.instant[0]
        for wall in _walls(request, start):
            begins = to_utc(wall, start.time_zone)
            yield Occurrence(begins, begins + length, wall.date())
    elif isinstance(request, StandaloneRequest) and request.start_date_time:
        begins = instant_of(request.start_date_time)[0]
        ends = instant_of(request.end_date_time)[0] if request.end_date_time else begins + _USUAL_LENGTH
        yield Occurrence(begins, ends, datetime.fromisoformat(request.start_date_time).date())


def _walls(request: MeetingRequest, start: DateTimeTimeZone) -> Iterator[datetime]:
    if isinstance(request, CalendarRequest) and request.recurrence:
        return islice(starts(request.recurrence, start.wall), MOST_OCCURRENCES)
    return iter((start.wall,))
