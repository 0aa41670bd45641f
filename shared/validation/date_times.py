"""Points in time as Graph writes them: a wall clock's time with its zone, and a timestamp with an offset.

Both may have Graph's seven fractional digits, one more than Python's datetime holds. An instant is therefore a pair,
which compares correctly: the second, and the ticks of 100 ns in it.

Years are 1900 to 2199. Exchange stores times from 1601 on and Python computes up to 9999; the margin keeps every
conversion between zones within both.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from shared.validation.closed_model import ClosedModel
from shared.validation.findings import invalid, quoted
from shared.validation.time_zones import TimeZone, agree, to_utc, windows_name

FIRST_YEAR = 1900
LAST_YEAR = 2199
_FRACTION_DIGITS = 7
_MAX_LENGTH = 64

_WALL_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,7}))?)?", re.ASCII)
_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?(?:Z|[+-]\d\d:[0-5]\d)", re.ASCII)
_OFFSET = re.compile(r"(?:Z|[+-]\d\d:?\d\d)\Z", re.ASCII | re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MAX_OFFSET = timedelta(hours=14)

_WALL_TIME_EXAMPLE = "a time such as 2026-11-20T13:00:00"

type Instant = tuple[datetime, int]


def check_wall_time(value: str) -> str:
    """Return `value` if it is a time without an offset, such as `2026-11-20T13:00:00`."""
    _check_length(value, _WALL_TIME_EXAMPLE)
    matched = _WALL_TIME.fullmatch(value)
    if matched is None:
        if "T" in value.upper() and _OFFSET.search(value):
            raise invalid("invalidDateTime", "must not have an offset or Z: timeZone names the zone")
        raise _invalid(value, _WALL_TIME_EXAMPLE)
    _calendar_time(value, f"{matched[1]}:{matched[2] or '00'}", _WALL_TIME_EXAMPLE)
    return value


def check_timestamp(value: str) -> str:
    """Return `value` if it is an RFC 3339 timestamp, such as `2026-11-20T13:00:00-08:00`."""
    example = "a time with an offset, such as 2026-11-20T13:00:00-08:00 or 2026-11-20T21:00:00Z"
    _check_length(value, example)
    matched = _TIMESTAMP.fullmatch(value)
    if matched is None:
        if _WALL_TIME.fullmatch(value):
            raise invalid(
                "missingOffset", f"must be {example}, not {quoted(value)}: without an offset it is not an instant"
            )
        if _TIMESTAMP.fullmatch(value.replace(" ", "+")):
            raise invalid("invalidDateTime", f"must be {example}, not {quoted(value)}: in a URL, write + as %2B")
        raise _invalid(value, example)
    _calendar_time(value, matched[1], example)
    try:
        instant = datetime.fromisoformat(value)
    except ValueError as error:
        raise _invalid(value, example) from error
    if abs(instant.utcoffset() or timedelta()) > _MAX_OFFSET:
        raise invalid("invalidDateTime", "must have an offset between -14:00 and +14:00")
    return value


def is_date(value: str) -> bool:
    """Return whether a text has the form of a date such as `2026-11-20`."""
    return len(value) <= _MAX_LENGTH and _DATE.fullmatch(value) is not None


def check_date(value: str) -> str:
    """Return `value` if it is a date such as `2026-11-20`."""
    example = "a date such as 2026-11-20"
    if not is_date(value):
        raise _invalid(value, example)
    _calendar_time(value, f"{value}T00:00:00", example)
    return value


# The same checks for readers of the OpenAPI documents, as far as a pattern can express them.
_DAY = "(19|2[01])[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_MINUTE, _SECOND = "T([01][0-9]|2[0-3]):[0-5][0-9]", r":[0-5][0-9](\.[0-9]{1,7})?"
_WALL_TIME_SCHEMA: dict[str, Any] = {
    "description": "What a clock in the zone shows, without an offset.",
    "pattern": f"^{_DAY}{_MINUTE}({_SECOND})?$",
    "maxLength": _MAX_LENGTH,
    "examples": ["2027-01-20T13:00:00"],
}
_TIMESTAMP_SCHEMA: dict[str, Any] = {
    "description": "A time with its offset from UTC (RFC 3339).",
    "format": "date-time",
    "pattern": f"^{_DAY}{_MINUTE}{_SECOND}(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$",
    "maxLength": _MAX_LENGTH,
    "examples": ["2027-01-20T13:00:00-08:00"],
}
_DATE_SCHEMA: dict[str, Any] = {"pattern": f"^{_DAY}$", "maxLength": _MAX_LENGTH, "examples": ["2027-01-20"]}

WallTime = Annotated[str, Field(json_schema_extra=_WALL_TIME_SCHEMA), AfterValidator(check_wall_time)]
Timestamp = Annotated[str, Field(json_schema_extra=_TIMESTAMP_SCHEMA), AfterValidator(check_timestamp)]
CalendarDate = Annotated[str, Field(json_schema_extra=_DATE_SCHEMA), AfterValidator(check_date)]


class DateTimeTimeZone(ClosedModel):
    """A wall clock's time and the zone of the clock.

    Attributes:
        date_time: What a clock in the zone shows, without an offset.
        time_zone: The time zone, by a Windows name, an IANA name or `UTC`.

    https://learn.microsoft.com/graph/api/resources/datetimetimezone
    """

    date_time: WallTime
    time_zone: TimeZone

    @model_validator(mode="before")
    @classmethod
    def _take_utc_with_z(cls, data: Any) -> Any:
        match data:
            case {"dateTime": str(value), "timeZone": "UTC"} if _WALL_TIME.fullmatch(value.removesuffix("Z")):
                return data | {"dateTime": value.removesuffix("Z")}
            case _:
                return data

    @property
    def wall(self) -> datetime:
        """The wall clock's time down to the second."""
        return datetime.fromisoformat(self.date_time.partition(".")[0])

    @property
    def instant(self) -> Instant:
        """The instant meant; the first one, if the clock shows the time twice."""
        return to_utc(self.wall, self.time_zone), _ticks(self.date_time.partition(".")[2])

    @property
    def is_midnight(self) -> bool:
        """Whether it is exactly midnight."""
        return self.wall.time() == time.min and self.instant[1] == 0

    @property
    def day(self) -> date:
        """The wall clock's date."""
        return self.wall.date()


def instant_of(timestamp: str) -> Instant:
    """Return the instant of a timestamp that `check_timestamp` accepts."""
    second, fraction = datetime.fromisoformat(timestamp).replace(microsecond=0), re.search(r"\.(\d+)", timestamp)
    return second.astimezone(UTC), _ticks(fraction[1] if fraction else "")


def to_graph(value: DateTimeTimeZone, *, recurring: bool, all_day: bool) -> dict[str, str]:
    """Return `dateTime` and `timeZone` in a form that Graph reads unambiguously.

    Graph documents only about a hundred IANA names, so the app sends Windows names, or UTC where the Windows zone's
    clock differs. A time that clocks show twice, or never, goes in UTC as well, because Windows reads it as standard
    time where the app means the first. All-day and recurring events stay in their zone: in UTC their days would move,
    and the hour of a series between summer and winter.
    https://learn.microsoft.com/graph/api/resources/datetimetimezone
    https://learn.microsoft.com/dotnet/api/system.timezoneinfo.converttimetoutc

    Raises:
        ValueError: an all-day or recurring event is in a zone without a Windows name; parsing accepts none.
    """
    windows = windows_name(value.time_zone)
    _, dot, digits = value.date_time.partition(".")
    fraction = dot + digits
    stays = recurring or all_day
    if stays and windows is None:
        message = f"{value.time_zone} has no Windows name"
        raise ValueError(message)
    if windows and (stays or agree(value.time_zone, windows, value.wall)):
        return {"dateTime": f"{value.wall.isoformat()}{fraction}", "timeZone": windows}
    return {"dateTime": f"{value.instant[0].replace(tzinfo=None).isoformat()}{fraction}", "timeZone": "UTC"}


def _ticks(fraction: str) -> int:
    return int(fraction.ljust(_FRACTION_DIGITS, "0"))


def _check_length(value: str, example: str) -> None:
    if len(value) > _MAX_LENGTH:  # before any pattern is matched
        raise _invalid(value, example)


def _calendar_time(given: str, value: str, example: str) -> None:
    # The clock's 24:00 and the leap second :60 are ISO 8601, but not times that Graph knows.
    if value[11:13] == "24":
        raise _invalid(given, example)
    try:
        year = datetime.fromisoformat(value).year
    except ValueError as error:
        raise _invalid(given, example) from error
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise invalid("invalidDateTime", f"must be in the years {FIRST_YEAR} to {LAST_YEAR}, not {quoted(given)}")


def _invalid(value: str, example: str) -> Exception:
    return invalid("invalidDateTime", f"must be {example}, not {quoted(value)}")
