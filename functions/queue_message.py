"""Queue messages whose content cannot break their delivery.

The Functions host copies the top-level fields of a JSON message over the message's own metadata, whatever their case:
https://learn.microsoft.com/azure/azure-functions/functions-bindings-expressions-patterns#json-payloads. The SDK's
converter raises when one of them then has another form: `{"DequeueCount": "x"}` would never reach a function. This
converter takes the text, and from the metadata only the id and the insertion time, where the content has not replaced
them.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast, override

import azure.functions as func
from azure.functions.queue import QueueMessage, QueueMessageInConverter


class TolerantQueueMessageConverter(QueueMessageInConverter, binding="tolerantQueueTrigger", trigger="queueTrigger"):
    """Replaces the SDK's converter for `queueTrigger`: the class statement registers it."""

    @classmethod
    @override
    def decode(cls, data: Any, *, trigger_metadata: Any) -> func.QueueMessage:
        body = data.value if isinstance(data.value, bytes) else str(data.value).encode(errors="surrogatepass")
        metadata = _own(trigger_metadata or {}, body)
        message_id = metadata.get("Id")
        return QueueMessage(
            id=str(message_id.value) if message_id else None,
            body=body,
            insertion_time=_moment(metadata.get("InsertionTime")),
        )


def _own(metadata: Mapping[str, Any], body: bytes) -> dict[str, Any]:
    """Return the metadata without entries that fields of the message override: an event's id hides the queue's."""
    try:
        document = json.loads(body) if body.lstrip().startswith(b"{") else {}
    except (ValueError, RecursionError):
        document = {}
    fields = cast("dict[str, Any]", document).items()
    hidden = {name.lower() for name, value in fields if value is not None and not isinstance(value, (dict, list))}
    return {name: datum for name, datum in metadata.items() if name.lower() not in hidden}


def _moment(datum: Any) -> datetime | None:
    """Return a time as the host writes it, None for anything else: a field of the message may have replaced it."""
    try:
        moment = datetime.fromisoformat(str(datum.value).strip('"')) if datum else None
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC) if moment else None


def text_of(msg: func.QueueMessage) -> str:
    """Return the text of a message; bytes that are no UTF-8 become replacement characters, which no JSON survives."""
    return msg.get_body().decode(errors="replace")
