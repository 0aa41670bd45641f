"""Parameters, headers and responses that several operations share."""

from typing import Any

from shared.meeting import MeetingResponse
from shared.openapi.examples import MEETING_ID as EXAMPLE_ID
from shared.openapi.examples import (
    SCHEDULE_REQUEST,
    TRACEPARENT,
    failed_meeting,
    moved_meeting,
    queued_meeting,
    schedule,
    succeeded_meeting,
)
from shared.openapi.operation import Example, Header, Parameter, Response
from shared.use_cases.inline_provisioner import LONGEST_WAIT
from shared.validation.idempotency_keys import KEY_PATTERN, KEY_RULE
from shared.validation.paging import DEFAULT_TOP, MAX_TOP

_TEXT: dict[str, Any] = {"type": "string"}
_UUID: dict[str, Any] = {"type": "string", "format": "uuid"}
_SECONDS: dict[str, Any] = {"type": "integer", "minimum": 1}

MEETING_ID = Parameter("id", "path", "The meeting's id.", _UUID, EXAMPLE_ID, "important")
SCHEDULE_ID = Parameter("id", "path", "The schedule's id.", _UUID, EXAMPLE_ID, "important")
IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "header",
    "Makes a repetition safe: the same key, such as `visit-4711`, with the same request leads to the same result."
    f" {KEY_RULE}",
    {"type": "string", "pattern": KEY_PATTERN},
    visibility="advanced",
)
PREFER = Parameter(
    "Prefer",
    "header",
    f"`wait=N` waits up to N seconds, at most {int(LONGEST_WAIT.total_seconds())}, for the outcome (RFC 7240). The app"
    " ignores other preferences.",
    _TEXT,
    visibility="advanced",
)
IF_MATCH = Parameter(
    "If-Match",
    "header",
    'The ETag of the version that you have read, such as `"1"`. When the present version is another one, nothing'
    " changes, and the answer is 412.",
    _TEXT,
    visibility="advanced",
)
TRACE = Parameter(
    "traceparent",
    "header",
    f"The caller's W3C trace context, such as `{TRACEPARENT}`, which the app sends to Graph and keeps for the result."
    " The app ignores another form.",
    _TEXT,
    visibility="internal",
)

TOP = Parameter(
    "top",
    "query",
    f"The most items to return; {DEFAULT_TOP} by default.",
    {"type": "integer", "minimum": 1, "maximum": MAX_TOP, "default": DEFAULT_TOP},
    visibility="advanced",
)
CONTINUATION = Parameter(
    "continuationToken",
    "query",
    "The continuation token of the previous answer, with the filters of that request.",
    _TEXT,
    visibility="advanced",
)

_EXAMPLE_URL = f"https://convene.example/api/meetings/{EXAMPLE_ID}"
ETAG = Header("ETag", "The version, for If-Match.", {"type": "string", "pattern": '^"[0-9]+"$'}, '"1"')
LOCATION = Header("Location", "The URL of the resource, absolute.", {"type": "string", "format": "uri"}, _EXAMPLE_URL)
RETRY_AFTER = Header("Retry-After", "The seconds to wait before the next poll.", _SECONDS, 2)
_TRUE: dict[str, Any] = {"type": "string", "const": "true"}
_REPLAY = "The same request came with this key before."
ALWAYS_REPLAYED = Header("Idempotency-Replayed", _REPLAY, _TRUE, "true")
REPLAYED = Header("Idempotency-Replayed", _REPLAY, _TRUE, "true", always=False)
PREFERENCE_APPLIED = Header("Preference-Applied", "How long the app waits at most.", _TEXT, "wait=30", always=False)

_SUCCEEDED = Example("A meeting that was created", succeeded_meeting)
ACCEPTED = Response(
    202,
    "The meeting is in progress: poll Location.",
    MeetingResponse,
    (ETAG, LOCATION, RETRY_AFTER),
    {"queued": Example("A meeting in progress", queued_meeting)},
)
FINISHED = Response(
    200,
    "The meeting is finished; its status says how.",
    MeetingResponse,
    (ETAG,),
    {"succeeded": _SUCCEEDED, "failed": Example("A meeting that could not be created", failed_meeting)},
)
OBSERVED = Response(
    200,
    "The meeting with a fresh observation.",
    MeetingResponse,
    (ETAG,),
    {"moved": Example("A meeting that was moved in Outlook", moved_meeting)},
)
CREATED = Response(
    201,
    "The app created the meeting while the request waited.",
    MeetingResponse,
    (ETAG, LOCATION, PREFERENCE_APPLIED),
    {"succeeded": _SUCCEEDED},
)

_WEEKLY = "Every Monday in Berlin, created a week before"
SCHEDULE_EXAMPLES = {"weekly": Example(_WEEKLY, schedule)}
SCHEDULE_REQUEST_EXAMPLES = {"weekly": Example(_WEEKLY, SCHEDULE_REQUEST)}
