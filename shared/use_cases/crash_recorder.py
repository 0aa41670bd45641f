"""Crashes: retry each poison message alone, or record it as a failed meeting, so that no caller waits forever.

A message has crashed if it kills its process as often as `maxDequeueCount` says while it runs alone there, or raises an
unexpected error.

The messages stay in the poison queue for the operator, until they are deleted or expire after seven days. So every run
sees them again: what is recorded follows from the message alone, and is recorded once.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from shared.access.origin import Origin
from shared.errors import (
    ConflictError,
    InvalidRequestError,
    MeetingForgottenError,
    MeetingNotFoundError,
    StorageUnavailableError,
)
from shared.ids import KeyNamespace, id_from_key
from shared.meeting import MeetingError, as_meeting_error
from shared.meeting.messages import (
    Cancel,
    NewRequest,
    ProvisionMeeting,
    Update,
    decode_message,
    message_digest,
)
from shared.meeting.rejected_message import ReceivedMessage, RejectedMessage
from shared.meeting.request_queue import RequestQueue
from shared.meeting.results import Results
from shared.meeting_request import fingerprint, parse_request
from shared.redaction import redacted_trace
from shared.storage import QueuedMessage
from shared.use_cases.acceptance import Acceptance
from shared.use_cases.for_each import for_each, raise_if_incomplete
from shared.use_cases.isolated_retry import IsolatedRetry
from shared.use_cases.isolation import Isolation, OccupiedError
from shared.use_cases.poisoned_messages import PoisonedMessages
from shared.use_cases.provision.claiming import MAX_CRASHES
from shared.use_cases.provision.completion import Completion

_logger = logging.getLogger(__name__)

_PER_RUN = 1024
# How often the recording itself may kill the process.
_RECORDINGS = 2


class CrashRecorder:
    """The use case. It loses no message, whatever it raises: all stay in the poison queue."""

    def __init__(  # noqa: PLR0913 - bootstrap is its only caller
        self,
        *,
        requests: RequestQueue,
        poisoned: PoisonedMessages,
        retry: IsolatedRetry,
        isolation: Isolation,
        acceptance: Acceptance,
        completion: Completion,
        results: Results,
        retention: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._requests = requests
        self._poisoned = poisoned
        self._retry = retry
        self._isolation = isolation
        self._acceptance = acceptance
        self._completion = completion
        self._results = results
        self._retention = retention
        self._clock = clock
        # Messages of the latest run that need no more work. It only saves work: another process starts without it.
        self._settled: set[str] = set()

    async def run(self) -> None:
        """Try each poison message that is not settled yet, record those that crash, and leave all of them in the queue.

        A message that fails does not hold up the others. If other work in this process does not end in time, the next
        run continues.

        Raises:
            StorageUnavailableError: the storage did not answer for one of them; the next run continues.
            IncompleteRunError: one of them cannot be recorded.
        """
        messages = await self._requests.poison_queue.look_through(_PER_RUN)
        self._settled &= {message.id for message in messages}
        # The meeting of an older message may be forgotten, and must not be created again.
        oldest = self._clock() - self._retention

        turn, occupied = asyncio.Lock(), asyncio.Event()

        async def settle(message: QueuedMessage) -> None:
            async with turn:
                if occupied.is_set():
                    return
                try:
                    async with self._isolation.alone():
                        await self._settle(message)
                except OccupiedError as error:
                    _logger.info("crash.notTried: %s", error)
                    occupied.set()

        news = [each for each in messages if each.id not in self._settled and each.put_at > oldest]
        outcomes = await for_each(news, settle)
        for failure in outcomes.failures:
            _logger.error("crash.notRecorded %s: %s", failure.item.id, failure.fault)
        raise_if_incomplete(outcomes.failures)
        if news:
            await self._poisoned.forget_past(self._clock())

    async def _settle(self, message: QueuedMessage) -> None:
        try:
            tried = await self._poisoned.begin(message)
        except ConflictError:
            return  # another process tries it; the next run sees the outcome
        clears = False
        try:
            clears = await self._try(message, tried.deaths - 1)
        finally:
            await self._poisoned.end(tried, clears=clears)
        self._settled.add(message.id)

    async def _try(self, message: QueuedMessage, deaths: int) -> bool:
        """Process or record a message that has died this often before, and return whether it is cleared."""
        if deaths > MAX_CRASHES + _RECORDINGS:  # it cannot even be recorded
            crash_id = _crash_id(message.text, message.id)
            await self._acceptance.record_rejection(
                RejectedMessage(None), _CRASHED_MESSAGE, crash_id, asked_at=message.put_at
            )
            return False
        if deaths < MAX_CRASHES:
            try:
                if await self._retry.clears(message):
                    return True
            except StorageUnavailableError:
                raise
            except Exception as error:  # noqa: BLE001 - a fault of ours, and this message alone can have caused it
                _logger.error("crash.raised %s", redacted_trace(error))  # noqa: TRY400 - a trace would show the message
        await self.record(message.text, message.id, message.put_at)
        return False

    async def record(self, text: str, message_id: str | None, put_at: datetime | None = None) -> None:
        """Record that a message has crashed the app as often as it may.

        The app's own message fails its meeting, unless the meeting has a newer version, which has its own message. A
        request becomes the failed meeting of its key, unless it was accepted. A change becomes a separate failed
        meeting; the meeting that it names stays as it is. A message about a forgotten meeting is not recorded.
        """
        crash_id = _crash_id(text, message_id)
        try:
            await self._record(text, message_id, crash_id, put_at)
        except StorageUnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 - what crashed the app may crash here as well
            _logger.error("crash.unreadable %s", type(error).__name__)  # noqa: TRY400 - a trace would show the message
            rejected = RejectedMessage(None, received=ReceivedMessage.of(text, message_id))
            await self._acceptance.record_rejection(rejected, _CRASHED_MESSAGE, crash_id, asked_at=put_at)

    async def _record(self, text: str, message_id: str | None, crash_id: str, put_at: datetime | None) -> None:
        unread = RejectedMessage.of(text, message_id)
        try:
            message = decode_message(text)
        except InvalidRequestError as error:
            await self._acceptance.record_rejection(unread, as_meeting_error(error), crash_id, asked_at=put_at)
            return
        match message:
            case ProvisionMeeting(meeting_id, version):
                await self._fail(meeting_id, version, unread)
            case NewRequest(document, key, traceparent):
                request = _fingerprint(document)
                meeting_id = crash_id if key is None or request is None else Origin(key=key).meeting_id
                rejected = RejectedMessage(document, traceparent)
                await self._acceptance.record_rejection(
                    rejected, _crashed(meeting_id), meeting_id, request or "", asked_at=put_at
                )
            case Update() | Cancel():
                await self._acceptance.record_rejection(unread, _CRASHED_MESSAGE, crash_id, asked_at=put_at)

    async def _fail(self, meeting_id: str, version: int, unread: RejectedMessage) -> None:
        try:
            before, after = await self._completion.fail(meeting_id, version, _crashed(meeting_id))
        except MeetingForgottenError:
            return
        except MeetingNotFoundError:
            await self._acceptance.record_rejection(unread, _CRASHED_MESSAGE, meeting_id)
            return
        if after is not before:
            _logger.error("meeting.crashed %s", meeting_id, extra={"meeting_id": meeting_id})
        if after.finished:
            await self._results.report_or_requeue(after)


def _crash_id(text: str, message_id: str | None) -> str:
    return id_from_key(KeyNamespace.POISON, message_digest(text, message_id))


def _fingerprint(document: Any) -> str | None:
    """Return a request's fingerprint; None for an invalid request, which has no claim to its key."""
    try:
        return fingerprint(parse_request(document))
    except Exception:  # noqa: BLE001 - a fault in here may be the one that crashed the app
        return None


def _crashed(meeting_id: str) -> MeetingError:
    return MeetingError(
        code="crashed",
        message="The app failed each time it tried this meeting, and has stopped trying.",
        remedy=f"Look for the meeting's id in the app's log, fix the cause, then send POST /api/meetings/{meeting_id}"
        "/retry.",
    )


_CRASHED_MESSAGE = MeetingError(
    code="crashed",
    message="The app failed each time it took this message, and has stopped trying.",
    remedy="Look for the function take_message in the app's log, fix the cause, then send the message again.",
)
