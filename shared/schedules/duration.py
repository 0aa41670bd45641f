"""RFC 5545's durations, whose days are calendar days and whose hours are exact.

https://www.rfc-editor.org/rfc/rfc5545#section-3.3.6
"""

import re
from dataclasses import dataclass
from datetime import timedelta

_DURATION = re.compile(
    r"P(?:(?P<weeks>\d{1,5})W|(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d{1,5})H)?(?:(?P<minutes>\d{1,7})M)?(?:(?P<seconds>\d{1,9})S)?)?)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Duration:
    """Calendar days, of 23 hours where clocks are put forward, followed by an exact time."""

    days: int
    time: timedelta

    @property
    def length(self) -> timedelta:
        """The length when no clock changes."""
        return timedelta(days=self.days) + self.time


def parse_duration(text: str) -> Duration:
    """Return a duration such as `PT30M`, `P1D` or `P1DT12H`.

    Raises:
        ValueError: the text is not one.
    """
    found = _DURATION.fullmatch(text)
    if found is None or text == "P":
        raise ValueError("not a duration of RFC 5545")
    weeks, days, hours, minutes, seconds = (int(found[name] or 0) for name in _DURATION.groupindex)
    return Duration(7 * weeks + days, timedelta(hours=hours, minutes=minutes, seconds=seconds))
