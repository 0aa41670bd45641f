"""The criteria of a search in the ledger."""

from dataclasses import dataclass
from enum import StrEnum

from shared.meeting.meeting import Status
from shared.validation.date_times import Instant


class Field(StrEnum):
    """A field by which meetings are found."""

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
        field: the field to search by.
        value: its value.
        status: the status of the meetings.
        starts_from: the earliest start.
        starts_before: the end of the starts, which is not included.
    """

    field: Field | None = None
    value: str = ""
    status: Status | None = None
    starts_from: Instant | None = None
    starts_before: Instant | None = None

    @property
    def by_start(self) -> bool:
        """Return whether meetings are found, and sorted, by their start."""
        return self.starts_from is not None or self.starts_before is not None

    @property
    def narrowed(self) -> bool:
        """Return whether there are criteria apart from the value of one field."""
        return self.by_start or (self.status is not None and self.field is not None)
