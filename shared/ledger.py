"""The ledger: every meeting, and how to find it again.

One table. A meeting lives in the partition of its id's first digit: one row for the record, and beside it one empty
row for each way to find it. The record names those rows, and Azure Tables writes the rows of a partition together or
not at all, so record and indexes never disagree, and a meeting costs one write per step. A search asks all sixteen
partitions side by side.

Row keys:
    meeting.<id>                                  the record
    <field>.<digest of the value>.<when>.<id>     found by reference, organizer, status, link ...; newest first
    due.<moment>.<id>                             unfinished: the upkeep looks at it if nothing has happened by then
    finished.<moment>.<id>                        finished then; forgotten after the retention
"""

import asyncio
import base64
import binascii
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import unquote

from shared.errors import MeetingNotFoundError
from shared.meeting import Meeting, is_meeting_id
from shared.storage import Delete, Insert, Operation, Replace, Row, Table

TABLE = "Meetings"
PARTITIONS = "0123456789abcdef"

# A text property holds 64 KiB of UTF-16, in which a character takes two bytes or four:
# https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
_CHUNK = 16_000
_AFTER_EVERY_KEY = "~"
_LAST_MILLISECOND = 10**13 - 1

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
    """The meetings in a table. Every call may raise StorageUnavailableError."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def insert(self, meeting: Meeting) -> Meeting:
        """Write a new meeting and return it with its etag.

        Raises:
            ConflictError: there is one with this id.
        """
        keys = _index_keys(meeting)
        operations: list[Operation] = [Insert(_record_row(meeting, keys))]
        operations += [Insert(Row(key)) for key in sorted(keys)]
        etags = await self._table.write(_partition(meeting.id), operations)
        return meeting.changed(etag=etags[0], index_keys=keys)

    async def read(self, meeting_id: str) -> Meeting:
        """Return a meeting.

        Raises:
            MeetingNotFoundError: there is none with this id.
        """
        row = await self._table.read(_partition(meeting_id), f"meeting.{meeting_id}")
        if row is None:
            raise MeetingNotFoundError(f"there is no meeting {meeting_id}")
        document = "".join(str(row.values[f"document{n}"]) for n in range(int(row.values["documents"])))
        index_keys = frozenset(str(row.values["indexKeys"]).split())
        return Meeting.model_validate_json(document).changed(etag=row.etag, index_keys=index_keys)

    async def write(self, before: Meeting, after: Meeting) -> Meeting:
        """Replace a meeting as it was read (`before.etag`) and return it with its new etag.

        Raises:
            ConflictError: somebody else has changed it since.
        """
        old, new = before.index_keys, _index_keys(after)
        operations: list[Operation] = [Replace(_record_row(after.changed(etag=before.etag), new))]
        operations += [Delete(key) for key in sorted(old - new)]
        operations += [Insert(Row(key)) for key in sorted(new - old)]
        etags = await self._table.write(_partition(after.id), operations)
        return after.changed(etag=etags[0], index_keys=new)

    async def forget(self, meeting: Meeting) -> None:
        """Remove a meeting as it was read, and everything that leads to it.

        Raises:
            ConflictError: somebody has changed it since.
        """
        operations: list[Operation] = [Delete(f"meeting.{meeting.id}", meeting.etag)]
        operations += [Delete(key) for key in sorted(meeting.index_keys)]
        await self._table.write(_partition(meeting.id), operations)

    async def find(self, field: Field, value: str, top: int, continuation: str | None = None) -> Page:
        """Return the meetings whose `field` has this value, newest first, at most `top`.

        Raises:
            ValueError: `continuation` is none that an earlier call has returned.
        """
        prefix = _prefix(field, value)
        first = prefix + (_position(continuation) if continuation else "")
        found = await self._across_partitions(first, prefix + _AFTER_EVERY_KEY, top + 1)
        ids = [_id_of(key) for key in found[:top]]
        meetings = [meeting for meeting in await asyncio.gather(*map(self._read_or_none, ids)) if meeting]
        more = len(found) > top
        return Page(meetings, _continuation(found[top - 1].removeprefix(prefix)) if more else None)

    async def due(self, now: datetime, limit: int) -> list[str]:
        """Return the ids of at most `limit` unfinished meetings that should have moved by now, longest due first."""
        keys = await self._across_partitions("due.", f"due.{_moment(now)}", limit)
        return [_id_of(key) for key in keys]

    async def finished_before(self, cutoff: datetime, limit: int) -> list[str]:
        """Return the ids of at most `limit` meetings that finished before the cutoff, the oldest first."""
        keys = await self._across_partitions("finished.", f"finished.{_moment(cutoff)}", limit)
        return [_id_of(key) for key in keys]

    async def _across_partitions(self, first: str, last: str, limit: int) -> list[str]:
        pages = await asyncio.gather(
            *(self._table.read_range(partition, first, last, limit) for partition in PARTITIONS)
        )
        return sorted(row.key for page in pages for row in page)[:limit]

    async def _read_or_none(self, meeting_id: str) -> Meeting | None:
        try:
            return await self.read(meeting_id)
        except MeetingNotFoundError:
            return None


def _partition(meeting_id: str) -> str:
    return meeting_id[0]


def _record_row(meeting: Meeting, index_keys: frozenset[str]) -> Row:
    document = meeting.model_dump_json(by_alias=True, exclude_defaults=True)
    chunks = [document[start : start + _CHUNK] for start in range(0, len(document), _CHUNK)]
    values: dict[str, str | int] = {  # the first four only for people who look at the table
        "status": meeting.status.value,
        "kind": meeting.kind,
        "version": meeting.version,
        "errorCode": meeting.error.code if meeting.error else "",
        "indexKeys": " ".join(sorted(index_keys)),
        "documents": len(chunks),
    }
    values |= {f"document{number}": chunk for number, chunk in enumerate(chunks)}
    return Row(f"meeting.{meeting.id}", values, meeting.etag)


def _index_keys(meeting: Meeting) -> frozenset[str]:
    created = _LAST_MILLISECOND - int(meeting.created_at.timestamp() * 1000)
    keys = {f"{_prefix(field, value)}{created:013}.{meeting.id}" for field, value in _found_by(meeting)}
    if (due := due_at(meeting)) is not None:
        keys.add(f"due.{_moment(due)}.{meeting.id}")
    if meeting.finished:
        keys.add(f"finished.{_moment(meeting.updated_at)}.{meeting.id}")
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
    return (meeting.next_attempt_at or meeting.updated_at) + _WAITING_GRACE


def _prefix(field: Field, value: str) -> str:
    return f"{field}.{hashlib.sha256(_normal(field, value).encode()).hexdigest()[:40]}."


def _normal(field: Field, value: str) -> str:
    match field:
        case Field.ORGANIZER:
            return value.casefold()
        case Field.JOIN_URL:  # Graph escapes it one way, browsers and people others
            return unquote(value).rstrip("/")
        case Field.JOIN_MEETING_ID:  # shown to people in groups of three digits
            return "".join(value.split())
        case _:
            return value


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def _id_of(key: str) -> str:
    return key.rpartition(".")[2]


def _continuation(position: str) -> str:
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def _position(continuation: str) -> str:
    try:
        position = base64.urlsafe_b64decode(continuation + "=" * (-len(continuation) % 4)).decode("ascii")
    except (binascii.Error, UnicodeError) as error:
        raise ValueError("the continuation token is not one of ours") from error
    moment, _, meeting_id = position.partition(".")
    if not (len(moment) == len(str(_LAST_MILLISECOND)) and moment.isdecimal() and is_meeting_id(meeting_id)):
        raise ValueError("the continuation token is not one of ours")
    return position
