"""The criteria of a search in the ledger."""

from dataclasses import dataclass
from enum import StrEnum

from shared.meeting.meeting import Status
from shared.validation.date_times import Instant


class Field(StrEnum):
    """What a meeting is found by."""

    ORGANIZER = "organizer"
    REFERENCE = "reference"
    JOIN_URL = "joinUrl"
    JOIN_MEETING_ID = "joinMeetingId"
    EVENT_ID = "eventId"
    SCHEDULE = "schedule"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a meeting has to match to be found; None matches every meeting.

    Attributes:
        field: by which they are found.
        value: that the field has.
        status: that they have.
        starts_from: they are to start then or later.
        starts_before: they are to start before.
    """

    field: Field | None = None
    value: str = ""
    status: Status | None = None
    starts_from: Instant | None = None
    starts_before: Instant | None = None

    @property
    def by_start(self) -> bool:
        """Return whether the meetings are found, and come, by their start."""
        return self.starts_from is not None or self.starts_before is not None

    @property
    def narrowed(self) -> bool:
        """Return whether there is a criterion beside one field's value."""
        return self.by_start or (self.status is not None and self.field is not None)
