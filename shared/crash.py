"""Crashes: what the poison queue holds ends as a failed meeting as well, so that nobody waits for it for ever."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from shared.accept import Acceptance, Sender
from shared.errors import ConflictError, InvalidRequestError, MeetingNotFoundError, StorageUnavailableError
from shared.ledger import Ledger
from shared.meeting import MeetingError, Status, as_meeting_error, id_from_key
from shared.meeting_request import fingerprint, parse_request
from shared.message import (
    Cancel,
    LookAt,
    NewRequest,
    Update,
    decode_message,
    document_in,
    message_digest,
    traceparent_in,
)
from shared.results import Results

_logger = logging.getLogger(__name__)


class CrashRecorder:
    """The use case. It raises nothing but StorageUnavailableError: no poison queue stands behind this one."""

    def __init__(self, ledger: Ledger, acceptance: Acceptance, results: Results, clock: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._acceptance = acceptance
        self._results = results
        self._clock = clock

    async def record(self, text: str, message_id: str | None) -> None:
        """Record that a message has crashed the app as often as it may.

        A meeting whose own message it was has failed. A request becomes the failed meeting that its key leads to,
        unless it was accepted: then the meeting comes to an end of its own. A change becomes a failed meeting beside
        the one that it was about, which stays as it is.
        """
        nameless = id_from_key("poison", message_digest(text, message_id))
        try:
            await self._record(text, nameless)
        except StorageUnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 - what crashed the app may crash here as well
            _logger.error("crash.unreadable %s", type(error).__name__)  # noqa: TRY400 - a trace would show the message
            await self._acceptance.refuse(None, _CRASHED_MESSAGE, nameless)

    async def _record(self, text: str, nameless: str) -> None:
        try:
            message = decode_message(text)
        except InvalidRequestError as error:
            await self._acceptance.refuse(document_in(text), as_meeting_error(error), nameless, traceparent_in(text))
            return
        match message:
            case LookAt(meeting_id):
                await self._fail(meeting_id)
            case NewRequest(document, key):
                request = _fingerprint(document)
                meeting_id = nameless if key is None or request is None else Sender(key=key).meeting_id
                trace = traceparent_in(text)
                await self._acceptance.refuse(document, _crashed(meeting_id), meeting_id, trace, request or "")
            case Update() | Cancel():
                await self._acceptance.refuse(document_in(text), _CRASHED_MESSAGE, nameless, traceparent_in(text))

    async def _fail(self, meeting_id: str) -> None:
        try:
            meeting = await self._ledger.read(meeting_id)
        except MeetingNotFoundError:
            await self._acceptance.refuse(None, _crashed(meeting_id), meeting_id)
            return
        while not meeting.finished:
            failed = meeting.changed(
                status=Status.FAILED,
                error=_crashed(meeting.id),
                claim=None,
                next_attempt_at=None,
                reported=not self._results.wanted,
                updated_at=self._clock(),
            )
            try:
                meeting = await self._ledger.write(meeting, failed)
            except ConflictError:
                meeting = await self._ledger.read(meeting.id)
            else:
                _logger.error("meeting.crashed %s", meeting.id, extra={"meeting_id": meeting.id})
        await self._results.report_or_ask(meeting)


def _fingerprint(document: Any) -> str | None:
    """Return a request's fingerprint, None for what is none: a key is used up by a valid request only."""
    try:
        return fingerprint(parse_request(document))
    except Exception:  # noqa: BLE001 - a fault in here may be the one that crashed the app
        return None


def _crashed(meeting_id: str) -> MeetingError:
    return MeetingError(
        code="crashed",
        message="The app failed each time it tried this meeting, and has stopped trying.",
        remedy=f"Look for the meeting's id in the app's log, mend the cause, then send POST /api/meetings/{meeting_id}"
        "/retry.",
    )


_CRASHED_MESSAGE = MeetingError(
    code="crashed",
    message="The app failed each time it took this message, and has stopped trying.",
    remedy="Look for the function take_message in the app's log, mend the cause, then send the message again.",
)
