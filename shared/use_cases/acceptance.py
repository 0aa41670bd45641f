"""Accept a request: record a meeting in the ledger, and enqueue it for provisioning, or provision it at once.

HTTP requests, queue messages and schedules all use it. Accepting twice is an insert that fails, because the id follows
from the idempotency key.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.access.callers import ANYBODY, Caller
from shared.access.origin import Origin
from shared.errors import (
    ConflictError,
    Fault,
    KeyReusedError,
    MeetingForgottenError,
    MeetingNotFoundError,
)
from shared.ids import id_after
from shared.meeting import Meeting, MeetingError, Progress, Status
from shared.meeting.ledger import Ledger
from shared.meeting.record_size import require_room
from shared.meeting.rejected_message import RejectedMessage
from shared.meeting.request_queue import RequestQueue
from shared.meeting.results import Results
from shared.meeting_request import MeetingRequest, as_given, find_warnings, fingerprint, parse_request
from shared.use_cases.admission import Admission
from shared.use_cases.provision import Provisioner
from shared.use_cases.provision.claiming import Write
from shared.use_cases.quotas import Quotas

_logger = logging.getLogger(__name__)

_LONGEST_NAME = 320
# The time of a request that can only be a repetition.
LONG_AGO = datetime.min.replace(tzinfo=UTC)
_KINDS = frozenset({"calendar", "standalone", "existing"})


@dataclass(frozen=True, slots=True)
class Accepted:
    """A requested meeting; `replayed` if the same request with the same key came before."""

    meeting: Meeting
    replayed: bool


class Acceptance:
    """The use case. Every call may raise StorageUnavailableError: the request may be accepted or not."""

    def __init__(  # noqa: PLR0913, PLR0917 - bootstrap is its only caller
        self,
        ledger: Ledger,
        requests: RequestQueue,
        results: Results,
        admission: Admission,
        quotas: Quotas,
        provisioner: Provisioner,
        clock: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._requests = requests
        self._results = results
        self._admission = admission
        self._quotas = quotas
        self._provisioner = provisioner
        self._clock = clock

    def check(self, document: Any, caller: Caller = ANYBODY) -> list[Fault]:
        """Return the warnings about a request, and store nothing.

        Raises:
            InvalidRequestError: the document is not a valid request.
            OrganizerNotAllowedError: the settings do not let this organizer organize, or this caller name them.
            RequestTooLargeError: it would not fit into its record.
        """
        request = parse_request(document)
        self._admission.admit(request, caller)
        require_room(as_given(request))
        return find_warnings(request, self._clock())

    async def accept(
        self, document: Any, origin: Origin, delay: timedelta = timedelta(0), *, at_once: bool = False
    ) -> Accepted:
        """Record a requested meeting, and enqueue it for provisioning.

        Args:
            document: a JSON value that should be a meeting request.
            origin: who asks.
            delay: how long the message stays invisible, while the meeting is provisioned inline.
            at_once: whether a new meeting is provisioned in this call; it is enqueued only where it has to wait.

        Raises:
            InvalidRequestError: the document is not a valid request.
            OrganizerNotAllowedError: the settings do not let this organizer organize, or this caller name them.
            RequestTooLargeError: it would not fit into its record.
            QuotaExceededError: the quota of today is used up.
            KeyReusedError: the key came with another request before.
            MeetingForgottenError: the request was made before its meeting was forgotten.
        """
        request = parse_request(document)
        self._admission.admit(request, origin.caller)
        meeting = self._queued(request, origin)
        require_room(meeting.request)  # before it counts towards a quota

        async def insert(new: Meeting) -> Meeting:
            inserted = await self._ledger.insert(new)
            extra = {"meeting_id": inserted.id, "kind": inserted.kind}
            _logger.info("meeting.accepted %s by %s", inserted.id, origin.caller.digest, extra=extra)
            return inserted

        async def insert_and_provision(new: Meeting) -> Meeting:
            await self._provisioner.provision_new(new, insert)
            return new

        record = insert_and_provision if at_once else insert
        meeting, existing = await self._insert(meeting, origin.asked_at, origin, record)
        if existing:
            if existing.fingerprint != meeting.fingerprint:
                raise KeyReusedError(f"meeting {existing.id}") from None
            if not existing.finished and not existing.attempts:
                # Its first acceptance may have died before it enqueued the meeting.
                await self._requests.enqueue(existing)
            return Accepted(existing, replayed=origin.key is not None)
        if not at_once:
            await self._requests.enqueue(meeting, delay)
        return Accepted(meeting, replayed=False)

    async def _insert(
        self,
        meeting: Meeting,
        asked_at: datetime | None,
        counted_for: Origin | None,
        insert: Write,
    ) -> tuple[Meeting, Meeting | None]:
        """Insert a meeting under the id of its key. Return it, and the existing meeting if there is one.

        After a meeting was forgotten on demand, a later request with its key gets the next id.

        Raises:
            MeetingForgottenError: the request was made before its meeting was forgotten.
        """
        while True:
            try:
                if counted_for:
                    await self._count(meeting, counted_for)
                return await insert(meeting), None
            except (ConflictError, MeetingForgottenError):
                pass
            try:
                return meeting, await self._ledger.read(meeting.id)
            except MeetingForgottenError as marker:
                if marker.was_meant(asked_at):
                    raise
            except MeetingNotFoundError:
                continue  # its retention has just ended
            try:
                await self._ledger.keep_marker(meeting.id, self._clock())
            except ConflictError:
                continue
            meeting = meeting.changed(id=id_after(meeting.id))

    async def _count(self, meeting: Meeting, origin: Origin) -> None:
        """Count a meeting towards its caller's quota, if there is one; a replay is not counted.

        It is counted before it is inserted. If the insert fails, it stays counted unless the same key comes again: a
        caller may get less than its quota, never more.
        """
        caller = origin.caller
        if caller.meetings_per_day is None:
            return
        if origin.key is not None and await self._exists(meeting.id):
            return
        await self._quotas.count(caller, meeting.id)

    async def _exists(self, meeting_id: str) -> bool:
        try:
            await self._ledger.read(meeting_id)
        except MeetingForgottenError:
            raise
        except MeetingNotFoundError:
            return False
        return True

    async def record_rejection(
        self,
        rejected: RejectedMessage,
        error: MeetingError,
        meeting_id: str,
        request_fingerprint: str = "",
        asked_at: datetime | None = None,
    ) -> None:
        """Record a rejected message as a failed meeting; idempotent.

        Args:
            rejected: what is kept of the message.
            error: why it is rejected.
            meeting_id: the id of the failed meeting.
            request_fingerprint: of the request, if `meeting_id` follows from its key.
            asked_at: when the message was enqueued. If that is not known, a forgotten meeting stays forgotten.
        """
        now = self._clock()
        about = rejected.document or {}
        kind = about.get("kind")
        meeting = Meeting(
            id=meeting_id,
            kind=kind if isinstance(kind, str) and kind in _KINDS else "calendar",
            organizer=_name(about.get("organizer")),
            reference=_name(about.get("reference")),
            request=None if rejected.received else rejected.document,
            received=rejected.received,
            schedule=rejected.schedule,
            fingerprint=request_fingerprint,
            status=Status.FAILED,
            version=1,
            created_at=now,
            updated_at=now,
            progress=Progress(version_started_at=now),
            reported=not self._results.wanted,
            error=error,
            traceparent=rejected.traceparent,
            caller=rejected.caller,
        )
        try:
            meeting, existing = await self._insert(meeting, asked_at or LONG_AGO, None, self._ledger.insert)
        except MeetingForgottenError:
            return
        if existing:
            meeting = existing
        else:
            _logger.info("meeting.refused %s: %s", meeting.id, error.code, extra={"meeting_id": meeting.id})
        if meeting.finished:
            await self._results.report_or_requeue(meeting)

    def _queued(self, request: MeetingRequest, origin: Origin) -> Meeting:
        now = self._clock()
        return Meeting(
            id=origin.meeting_id,
            kind=request.kind,
            organizer=request.organizer,
            reference=request.reference,
            request=as_given(request),
            fingerprint=fingerprint(request),
            status=Status.QUEUED,
            version=1,
            created_at=now,
            updated_at=now,
            progress=Progress(version_started_at=now),
            traceparent=origin.traceparent,
            caller=origin.caller.id,
            schedule=origin.schedule,
        )


def _name(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME else None
