"""Handle a message of the request queue: carry it out, or record it as a failed meeting."""

from datetime import datetime

from shared.access.origin import Origin
from shared.errors import (
    Fault,
    InvalidRequestError,
    KeyReusedError,
    MeetingForgottenError,
    MeetingNotFoundError,
    RequestRefusedError,
)
from shared.ids import KeyNamespace
from shared.meeting import as_meeting_error
from shared.meeting.messages import (
    Cancel,
    Message,
    NewRequest,
    ProvisionMeeting,
    Update,
    decode_message,
    message_digest,
    rejected_id,
)
from shared.meeting.rejected_message import RejectedMessage
from shared.use_cases.acceptance import LONG_AGO, Acceptance
from shared.use_cases.changes import Changes
from shared.use_cases.isolation import Isolation
from shared.use_cases.provision import Provisioner


class MessageHandler:
    """The use case. May raise StorageUnavailableError and unexpected errors: the queue delivers the message again."""

    def __init__(
        self, acceptance: Acceptance, changes: Changes, provisioner: Provisioner, isolation: Isolation
    ) -> None:
        self._acceptance = acceptance
        self._changes = changes
        self._provisioner = provisioner
        self._isolation = isolation

    async def handle(self, text: str, message_id: str | None, put_at: datetime | None = None) -> None:
        """Carry out a message.

        Args:
            text: the message.
            message_id: its id on the queue, which a redelivered message keeps; None if it is not known.
            put_at: when it was enqueued; None if that is not known.
        """
        async with self._isolation.beside_others():
            meeting_id = await self.receive(text, message_id, put_at, at_once=True)
        if meeting_id is None:
            return
        try:
            await self._provisioner.provision(meeting_id)
        except MeetingForgottenError:
            return
        except MeetingNotFoundError:
            fault = Fault("/meeting", "unknownMeeting", "There is no meeting with this id.")
            refusal = as_meeting_error(InvalidRequestError([fault]))
            await self._acceptance.record_rejection(
                RejectedMessage.of(text, message_id), refusal, rejected_id(text, message_id), asked_at=put_at
            )

    async def receive(
        self, text: str, message_id: str | None, put_at: datetime | None, *, at_once: bool = False
    ) -> str | None:
        """Process a message, and return the id of the meeting that it says to provision.

        A new meeting is provisioned `at_once`, or enqueued.
        """
        message: Message | None = None
        try:
            message = decode_message(text)
            if isinstance(message, ProvisionMeeting):
                return message.meeting_id
            try:
                return await self._do(message, message_digest(text, message_id), put_at, at_once=at_once)
            except MeetingNotFoundError as error:
                if isinstance(error, MeetingForgottenError) and error.was_meant(put_at):
                    return None  # it was done before, and its meeting is forgotten
                fault = Fault("/data/id", "unknownMeeting", "There is no meeting with this id.")
                raise InvalidRequestError([fault]) from error
        except RequestRefusedError as error:
            rejected = RejectedMessage.of(text, message_id)
            # A retry without the key would create a second meeting for it.
            if isinstance(message, NewRequest) and not isinstance(error, KeyReusedError):
                rejected = RejectedMessage(message.document, message.traceparent)
            await self._acceptance.record_rejection(
                rejected, as_meeting_error(error), rejected_id(text, message_id), asked_at=put_at
            )
        return None

    async def _do(
        self, message: NewRequest | Update | Cancel, digest: str, put_at: datetime | None, *, at_once: bool
    ) -> str | None:
        """Carry out a message, and return the id of a meeting whose earlier delivery was interrupted."""
        match message:
            case NewRequest(document, key, traceparent):
                # Without a key, only a redelivery can repeat it.
                own = Origin(key=digest, traceparent=traceparent, key_namespace=KeyNamespace.QUEUE, asked_at=LONG_AGO)
                origin = own if key is None else Origin(key=key, traceparent=traceparent, asked_at=put_at)
                accepted = await self._acceptance.accept(document, origin, at_once=at_once)
                meeting = accepted.meeting
                begun = meeting.attempts and not meeting.finished and not meeting.progress.next_attempt_at
                return meeting.id if begun and at_once else None
            case Update(meeting_id, patch, key, traceparent):
                await self._changes.patch(
                    meeting_id, patch, Origin(traceparent=traceparent), message=message_digest(key, None)
                )
            case Cancel(meeting_id, comment, traceparent):
                await self._changes.cancel(meeting_id, comment, Origin(traceparent=traceparent))
        return None
