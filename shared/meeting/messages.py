"""Messages on the request queue: the app's own, bare meeting requests, and CloudEvents."""

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass, replace
from typing import Any

from shared.errors import Fault, InvalidRequestError
from shared.ids import KEY_RULE, id_from_key, is_key, is_meeting_id
from shared.meeting_request import decode_json
from shared.trace_context import as_traceparent

LONGEST_COMMENT = 4096
_REQUESTED, _UPDATED, _CANCELLED = "meeting.requested", "meeting.updated", "meeting.cancelled"
_TYPES = (_REQUESTED, _UPDATED, _CANCELLED)


@dataclass(frozen=True, slots=True)
class ProvisionMeeting:
    """The app's own message: provision this meeting, of which this version was wanted when it was sent."""

    meeting_id: str
    version: int


@dataclass(frozen=True, slots=True)
class NewRequest:
    """Somebody wants a meeting.

    Attributes:
        document: the meeting request, not validated yet.
        key: what makes a repeated message the same request; None when the sender gave nothing of the kind.
        traceparent: W3C trace context of the sender.
    """

    document: dict[str, Any]
    key: str | None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """Somebody wants a meeting otherwise.

    Attributes:
        meeting_id: which meeting.
        patch: a JSON Merge Patch for its request.
        key: what makes a repeated message the same change, however it comes again.
        traceparent: W3C trace context of the sender.
    """

    meeting_id: str
    patch: Any
    key: str
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """Somebody does not want a meeting any more."""

    meeting_id: str
    comment: str | None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class RejectedMessage:
    """What cannot become a meeting, as the record of it shows it to those who look for its sender.

    Attributes:
        document: the meeting request; or of a message that holds none, what it does hold, if that is a JSON object.
        traceparent: W3C trace context of the sender.
        is_unreadable: the fault lies in the message and not in a request in it, so that only its sender can try again.
    """

    document: dict[str, Any] | None
    traceparent: str | None = None
    is_unreadable: bool = False


type Message = ProvisionMeeting | NewRequest | Update | Cancel


def decode_message(text: str) -> Message:
    """Return what a message asks for; its JSON may be plain or base64-encoded.

    Raises:
        InvalidRequestError: it is neither, or not one of the forms.
    """
    document = _json_of(text)
    if not isinstance(document, dict):
        raise InvalidRequestError([Fault("", "wrongType", "The message is not a JSON object.")])
    if "meeting" in document and document.keys() <= {"meeting", "version"}:
        return _provision_meeting(document["meeting"], document.get("version", 1))
    if "specversion" in document:
        return _cloud_event(document)
    if "idempotencyKey" not in document:
        return NewRequest(document, None)
    key = document.pop("idempotencyKey")
    if key is not None and not (isinstance(key, str) and is_key(key)):
        raise InvalidRequestError([Fault("/idempotencyKey", "invalidKey", KEY_RULE)])
    return NewRequest(document, key)


def message_digest(text: str, message_id: str | None) -> str:
    """Return what stands for a message without a key: its content, and its id in the queue as far as that is known."""
    return hashlib.sha256(f"{message_id or ''}\n{text}".encode(errors="surrogatepass")).hexdigest()


def rejected_id(text: str, message_id: str | None) -> str:
    """Return the id of the failed meeting that a message becomes when it cannot become another."""
    return id_from_key("refused", message_digest(text, message_id))


def rejected_message(text: str) -> RejectedMessage:
    """Return what a message says that has to be sent again, as far as it can be read."""
    try:
        document = _json_of(text)
    except InvalidRequestError:
        document = None
    if not isinstance(document, dict):
        return RejectedMessage(None, is_unreadable=True)
    is_event = "specversion" in document
    content = document.get("data") if is_event else document
    traceparent = as_traceparent(document.get("traceparent")) if is_event else None
    return RejectedMessage(content if isinstance(content, dict) else None, traceparent, is_unreadable=True)


def _json_of(text: str) -> Any:
    stripped = text.strip()
    if stripped and stripped[0] not in '{["':
        try:
            decoded = base64.b64decode("".join(stripped.split()), validate=True)
        except (binascii.Error, ValueError):
            decoded = b""
        # Digits are JSON as they stand, and base64 as well.
        if decoded and not stripped.isdigit():
            return decode_json(decoded)
    return decode_json(text.encode(errors="surrogatepass"))


def _provision_meeting(meeting_id: object, version: object) -> ProvisionMeeting:
    if not (isinstance(meeting_id, str) and is_meeting_id(meeting_id)):
        raise InvalidRequestError([Fault("/meeting", "unknownMeeting", "This is not the id of a meeting.")])
    if not isinstance(version, int):
        raise InvalidRequestError([Fault("/version", "wrongType", "The version of a meeting is a whole number.")])
    return ProvisionMeeting(meeting_id, version)


def _cloud_event(event: dict[str, Any]) -> Message:
    """Read a CloudEvents 1.0 JSON event: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md."""
    faults: list[Fault] = []
    if event["specversion"] != "1.0":
        faults.append(Fault("/specversion", "notOneOf", 'Only CloudEvents "1.0" is understood.'))
    faults += [
        Fault(f"/{name}", "required", f"A CloudEvent has a {name}, a text that is not empty.")
        for name in ("id", "source", "type")
        if not (isinstance(event.get(name), str) and event[name])
    ]
    if isinstance(event.get("type"), str) and event["type"] not in {"", *_TYPES}:
        faults.append(Fault("/type", "notOneOf", f"The type is not one of: {', '.join(_TYPES)}."))
    content_type = event.get("datacontenttype")
    if content_type is not None and not re.fullmatch(
        r"application/([^;\s]+\+)?json(\s*;.*)?", str(content_type), re.IGNORECASE
    ):
        faults.append(Fault("/datacontenttype", "notOneOf", "The data of the event is not JSON."))
    if "data" not in event and isinstance(event.get("data_base64"), str):
        event = event | {"data": _base64_json(event["data_base64"])}
    if not isinstance(event.get("data"), dict):
        faults.append(Fault("/data", "required", "The data of the event is a JSON object."))
    if faults:
        raise InvalidRequestError(faults)
    key, traceparent = json.dumps([event["source"], event["id"]]), as_traceparent(event.get("traceparent"))
    if event["type"] == _UPDATED:
        return _update(event["data"], key, traceparent)
    if event["type"] == _CANCELLED:
        return replace(_cancel(event["data"]), traceparent=traceparent)
    return NewRequest(event["data"], key, traceparent)


def _base64_json(text: str) -> Any:
    try:
        return decode_json(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, InvalidRequestError):
        return None


def _update(data: dict[str, Any], key: str, traceparent: str | None) -> Update:
    faults = _data_faults(data, "patch")
    if not isinstance(data.get("patch"), dict):
        faults.append(Fault("/data/patch", "required", "The patch is a JSON object."))
    if faults:
        raise InvalidRequestError(faults)
    return Update(data["id"], data["patch"], key, traceparent)


def _cancel(data: dict[str, Any]) -> Cancel:
    faults = _data_faults(data, "comment")
    try:
        comment = read_comment({"comment": data.get("comment")})
    except InvalidRequestError as error:
        faults += [Fault(f"/data{fault.pointer}", fault.code, fault.message) for fault in error.faults]
        comment = None
    if faults:
        raise InvalidRequestError(faults)
    return Cancel(data["id"], comment)


def _data_faults(data: dict[str, Any], other: str) -> list[Fault]:
    faults = [
        Fault(f"/data/{name}", "unknownField", f"{name} is not a field of this event; id and {other} are.")
        for name in data
        if name not in {"id", other}
    ]
    meeting_id = data.get("id")
    if not (isinstance(meeting_id, str) and is_meeting_id(meeting_id)):
        faults.append(Fault("/data/id", "unknownMeeting", "This is not the id of a meeting."))
    return faults


def read_comment(document: Any) -> str | None:
    """Return the comment of a cancellation, `{"comment": "..."}` or nothing at all.

    Raises:
        InvalidRequestError: the document is something else.
    """
    if document is None:
        return None
    if not isinstance(document, dict):
        raise InvalidRequestError([Fault("", "wrongType", "The cancellation is not a JSON object.")])
    faults = [
        Fault(f"/{name}", "unknownField", f"{name} is not a field of a cancellation; comment is.")
        for name in document
        if name != "comment"
    ]
    comment = document.get("comment")
    if comment is not None and not (isinstance(comment, str) and len(comment) <= LONGEST_COMMENT):
        faults.append(Fault("/comment", "wrongType", f"The comment is a text of at most {LONGEST_COMMENT} characters."))
    if faults:
        raise InvalidRequestError(faults)
    return comment or None
