"""Schedules that are in order."""

import copy
from typing import Any

from tests.examples import CALENDAR, STANDALONE

MEETING = {name: value for name, value in CALENDAR.items() if name not in {"start", "end"}}
VISIT = STANDALONE


def schedule_document(**members: Any) -> dict[str, Any]:
    """Return a half hour every day at ten in Berlin, made two days before, from Monday 23 November 2026 on."""
    document = {
        "recurrence": "RRULE:FREQ=DAILY",
        "timeZone": "Europe/Berlin",
        "start": "2026-11-23T10:00:00",
        "duration": "PT30M",
        "leadTime": "P2D",
        "request": MEETING,
    }
    return copy.deepcopy(document | members)
