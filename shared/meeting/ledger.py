"""The ledger: every meeting, and how to find it again.

One table, in which a meeting is a record with the rows that lead to it (shared/storage/records.py). Row keys:
    meeting.<id>                                  the record
    <field>.<digest of the value>.<when>.<id>     found by reference, organizer, status, link ...; newest first
    own.<field>.<digest>.<when>.<id>              the same among the meetings of one caller, where callers are known
    due.<moment>.<id>                             unfinished: the upkeep looks at it if nothing has happened by then
    unsent.<moment>.<id>                          finished, and its result should be sent by then
    finished.<moment>.<id>                        finished then; forgotten after the retention
    pending.<moment>.<id>                         unfinished, and wanted since then
    forgotten.<moment>.<id>                       forgotten on demand, or its key used again, then; a marker
"""

import asyncio
import functools
import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import unquote

from shared.errors import ConflictError, MeetingForgottenError, MeetingNotFoundError
from shared.ids import id_after
from shared.meeting import Meeting
from shared.storage import Table
from shared.storage.records import Record, Records, key_moment, newest_first
from shared.validation.addresses import mailbox_key

TABLE = "Meetings"

# How long the message of a waiting meeting, or the result of a finished one, may take before the upkeep looks.
_WAITING_GRACE = timedelta(seconds=30)
_REPORT_GRACE = timedelta(seconds=30)


class Field(StrEnum):
    """What a meeting is found by."""

    ORGANIZER = "organizer"
    REFERENCE = "reference"
    JOIN_URL = "joinUrl"
    JOIN_MEETING_ID = "joinMeetingId"
    EVENT_ID = "eventId"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the meetings found, newest first; `continuation` asks for the next ones, None when there are no more."""

    meetings: list[Meeting]
    continuation: str | None


class Ledger:
    """The meetings in a table. Every call may raise StorageUnavailableError.

    Attributes:
        table: where they are; partitions with longer names are not the ledger's.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self._records = Records(table, "meeting")

    async def insert(self, meeting: Meeting) -> Meeting:
        """Write a new meeting and return it with its etag.

        Raises:
            ConflictError: there is one with this id.
        """
        record = _record(meeting)
        return meeting.changed(etag=await self._records.insert(record), index_keys=record.index_keys)

    async def read(self, meeting_id: str) -> Meeting:
        """Return a meeting.

        Raises:
            MeetingForgottenError: there was one, which was to be forgotten.
            MeetingNotFoundError: there is none with this id.
        """
        record = await self._records.read(meeting_id)
        if record is None:
            raise MeetingNotFoundError(f"there is no meeting {meeting_id}")
        if _is_marker(record):
            raise MeetingForgottenError(f"the meeting {meeting_id} was forgotten", _forgotten_at(record))
        return _meeting(record)

    async def all(self) -> AsyncIterator[Meeting]:
        """Yield every meeting, each as it is when its turn comes; one that is new meanwhile may be left out."""
        async for record in self._records.all():
            if not _is_marker(record):
                yield _meeting(record)

    async def write(self, before: Meeting, after: Meeting) -> Meeting:
        """Replace a meeting as it was read (`before.etag`) and return it with its new etag.

        Raises:
            ConflictError: somebody else has changed it since.
        """
        record = _record(after.changed(etag=before.etag))
        etag = await self._records.replace(record, before.index_keys)
        return after.changed(etag=etag, index_keys=record.index_keys)

    async def forget(self, meeting: Meeting) -> None:
        """Remove a meeting as it was read, and everything that leads to it.

        Raises:
            ConflictError: somebody has changed it since.
        """
        await self._records.remove(meeting.id, meeting.etag, meeting.index_keys)

    async def forget_on_demand(self, meeting: Meeting, now: datetime) -> None:
        """Put a marker in the place of a meeting as it was read, and remove everything that leads to it.

        The marker holds when that was. It keeps a message that comes again from making the meeting again.

        Raises:
            ConflictError: somebody has changed it since.
        """
        await self._records.replace(_marker(meeting.id, now, now, meeting.etag), meeting.index_keys)

    async def keep_marker(self, meeting_id: str, now: datetime) -> None:
        """Have a marker stay as long as one that is new, because its key is used again.

        Raises:
            ConflictError: it is gone, or somebody else has just kept it.
        """
        record = await self._records.read(meeting_id)
        if record is None or not _is_marker(record):
            raise ConflictError(f"there is no marker {meeting_id}")
        await self._records.replace(_marker(meeting_id, _forgotten_at(record), now, record.etag), record.index_keys)

    async def drop_marker(self, meeting_id: str, cutoff: datetime) -> None:
        """Remove a marker that was not used since the cutoff, unless what its key leads to instead is still there.

        Raises:
            ConflictError: somebody has just kept it.
        """
        record = await self._records.read(meeting_id)
        unused = (
            record is not None and _is_marker(record) and min(record.index_keys) < f"forgotten.{key_moment(cutoff)}"
        )
        if record is not None and unused and await self._records.read(id_after(meeting_id)) is None:
            await self._records.remove(meeting_id, record.etag, record.index_keys)

    async def markers_before(self, cutoff: datetime, limit: int) -> list[str]:
        """Return the ids of at most `limit` markers that were not used since the cutoff."""
        return await self._records.before("forgotten.", cutoff, limit)

    async def find(
        self, field: Field, value: str, top: int, continuation: str | None = None, *, caller: str | None = None
    ) -> Page:
        """Return the meetings whose `field` has this value, newest first, at most `top`; of one caller, if it is named.

        Raises:
            ValueError: `continuation` is none that an earlier call has returned.
        """
        found = await self._records.newest(_prefix(field, value, caller), top, continuation)
        meetings = await asyncio.gather(*map(self._read_or_none, found.ids))
        return Page([meeting for meeting in meetings if meeting], found.continuation)

    async def due(self, now: datetime, limit: int) -> list[str]:
        """Return the ids of at most `limit` unfinished meetings that should have moved by now, longest due first."""
        return await self._records.before("due.", now, limit)

    async def unsent(self, now: datetime, limit: int) -> list[str]:
        """Return the ids of at most `limit` finished meetings that should have been told of by now, the oldest first.

        They stand apart from what is due: results that cannot be sent must not keep the upkeep from waking meetings.
        """
        return await self._records.before("unsent.", now, limit)

    async def pending_since(self) -> datetime | None:
        """Return since when the longest pending meeting is wanted, None if every meeting is finished."""
        return await self._records.earliest("pending.")

    async def finished_before(self, cutoff: datetime, limit: int) -> list[str]:
        """Return the ids of at most `limit` meetings that finished before the cutoff, the oldest first."""
        return await self._records.before("finished.", cutoff, limit)

    async def _read_or_none(self, meeting_id: str) -> Meeting | None:
        try:
            return await self.read(meeting_id)
        except MeetingNotFoundError:
            return None


_FORGOTTEN_AT = "forgottenAt"


def _marker(meeting_id: str, forgotten_at: datetime, used_at: datetime, etag: str) -> Record:
    document = json.dumps({_FORGOTTEN_AT: forgotten_at.isoformat()})
    return Record(meeting_id, document, frozenset({f"forgotten.{key_moment(used_at)}.{meeting_id}"}), etag)


def _is_marker(record: Record) -> bool:
    return any(key.startswith("forgotten.") for key in record.index_keys)


def _forgotten_at(record: Record) -> datetime:
    return datetime.fromisoformat(json.loads(record.document)[_FORGOTTEN_AT])


def _meeting(record: Record) -> Meeting:
    return Meeting.model_validate_json(record.document).changed(etag=record.etag, index_keys=record.index_keys)


def _record(meeting: Meeting) -> Record:
    labels: dict[str, str | int] = {
        "status": meeting.status.value,
        "kind": meeting.kind,
        "version": meeting.version,
        "errorCode": meeting.error.code if meeting.error else "",
    }
    document = meeting.model_dump_json(by_alias=True, exclude_defaults=True)
    return Record(meeting.id, document, _index_keys(meeting), meeting.etag, labels)


def _index_keys(meeting: Meeting) -> frozenset[str]:
    created = newest_first(meeting.created_at)
    searchers = {None, meeting.caller}
    keys = {
        f"{_prefix(field, value, searcher)}{created}.{meeting.id}"
        for field, value in _found_by(meeting)
        for searcher in searchers
    }
    if (due := due_at(meeting)) is not None:
        keys.add(f"{'unsent' if meeting.finished else 'due'}.{key_moment(due)}.{meeting.id}")
    if meeting.finished:
        keys.add(f"finished.{key_moment(meeting.updated_at)}.{meeting.id}")
    else:
        keys.add(f"pending.{key_moment(meeting.progress.version_started_at)}.{meeting.id}")
    return frozenset(keys)


def _found_by(meeting: Meeting) -> Iterator[tuple[Field, str]]:
    outcome = meeting.outcome
    asked_for_event = (meeting.request or {}).get("eventId") if meeting.kind == "existing" else None
    candidates = (
        (Field.STATUS, meeting.status.value),
        (Field.ORGANIZER, meeting.organizer),
        (Field.ORGANIZER, meeting.organizer_id),
        (Field.REFERENCE, meeting.reference),
        (Field.JOIN_URL, outcome.join_url),
        (Field.JOIN_MEETING_ID, outcome.join_meeting_id),
        (Field.JOIN_MEETING_ID, outcome.meeting_id_in_body),
        (Field.EVENT_ID, outcome.event_id),
        (Field.EVENT_ID, asked_for_event),
    )
    return ((field, value) for field, value in candidates if value and isinstance(value, str))


def due_at(meeting: Meeting) -> datetime | None:
    """Return when something should have happened to a meeting, None if nothing has to."""
    if meeting.finished:
        return None if meeting.reported else meeting.updated_at + _REPORT_GRACE
    if meeting.claim:
        return meeting.claim.expires_at
    return (meeting.progress.next_attempt_at or meeting.updated_at) + _WAITING_GRACE


@functools.lru_cache(maxsize=4096)
def _prefix(field: Field, value: str, caller: str | None) -> str:
    value = _normal(field, value)
    if caller is None:
        return f"{field}.{_digest(value)}."
    return f"own.{field}.{_digest(json.dumps([caller, value]))}."


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def _normal(field: Field, value: str) -> str:
    match field:
        case Field.ORGANIZER:
            return mailbox_key(value)
        case Field.JOIN_URL:  # Graph escapes it one way, browsers and people others
            return unquote(value).rstrip("/")
        case Field.JOIN_MEETING_ID:  # shown to people in groups of three digits
            return "".join(value.split())
        case _:
            return value
