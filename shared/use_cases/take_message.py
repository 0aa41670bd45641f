"""Handle a message of the request queue: do what it asks for, or record it as a failed meeting; lose nothing."""

from datetime import datetime

from shared.access.origin import Origin
from shared.errors import (
    ChangeRefusedError,
    Fault,
    InvalidRequestError,
    KeyReusedError,
    MeetingForgottenError,
    MeetingNotFoundError,
    OrganizerNotAllowedError,
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
from shared.meeting.received_message import RejectedMessage
from shared.use_cases.accept import LONG_AGO, Acceptance
from shared.use_cases.change import Changes
from shared.use_cases.provision import Provisioner


class MessageHandler:
    """The use case. May raise StorageUnavailableError, and any unexpected error: then the message comes again."""

    def __init__(self, acceptance: Acceptance, changes: Changes, provisioner: Provisioner) -> None:
        self._acceptance = acceptance
        self._changes = changes
        self._provisioner = provisioner

    async def handle(self, text: str, message_id: str | None, put_at: datetime | None = None) -> None:
        """Do what a message asks for.

        Args:
            text: the message, as it was put on the queue.
            message_id: its id there, which a redelivered message keeps; None if it is not known.
            put_at: when it was put there, None if that is not known.
        """
        digest = message_digest(text, message_id)
        message: Message | None = None
        try:
            message = decode_message(text)
            try:
                await self._do(message, digest, put_at)
            except MeetingNotFoundError as error:
                if isinstance(error, MeetingForgottenError) and (
                    isinstance(message, ProvisionMeeting) or error.was_meant(put_at)
                ):
                    return  # it was done before, and its meeting is forgotten
                pointer = "/meeting" if isinstance(message, ProvisionMeeting) else "/data/id"
                fault = Fault(pointer, "unknownMeeting", "There is no meeting with this id.")
                raise InvalidRequestError([fault]) from error
        except (InvalidRequestError, KeyReusedError, OrganizerNotAllowedError, ChangeRefusedError) as error:
            rejected = RejectedMessage.of(text, message_id)
            # Tried again without its key, it would be a second meeting of one key.
            if isinstance(message, NewRequest) and not isinstance(error, KeyReusedError):
                rejected = RejectedMessage(message.document, message.traceparent)
            await self._acceptance.record_rejection(
                rejected, as_meeting_error(error), rejected_id(text, message_id), asked_at=put_at
            )

    async def _do(self, message: Message, digest: str, put_at: datetime | None) -> None:
        match message:
            case ProvisionMeeting(meeting_id, _):
                await self._provisioner.provision(meeting_id)
            case NewRequest(document, key, traceparent):
                # Without a key, a redelivery is the only repetition that there can be.
                own = Origin(key=digest, traceparent=traceparent, key_namespace=KeyNamespace.QUEUE, asked_at=LONG_AGO)
                origin = own if key is None else Origin(key=key, traceparent=traceparent, asked_at=put_at)
                await self._acceptance.accept(document, origin)
            case Update(meeting_id, patch, key, traceparent):
                await self._changes.patch(
                    meeting_id, patch, Origin(traceparent=traceparent), message=message_digest(key, None)
                )
            case Cancel(meeting_id, comment, traceparent):
                await self._changes.cancel(meeting_id, comment, Origin(traceparent=traceparent))
