"""The moment from which the retention of a meeting counts: not before the meeting has taken place."""

import json
from datetime import date, datetime
from functools import lru_cache
from itertools import islice
from typing import Any

from shared.meeting.meeting import Meeting, Status
from shared.meeting_request.event_occurrences import MOST_OCCURRENCES
from shared.meeting_request.recurrence import Recurrence
from shared.meeting_request.recurrence_rule import starts
from shared.validation.date_times import DateTimeTimeZone, check_timestamp, instant_of
from shared.validation.time_zones import to_utc


def retained_from(meeting: Meeting) -> datetime:
    """Return the moment from which the setting `RETENTION` counts for a finished meeting.

    It is the end of the work on the meeting, or its scheduled end if that is later: as it was seen in Outlook, else as
    it was requested. A series ends with its last occurrence. One without end counts from the day of its latest
    observation. A meeting that Graph no longer has counts from the end of the work on it.
    """
    if not meeting.outcome.made or meeting.status is Status.CANCELLED:
        return meeting.updated_at
    try:
        end = _scheduled_end(meeting, meeting.request or {})
    except (ValueError, TypeError, OverflowError):  # of a damaged record
        end = None
    return max(meeting.updated_at, end) if end else meeting.updated_at


def _scheduled_end(meeting: Meeting, request: dict[str, Any]) -> datetime | None:
    """Return when a meeting that is in Graph ends, None where neither an observation nor its request says it."""
    observed = meeting.observed
    start = observed.start if observed and observed.start else _time(request.get("start"))
    end = observed.end if observed and observed.end else _time(request.get("end"))
    if end is None:
        timestamp = request.get("endDateTime")
        return instant_of(check_timestamp(timestamp))[0] if isinstance(timestamp, str) else None
    if start is None or request.get("recurrence") is None:
        return end.instant[0]
    last = _last_start(json.dumps(request["recurrence"]), start.wall)
    if last is not None:
        return to_utc(last, start.time_zone) + (end.instant[0] - start.instant[0])
    if observed is None:
        return None
    seen_at = observed.removed_at or observed.observed_at
    return seen_at.replace(hour=0, minute=0, second=0, microsecond=0)


def _time(value: Any) -> DateTimeTimeZone | None:
    return None if value is None else DateTimeTimeZone.model_validate(value)


@lru_cache(maxsize=1024)
def _last_start(recurrence_json: str, start: datetime) -> datetime | None:
    """Return when the last occurrence of a series begins, or would on the last day of its range; None without end."""
    recurrence = Recurrence.model_validate_json(recurrence_json)
    if recurrence.range.end_date is not None:
        return datetime.combine(date.fromisoformat(recurrence.range.end_date), start.time())
    if recurrence.range.number_of_occurrences is None:
        return None
    # A series with more is treated as one without end: computing its last day would take too long.
    begins = list(islice(starts(recurrence, start), MOST_OCCURRENCES))
    return begins[-1] if 0 < len(begins) < MOST_OCCURRENCES else None
