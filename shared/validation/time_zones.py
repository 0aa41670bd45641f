"""Time zones by the names that a request may use, and the Windows names that Graph certainly knows.

A name is a Windows name from CLDR, an IANA name, or a variant from Graph's documentation. Three IANA names are refused,
because their writer may mean a zone with daylight time: in IANA, `EST` is Panama, `MST` Phoenix and `HST` Honolulu.
"""

from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from importlib import resources
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field
from tzlocal.windows_tz import tz_win, win_tz

from shared.validation.findings import invalid, quoted
from shared.validation.member_names import closest

# Two zones that agree on every day of one year have the same rules, as far as anybody can know in advance.
_DAYS_COMPARED = 366
_DAYS_BETWEEN_SAMPLES = 15
_AMBIGUOUS = frozenset({"EST", "MST", "HST"})
_MAX_LENGTH = 128
_NOWHERE = "Factory"  # the zone of a machine without a time zone
# https://learn.microsoft.com/graph/api/resources/datetimetimezone
_RESPELLED = {
    "Asia/Astana (Almaty)": "Asia/Almaty",
    "Asia/Toshkent (Tashkent)": "Asia/Tashkent",
    "Asia/Yangon (Rangoon)": "Asia/Yangon",
    "Europe/Kyiv (Kiev)": "Europe/Kyiv",
}
# What Outlook writes for a zone without a name.
_MADE_UP = ("Customized Time Zone", "tzone://")
# Windows keeps these two for old appointments, with rules that no country follows now; CLDR has dropped them.
_OBSOLETE = {"Kamchatka Standard Time": "Asia/Kamchatka", "Mid-Atlantic Standard Time": "UTC-02"}
# For these CLDR no longer has a Windows name.
_WINDOWS = {
    "CST6CDT": "Central Standard Time",
    "EST5EDT": "Eastern Standard Time",
    "GMT": "UTC",
    "MST7MDT": "Mountain Standard Time",
    "PST8PDT": "Pacific Standard Time",
}


def check_time_zone(name: str) -> str:
    """Return `name` if it is the exact name of a time zone."""
    meant = _spellings().get(_folded(name)) if len(name) <= _MAX_LENGTH else None
    if meant == name:
        return name
    if name in _OBSOLETE:
        hint = f"Windows keeps it for old appointments only: use {_OBSOLETE[name]}"
    elif name.startswith(_MADE_UP):
        hint = "Outlook invents this name for custom rules: use the name of the place's zone"
    else:
        meant = meant or closest(name, (each for each in allowed_names() if each[0].casefold() == name[:1].casefold()))
        hint = f"did you mean {quoted(meant)}?" if meant else "it is neither a Windows nor an IANA name"
    raise invalid("invalidTimeZone", f"must be the name of a time zone, not {quoted(name)} ({hint})")


_SCHEMA: dict[str, Any] = {
    "description": "A Windows or an IANA name, spelled exactly; no EST, MST or HST.",
    "maxLength": _MAX_LENGTH,
    "examples": ["Pacific Standard Time", "Europe/Berlin"],
}
TimeZone = Annotated[str, Field(json_schema_extra=_SCHEMA), AfterValidator(check_time_zone)]


def zone(name: str) -> ZoneInfo:
    """Return the rules of a zone that `check_time_zone` accepts; a Windows name stands for CLDR's main place of it.

    They come from the tzdata package, never from the machine, so that every instance computes alike. Two names of one
    place return one object.
    """
    return _rules(win_tz.get(name) or _RESPELLED.get(name, name))


@lru_cache(maxsize=1024)
def _rules(key: str) -> ZoneInfo:
    with resources.files("tzdata").joinpath("zoneinfo", *key.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=key)


def is_windows_name(name: str) -> bool:
    """Return whether Graph knows the zone by this name; `UTC` is such a name."""
    return name in win_tz


def windows_name(name: str) -> str | None:
    """Return CLDR's Windows name for a zone, None without one; for a Windows name the name itself."""
    return name if name in win_tz else tz_win.get(_RESPELLED.get(name, name)) or _WINDOWS.get(name)


def to_utc(wall: datetime, name: str) -> datetime:
    """Return the instant at which clocks in the zone show `wall`; the first, if they show it twice."""
    return wall.replace(tzinfo=zone(name), fold=0).astimezone(UTC)


def is_skipped(wall: datetime, name: str) -> bool:
    """Return whether clocks in the zone never show `wall`, because they are put forward over it."""
    return to_utc(wall, name).astimezone(zone(name)).replace(tzinfo=None) != wall


def is_repeated(wall: datetime, name: str) -> bool:
    """Return whether clocks in the zone show `wall` twice, because they are put back over it."""
    first, second = (wall.replace(tzinfo=zone(name), fold=fold).utcoffset() for fold in (0, 1))
    return first != second and not is_skipped(wall, name)


def agree(name: str, other: str, wall: datetime) -> bool:
    """Return whether `wall` is the same instant in both zones, and occurs exactly once in the other zone."""
    instants = {wall.replace(tzinfo=zone(other), fold=fold).astimezone(UTC) for fold in (0, 1)}
    return instants == {to_utc(wall, name)}


@lru_cache(maxsize=1024)
def agree_for_a_year(name: str, other: str, wall: datetime) -> bool:
    """Return whether the clocks of both zones agree on every day of the year after `wall`."""
    days = (wall + timedelta(days=day) for day in range(_DAYS_COMPARED))
    return all(to_utc(day, name) == to_utc(day, other) for day in days)


@lru_cache(maxsize=256)
def nearby_windows_name(name: str, wall: datetime) -> str:
    """Return the Windows zone whose clocks agree with the zone's for most of the year after `wall`."""
    days = [wall + timedelta(days=day) for day in range(0, _DAYS_COMPARED, _DAYS_BETWEEN_SAMPLES)]
    wanted = [to_utc(day, name) for day in days]
    return max(
        win_tz,
        key=lambda other: sum(to_utc(day, other) == instant for day, instant in zip(days, wanted, strict=True)),
    )


@cache
def allowed_names() -> frozenset[str]:
    """Return every name that a request may use."""
    listed = resources.files("tzdata").joinpath("zones").read_text("ascii").split()
    return frozenset({*win_tz, *listed, *_RESPELLED, *filter(None, tz_win)}) - _AMBIGUOUS - {_NOWHERE}


@cache
def _spellings() -> dict[str, str]:
    return {_folded(name): name for name in allowed_names()}


def _folded(name: str) -> str:
    return "".join(name.split()).replace("_", "").casefold()
