"""What many operations have in common: parameters, headers, and the answers with a meeting."""

from typing import Any

from shared.ids import KEY_RULE
from shared.meeting import MeetingResponse
from shared.openapi.examples import MEETING_ID as SOME_ID
from shared.openapi.examples import TRACEPARENT, failed_meeting, queued_meeting, schedule, succeeded_meeting
from shared.openapi.operation import Answer, Example, Header, Parameter
from shared.openapi.request_schemas import KEY_PATTERN
from shared.use_cases.provision_inline import LONGEST_WAIT
from shared.validation.paging import DEFAULT_TOP, MAX_TOP

_TEXT: dict[str, Any] = {"type": "string"}
_UUID: dict[str, Any] = {"type": "string", "format": "uuid"}
_SECONDS: dict[str, Any] = {"type": "integer", "minimum": 1}

MEETING_ID = Parameter(
    "id",
    "path",
    "The meeting's id, as its first answer has it.",
    _UUID,
    SOME_ID,
    "important",
)
SCHEDULE_ID = MEETING_ID._replace(description="The schedule's id, as its first answer has it.")
IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "header",
    f"Makes a repetition safe: the same key, such as `visit-4711`, with the same request is the same meeting."
    f" {KEY_RULE}",
    {"type": "string", "pattern": KEY_PATTERN},
    visibility="advanced",
)
PREFER = Parameter(
    "Prefer",
    "header",
    f"`wait=N` waits up to N seconds, at most {int(LONGEST_WAIT.total_seconds())}, for what becomes of the request"
    " (RFC 7240). A preference of another form is ignored.",
    _TEXT,
    visibility="advanced",
)
IF_MATCH = Parameter(
    "If-Match",
    "header",
    'The ETag of what was seen, such as `"1"`: if it has changed since, nothing is done, and the answer is 412.',
    _TEXT,
    visibility="advanced",
)
TRACE = Parameter(
    "traceparent",
    "header",
    f"The caller's W3C trace context, handed on to Graph and to the result, such as `{TRACEPARENT}`. One of another"
    " form is ignored.",
    _TEXT,
    visibility="internal",
)

TOP = Parameter(
    "top",
    "query",
    "How many to return at most.",
    {"type": "integer", "minimum": 1, "maximum": MAX_TOP, "default": DEFAULT_TOP},
    visibility="advanced",
)
CONTINUATION = Parameter("continuationToken", "query", "As the answer before had it.", _TEXT, visibility="advanced")

ETAG = Header("ETag", "The version, for If-Match.", {"type": "string", "pattern": '^"[0-9]+"$'})
LOCATION = Header("Location", "Where to look again, an absolute URL.", {"type": "string", "format": "uri"})
RETRY_AFTER = Header("Retry-After", "In how many seconds to look again.", _SECONDS)
REPLAYED = Header(
    "Idempotency-Replayed",
    "The same request had come with this key before.",
    {"type": "string", "const": "true"},
    always=False,
)
PREFERENCE_APPLIED = Header("Preference-Applied", "For how long the request could wait.", _TEXT, always=False)

_QUEUED = {"queued": Example("On its way", queued_meeting)}
_ENDS = {
    "succeeded": Example("The meeting is there", succeeded_meeting),
    "failed": Example("It could not be made", failed_meeting),
}
ACCEPTED = Answer(
    202, "The meeting is on its way: look at Location again.", MeetingResponse, (ETAG, LOCATION, RETRY_AFTER), _QUEUED
)
FINISHED = Answer(200, "The meeting is finished; its status says how.", MeetingResponse, (ETAG,), _ENDS)
MADE = Answer(
    201,
    "The meeting was made while the request waited.",
    MeetingResponse,
    (ETAG, LOCATION, PREFERENCE_APPLIED),
    {"succeeded": _ENDS["succeeded"]},
)

SCHEDULE_EXAMPLES = {"weekly": Example("Every Monday in Berlin, made a week before", schedule)}
