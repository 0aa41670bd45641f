"""What is kept of a message that cannot become a meeting, so that its sender can be found."""

from dataclasses import dataclass
from typing import Any, cast

from shared.meeting.message_text import innermost_object, is_event_grid, readable
from shared.meeting.record_model import RecordModel
from shared.trace_context import as_traceparent
from shared.validation.json_text import storable_text

LONGEST_TEXT = 4096


class ReceivedMessage(RecordModel):
    """A message on the request queue that could not be read as a meeting request.

    Attributes:
        message_id: The message's id on the queue; null where a field of the message hides it.
        source: The source of the event, where the message is one.
        id: The id of the event, where the message is one.
        text: The first 4,096 characters of the message, decoded where it is a text in base64.
    """

    message_id: str | None
    source: str | None
    id: str | None
    text: str

    @staticmethod
    def of(text: str, message_id: str | None, source: object = None, event_id: object = None) -> "ReceivedMessage":
        """Return what is kept of a message and of the event that it may be."""
        return ReceivedMessage(
            message_id=message_id,
            source=_label(source),
            id=_label(event_id),
            text=storable_text(readable(text)[:LONGEST_TEXT]),
        )


@dataclass(frozen=True, slots=True)
class RejectedMessage:
    """A message or request that cannot become a meeting, as its record shows it to those who look for its sender.

    Attributes:
        document: the meeting request, or whatever object the message holds instead.
        traceparent: W3C trace context of the sender.
        received: the message, where it is at fault and not a request in it: only its sender can retry.
        caller: whose it is, where callers are known.
        schedule: the id of the schedule whose occurrence it is.
    """

    document: dict[str, Any] | None
    traceparent: str | None = None
    received: ReceivedMessage | None = None
    caller: str | None = None
    schedule: str | None = None

    @staticmethod
    def of(text: str, message_id: str | None) -> "RejectedMessage":
        """Return what can be read of a message that has to be sent again."""
        document = innermost_object(text)
        if document is None:
            return RejectedMessage(None, received=ReceivedMessage.of(text, message_id))
        if "specversion" in document:
            content, source = document.get("data"), document.get("source")
        elif is_event_grid(document):
            content, source = document["data"], document.get("topic")
        else:
            return RejectedMessage(document, received=ReceivedMessage.of(text, message_id))
        if isinstance(content, str):
            content = innermost_object(content)
        return RejectedMessage(
            cast("dict[str, Any]", content) if isinstance(content, dict) else None,
            as_traceparent(document.get("traceparent")),
            ReceivedMessage.of(text, message_id, source, document.get("id")),
        )


def _label(value: object) -> str | None:
    return storable_text(value[:LONGEST_TEXT]) if isinstance(value, str) else None
