"""When an event takes place: once, or as often as its recurrence says."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from shared.meeting_request.recurrence import Recurrence
from shared.meeting_request.recurrence_rule import starts
from shared.validation.date_times import DateTimeTimeZone
from shared.validation.time_zones import to_utc, zone

# Of a series; later ones are not computed.
MOST_OCCURRENCES = 5_000


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that a meeting takes place, in UTC.

    Attributes:
        date: on which it begins, by the clocks of the meeting's zone.
    """

    start: datetime
    end: datetime
    date: date


def event_occurrences(
    start: DateTimeTimeZone, end: DateTimeTimeZone, recurrence: Recurrence | None
) -> Iterator[Occurrence]:
    """Yield when an event takes place, in order, at most `MOST_OCCURRENCES` times.

    An occurrence of a series begins and ends by the clocks of the zone of `start`. Where they skip its start, it begins
    later by the skipped time; if that is not before its end, it lasts as long as the others.
    """
    name, (first, last) = start.time_zone, (start.instant[0], end.instant[0])
    if recurrence is None:
        yield Occurrence(first, last, start.day)
        return
    # A whole day may end at a midnight that the clocks skip: by the instant, each occurrence would be longer.
    wall_end = end.wall if end.time_zone == name else last.astimezone(zone(name)).replace(tzinfo=None)
    length = wall_end - start.wall
    for wall in islice(starts(recurrence, start.wall), MOST_OCCURRENCES):
        begin, finish = to_utc(wall, name), to_utc(wall + length, name)
        yield Occurrence(begin, finish if finish > begin else begin + length, wall.date())
