"""Placeholders in the subject: `{date}`, `{time}` and `{week}` of each occurrence, on the clock of the schedule's zone.

Everything else in braces is plain text, as it is in the subject of any meeting: `{{date}}`, `{Date}`, `{name}`.
"""

import re
from datetime import datetime

PLACEHOLDERS = ("date", "time", "week")
_PLACEHOLDER = re.compile(rf"(?<![{{$])\{{({'|'.join(PLACEHOLDERS)})\}}(?!\}})")


def fill(subject: str, start: datetime) -> str:
    """Return a subject with its placeholders replaced: 2027-01-20, 13:00, and the ISO week's two digits."""
    week = start.isocalendar().week
    values = {"date": start.date().isoformat(), "time": f"{start:%H:%M}", "week": f"{week:02}"}
    return _PLACEHOLDER.sub(lambda found: values[found[1]], subject)
