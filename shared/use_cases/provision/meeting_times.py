"""The times for which an organizer or a room of a meeting has to be free."""

import hashlib
import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import takewhile
from typing import Any

from shared.graph.free_busy import LONGEST_WINDOW
from shared.meeting.reservations import Entry, days_between
from shared.meeting_request import CalendarRequest, NewMeetingRequest, StandaloneRequest
from shared.meeting_request.event_occurrences import event_occurrences
from shared.meeting_request.pools import RESERVED_FOR
from shared.use_cases.availability.stretches import Stretch
from shared.validation.date_times import instant_of
from shared.validation.time_zones import to_utc, zone

_TIMES = ("start", "end", "recurrence", "isAllDay", "startDateTime", "endDateTime")


@dataclass(frozen=True, slots=True)
class MeetingTimes:
    """When a meeting takes place, in UTC.

    Attributes:
        stretches: in order and apart, one for each occurrence that is reserved.
        day: of the first occurrence, from 00:00 to 24:00 in the zone of the request.
        zone: of the request.
    """

    stretches: tuple[Stretch, ...]
    day: Stretch
    zone: tzinfo

    @property
    def window(self) -> Stretch:
        """The day and the occurrences, within the longest window that Graph shows in one call."""
        start = min(self.day.start, self.stretches[0].start)
        last = start + LONGEST_WINDOW
        ends = [each.end for each in self.stretches if each.start < last]
        return Stretch(start, min(max(self.day.end, *ends), last))

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day of UTC that the day or an occurrence touches."""
        first = min(self.day.start, self.stretches[0].start)
        return first.date(), max(days_between(*each)[-1] for each in (self.day, self.stretches[-1]))

    def overlap(self, start: datetime, end: datetime) -> bool:
        """Return whether an occurrence has time in common with a stretch."""
        place = bisect_right(self.stretches, start, key=lambda each: each.end)
        return place < len(self.stretches) and self.stretches[place].start < end

    @property
    def first_in_words(self) -> str:
        """The first occurrence in the zone of the request, as a message says it."""
        start, end = (each.astimezone(self.zone).isoformat().replace("+00:00", "Z") for each in self.stretches[0])
        return f"from {start} to {end}"

    def entries(self, meeting_id: str, attempt: int) -> list[Entry]:
        """Return what is reserved for a meeting."""
        return [Entry(meeting_id, attempt, *stretch) for stretch in self.stretches]


def times_of(request: NewMeetingRequest, now: datetime) -> MeetingTimes:
    """Return when a meeting takes place that is made now."""
    if isinstance(request, CalendarRequest):
        return _of_event(request, now)
    return _of_online_meeting(request, now)


def times_digest(request: Mapping[str, Any]) -> str:
    """Return what two requests have in common whose meetings take place at the same times."""
    text = json.dumps([request.get(name) for name in _TIMES], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _of_event(request: CalendarRequest, now: datetime) -> MeetingTimes:
    """Return the times from the first occurrence on that is not over; of an event that is over, the last."""
    name, first = request.start.time_zone, Stretch(request.start.instant[0], request.end.instant[0])
    series = event_occurrences(request.start, request.end, request.recurrence)
    occurrences = (Stretch(each.start, each.end) for each in series)
    for first in occurrences:
        if first.end > now:
            break
    midnight = datetime.combine(first.start.astimezone(zone(name)).date(), time())
    day = Stretch(to_utc(midnight, name), to_utc(midnight + timedelta(days=1), name))
    return _bounded(first, occurrences, day, zone(name))


def _of_online_meeting(request: StandaloneRequest, now: datetime) -> MeetingTimes:
    start = instant_of(request.start_date_time)[0] if request.start_date_time else now.replace(microsecond=0)
    offset = (datetime.fromisoformat(request.start_date_time).tzinfo if request.start_date_time else None) or UTC
    midnight = datetime.combine(start.astimezone(offset).date(), time(), offset).astimezone(UTC)
    day = Stretch(midnight, midnight + timedelta(days=1))
    return _bounded(Stretch(start, request.end_after(start)), (), day, offset)


def _bounded(first: Stretch, others: Iterable[Stretch], day: Stretch, shown_in: tzinfo) -> MeetingTimes:
    """Return the times, of those occurrences that are reserved."""
    last = first.start + RESERVED_FOR
    found = [first, *takewhile(lambda each: each.start < last, others)]
    return MeetingTimes(tuple(Stretch(start, min(end, last)) for start, end in found), day, shown_in)
