"""The text of a message on the request queue: the JSON object that it holds, or what it is instead."""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Any, cast

from shared.errors import Fault, InvalidRequestError
from shared.validation.findings import shown
from shared.validation.json_text import decode_json, decode_json_text

_MOST_LAYERS = 4
_PYTHON_BYTES = re.compile(r"""b(['"])(.*)\1""", re.DOTALL)
# Characters that no text has. Words that are base64 by accident mostly decode to them.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# The members that only an event in Event Grid's own schema has: https://learn.microsoft.com/azure/event-grid/event-schema
_EVENT_GRID = frozenset({"eventType", "eventTime", "data"})
# https://learn.microsoft.com/azure/logic-apps/logic-apps-content-type
_LOGIC_APPS = frozenset({"$content-type", "$content"})


def read_object(text: str) -> dict[str, Any]:
    """Return the JSON object that a message holds, plain or base64-encoded.

    Raises:
        InvalidRequestError: it holds none; a fault names what the message is instead, and what to send.
    """
    decoded = _from_base64(text)
    try:
        value = decode_json(text.encode(errors="surrogatepass") if decoded is None else decoded)
    except InvalidRequestError as error:
        raise _not_json(text, decoded) or error from error
    if reason := _reason_against(value):
        raise InvalidRequestError([Fault("", "wrongType", f"The message {reason}")])
    return cast("dict[str, Any]", value)


_JSON_TWICE = "is JSON in a JSON string: serialize it once, so that the message is a JSON object."
_BASE64_TWICE = "is base64 twice: encode it once, or not at all."
_BYTES = "is Python's notation of bytes (b'...'): decode the bytes to a str before they are put on the queue."
_OWN_SCHEMA = (
    "is an event in Event Grid's own schema: choose Cloud Event Schema v1.0 in the event subscription"
    " (--event-delivery-schema cloudeventschemav1_0)."
)
_WRAPPER = (
    "is Logic Apps' wrapper of content ($content-type, $content): choose base64ToString(...?['$content']) as the"
    " message's content instead."
)


def is_event_grid(document: dict[str, Any]) -> bool:
    """Return whether an object is an event in Event Grid's own schema."""
    return document.keys() >= _EVENT_GRID


def readable(text: str) -> str:
    """Return what a person can read of a message: the text that it encodes as base64, or the message itself."""
    if not (decoded := _from_base64(text)):
        return text
    plain = decoded.decode(json.detect_encoding(decoded))
    return text if _CONTROL.search(plain) else plain


def innermost_object(text: str) -> dict[str, Any] | None:
    """Return the JSON object in a text, however often it is encoded; None if there is none."""
    for layer in layers(text):
        value = _json_or_none(layer)
        if isinstance(value, dict):
            members = cast("dict[str, Any]", value)
            content = members.get("$content") if members.keys() >= _LOGIC_APPS else None
            return (innermost_object(content) if isinstance(content, str) else None) or members
    return None


def layers(text: str) -> Iterator[str]:
    """Yield a text, then what it encodes, layer by layer: base64, a JSON string or Python's notation of bytes."""
    for _ in range(_MOST_LAYERS):
        yield text
        if decoded := _from_base64(text):
            text = decoded.decode(json.detect_encoding(decoded), errors="replace")
        elif found := _PYTHON_BYTES.fullmatch(text.strip()):
            text = found[2]
        elif isinstance(value := _json_or_none(text), str):
            text = value
        else:
            return


def _reason_against(value: Any) -> str | None:
    """Return why a JSON value cannot be a message, None if it can."""
    match value:
        case dict() if value.keys() >= _LOGIC_APPS:
            return _WRAPPER
        case dict():
            return _OWN_SCHEMA if is_event_grid(value) else None
        case list() if any(isinstance(each, dict) and is_event_grid(each) for each in value):
            return _OWN_SCHEMA
        case list():
            return "must be a JSON object, not a list: send each request by itself."
        case str() if innermost_object(value) is not None:
            return _JSON_TWICE
        case _:
            return f"must be a JSON object, not {shown(value)}."


def _not_json(text: str, decoded: bytes | None) -> InvalidRequestError | None:
    """Return the error that names what a text is instead of JSON; None where that is unknown."""
    if _PYTHON_BYTES.fullmatch(text.strip()):
        reason = _BYTES
    elif decoded and _from_base64(decoded.decode(errors="replace")) is not None:
        reason = _BASE64_TWICE
    else:
        return None
    return InvalidRequestError([Fault("", "malformedJson", f"The message {reason}")])


def _from_base64(text: str) -> bytes | None:
    """Return the UTF-8 or UTF-16 text that a message encodes as base64; None if it encodes no text.

    Words and digits can be base64 by accident: then they mostly decode to something that is not text.
    """
    stripped = "".join(text.split())
    if not stripped or stripped[0] in '{["' or stripped.isdigit():
        return None
    try:
        decoded = base64.b64decode(stripped, validate=True)
        decoded.decode(json.detect_encoding(decoded))
    except (binascii.Error, ValueError):
        return None
    return decoded


def _json_or_none(text: str) -> Any:
    try:
        return decode_json_text(text)
    except InvalidRequestError:
        return None
