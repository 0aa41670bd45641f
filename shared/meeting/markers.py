"""Markers: a marker replaces a meeting that was forgotten on demand, and holds nothing of it.

A marker keeps a redelivered message from creating the meeting again. It is deleted once its key was not used for the
retention. It has the meeting's own row key, so a meeting and its marker never exist at the same time.
"""

from datetime import datetime

from pydantic import ValidationError

from shared.errors import MeetingForgottenError, MeetingNotFoundError
from shared.meeting.record_model import StoredRecord
from shared.storage.records import RecordKind, key_moment


class Marker(StoredRecord):
    """A meeting was forgotten at `forgotten_at`; its key was last used at `used_at`."""

    forgotten_at: datetime
    used_at: datetime


def refuse_marker(document: str) -> None:
    """Check that a document of the ledger is not a marker.

    Raises:
        MeetingForgottenError: it is one.
    """
    if '"forgotten_at"' not in document:
        return
    try:
        marker = Marker.model_validate_json(document)
    except ValidationError:
        return
    raise MeetingForgottenError(f"the meeting {marker.id} was forgotten", marker.forgotten_at)


MARKERS = RecordKind(
    name="meeting",
    parse=Marker.model_validate_json,
    index_keys=lambda marker: frozenset({f"forgotten.{key_moment(marker.used_at)}.{marker.id}"}),
    labels=lambda _: {},
    not_found=lambda meeting_id: MeetingNotFoundError(f"there is no meeting {meeting_id}"),
    trimmed=lambda marker, _: marker,
)
