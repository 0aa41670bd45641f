"""Retry a poisoned message while nothing else runs: most only ran beside the message that killed the worker.

The host sets a message aside after `maxDequeueCount` deaths of the worker that it was in, whatever caused them.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from shared.errors import InvalidRequestError, MeetingNotFoundError
from shared.meeting import Status
from shared.meeting.ledger import Field, Ledger
from shared.meeting.messages import Message, NewRequest, ProvisionMeeting, decode_message
from shared.meeting.request_queue import RequestQueue
from shared.meeting_request import fingerprint, parse_request
from shared.meeting_request.pools import organizers_in
from shared.storage import QueuedMessage
from shared.use_cases.message_handler import MessageHandler
from shared.use_cases.provision.claiming import has_crashed

# How many meetings of an organizer are compared with a request that has no key.
_COMPARED = 100


class IsolatedRetry:
    """The use case. The caller holds the isolation."""

    def __init__(
        self, ledger: Ledger, requests: RequestQueue, message_handler: MessageHandler, clock: Callable[[], datetime]
    ) -> None:
        self._ledger = ledger
        self._requests = requests
        self._message_handler = message_handler
        self._clock = clock

    async def clears(self, message: QueuedMessage) -> bool:
        """Carry out a message, and return whether that is done or in progress.

        Raises:
            StorageUnavailableError: the outcome is not known.
            Exception: any other error is caused by this message.
        """
        match _decoded(message.text):
            case ProvisionMeeting(meeting_id, version):
                return await self._is_under_way(meeting_id, version)
            case NewRequest(document, None) if await self._was_accepted(document, message.put_at):
                return True
            case _:
                await self._message_handler.receive(message.text, message.id, message.put_at)
                return True

    async def _is_under_way(self, meeting_id: str, version: int) -> bool:
        try:
            meeting = await self._ledger.read(meeting_id)
        except MeetingNotFoundError:
            return False
        if meeting.version != version or meeting.finished:
            return True
        if meeting.claim and meeting.claim.expires_at > self._clock():
            return True  # the upkeep wakes it if its worker dies
        if has_crashed(meeting):
            return False
        await self._requests.enqueue(meeting)
        return True

    async def _was_accepted(self, document: dict[str, Any], before: datetime) -> bool:
        """Return whether a request without a key became a meeting before its message was set aside.

        In the poison queue a message has another id, so it cannot be distinguished from another message with the same
        text. So two equal requests, one of them poisoned, count as one.
        """
        try:
            wanted = fingerprint(parse_request(document))
        except InvalidRequestError:
            return False
        found = [(Field.ORGANIZER, organizer) for organizer in organizers_in(document)]
        if "organizerPool" in document:  # while no organizer is chosen
            found += [(Field.STATUS, status) for status in (Status.QUEUED, Status.RUNNING, Status.FAILED)]
        pages = [await self._ledger.find(field, value, _COMPARED) for field, value in found]
        return any(each.fingerprint == wanted and each.created_at <= before for page in pages for each in page.items)


def _decoded(text: str) -> Message | None:
    try:
        return decode_message(text)
    except InvalidRequestError:
        return None
