"""When a meeting is looked at: every six hours, at every run in its last day and while it lasts, once after its end."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from shared.meeting import Observed
from shared.meeting_request import CalendarRequest, ExistingRequest, MeetingRequest, StandaloneRequest
from shared.meeting_request.recurrence_rule import starts
from shared.validation.date_times import DateTimeTimeZone
from shared.validation.time_zones import to_utc

FAR = timedelta(hours=6)
_LAST_DAY = timedelta(days=1)
# Between two looks at a meeting: the timer runs less often, unless somebody sets WATCH_SCHEDULE so.
_SHORTEST = timedelta(minutes=1)
# A room that accepts by itself does so within seconds: the first look is early.
_ROOMS_HAVE_ANSWERED = timedelta(minutes=1)
# Of a series; what comes after as many is not computed, and it is looked at every six hours.
_MOST_OCCURRENCES = 5_000


def first_look(request: MeetingRequest, observed: Observed | None, now: datetime) -> datetime | None:
    """Return when to look at a meeting that was created or changed now.

    Where it was observed before, either the request or the observation has its times: the earlier look covers both.
    """
    if isinstance(request, StandaloneRequest):
        return None  # it is in no calendar, and nobody is invited
    if not isinstance(request, CalendarRequest):
        return now + _SHORTEST  # only the event says when it is
    if any(attendee.type == "resource" for attendee in request.attendees or ()):
        return now + _ROOMS_HAVE_ANSWERED
    looks = (next_look(request, None, now), next_look(request, observed, now))
    return min(filter(None, looks), default=None)


def next_look(request: MeetingRequest, observed: Observed | None, now: datetime) -> datetime | None:
    """Return when to look again at a meeting that is looked at now; None after its end."""
    if isinstance(request, StandaloneRequest):
        return None
    start, end = _times(request, observed)
    if start is None or end is None:
        return now + FAR
    length = end.instant[0] - start.instant[0]
    passed = 0
    for begins in _starts(request, start):
        if begins + length >= now:
            return now + _SHORTEST if begins - _LAST_DAY <= now else min(now + FAR, begins - _LAST_DAY)
        passed += 1
    return now + FAR if passed == _MOST_OCCURRENCES else None


def _times(
    request: CalendarRequest | ExistingRequest, observed: Observed | None
) -> tuple[DateTimeTimeZone | None, DateTimeTimeZone | None]:
    """Return when the meeting begins and ends, as it was seen or else as it was requested; None where neither says."""
    if observed and observed.start and observed.end:
        return observed.start, observed.end
    return (request.start, request.end) if isinstance(request, CalendarRequest) else (None, None)


def _starts(request: CalendarRequest | ExistingRequest, start: DateTimeTimeZone) -> Iterator[datetime]:
    if isinstance(request, CalendarRequest) and request.recurrence:
        for wall in islice(starts(request.recurrence, start.wall), _MOST_OCCURRENCES):
            yield to_utc(wall, start.time_zone)
    else:
        yield start.instant[0]
