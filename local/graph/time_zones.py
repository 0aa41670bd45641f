"""The time zones that Exchange accepts, and Graph's formats of times."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final, Self
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import win_tz

from local.graph.errors import GraphError, validation_failure, zone_not_supported

# The IANA names that a dateTimeTimeZone accepts, apart from every Windows name; others are refused.
# https://learn.microsoft.com/graph/api/resources/datetimetimezone
DOCUMENTED_IANA_NAMES: Final = frozenset(
    """
Etc/GMT+12|Etc/GMT+11|Pacific/Honolulu|America/Anchorage|America/Santa_Isabel|America/Los_Angeles|America/Phoenix
America/Chihuahua|America/Denver|America/Guatemala|America/Chicago|America/Mexico_City|America/Regina|America/Bogota
America/New_York|America/Indiana/Indianapolis|America/Caracas|America/Asuncion|America/Halifax|America/Cuiaba
America/La_Paz|America/Santiago|America/St_Johns|America/Sao_Paulo|America/Argentina/Buenos_Aires|America/Cayenne
America/Godthab|America/Montevideo|America/Bahia|Etc/GMT+2|Atlantic/Azores|Atlantic/Cape_Verde|Africa/Casablanca
Etc/GMT|Europe/London|Atlantic/Reykjavik|Europe/Berlin|Europe/Budapest|Europe/Paris|Europe/Warsaw|Africa/Lagos
Africa/Windhoek|Europe/Bucharest|Asia/Beirut|Africa/Cairo|Asia/Damascus|Africa/Johannesburg|Europe/Kyiv
Europe/Istanbul|Asia/Jerusalem|Asia/Amman|Asia/Baghdad|Europe/Kaliningrad|Asia/Riyadh|Africa/Nairobi|Asia/Tehran
Asia/Dubai|Asia/Baku|Europe/Moscow|Indian/Mauritius|Asia/Tbilisi|Asia/Yerevan|Asia/Kabul|Asia/Karachi
Asia/Toshkent (Tashkent)|Asia/Kolkata|Asia/Colombo|Asia/Kathmandu|Asia/Astana (Almaty)|Asia/Dhaka|Asia/Yekaterinburg
Asia/Yangon (Rangoon)|Asia/Bangkok|Asia/Novosibirsk|Asia/Shanghai|Asia/Krasnoyarsk|Asia/Singapore|Australia/Perth
Asia/Taipei|Asia/Ulaanbaatar|Asia/Irkutsk|Asia/Tokyo|Asia/Seoul|Australia/Adelaide|Australia/Darwin|Australia/Brisbane
Australia/Sydney|Pacific/Port_Moresby|Australia/Hobart|Asia/Yakutsk|Pacific/Guadalcanal|Asia/Vladivostok
Pacific/Auckland|Etc/GMT-12|Pacific/Fiji|Asia/Magadan|Pacific/Tongatapu|Pacific/Apia|Pacific/Kiritimati
""".strip()
    .replace("\n", "|")
    .split("|")
)

# Documented names with another spelling, and their IANA names; the first is from older pages.
_RESPELLED: Final = {
    "Europe/Kyiv (Kiev)": "Europe/Kyiv",
    "Asia/Toshkent (Tashkent)": "Asia/Tashkent",
    "Asia/Astana (Almaty)": "Asia/Almaty",
    "Asia/Yangon (Rangoon)": "Asia/Yangon",
}

_LOCAL: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,7}))?", re.ASCII)
_WITH_OFFSET: Final = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,12}))?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE
)


@cache
def zone(name: str) -> ZoneInfo:
    """Return the zone that Exchange knows by this name.

    Raises:
        GraphError: Exchange does not know the name.
    """
    if (iana := win_tz.get(name)) is None:
        if name not in DOCUMENTED_IANA_NAMES | _RESPELLED.keys():
            raise zone_not_supported(name)
        iana = _RESPELLED.get(name, name)
    return ZoneInfo(iana)


def windows_names() -> list[str]:
    """Return every Windows zone name."""
    return sorted(win_tz)


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """A point of time with the seven decimals of .NET, which Python's datetime cannot hold.

    Attributes:
        second: the whole second, in UTC.
        fraction: seven digits.
    """

    second: datetime
    fraction: str = "0000000"

    @classmethod
    def of(cls, time: datetime) -> Self:
        """Return a time as a moment."""
        return cls(time.astimezone(UTC).replace(microsecond=0), f"{time.microsecond:06d}0")

    def later(self, by: timedelta) -> "Moment":
        """Return a later moment."""
        return Moment(self.second + by, self.fraction)

    def ticks_since(self, earlier: "Moment") -> int:
        """Return the time since another moment, in ticks of 100 nanoseconds."""
        seconds = (self.second - earlier.second) // timedelta(seconds=1)
        return seconds * 10_000_000 + int(self.fraction) - int(earlier.fraction)

    def as_offset_time(self) -> str:
        """Write the moment as an Edm.DateTimeOffset in UTC."""
        return f"{self.second.replace(tzinfo=None).isoformat()}.{self.fraction}Z"

    def as_local_time(self, target: ZoneInfo) -> str:
        """Write the moment as the wall clock of a zone, without an offset, as events have it."""
        return f"{self.second.astimezone(target).replace(tzinfo=None).isoformat()}.{self.fraction}"


def parse_local_time(text: str, zone_name: str) -> Moment:
    """Read a dateTimeTimeZone; of a time that clocks show twice it means the second, standard time, as Windows does.

    https://learn.microsoft.com/dotnet/api/system.timezoneinfo.converttimetoutc

    Raises:
        GraphError: it is not a wall-clock time, or the zone is unknown.
    """
    where = zone(zone_name)
    found = _LOCAL.fullmatch(text)
    try:
        if found:
            second = datetime.fromisoformat(found[1]).replace(tzinfo=where, fold=1)
            # Exchange stores times from 1601 on; the upper bound leaves room for any offset.
            if 1602 <= second.year <= 9998:  # noqa: PLR2004
                return Moment(second.astimezone(UTC), (found[2] or "").ljust(7, "0"))
    except ValueError:
        pass
    raise GraphError(
        400, "ErrorInvalidParameter", f"The value '{text}' of dateTime is not a valid local date and time."
    )


def parse_offset_time(text: str) -> Moment:
    """Read an Edm.DateTimeOffset.

    Raises:
        GraphError: it is invalid, or has no offset.
    """
    if found := _WITH_OFFSET.fullmatch(text):
        try:
            second = datetime.fromisoformat(found[1] + found[3].upper())
            return Moment(second.astimezone(UTC), (found[2] or "")[:7].ljust(7, "0"))
        except (ValueError, OverflowError):
            pass
    raise GraphError(
        400, "BadRequest", f"Cannot convert the literal '{text}' to the expected type 'Edm.DateTimeOffset'."
    )


def require_order(start: Moment, end: Moment) -> None:
    """Refuse an event that ends before it starts."""
    if end < start:
        raise validation_failure()
