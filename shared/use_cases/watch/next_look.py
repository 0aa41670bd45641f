"""When the watch looks at a meeting: every six hours, at every run in the last day and during it, once after its end.

Attendance reports are looked for from its end on: every 15 minutes for six hours, then daily for a week. Graph does not
say when one comes.
"""

from datetime import datetime, timedelta

from shared.meeting import Meeting, Observed
from shared.meeting_request import CalendarRequest, MeetingRequest, StandaloneRequest
from shared.meeting_request.event_occurrences import MOST_OCCURRENCES
from shared.use_cases.meeting_occurrences import occurrences, times

FAR = timedelta(hours=6)
_LAST_DAY = timedelta(days=1)
# Between two looks at a meeting. The timer runs less often by default: WATCH_SCHEDULE.
_SHORTEST = timedelta(minutes=1)
# In the last day of a meeting that Graph refuses to show.
_SOON_AGAIN = timedelta(minutes=15)
_REPORTS_ARE_LIKELY_FOR = timedelta(hours=6)
_BETWEEN_LIKELY_REPORTS = timedelta(minutes=15)
REPORTS_MAY_COME_FOR = timedelta(days=7)
_BETWEEN_LATE_REPORTS = timedelta(days=1)
# A room that accepts by itself does so within seconds: the first look is early.
_ROOMS_HAVE_ANSWERED = timedelta(minutes=1)


def first_look(request: MeetingRequest, observed: Observed | None, now: datetime) -> datetime | None:
    """Return when to look at a meeting that was created or changed now.

    Its times are those of the request, or those observed before: the earlier look covers both.
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
    return now + FAR if passed == MOST_OCCURRENCES else None  # the rest of a longer series is not computed


def look_after_failure(meeting: Meeting, now: datetime) -> datetime | None:
    """Return when to look at a meeting that has failed: people may change its event, if it has one."""
    return (meeting.look_at or now) if meeting.outcome.event_id and not meeting.cancellation else None


def look_after_refusal(request: MeetingRequest, observed: Observed | None, now: datetime) -> datetime:
    """Return when to look again at a meeting that Graph refuses to show, usually until an administrator acts."""
    look = next_look(request, observed, now)
    return max(look, now + _SOON_AGAIN) if look else now + FAR


def first_look_for_reports(request: MeetingRequest, observed: Observed | None, now: datetime) -> datetime | None:
    """Return when to look for attendance reports of a meeting that was created or changed now, as `first_look` does."""
    looks = (next_look_for_reports(request, None, now), next_look_for_reports(request, observed, now))
    return min(filter(None, looks), default=None)


def next_look_for_reports(request: MeetingRequest, observed: Observed | None, now: datetime) -> datetime | None:
    """Return when to look next for attendance reports, later than now; None a week after the last occurrence."""
    looks: list[datetime] = []
    for occurrence in occurrences(request, observed):
        if (look := _look_for_reports(occurrence.end, now)) is not None:
            looks.append(look)
        if occurrence.end > now:
            break
    return min(looks, default=None)


def _look_for_reports(end: datetime, now: datetime) -> datetime | None:
    if now < end:
        return end
    pause = _BETWEEN_LIKELY_REPORTS if now - end < _REPORTS_ARE_LIKELY_FOR else _BETWEEN_LATE_REPORTS
    look = end + ((now - end) // pause + 1) * pause
    return look if look <= end + REPORTS_MAY_COME_FOR else None
