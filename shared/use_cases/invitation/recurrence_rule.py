"""From Graph's recurrence to an RRULE of iCalendar: https://www.rfc-editor.org/rfc/rfc5545#section-3.3.10."""

from datetime import UTC, date, datetime, time, tzinfo

from icalendar import vRecur

from shared.meeting_request.recurrence import Recurrence
from shared.meeting_request.recurrence_rule import rule_parts


def recurrence_rule(recurrence: Recurrence, zone: tzinfo | None) -> vRecur:
    """Return the rule; `zone` is the one that the end date is meant in, None for an all-day event."""
    extent, rule = recurrence.range, rule_parts(recurrence.pattern)
    if extent.number_of_occurrences is not None:
        rule["COUNT"] = extent.number_of_occurrences
    elif extent.end_date is not None:
        day = date.fromisoformat(extent.end_date)
        rule["UNTIL"] = day if zone is None else datetime.combine(day, time(23, 59, 59), zone).astimezone(UTC)
    return vRecur(rule)
