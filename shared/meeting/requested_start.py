"""When a meeting is to start, as its request says: by the clock of a zone, or by a time with an offset."""

import functools
import re
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from shared.meeting.meeting import Meeting
from shared.validation.date_times import DateTimeTimeZone, Instant, check_date, check_timestamp, instant_of, is_date

START_ORDER = re.compile(r"\d{8}T\d{13}Z", re.ASCII)


def requested_start(meeting: Meeting) -> Instant | None:
    """Return when a meeting is to start; None where its request does not say, as one of kind `existing`."""
    request: dict[str, Any] = meeting.request or {}
    match meeting.kind, request.get("start"), request.get("startDateTime"):
        case "calendar", {"dateTime": str(date_time), "timeZone": str(time_zone)}, _:
            return _start_of_event(date_time, time_zone)
        case "standalone", _, str(timestamp):
            return _start_of_online_meeting(timestamp)
        case _:
            return None


def parse_instant(text: str) -> Instant:
    """Return the instant of an RFC 3339 timestamp, or of a date, which begins in UTC.

    Raises:
        PydanticCustomError: it is neither; the message is a predicate such as `must be ...`.
    """
    if is_date(text):
        return datetime.fromisoformat(check_date(text)).replace(tzinfo=UTC), 0
    return instant_of(check_timestamp(text))


def start_key(instant: Instant) -> str:
    """Return an instant as a part of a key, so that keys sort by time, to the last of Graph's seven digits."""
    second, ticks = instant
    return f"{second:%Y%m%dT%H%M%S}{ticks:07}Z"


# A rejected request is stored as it came, so its values may be anything.
@functools.lru_cache(maxsize=4096)
def _start_of_event(date_time: str, time_zone: str) -> Instant | None:
    try:
        return DateTimeTimeZone.model_validate({"dateTime": date_time, "timeZone": time_zone}).instant
    except ValidationError:
        return None


def _start_of_online_meeting(timestamp: str) -> Instant | None:
    try:
        return instant_of(check_timestamp(timestamp))
    except PydanticCustomError:
        return None
