"""When an event takes place: once, or at each occurrence of its series."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from shared.meeting_request.recurrence import Recurrence
from shared.meeting_request.recurrence_rule import wall_starts
from shared.use_cases.availability.stretches import Stretch
from shared.validation.date_times import DateTimeTimeZone
from shared.validation.time_zones import to_utc, zone

# Twenty-seven years of every day: a series that began longer ago is no new one.
_MOST_OCCURRENCES = 10_000


def occurrences(
    start: DateTimeTimeZone, end: DateTimeTimeZone, recurrence: Recurrence | None, until: datetime
) -> Iterator[Stretch]:
    """Yield an event, or each occurrence that begins before `until` or a few days later.

    An occurrence begins and ends by the clock of the zone of `start`.
    """
    first, name = Stretch(start.instant[0], end.instant[0]), start.time_zone
    if recurrence is None:
        yield first
        return
    extent = recurrence.range
    length = first.end.astimezone(zone(name)).replace(tzinfo=None) - start.wall
    last = until.astimezone(UTC).replace(tzinfo=None) + timedelta(days=2)  # whatever the zone
    most = min(extent.number_of_occurrences or _MOST_OCCURRENCES, _MOST_OCCURRENCES)
    for wall in islice(wall_starts(recurrence.pattern, start.wall), most):
        if wall > last or (extent.end_date is not None and wall.date().isoformat() > extent.end_date):
            return
        yield Stretch(to_utc(wall, name), to_utc(wall + length, name))
