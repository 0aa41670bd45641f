"""Availability: who of several people and rooms is free when.

availability (reads Graph and the ledger) -> stretches (the free time of a window) -> slots (which of them fit).
"""

from shared.use_cases.availability.availability import Availability, FreeSlot
from shared.use_cases.availability.calendars import Calendars, Unknown
from shared.use_cases.availability.request import MOST_ADDRESSES, AvailabilityRequest, parse_availability

__all__ = [
    "MOST_ADDRESSES",
    "Availability",
    "AvailabilityRequest",
    "Calendars",
    "FreeSlot",
    "Unknown",
    "parse_availability",
]
