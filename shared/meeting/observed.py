"""What was seen of a meeting in Graph after it was created: its times, its place, who responded."""

import json
from datetime import datetime
from enum import StrEnum

from shared.meeting.record_model import RecordModel
from shared.validation.date_times import DateTimeTimeZone

# In bytes of JSON as it is stored, in UTF-16: an eighth of the 1 MiB that a row of Azure Tables holds.
LARGEST_OBSERVED = 128 * 1024
# Exchange's own bound for a subject and for the name of a place.
_LONGEST_LINE = 255
_LONGEST_ADDRESS = 320
_LONGEST_WORD = 40
_COMMA = len(",".encode("utf-16-le"))


class ObservedState(StrEnum):
    """How what is in Graph compares with the request."""

    AS_REQUESTED = "asRequested"
    CHANGED = "changed"
    REMOVED = "removed"


class ObservedAttendee(RecordModel):
    """A person or a room that the event invites, with the latest response.

    Attributes:
        address: The mail address.
        name: The name to show.
        type: Graph's word for how the attendee is invited: `required`, `optional` or `resource`.
        response: Graph's word for the response: `none`, `notResponded`, `accepted`, `tentativelyAccepted`, `declined`.
        responded_at: When the attendee responded; null where Graph shows one of its placeholder years.
        proposed_start: The start that the attendee proposes.
        proposed_end: The end that the attendee proposes.
    """

    address: str
    name: str | None = None
    type: str = "required"
    response: str = "none"
    responded_at: datetime | None = None
    proposed_start: DateTimeTimeZone | None = None
    proposed_end: DateTimeTimeZone | None = None


class Observed(RecordModel):
    """One observation.

    Attributes:
        observed_at: when Graph was asked.
        state: how the event, or the online meeting, compares with the request.
        changes: the names of what differs from the request; empty unless the state is `changed`.
        location: the name of the place.
        etag: of the event as it was seen; empty where Graph shows none. It shows whether anything changed since.
        event_id: the event's new id, if it has changed since the creation, until the record's outcome has it.
        removed_at: when the meeting was first seen to be removed, if it still is.
        unapplied: those of the changes that were not made in Outlook: Graph lacks the requested value, because a change
            failed.
    """

    observed_at: datetime
    state: ObservedState
    changes: tuple[str, ...] = ()
    start: DateTimeTimeZone | None = None
    end: DateTimeTimeZone | None = None
    is_all_day: bool = False
    subject: str | None = None
    location: str | None = None
    join_url: str | None = None
    attendees: tuple[ObservedAttendee, ...] = ()
    etag: str = ""
    event_id: str | None = None
    removed_at: datetime | None = None
    unapplied: tuple[str, ...] = ()

    def bounded(self) -> "Observed":
        """Return the observation, bounded so that it fits beside the request in one record.

        Texts are cut at Exchange's own bounds. If the list of attendees is too large, names are dropped first, then
        attendees who have not responded, from the end.
        """
        attendees = tuple(map(_bounded_attendee, self.attendees))
        observed = self.changed(
            subject=_cut(self.subject, _LONGEST_LINE),
            location=_cut(self.location, _LONGEST_LINE),
            attendees=attendees,
        )
        if observed.fits():
            return observed
        nameless = tuple(attendee.changed(name=None) for attendee in attendees)
        room = LARGEST_OBSERVED - _size(observed.changed(attendees=()))
        kept: set[int] = set()
        for place, attendee in sorted(enumerate(nameless), key=lambda each: each[1].responded_at is None):
            room -= _size(attendee) + _COMMA
            if room < 0:
                break
            kept.add(place)
        return observed.changed(attendees=tuple(nameless[place] for place in sorted(kept)))

    def fits(self) -> bool:
        """Return whether the observation is small enough for a record."""
        return _size(self) <= LARGEST_OBSERVED


def _bounded_attendee(attendee: ObservedAttendee) -> ObservedAttendee:
    return attendee.changed(
        address=attendee.address[:_LONGEST_ADDRESS],
        name=_cut(attendee.name, _LONGEST_LINE),
        type=attendee.type[:_LONGEST_WORD],
        response=attendee.response[:_LONGEST_WORD],
    )


def _cut(text: str | None, longest: int) -> str | None:
    return text[:longest] if text else None


def _size(model: RecordModel) -> int:
    document = model.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return len(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-16-le", "surrogatepass"))
