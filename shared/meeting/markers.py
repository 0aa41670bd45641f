"""Markers: a marker replaces a meeting that was forgotten on demand, and holds nothing of it.

A marker keeps a message that comes again from making the meeting again, and goes when its key was not used for the
retention. It lies under the meeting's own key, so meeting and marker never stand side by side.
"""

from datetime import datetime

from pydantic import ValidationError

from shared.errors import ConflictError, MeetingForgottenError, MeetingNotFoundError
from shared.meeting.record_model import StoredRecord
from shared.storage import Table
from shared.storage.records import RecordKind, RecordStore, key_moment


class Marker(StoredRecord):
    """A meeting was forgotten at `forgotten_at`, and its key used last at `used_at`."""

    forgotten_at: datetime
    used_at: datetime


class MarkerStore(RecordStore[Marker]):
    """The markers in the ledger's table."""

    def __init__(self, table: Table) -> None:
        super().__init__(table, _MARKERS)

    async def keep(self, meeting_id: str, now: datetime) -> None:
        """Keep a marker as long as a new one, because its key was used again.

        Raises:
            ConflictError: it is gone, or somebody else has just kept it.
        """
        try:
            marker = await self.read(meeting_id)
        except MeetingNotFoundError as error:
            raise ConflictError(f"there is no marker {meeting_id}") from error
        await self.write(marker, marker.changed(used_at=now))


def refuse_marker(document: str) -> None:
    """Check that a document of the ledger is not a marker.

    Raises:
        MeetingForgottenError: it is.
    """
    if '"forgotten_at"' not in document:
        return
    try:
        marker = Marker.model_validate_json(document)
    except ValidationError:
        return
    raise MeetingForgottenError(f"the meeting {marker.id} was forgotten", marker.forgotten_at)


_MARKERS = RecordKind(
    name="meeting",
    parse=Marker.model_validate_json,
    index_keys=lambda marker: frozenset({f"forgotten.{key_moment(marker.used_at)}.{marker.id}"}),
    labels=lambda _: {},
    not_found=lambda meeting_id: MeetingNotFoundError(f"there is no meeting {meeting_id}"),
    trimmed=lambda marker, _: marker,
)
