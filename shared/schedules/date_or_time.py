"""A date of iCalendar, with or without a time: RFC 5545, sections 3.3.4 and 3.3.5."""

import re
from datetime import UTC, date, datetime

from shared.validation.date_times import FIRST_YEAR, LAST_YEAR

_DATE_OR_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?", re.ASCII)

# A time on the zone's clock, one in UTC (aware), or a whole day.
type DateOrTime = datetime | date


def parse_date_or_time(text: str) -> DateOrTime:
    """Parse a date or time such as `20270120T130000`, `20270120T120000Z` or `20270120`.

    Raises:
        ValueError: the text is not one.
    """
    found = _DATE_OR_TIME.fullmatch(text)
    if found is None:
        raise ValueError("not a date of RFC 5545")
    year, month, day, *time = (int(group) for group in found.groups()[:6] if group is not None)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError("not in the calendar of meetings")
    if not time:
        return date(year, month, day)
    return datetime(year, month, day, *time, tzinfo=UTC if found[7] else None)


def as_text(value: DateOrTime) -> str:
    """Return a date or time as RFC 5545 writes it."""
    if not isinstance(value, datetime):
        return f"{value:%Y%m%d}"
    return f"{value:%Y%m%dT%H%M%S}{'Z' if value.tzinfo else ''}"
