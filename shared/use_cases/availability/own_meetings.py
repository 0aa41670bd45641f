"""Meetings of this app that are accepted and not made yet: no calendar shows them, and they count as taken."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile

from shared.errors import InvalidRequestError
from shared.meeting import Meeting
from shared.meeting_request import CalendarRequest, parse_request
from shared.meeting_request.recurrence_rule import wall_starts
from shared.use_cases.availability.stretches import Stretch
from shared.validation.addresses import mailbox_key
from shared.validation.time_zones import to_utc

_FREE = frozenset({"free", "workingElsewhere"})
# Twenty-seven years of every day: a series that began longer ago is no new one.
_MOST_OCCURRENCES = 10_000


def taken_by(meetings: Iterable[Meeting], window: Stretch) -> dict[str, list[Stretch]]:
    """Return what unfinished meetings take of a window, by the key of each mailbox that organizes or is invited."""
    taken: dict[str, list[Stretch]] = {}
    for meeting in meetings:
        if meeting.finished or meeting.cancellation is not None:
            continue
        try:
            request = parse_request(meeting.request)
        except InvalidRequestError:  # a message that could not be read, or a record of another version
            continue
        if not isinstance(request, CalendarRequest) or request.show_as in _FREE:
            continue
        stretches = list(_occurrences(request, window))
        invited = [attendee.email_address.address for attendee in request.attendees or ()]
        for name in {mailbox_key(name) for name in (meeting.organizer, meeting.organizer_id, *invited) if name}:
            taken.setdefault(name, []).extend(stretches)
    return taken


def _occurrences(request: CalendarRequest, window: Stretch) -> Iterator[Stretch]:
    start, end = request.start.instant[0], request.end.instant[0]
    length = end - start
    for begin in _starts(request, start, window.end):
        if begin < window.end and window.start < begin + length:
            yield Stretch(begin, begin + length)


def _starts(request: CalendarRequest, start: datetime, until: datetime) -> Iterable[datetime]:
    if request.recurrence is None:
        return [start]
    extent, zone = request.recurrence.range, request.start.time_zone
    walls = wall_starts(request.recurrence.pattern, request.start.wall)
    last = until.astimezone(UTC).replace(tzinfo=None) + timedelta(days=2)  # whatever the zone
    walls = takewhile(lambda wall: wall <= last, islice(walls, extent.number_of_occurrences or _MOST_OCCURRENCES))
    if extent.end_date is not None:
        end_date = extent.end_date
        walls = takewhile(lambda wall: wall.date().isoformat() <= end_date, walls)
    return [to_utc(wall, zone) for wall in islice(walls, _MOST_OCCURRENCES)]
