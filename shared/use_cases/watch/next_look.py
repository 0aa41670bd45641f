"""When a meeting is looked at: every six hours, at every run in its last day and while it lasts, once after its end."""

from datetime import datetime, timedelta

from shared.meeting import Observed
from shared.meeting_request import CalendarRequest, MeetingRequest, StandaloneRequest
from shared.use_cases.occurrences import MOST_OCCURRENCES, occurrences, times

FAR = timedelta(hours=6)
_LAST_DAY = timedelta(days=1)
# Between two looks at a meeting: the timer runs less often, unless somebody sets WATCH_SCHEDULE so.
_SHORTEST = timedelta(minutes=1)
# A room that accepts by itself does so within seconds: the first look is early.
_ROOMS_HAVE_ANSWERED = timedelta(minutes=1)


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
    if times(request, observed) is None:
        return now + FAR
    passed = 0
    for occurrence in occurrences(request, observed):
        if occurrence.end >= now:
            begins = occurrence.start
            return now + _SHORTEST if begins - _LAST_DAY <= now else min(now + FAR, begins - _LAST_DAY)
        passed += 1
    return now + FAR if passed == MOST_OCCURRENCES else None  # of a longer series the rest is not computed
