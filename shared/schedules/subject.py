"""Placeholders in the subject: `{date}`, `{time}` and `{week}` of each occurrence, on the clock of the schedule's zone.

Only a single word in single braces is a placeholder; everything else, `{{date}}` and `{7*7}` too, is plain text.
"""

import re
from datetime import datetime

_PLACEHOLDER = re.compile(r"(?<![{$])\{([A-Za-z]+)\}(?!\})")
PLACEHOLDERS = ("date", "time", "week")


def fill(subject: str, start: datetime) -> str:
    """Return a subject with its placeholders replaced: 2027-01-20, 13:00, and the ISO week's two digits."""
    week = start.isocalendar().week
    values = {"date": start.date().isoformat(), "time": f"{start:%H:%M}", "week": f"{week:02}"}
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), subject)


def unknown_placeholders(subject: str) -> list[str]:
    """Return the placeholders that are none: better refused once than sent to everybody."""
    return [found[0] for found in _PLACEHOLDER.finditer(subject) if found[1] not in PLACEHOLDERS]
