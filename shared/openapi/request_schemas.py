"""What requests hold."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from shared.ids import KEY_RULE
from shared.meeting.messages import LONGEST_COMMENT
from shared.meeting_request import CalendarRequest, ExistingRequest, StandaloneRequest
from shared.openapi.json_schema import REF, components_of, nullable, record
from shared.openapi.operation import Component
from shared.schedules import ScheduleRequest
from shared.schedules.subject import PLACEHOLDERS
from shared.use_cases.batch import MOST_ITEMS
from shared.use_cases.change import IMMUTABLE
from shared.validation.closed_model import ClosedModel

_OF_SCHEDULE = ("start", "end", "startDateTime", "endDateTime", "recurrence")
KEY_PATTERN = "^[!-~]{1,255}$"
KINDS = (CalendarRequest, StandaloneRequest, ExistingRequest)


def _meeting_request() -> dict[str, Any]:
    return {
        "description": "What is asked for, under the names of Microsoft Graph. Without `kind` it is a calendar meeting."
        " A member that is null counts as absent, one that is unknown is refused.",
        "oneOf": KINDS,
    }


def _meeting_patch() -> dict[str, Any]:
    models: dict[str, dict[str, Any]] = {}
    for kind in KINDS:
        models |= components_of(kind)
    members: dict[str, Any] = {}
    for kind in KINDS:
        for name, schema in models[kind.__name__]["properties"].items():
            if name not in IMMUTABLE:
                members.setdefault(name, _patched(schema, models))
    return {
        "description": "A JSON Merge Patch (RFC 7396) on the meeting's request: members that are named change, null"
        f" takes one away, lists are replaced as a whole. {', '.join(IMMUTABLE)} cannot change.",
        "type": "object",
        "properties": members,
        "additionalProperties": False,
    }


def _patched(schema: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the schema of a patch for a member: an object may lack members, and null takes any of them away."""
    refs = [each["$ref"] for each in (schema, *schema.get("anyOf", ())) if "$ref" in each]
    if not refs:
        return nullable({name: value for name, value in schema.items() if name != "default"})
    model = models[refs[0].removeprefix(REF)]
    return {
        "type": ["object", "null"],
        "description": model["description"],
        "properties": {name: _patched(member, models) for name, member in model["properties"].items()},
        "additionalProperties": False,
    }


def _cancellation() -> dict[str, Any]:
    comment = {"type": ["string", "null"], "maxLength": LONGEST_COMMENT, "description": "A word to the attendees."}
    return {
        "description": "What there is to say about a cancellation.",
        "type": ["object", "null"],
        "properties": {"comment": comment},
        "additionalProperties": False,
    }


def _batch() -> dict[str, Any]:
    key = {"type": ["string", "null"], "pattern": KEY_PATTERN, "description": f"Of this meeting alone. {KEY_RULE}"}
    item = {
        "type": "object",
        "properties": {"idempotencyKey": key, "request": MEETING_REQUEST},
        "required": ["request"],
        "additionalProperties": False,
    }
    meetings = {"type": "array", "items": item, "minItems": 1, "maxItems": MOST_ITEMS, "description": "Each by itself."}
    return record("Many meetings that are wanted.", {"meetings": meetings})


def _schedule_request() -> dict[str, Any]:
    schema = components_of(ScheduleRequest)[ScheduleRequest.__name__]
    schema["properties"]["request"] = _MEETING_OF_SCHEDULE
    return schema


def _meeting_of_schedule() -> dict[str, Any]:
    return {
        "description": "The request that each occurrence becomes, without its times; the subject may hold"
        f" {', '.join(f'{{{name}}}' for name in PLACEHOLDERS)}.",
        "oneOf": [Component(f"{kind.__name__}OfSchedule", partial(_timeless, kind)) for kind in KINDS[:2]],
    }


def _timeless(kind: type[ClosedModel]) -> dict[str, Any]:
    schema = components_of(kind)[kind.__name__]
    schema["properties"] = {name: each for name, each in schema["properties"].items() if name not in _OF_SCHEDULE}
    schema["required"] = [name for name in schema["required"] if name not in _OF_SCHEDULE]
    return schema


MEETING_REQUEST = Component("MeetingRequest", _meeting_request)
MEETING_PATCH = Component("MeetingPatch", _meeting_patch)
SCHEDULE_REQUEST = Component("ScheduleRequest", _schedule_request)
_MEETING_OF_SCHEDULE = Component("MeetingOfSchedule", _meeting_of_schedule)
BATCH = Component("Batch", _batch)
CANCELLATION = Component("Cancellation", _cancellation)
