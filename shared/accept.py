"""Accept: a request becomes a meeting in the ledger, and the queue is told to look at it.

Everything that asks for a meeting comes through here, HTTP and queue alike. Accepting twice is an insert that fails,
because the id follows from the idempotency key.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.errors import ConflictError, Fault, KeyReusedError, first_faults
from shared.ledger import Ledger
from shared.meeting import Meeting, MeetingError, Status, id_from_key, random_id
from shared.meeting_request import MeetingRequest, as_given, find_warnings, fingerprint, parse_request
from shared.organizer import require_allowed
from shared.request_queue import RequestQueue
from shared.results import Results

_logger = logging.getLogger(__name__)

# The most bytes of JSON that one request may have.
LARGEST_REQUEST = 256 * 1024
_LONGEST_NAME = 320
_KINDS = frozenset({"calendar", "standalone", "existing"})


@dataclass(frozen=True, slots=True)
class Accepted:
    """A meeting that was asked for; `replayed` when the same request with the same key had come before."""

    meeting: Meeting
    replayed: bool


@dataclass(frozen=True, slots=True)
class Sender:
    """Who asks, and how a repetition is recognised.

    Attributes:
        caller: separates the keys of one caller from another's; empty where callers are not known.
        key: the idempotency key, None for a request that is never a repetition.
        traceparent: W3C trace context, kept for the result.
    """

    caller: str = ""
    key: str | None = None
    traceparent: str | None = None

    @property
    def meeting_id(self) -> str:
        """Return the id that the meeting gets; another one at each call if there is no key."""
        return random_id() if self.key is None else id_from_key(self.caller, self.key)


class Acceptance:
    """The use case. Every call may raise StorageUnavailableError: then the request is not accepted, or unanswered."""

    def __init__(
        self,
        ledger: Ledger,
        requests: RequestQueue,
        results: Results,
        allowed_organizers: frozenset[str],
        clock: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._requests = requests
        self._results = results
        self._allowed_organizers = allowed_organizers
        self._clock = clock

    def check(self, document: Any) -> list[Fault]:
        """Return what is odd about a request, storing nothing.

        Raises:
            InvalidRequestError: the document is not a valid request.
            OrganizerNotAllowedError: the settings do not let this organizer organize.
        """
        request = parse_request(document)
        require_allowed(request.organizer, self._allowed_organizers)
        return find_warnings(request, self._clock())

    async def accept(self, document: Any, sender: Sender, delay: timedelta = timedelta(0)) -> Accepted:
        """Record the meeting that a request asks for, and have it provisioned.

        Args:
            document: a JSON value that should be a meeting request.
            sender: who asks.
            delay: how long the queue is to leave the meeting to somebody who provisions it at once.

        Raises:
            InvalidRequestError: the document is not a valid request.
            OrganizerNotAllowedError: the settings do not let this organizer organize.
            KeyReusedError: the key came with another request before.
        """
        request = parse_request(document)
        require_allowed(request.organizer, self._allowed_organizers)
        meeting = self._queued(request, sender)
        try:
            meeting = await self._ledger.insert(meeting)
        except ConflictError:
            existing = await self._ledger.read(meeting.id)
            if existing.fingerprint != meeting.fingerprint:
                raise KeyReusedError("the idempotency key came with another request before") from None
            if not existing.finished and not existing.attempts:  # perhaps its first acceptance died before telling
                await self._requests.ask(existing.id)
            return Accepted(existing, replayed=sender.key is not None)
        _logger.info("meeting.accepted %s", meeting.id, extra={"meeting_id": meeting.id, "kind": meeting.kind})
        await self._requests.ask(meeting.id, delay)
        return Accepted(meeting, replayed=False)

    async def refuse(
        self,
        document: dict[str, Any] | None,
        error: MeetingError,
        meeting_id: str,
        traceparent: str | None = None,
        request_fingerprint: str = "",
    ) -> None:
        """Record a message that cannot become a meeting as a failed one, and report it; twice is once.

        Args:
            document: what the message holds, for the people who look for its sender.
            error: why it fails.
            meeting_id: which meeting it becomes.
            traceparent: of the sender, for the result.
            request_fingerprint: of the request, if the message is one and `meeting_id` is that of its key.
        """
        now = self._clock()
        about = document or {}
        kind = about.get("kind")
        error = error.model_copy(update={"errors": first_faults(error.errors)})
        meeting = Meeting(
            id=meeting_id,
            kind=kind if isinstance(kind, str) and kind in _KINDS else "calendar",
            organizer=_name(about.get("organizer")),
            reference=_name(about.get("reference")),
            request=document,
            fingerprint=request_fingerprint,
            status=Status.FAILED,
            version=1,
            created_at=now,
            updated_at=now,
            since=now,
            reported=not self._results.wanted,
            error=error,
            traceparent=traceparent,
        )
        try:
            meeting = await self._ledger.insert(meeting)
        except ConflictError:
            meeting = await self._ledger.read(meeting_id)
        _logger.info("meeting.refused %s: %s", meeting.id, error.code, extra={"meeting_id": meeting.id})
        if meeting.finished:
            await self._results.report_or_ask(meeting)

    def _queued(self, request: MeetingRequest, sender: Sender) -> Meeting:
        now = self._clock()
        return Meeting(
            id=sender.meeting_id,
            kind=request.kind,
            organizer=request.organizer,
            reference=request.reference,
            request=as_given(request),
            fingerprint=fingerprint(request),
            status=Status.QUEUED,
            version=1,
            created_at=now,
            updated_at=now,
            since=now,
            traceparent=sender.traceparent,
        )


def _name(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME else None
