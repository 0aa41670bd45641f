"""Crashes: what the poison queue holds ends as a failed meeting as well, so that nobody waits for it for ever."""

import logging
from collections.abc import Callable
from datetime import datetime

from shared.accept import Acceptance, Sender
from shared.errors import ConflictError, InvalidRequestError, MeetingNotFoundError
from shared.ledger import Ledger
from shared.meeting import Meeting, MeetingError, Status, as_meeting_error, id_from_key
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
        """Record that a message has crashed the app as often as it may."""
        nameless = id_from_key("poison", message_digest(text, message_id))
        try:
            message = decode_message(text)
        except InvalidRequestError as error:
            await self._acceptance.refuse(document_in(text), as_meeting_error(error), nameless, traceparent_in(text))
            return
        match message:
            case LookAt(meeting_id) | Update(meeting_id) | Cancel(meeting_id):
                document = None
            case NewRequest(document, key):
                meeting_id = nameless if key is None else Sender(key=key).meeting_id
        try:
            await self._fail(await self._ledger.read(meeting_id))
        except MeetingNotFoundError:
            await self._acceptance.refuse(document, _crashed(meeting_id), meeting_id, traceparent_in(text))

    async def _fail(self, meeting: Meeting) -> None:
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
        await self._results.report(meeting)


def _crashed(meeting_id: str) -> MeetingError:
    return MeetingError(
        code="crashed",
        message="The app failed each time it tried this meeting, and has stopped trying.",
        remedy=f"Look for the meeting's id in the app's log, mend the cause, then send POST /api/meetings/{meeting_id}"
        "/retry.",
    )
