"""Placeholders in the subject: `{date}`, `{time}` and `{week}` of each occurrence, on the clock of the schedule's zone.

Other text in braces stays unchanged, as in the subject of any meeting: `{{date}}`, `{Date}`, `{name}`. A word in
braces gets a warning.
"""

import re
from collections.abc import Iterator
from datetime import datetime

from shared.errors import Fault
from shared.validation.findings import quoted
from shared.validation.member_names import closest

PLACEHOLDERS = ("date", "time", "week")
_PLACEHOLDER = re.compile(rf"(?<![{{$])\{{({'|'.join(PLACEHOLDERS)})\}}(?!\}})")
_WORD_IN_BRACES = re.compile(r"[{$]*\{\s*(\w+)\s*\}+")


def warnings_of(subject: str) -> Iterator[Fault]:
    """Yield a warning for each word in braces that is not a placeholder."""
    for text in dict.fromkeys(found[0] for found in _WORD_IN_BRACES.finditer(_PLACEHOLDER.sub("", subject))):
        meant = closest(text, PLACEHOLDERS)
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        hint = f"did you mean {{{meant}}}?" if meant else f"the placeholders are {known}."
        message = f"subject has {quoted(text)}, which stays as it is: {hint}"
        yield Fault("/request/subject", "unknownPlaceholder", message)


def fill(subject: str, start: datetime) -> str:
    """Return a subject with its placeholders replaced: 2027-01-20, 13:00, and the ISO week's two digits."""
    week = start.isocalendar().week
    values = {"date": start.date().isoformat(), "time": f"{start:%H:%M}", "week": f"{week:02}"}
    return _PLACEHOLDER.sub(lambda found: values[found[1]], subject)
