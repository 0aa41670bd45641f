"""The ledger: it stores every meeting, and finds it again.

One table, in which a meeting is a record (shared/storage/records) with the rows that lead to it
(shared/meeting/ledger_rows.py).
"""

import asyncio
from datetime import datetime
from functools import partial

from shared.errors import ConflictError, MeetingNotFoundError, RequestTooLargeError, RowRefusedError
from shared.ids import id_after
from shared.meeting import Meeting, Status
from shared.meeting.criteria import Criteria, Field
from shared.meeting.history import with_history
from shared.meeting.ledger_rows import error_code_prefix, field_prefix, index_keys, meets, rows_to_search
from shared.meeting.markers import MARKERS, Marker, refuse_marker
from shared.meeting.record_size import bare, require_room, trimmed
from shared.storage import Table
from shared.storage.pages import Page
from shared.storage.records import IndexRow, RecordKind, RecordStore

TABLE = "Meetings"


class Ledger(RecordStore[Meeting]):
    """The meetings in a table. Every call may raise StorageUnavailableError.

    It raises MeetingNotFoundError for an id without a meeting, MeetingForgottenError for one that was forgotten on
    demand, and RequestTooLargeError for a request that leaves no room for the rest of its record. A finished meeting is
    always written: without its request where the storage would refuse it.
    """

    def __init__(self, table: Table) -> None:
        super().__init__(table, _MEETINGS)
        self._markers = RecordStore(table, MARKERS)

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
            ConflictError: it has changed since.
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
        """Move a finished meeting, as it was read, from the `due` rows to the `unsent` rows.

        Raises:
            ConflictError: it has changed since.
        """
        if index_keys(meeting) == meeting.index_keys:
            return meeting
        return await self._write(meeting, meeting, early=False)

    async def forget_on_demand(self, meeting: Meeting, now: datetime) -> None:
        """Replace a meeting, as it was read, with a marker, and delete every row that leads to it.

        Raises:
            ConflictError: it has changed since.
        """
        marker = Marker(id=meeting.id, forgotten_at=now, used_at=now)
        await self._markers.write(marker.changed(etag=meeting.etag, index_keys=meeting.index_keys), marker)

    async def keep_marker(self, meeting_id: str, now: datetime) -> None:
        """Keep a marker as long as a new one, because its key was used again.

        Raises:
            ConflictError: it was deleted, or another process has just kept it.
        """
        try:
            marker = await self._markers.read(meeting_id)
        except MeetingNotFoundError as error:
            raise ConflictError(f"there is no marker {meeting_id}") from error
        await self._markers.write(marker, marker.changed(used_at=now))

    async def drop_marker(self, meeting_id: str, cutoff: datetime) -> None:
        """Delete a marker that was not used since the cutoff, unless the meeting with the key's next id still exists.

        Raises:
            MeetingNotFoundError: there is no such marker.
            ConflictError: another process has just kept it.
        """
        marker = await self._markers.read(meeting_id)
        if marker.used_at < cutoff and not await self.exists(id_after(meeting_id)):
            await self._markers.remove(marker)

    async def markers_before(self, cutoff: datetime, limit: int) -> list[str]:
        """Return the ids of at most `limit` markers that were not used since the cutoff."""
        return await self._index.ids_before("forgotten.", cutoff, limit)

    async def find(
        self, field: Field, value: str, top: int, continuation: str | None = None, *, caller: str | None = None
    ) -> Page[Meeting]:
        """Return at most `top` meetings whose `field` has this value, newest first; only one caller's, if it is named.

        Raises:
            InvalidContinuationError: no earlier call has returned `continuation`.
        """
        return await self.page(field_prefix(field, value, caller), top, continuation)

    async def search(
        self, criteria: Criteria, top: int, continuation: str | None = None, *, caller: str | None = None
    ) -> Page[Meeting]:
        """Return at most `top` meetings that meet the criteria; only one caller's, if it is named.

        Criteria with a start look meetings up by it, and sort by it. Others look them up by the field, or else by the
        status, newest first. The remaining criteria are checked on the records, of which a page reads a bounded number:
        a page may be short or empty, and still have a continuation.

        Raises:
            InvalidContinuationError: no earlier call has returned `continuation` in this order.
        """
        prefix, span = rows_to_search(criteria, caller)
        return await self.page(prefix, top, continuation, span=span, keeps=partial(meets, criteria))

    async def count_by_status(self, status: Status, limit: int, *, caller: str | None = None) -> int:
        """Return how many meetings have a status, at most `limit`; of one caller, if it is named."""
        return await self._index.count(field_prefix(Field.STATUS, status.value, caller), limit)

    async def count_by_error_code(self, limit: int, *, caller: str | None = None) -> dict[str, int]:
        """Return how many meetings failed for each reason, at most `limit` each; of one caller, if it is named."""
        return await self._index.count_each(error_code_prefix(caller), limit)

    async def due(self, now: datetime, limit: int) -> list[IndexRow]:
        """Return at most `limit` rows of meetings that may be overdue, longest due first; the records decide.

        The caller sets aside those that are finished.
        """
        return await self._index.before("due.", now, limit)

    async def unsent(self, now: datetime, limit: int, sink: str | None = None) -> list[IndexRow]:
        """Return rows of meetings whose results are overdue, at most `limit` of each kind, the oldest first.

        They are apart from the `due` rows: results that cannot be sent must not keep the upkeep from waking meetings.

        Args:
            now: they should have been sent before this moment.
            limit: for results that no sink is known to have, and for results that only `sink` lacks.
            sink: the sink to send to; results that only another sink lacks are left out.
        """
        kinds = ("unsent.",) if sink is None else ("unsent.", f"unsent.{sink}.")
        return [row for kind in kinds for row in await self._index.before(kind, now, limit)]

    async def to_look_at(self, now: datetime, limit: int) -> list[str]:
        """Return the ids of at most `limit` meetings that the watch should look at by now, longest due first."""
        return await self._index.ids_before("look.", now, limit)

    async def attendance_due(self, now: datetime, limit: int) -> list[str]:
        """Return the ids of at most `limit` meetings whose attendance reports are due by now, longest due first."""
        return await self._index.ids_before("attendance.", now, limit)

    async def waiting_since(self) -> datetime | None:
        """Return since when the longest-waiting of the postponed meetings waits, None if none is postponed."""
        return await self._index.earliest("waiting.")

    async def unfinished(self, limit: int) -> list[Meeting]:
        """Return at most `limit` unfinished meetings: those that run, then those that wait, each newest first.

        Meetings that cannot be read are left out.
        """
        statuses = (Status.RUNNING, Status.QUEUED)
        pages = await asyncio.gather(*(self.find(Field.STATUS, status.value, limit) for status in statuses))
        found = {meeting.id: meeting for page in pages for meeting in page.items if not meeting.finished}
        return list(found.values())[:limit]

    async def finished_before(self, cutoff: datetime, limit: int) -> list[IndexRow]:
        """Return at most `limit` rows of meetings whose retention counts from before the cutoff, oldest first."""
        return await self._index.before("finished.", cutoff, limit)


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


_MEETINGS = RecordKind(
    name="meeting",
    parse=_parse,
    index_keys=index_keys,
    labels=_labels,
    not_found=lambda meeting_id: MeetingNotFoundError(f"there is no meeting {meeting_id}"),
    trimmed=trimmed,
    wake_ups=("due.", "unsent."),
)
