"""Messages on the request queue: the app's own, bare meeting requests, and CloudEvents."""

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass, replace
from typing import Any, cast

from pydantic_core import PydanticCustomError

from shared.errors import Fault, InvalidRequestError, raise_with_faults_of
from shared.ids import KeyNamespace, id_from_key, is_record_id
from shared.meeting.meeting import Meeting
from shared.meeting.message_text import read_object
from shared.meeting_request import parse_request
from shared.trace_context import as_traceparent
from shared.validation.findings import quoted, require_object, shown
from shared.validation.idempotency_keys import key_fault
from shared.validation.json_text import decode_json
from shared.validation.text import check_text

LONGEST_COMMENT = 4096
_REQUESTED, _UPDATED, _CANCELLED = "meeting.requested", "meeting.updated", "meeting.cancelled"
# "*/json" and "*/*+json": https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md#31-handling-of-data
_JSON_TYPE = re.compile(r"[^/;\s]+/([^;\s]+\+)?json(\s*;.*)?", re.IGNORECASE)
_TYPES = (_REQUESTED, _UPDATED, _CANCELLED)


@dataclass(frozen=True, slots=True)
class ProvisionMeeting:
    """The app's own message: provision this meeting, whose latest version was `version` when it was sent."""

    meeting_id: str
    version: int

    @staticmethod
    def of(meeting: Meeting) -> "ProvisionMeeting":
        """Return the message to provision the present version of a meeting."""
        return ProvisionMeeting(meeting.id, meeting.version)

    def encode(self) -> str:
        """Return the message as it is put on the queue."""
        return json.dumps({"meeting": self.meeting_id, "version": self.version})

    @staticmethod
    def decode(document: dict[str, Any]) -> "ProvisionMeeting | None":
        """Return what a message asks for, None if it is not one of the app's own.

        Raises:
            InvalidRequestError: it names no meeting, or no version; a fault names what it is.
        """
        if "meeting" not in document or not document.keys() <= {"meeting", "version"}:
            return None
        meeting_id, version = document["meeting"], document.get("version", 1)
        if not (isinstance(meeting_id, str) and is_record_id(meeting_id)):
            raise InvalidRequestError([Fault("/meeting", "unknownMeeting", _no_meeting_id("meeting", meeting_id))])
        if not isinstance(version, int):
            message = f"version must be a whole number, not {shown(version)}."
            raise InvalidRequestError([Fault("/version", "wrongType", message)])
        return ProvisionMeeting(meeting_id, version)


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A request for a new meeting.

    Attributes:
        document: the meeting request, not validated yet.
        key: identifies the request when the message is repeated; None where the sender gave no key.
        traceparent: W3C trace context of the sender.
    """

    document: dict[str, Any]
    key: str | None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """A request to change a meeting.

    Attributes:
        meeting_id: which meeting.
        patch: a JSON Merge Patch for its request.
        key: identifies the change when the message is repeated.
        traceparent: W3C trace context of the sender.
    """

    meeting_id: str
    patch: Any
    key: str
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """A request to cancel a meeting, with an optional comment for the attendees."""

    meeting_id: str
    comment: str | None
    traceparent: str | None = None


type Message = ProvisionMeeting | NewRequest | Update | Cancel


def decode_message(text: str) -> Message:
    """Return what a message asks for; its JSON may be plain or base64-encoded.

    Raises:
        InvalidRequestError: it is neither, or not one of the forms; a fault names what it is.
    """
    document = read_object(text)
    if own := ProvisionMeeting.decode(document):
        return own
    if "specversion" in document:
        return _cloud_event(document)
    if "idempotencyKey" not in document:
        return NewRequest(document, None)
    key = document.pop("idempotencyKey")
    if key is not None and (fault := key_fault("/idempotencyKey", key)):
        raise_with_faults_of(lambda: parse_request(document), [fault])
    return NewRequest(document, key)


def message_digest(text: str, message_id: str | None) -> str:
    """Return the key of a message that has none: a digest of its content, and of its id in the queue if known."""
    return hashlib.sha256(f"{message_id or ''}\n{text}".encode(errors="surrogatepass")).hexdigest()


def rejected_id(text: str, message_id: str | None) -> str:
    """Return the id of the failed meeting that records a rejected message."""
    return id_from_key(KeyNamespace.REJECTED, message_digest(text, message_id))


def _no_meeting_id(name: str, value: object) -> str:
    return f"{name} must be the id of a meeting, not {shown(value)}."


def _cloud_event(event: dict[str, Any]) -> Message:
    """Read a CloudEvents 1.0 JSON event: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md."""
    faults: list[Fault] = []
    if event["specversion"] != "1.0":
        message = f"specversion can only be 1.0, not {shown(event['specversion'])}."
        faults.append(Fault("/specversion", "notOneOf", message))
    faults += [
        Fault(f"/{name}", "required", f"{name} is required in a CloudEvent: a string that is not empty.")
        for name in ("id", "source", "type")
        if not (isinstance(event.get(name), str) and event[name])
    ]
    if isinstance(event.get("type"), str) and event["type"] not in {"", *_TYPES}:
        message = f"type must be one of {', '.join(_TYPES)}, not {shown(event['type'])}."
        faults.append(Fault("/type", "notOneOf", message))
    content_type = event.get("datacontenttype")
    if content_type is not None and not _JSON_TYPE.fullmatch(str(content_type)):
        message = f"datacontenttype must be application/json, not {shown(content_type)}: the data is read as JSON."
        faults.append(Fault("/datacontenttype", "notOneOf", message))
    data: Any = event.get("data")
    if "data" not in event and isinstance(event.get("data_base64"), str):
        data = _base64_json(event["data_base64"])
    if data is None:
        faults.append(Fault("/data", "required", "data is required in a CloudEvent: a JSON object."))
    elif not isinstance(data, dict):
        given = "a string" if isinstance(data, str) else shown(data)
        faults.append(Fault("/data", "wrongType", f"data must be a JSON object, not {given}."))
    if faults:
        raise_with_faults_of(lambda: _check_data(event.get("type"), data), faults)
    content = cast("dict[str, Any]", data)
    key, traceparent = json.dumps([event["source"], event["id"]]), as_traceparent(event.get("traceparent"))
    if event["type"] == _UPDATED:
        return _update(content, key, traceparent)
    if event["type"] == _CANCELLED:
        return replace(_cancel(content), traceparent=traceparent)
    return NewRequest(content, key, traceparent)


def _check_data(event_type: object, data: Any) -> None:
    """Raise what is wrong with the data of an event, a meeting request included."""
    if not isinstance(data, dict):
        return
    content = cast("dict[str, Any]", data)
    if event_type == _UPDATED:
        _update(content, "", None)
    elif event_type == _CANCELLED:
        _cancel(content)
    else:
        try:
            parse_request(content)
        except InvalidRequestError as error:
            raise error.placed(_in_data) from error


def _in_data(fault: Fault) -> Fault:
    return Fault(f"/data{fault.pointer}", fault.code, fault.message)


def _base64_json(text: str) -> Any:
    try:
        return decode_json(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, InvalidRequestError):
        return None


def _update(data: dict[str, Any], key: str, traceparent: str | None) -> Update:
    faults = _data_faults(data, "patch")
    if not isinstance(data.get("patch"), dict):
        code = "wrongType" if "patch" in data else "required"
        faults.append(Fault("/data/patch", code, f"patch must be a JSON object, not {shown(data.get('patch'))}."))
    if faults:
        raise InvalidRequestError(faults)
    return Update(data["id"], data["patch"], key, traceparent)


def _cancel(data: dict[str, Any]) -> Cancel:
    faults = _data_faults(data, "comment")
    try:
        comment = read_comment({"comment": data.get("comment")})
    except InvalidRequestError as error:
        faults += map(_in_data, error.faults)
        comment = None
    if faults:
        raise InvalidRequestError(faults)
    return Cancel(data["id"], comment)


def _data_faults(data: dict[str, Any], other: str) -> list[Fault]:
    faults = [
        Fault(f"/data/{name}", "unknownField", f"{quoted(name)} is not a field of this event; id and {other} are.")
        for name in data
        if name not in {"id", other}
    ]
    meeting_id = data.get("id")
    if not (isinstance(meeting_id, str) and is_record_id(meeting_id)):
        faults.append(Fault("/data/id", "unknownMeeting", _no_meeting_id("id", meeting_id)))
    return faults


def read_comment(document: Any) -> str | None:
    """Return the comment of a cancellation, `{"comment": "..."}` or nothing at all.

    Raises:
        InvalidRequestError: the document is something else.
    """
    if document is None:
        return None
    members = require_object(document, "cancellation")
    faults = [
        Fault(f"/{name}", "unknownField", f"{quoted(name)} is not a field of a cancellation; comment is.")
        for name in members
        if name != "comment"
    ]
    comment = members.get("comment")
    if comment is not None and not isinstance(comment, str):
        faults.append(Fault("/comment", "wrongType", f"comment must be a string, not {shown(comment)}."))
    elif comment and len(comment) > LONGEST_COMMENT:
        message = f"comment has {len(comment)} characters, at most {LONGEST_COMMENT} are allowed."
        faults.append(Fault("/comment", "tooLong", message))
    elif comment:
        try:
            check_text(comment)
        except PydanticCustomError as error:
            faults.append(Fault("/comment", error.type, f"comment {error.message()}."))
    if faults:
        raise InvalidRequestError(faults)
    return comment or None
