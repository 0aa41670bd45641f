"""The ledger: every meeting, and how to find it again.

One table, in which a meeting is a record with the rows that lead to it (shared/storage/records.py). Row keys:
    meeting.<id>                                  the record
    <field>.<digest of the value>.<when>.<id>     found by reference, organizer, status, link ...; newest first
    own.<field>.<digest>.<when>.<id>              the same among the meetings of one caller, where callers are known
    start.<instant>.<id>                          to start then, by its request; own.start.<digest of the caller>...
    errorCode.<code>.<when>.<id>                  failed for this reason; own.errorCode.<digest of the caller>.<code>...
    due.<moment>.<id>                             a wake-up row: the upkeep looks at it if nothing has happened by then
    unsent.<moment>.<id>                          a wake-up row: what is to be sent should be sent by then
    waiting.<moment>.<id>                         put off to a later attempt, and wanted since then
    look.<moment>.<id>                            in Graph: the watch looks at it then, or later
    attendance.<moment>.<id>                      has ended by then: the watch looks for its attendance reports
    finished.<moment>.<id>                        finished; forgotten once the retention has passed since then
    forgotten.<moment>.<id>                       forgotten on demand, or its key used again, then; a marker

Which rows a meeting has beside those that it is found by, and what a death leaves behind:

    state                      due                      unsent       others     a death before the next write
    queued                     when its message is late              waiting    the upkeep enqueues it again
    running                    early, see below                      waiting    the claim expires: so does the upkeep
    finished, not sent         as before the end        (instead)    finished   the upkeep sets it aside and sends it
    finished, could not send                            by then      finished   the upkeep sends it
    finished, sent                                                   finished   `due` may still be there: it is deleted
    in Graph                                            of notices   look       the watch looks again

`due` is never late: a claim expires, and a result is late, after the moment of a row that was there before. So a
checkpoint and the note that the result was sent write the record alone. The claim and the end, which are transactions
for the row of the status, leave `due` where it is, the end in place of `unsent`. A request that comes through the queue
is recorded with its claim. The reader of `due` or `unsent` looks at the record.
"""

import asyncio
import functools
import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from shared.errors import MeetingNotFoundError, RequestTooLargeError, RowRefusedError
from shared.ids import id_after
from shared.meeting import Meeting, Status
from shared.meeting.criteria import Criteria, Field
from shared.meeting.history import with_history
from shared.meeting.markers import Marker, MarkerStore, refuse_marker
from shared.meeting.record_size import bare, require_room, trimmed
from shared.meeting.requested_start import START_ORDER, requested_start, start_key
from shared.meeting.retention import retained_from
from shared.storage import Table
from shared.storage.pages import Page, Span, newest_first
from shared.storage.records import IndexRow, RecordKind, RecordStore, key_moment
from shared.validation.addresses import mailbox_key
from shared.validation.join_links import canonical_link

TABLE = "Meetings"

# How long the message of a waiting meeting, or the result of a finished one, may take before the upkeep looks.
_WAITING_GRACE = timedelta(seconds=30)
_REPORT_GRACE = timedelta(seconds=30)


class Ledger(RecordStore[Meeting]):
    """The meetings in a table. Every call may raise StorageUnavailableError.

    It raises MeetingNotFoundError for an id without a meeting, MeetingForgottenError for one that was to be forgotten,
    and RequestTooLargeError for a request that does not fit with room for what comes after its acceptance. A finished
    meeting is always written: where the storage would refuse it, without what was asked for.
    """

    def __init__(self, table: Table) -> None:
        super().__init__(table, _MEETINGS)
        self._markers = MarkerStore(table)

    async def insert(self, record: Meeting) -> Meeting:
        """Write a new meeting and return it with its etag.

        Raises:
            ConflictError: there is one with this id.
        """
        record = with_history(None, record)
        try:
            require_room(record.request)
            return await super().insert(record)
        except (RequestTooLargeError, RowRefusedError):
            if not record.finished:
                raise
            return await super().insert(bare(record))

    async def write(self, before: Meeting, after: Meeting) -> Meeting:
        """Replace a meeting as it was read (`before.etag`) and return it with its new etag.

        Raises:
            ConflictError: somebody else has changed it since.
        """
        early = after.finished or after.claim is not None
        after = with_history(before, after)
        try:
            if after.request is not before.request:
                require_room(after.request)
            return await self._write(before, after, early=early)
        except (RequestTooLargeError, RowRefusedError):
            if not after.finished:
                raise
            return await self._write(before, bare(after), early=early)

    async def set_aside(self, meeting: Meeting) -> Meeting:
        """Move a finished meeting, as it was read, from what is due to what is unsent.

        Raises:
            ConflictError: somebody else has changed it since.
        """
        if index_keys(meeting) == meeting.index_keys:
            return meeting
        return await self._write(meeting, meeting, early=False)

    async def forget_on_demand(self, meeting: Meeting, now: datetime) -> None:
        """Put a marker in the place of a meeting as it was read, and remove everything that leads to it.

        Raises:
            ConflictError: somebody has changed it since.
        """
        marker = Marker(id=meeting.id, forgotten_at=now, used_at=now)
        await self._markers.write(marker.changed(etag=meeting.etag, index_keys=meeting.index_keys), marker)

    async def keep_marker(self, meeting_id: str, now: datetime) -> None:
        """Have a marker stay as long as a new one, because its key is used again.

        Raises:
            ConflictError: it is gone, or somebody else has just kept it.
        """
        await self._markers.keep(meeting_id, now)

    async def drop_marker(self, meeting_id: str, cutoff: datetime) -> None:
        """Remove a marker that was not used since the cutoff, unless what its key leads to instead is still there.

        Raises:
            MeetingNotFoundError: it is gone.
            ConflictError: somebody has just kept it.
        """
        marker = await self._markers.read(meeting_id)
        if marker.used_at < cutoff and not await self.exists(id_after(meeting_id)):
            await self._markers.remove(marker)

    async def markers_before(self, cutoff: datetime, limit: int) -> list[str]:
        """Return the ids of at most `limit` markers that were not used since the cutoff."""
        return await self.before("forgotten.", cutoff, limit)

    async def find(
        self, field: Field, value: str, top: int, continuation: str | None = None, *, caller: str | None = None
    ) -> Page[Meeting]:
        """Return the meetings whose `field` has this value, newest first, at most `top`; of one caller, if it is named.

        Raises:
            InvalidContinuationError: no earlier call has returned `continuation`.
        """
        return await self.newest(_prefix(field, value, caller), top, continuation)

    async def search(
        self, criteria: Criteria, top: int, continuation: str | None = None, *, caller: str | None = None
    ) -> Page[Meeting]:
        """Return the meetings that meet criteria, at most `top`; of one caller, if it is named.

        They are looked up by their start where the criteria name one, and come by it. Else they are looked up by the
        field, or by the status, and come newest first. Whatever else is asked their records answer, of which a page
        reads a bounded number: it may be short or empty, and have a continuation.

        Raises:
            InvalidContinuationError: no earlier call has returned `continuation` in this order.
        """
        prefix, span = _looked_up(criteria, caller)
        return await self.narrowed(prefix, span, top, continuation, partial(_meets, criteria))

    async def count_by_status(self, status: Status, limit: int, *, caller: str | None = None) -> int:
        """Return how many meetings have a status, at most `limit`; of one caller, if it is named."""
        return await self.count(_prefix(Field.STATUS, status.value, caller), limit)

    async def count_by_error_code(self, limit: int, *, caller: str | None = None) -> dict[str, int]:
        """Return how many meetings failed for each reason, at most `limit` each; of one caller, if it is named."""
        return await self.count_each(_error_codes(caller), limit)

    async def due(self, now: datetime, limit: int) -> list[IndexRow]:
        """Return at most `limit` rows of meetings that may be overdue, longest due first; their records say.

        One that is finished is to be set aside.
        """
        return await self.rows_before("due.", now, limit)

    async def unsent(self, now: datetime, limit: int) -> list[IndexRow]:
        """Return at most `limit` rows of meetings whose result is overdue, the oldest first.

        They stand apart from what is due: results that cannot be sent must not keep the upkeep from waking meetings.
        """
        return await self.rows_before("unsent.", now, limit)

    async def to_look_at(self, now: datetime, limit: int) -> list[str]:
        """Return the ids of at most `limit` meetings that the watch should look at by now, longest due first."""
        return await self.before("look.", now, limit)

    async def attendance_due(self, now: datetime, limit: int) -> list[str]:
        """Return the ids of at most `limit` meetings whose attendance reports are due by now, longest due first."""
        return await self.before("attendance.", now, limit)

    async def waiting_since(self) -> datetime | None:
        """Return since when the longest wanted of the meetings is wanted that were put off, None if none was."""
        return await self.earliest("waiting.")

    async def unfinished(self, limit: int) -> list[Meeting]:
        """Return at most `limit` unfinished meetings, of those that wait and of those that run the newest first.

        What cannot be read is left out.
        """
        statuses = (Status.RUNNING, Status.QUEUED)
        pages = await asyncio.gather(*(self.find(Field.STATUS, status.value, limit) for status in statuses))
        found = {meeting.id: meeting for page in pages for meeting in page.items if not meeting.finished}
        return list(found.values())[:limit]

    async def finished_before(self, cutoff: datetime, limit: int) -> list[IndexRow]:
        """Return at most `limit` rows of meetings whose retention counts from before the cutoff, oldest first."""
        return await self.rows_before("finished.", cutoff, limit)


def _parse(document: str) -> Meeting:
    refuse_marker(document)
    return Meeting.model_validate_json(document)


def _labels(meeting: Meeting) -> dict[str, str | int]:
    return {
        "status": meeting.status.value,
        "kind": meeting.kind,
        "version": meeting.version,
        "errorCode": meeting.error.code if meeting.error else "",
    }


def index_keys(meeting: Meeting) -> frozenset[str]:
    """Return the keys of the rows that are to lead to a meeting."""
    created = newest_first(meeting.created_at)
    searchers = {None, meeting.caller}
    keys = {
        f"{_prefix(field, value, searcher)}{created}.{meeting.id}"
        for field, value in _found_by(meeting)
        for searcher in searchers
    }
    if start := requested_start(meeting):
        keys |= {f"{_starts(searcher)}{start_key(start)}.{meeting.id}" for searcher in searchers}
    if meeting.error:
        keys |= {f"{_error_codes(searcher)}{meeting.error.code}.{created}.{meeting.id}" for searcher in searchers}
    if (due := due_at(meeting)) is not None:
        if meeting.claim:  # so early that it serves the end as well
            due = min(due, meeting.updated_at + _REPORT_GRACE)
        keys.add(f"{'unsent' if meeting.finished else 'due'}.{key_moment(due)}.{meeting.id}")
    if meeting.look_at:
        keys.add(f"look.{key_moment(meeting.look_at)}.{meeting.id}")
    if meeting.attendance.look_at:
        keys.add(f"attendance.{key_moment(meeting.attendance.look_at)}.{meeting.id}")
    if meeting.outbox and not meeting.finished:
        keys.add(f"unsent.{key_moment(meeting.outbox[0].at + _REPORT_GRACE)}.{meeting.id}")
    if meeting.finished:
        keys.add(f"finished.{key_moment(retained_from(meeting))}.{meeting.id}")
    elif meeting.progress.next_attempt_at or meeting.progress.last_problem:
        keys.add(f"waiting.{key_moment(meeting.progress.version_started_at)}.{meeting.id}")
    return frozenset(keys)


def _looked_up(criteria: Criteria, caller: str | None) -> tuple[str, Span]:
    """Return which rows lead to all that meets criteria."""
    if criteria.by_start:
        start, before = (instant and start_key(instant) for instant in (criteria.starts_from, criteria.starts_before))
        return _starts(caller), Span(start or "", before or "~", START_ORDER)
    if criteria.field is not None:
        return _prefix(criteria.field, criteria.value, caller), Span()
    return _prefix(Field.STATUS, criteria.status or "", caller), Span()


def _meets(criteria: Criteria, meeting: Meeting) -> bool:
    """Return whether a meeting meets what the rows that led to it do not say."""
    if criteria.status not in {None, meeting.status}:
        return False
    if criteria.field is None or not criteria.by_start:
        return True
    wanted = _normal(criteria.field, criteria.value)
    return any(field is criteria.field and _normal(field, value) == wanted for field, value in _found_by(meeting))


def _found_by(meeting: Meeting) -> Iterator[tuple[Field, str]]:
    outcome = meeting.outcome
    asked_for_event = (meeting.request or {}).get("eventId") if meeting.kind == "existing" else None
    candidates = (
        (Field.STATUS, meeting.status.value),
        (Field.ORGANIZER, meeting.organizer),
        (Field.ORGANIZER, meeting.organizer_id),
        (Field.REFERENCE, meeting.reference),
        (Field.SCHEDULE, meeting.schedule),
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
        return None if meeting.reported and not meeting.outbox else meeting.updated_at + _REPORT_GRACE
    if meeting.claim:
        return meeting.claim.expires_at
    return (meeting.progress.next_attempt_at or meeting.updated_at) + _WAITING_GRACE


@functools.lru_cache(maxsize=4096)
def _prefix(field: Field, value: str, caller: str | None) -> str:
    value = _normal(field, value)
    if caller is None:
        return f"{field}.{_digest(value)}."
    return f"own.{field}.{_digest(json.dumps([caller, value]))}."


def _error_codes(caller: str | None) -> str:
    return "errorCode." if caller is None else f"own.errorCode.{_digest(caller)}."


def _starts(caller: str | None) -> str:
    return "start." if caller is None else f"own.start.{_digest(caller)}."


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def _normal(field: Field, value: str) -> str:
    match field:
        case Field.ORGANIZER:
            return mailbox_key(value)
        case Field.JOIN_URL:  # Graph escapes it one way, browsers, mail programs and people others
            return canonical_link(value)
        case Field.JOIN_MEETING_ID:  # shown to people in groups of three digits
            return "".join(value.split())
        case _:
            return value


_MEETINGS = RecordKind(
    name="meeting",
    parse=_parse,
    index_keys=index_keys,
    labels=_labels,
    not_found=lambda meeting_id: MeetingNotFoundError(f"there is no meeting {meeting_id}"),
    trimmed=trimmed,
    wake_ups=("due.", "unsent."),
)
