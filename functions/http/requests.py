"""What every route reads of an HTTP request: a bounded body, the id in the path, the query, the origin."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import azure.functions as func

from functions.http.problems import HttpError
from shared.access.callers import Caller
from shared.access.origin import Origin
from shared.errors import Fault, InvalidRequestError, MeetingNotFoundError, ScheduleNotFoundError
from shared.ids import is_record_id
from shared.meeting_request import LARGEST_REQUEST
from shared.openapi.operation import JSON, Example, Operation, RequestBody, Schema
from shared.trace_context import as_traceparent
from shared.validation.findings import pointer_to
from shared.validation.json_text import decode_json
from shared.validation.member_names import closest
from shared.validation.problem_details import Problem

MERGE_PATCH = "application/merge-patch+json"
_MERGE_PATCH_OR_JSON = re.compile(r"application/(merge-patch\+)?json\s*(;.*)?", re.IGNORECASE)
_ETAG = re.compile(r'"(0|[1-9][0-9]{0,17})"')
_JSON = re.compile(r"application/([a-z0-9!#$&^_.+-]+\+)?json\s*(;.*)?", re.IGNORECASE)


def merge_patch_body(schema: Schema, examples: Mapping[str, Example]) -> RequestBody:
    """Return the declaration of a body that `read_merge_patch` reads."""
    media_types = (JSON, MERGE_PATCH)
    return RequestBody("The changes.", dict.fromkeys(media_types, schema), dict.fromkeys(media_types, examples))


def read_json(req: func.HttpRequest) -> Any:
    """Return the JSON value of a request's body.

    Raises:
        HttpError: it has no length, another media type, is compressed, or is too large.
        InvalidRequestError: it is not JSON.
    """
    body = read_body(req, LARGEST_REQUEST)
    if not is_json(req):
        raise NOT_JSON
    return decode_json(body)


def is_json(req: func.HttpRequest) -> bool:
    """Return whether a request's media type is JSON."""
    return bool(_JSON.fullmatch(req.headers.get("content-type", "").strip()))


def has_body(req: func.HttpRequest) -> bool:
    """Return whether a request was sent with a body, even one that the host dropped."""
    return bool(req.get_body().strip()) or _is_chunked(req)


def read_body(req: func.HttpRequest, largest: int) -> bytes:
    """Return a request's body.

    Raises:
        HttpError: it was sent in chunks, is compressed, or has more than `largest` bytes.
    """
    if _is_chunked(req):
        raise LENGTH_REQUIRED
    if req.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise COMPRESSED
    body = req.get_body()
    if len(body) > largest:
        raise HttpError(Problem(413, "tooLarge", "Too large", f"The body may have at most {largest} bytes."))
    return body


def _is_chunked(req: func.HttpRequest) -> bool:
    """Return whether the body was sent in chunks: the Functions host passes none of it on."""
    return "transfer-encoding" in req.headers and not req.get_body()


def unsupported_media_type(title: str, detail: str, accept_patch: str | None = None) -> HttpError:
    """Return the error for a body of an unsupported media type; `accept_patch` names the supported patches."""
    return HttpError(Problem(415, "unsupportedMediaType", title, detail, accept_patch=accept_patch))


def read_query[T](req: func.HttpRequest, operation: Operation, read: Callable[[Mapping[str, str]], T]) -> T:
    """Return what `read` returns for the query parameters, of which each that the operation declares may occur once.

    A misspelled one is refused: ignored, it would widen a search. Names that are like no declared one are ignored,
    because gateways and browsers add theirs (`code`, `api-version`, `_`). The Functions host ignores the case of names,
    and joins the values of a repeated one by commas.

    Raises:
        InvalidRequestError: with every fault: misspelled and repeated parameters first, then what `read` finds.
    """
    declared = [each.name for each in operation.parameters if each.place == "query"]
    given = Counter(name for name, _ in parse_qsl(urlsplit(req.url).query, keep_blank_values=True))
    counts = Counter(name.lower() for name in given.elements())
    repeated = [name for name in declared if counts[name.lower()] > 1]
    misspelled = {name: meant for name in given if name not in declared and (meant := closest(name, declared))}
    faults = [
        Fault(pointer_to((name,)), "unknownParameter", f"{name} is not a parameter here; did you mean {meant}?")
        for name, meant in misspelled.items()
        if meant not in repeated
    ]
    faults += [Fault(f"/{name}", "duplicateParameter", f"{name} is given more than once.") for name in repeated]
    try:
        value = read({misspelled.get(name, name): value for name, value in req.params.items()})
    except InvalidRequestError as error:
        others = (fault for fault in error.faults if fault.pointer.removeprefix("/") not in repeated)
        raise InvalidRequestError([*faults, *others], more_faults=error.more_faults) from error
    if faults:
        raise InvalidRequestError(faults)
    return value


def read_merge_patch(req: func.HttpRequest) -> Any:
    """Return the JSON Merge Patch (RFC 7396) in a request's body.

    Raises:
        HttpError: it has no length, another media type, is compressed, or is too large.
        InvalidRequestError: it is not JSON.
    """
    body = read_body(req, LARGEST_REQUEST)
    if not _MERGE_PATCH_OR_JSON.fullmatch(req.headers.get("content-type", "").strip()):
        raise NOT_MERGE_PATCH
    return decode_json(body)


LENGTH_REQUIRED = HttpError(
    Problem(
        411,
        "lengthRequired",
        "Length required",
        "Send the body with Content-Length: a chunked body does not reach this app.",
    )
)
NOT_JSON = unsupported_media_type("Not JSON", "Send the request as application/json.")
# https://www.rfc-editor.org/rfc/rfc5789#section-2.2
NOT_MERGE_PATCH = unsupported_media_type(
    "Not a merge patch",
    f"Send a JSON Merge Patch (RFC 7396) as {MERGE_PATCH} or application/json.",
    accept_patch=f"{MERGE_PATCH}, application/json",
)
COMPRESSED = unsupported_media_type("Compressed", "Send the request without Content-Encoding.")


def path_value(req: func.HttpRequest, name: str) -> str:
    """Return a value in the path, decoded.

    The host decodes all of it but `%2F`, and leaves the same of `%252F`: a slash is what an address or an id can have.
    """
    return req.route_params.get(name, "").replace("%2F", "/").replace("%2f", "/")


def meeting_id_of(req: func.HttpRequest) -> str:
    """Return the meeting's id in the path.

    Raises:
        MeetingNotFoundError: it is not the id of any meeting.
    """
    meeting_id = req.route_params.get("id", "")
    if not is_record_id(meeting_id):
        raise MeetingNotFoundError("an id of another form belongs to no meeting")
    return meeting_id


def schedule_id_of(req: func.HttpRequest) -> str:
    """Return the schedule's id in the path.

    Raises:
        ScheduleNotFoundError: it is not the id of any schedule.
    """
    schedule_id = req.route_params.get("id", "")
    if not is_record_id(schedule_id):
        raise ScheduleNotFoundError("an id of another form belongs to no schedule")
    return schedule_id


def origin_of(req: func.HttpRequest, caller: Caller, key: str | None = None) -> Origin:
    """Return where a request comes from: its caller, its idempotency key, its trace context and its If-Match."""
    return Origin(caller, key, traceparent_of(req), expected_versions=expected_versions(req.headers.get("if-match")))


def expected_versions(if_match: str | None) -> frozenset[int] | None:
    """Return the versions that an If-Match header names, None for any.

    Other entity tags, such as weak ones, match no version:
    https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1
    """
    if if_match is None or if_match.strip() == "*":
        return None
    tags = (_ETAG.fullmatch(tag.strip()) for tag in if_match.split(","))
    return frozenset(int(tag[1]) for tag in tags if tag)


def traceparent_of(req: func.HttpRequest) -> str | None:
    """Return the caller's W3C trace context, if there is one."""
    return as_traceparent(req.headers.get("traceparent"))
