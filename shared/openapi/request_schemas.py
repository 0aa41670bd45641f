"""Schemas of requests: one object for all forms of a request, with the rules of each form beside it.

Client generators merge the forms of a `oneOf` badly, or not at all. They make one class of one object, and ignore `if`,
`then` and `else`, which validators and mock servers apply.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from shared.meeting import MeetingResponse
from shared.meeting.messages import LONGEST_COMMENT
from shared.meeting_request import CalendarRequest, ExistingRequest, StandaloneRequest
from shared.openapi.json_schema import NULL, nullable, schema_of, without_null
from shared.openapi.operation import Component
from shared.schedules import ScheduleRequest
from shared.schedules.subject_placeholders import PLACEHOLDERS
from shared.use_cases.availability import AvailabilityRequest
from shared.use_cases.batch import MOST_ITEMS
from shared.use_cases.refused_changes import IMMUTABLE
from shared.validation.closed_model import ClosedModel
from shared.validation.idempotency_keys import KEY_PATTERN, KEY_RULE
from shared.validation.text import A_TEXT

_OF_SCHEDULE = frozenset({"start", "end", "startDateTime", "endDateTime", "recurrence"})
# The first is the form of a request without a kind.
_FORMS: tuple[type[ClosedModel], ...] = (CalendarRequest, StandaloneRequest, ExistingRequest)


def _meeting_request() -> dict[str, Any]:
    text = (
        "What is requested, under the names of Microsoft Graph. Which members are required, and which others a request"
        " may have, depends on its `kind`. A member that is null counts as absent; an unknown one is refused."
    )
    return _one_object(text, {_kind_of(form): schema_of(form) for form in _FORMS}, _MEETING_KIND)


def _meeting_of_schedule() -> dict[str, Any]:
    text = (
        "The request that each occurrence becomes, without its times; the subject may contain"
        f" {', '.join(f'{{{name}}}' for name in PLACEHOLDERS)}."
    )
    return _one_object(text, {_kind_of(form): _timeless(schema_of(form)) for form in _FORMS[:2]}, _SCHEDULED_KIND)


def _one_object(description: str, forms: Mapping[str, Mapping[str, Any]], kind: Component) -> dict[str, Any]:
    """Return an object with the members of every form, and the rules of each form by its kind."""
    members: dict[str, Any] = {}
    for form in forms.values():
        for name, schema in form["properties"].items():
            known = members.setdefault(name, schema)
            if known != schema and without_null(schema) == without_null(known):
                members[name] = nullable(known)
    members["kind"] = nullable(kind) | {"description": "The kind of the meeting; `calendar` by default."}
    required = [name for name in members if all(name in form.get("required", ()) for form in forms.values())]
    return _closed_object(description, members, required) | _rules(list(forms.items()), required)


def _rules(forms: Sequence[tuple[str, Mapping[str, Any]]], required: Sequence[str]) -> dict[str, Any]:
    """Return the rules by kind: `if` a request has a kind, `then` its rules, `else` those of the other kinds."""
    (_, default), *others = forms
    rules = _form_rules(default, required)
    for kind, form in reversed(others):
        of_this_kind = {"properties": {"kind": {"const": kind}}, "required": ["kind"]}
        rules = {"if": of_this_kind, "then": _form_rules(form, required), "else": rules}
    return rules


def _form_rules(form: Mapping[str, Any], required: Sequence[str]) -> dict[str, Any]:
    own = [name for name in form.get("required", ()) if name not in required]
    rules: dict[str, Any] = {"propertyNames": {"enum": list(form["properties"])}}
    if "organizerPool" in form["properties"]:
        of_a_pool = {"if": _given(["organizerPool"]), "then": {"properties": {"organizer": NULL}}}
        rules |= of_a_pool | {"else": _given(["organizer"])}
    return rules | (_given(own) if own else {})


def _given(names: Sequence[str]) -> dict[str, Any]:
    return {"required": list(names), "properties": {name: {"not": NULL} for name in names}}


def _timeless(form: dict[str, Any]) -> dict[str, Any]:
    members = {name: each for name, each in form["properties"].items() if name not in _OF_SCHEDULE}
    return form | {"properties": members, "required": [name for name in form.get("required", ()) if name in members]}


def _meeting_patch() -> dict[str, Any]:
    text = (
        "A JSON Merge Patch (RFC 7396) for the meeting's request: what it names changes, null removes a member, a list"
        f" replaces the whole list. {', '.join(IMMUTABLE)} cannot change."
    )
    members: dict[str, Any] = {}
    for form in _FORMS:
        for name, schema in schema_of(form)["properties"].items():
            if name not in IMMUTABLE:
                members.setdefault(name, _patched(schema))
    return _closed_object(text, members)


def _patched(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a patch for a member: an object may lack members, and null removes one."""
    whole = without_null(schema)
    referred: Component | None = whole.get("$ref")
    if referred is None or "properties" not in referred.make():
        return nullable(whole)
    patch = Component(f"{referred.name}Patch", partial(_patch_of, referred))
    return nullable(patch) | {name: text for name, text in whole.items() if name == "description"}


def _patch_of(component: Component) -> dict[str, Any]:
    schema = component.make()
    return _closed_object(schema["description"], {name: _patched(each) for name, each in schema["properties"].items()})


def _closed_object(description: str, members: Mapping[str, Any], required: Sequence[str] = ()) -> dict[str, Any]:
    """Return the schema of an object that has these members, and no other."""
    return {
        "description": description,
        "type": "object",
        "properties": dict(members),
        **({"required": list(required)} if required else {}),
        "additionalProperties": False,
    }


def _cancellation() -> dict[str, Any]:
    text = "A comment for the attendees."
    comment = {"type": ["string", "null"], "maxLength": LONGEST_COMMENT, "pattern": A_TEXT, "description": text}
    return _closed_object("What a cancellation says.", {"comment": comment})


def _batch() -> dict[str, Any]:
    meetings = {
        "type": "array",
        "items": Component("BatchItem", _batch_item),
        "minItems": 1,
        "maxItems": MOST_ITEMS,
        "description": "The requests, each handled by itself.",
    }
    return _closed_object("Requests for several meetings.", {"meetings": meetings}, ["meetings"])


def _batch_item() -> dict[str, Any]:
    key = {"type": ["string", "null"], "pattern": KEY_PATTERN, "description": f"The key of this meeting. {KEY_RULE}"}
    request = {"$ref": MEETING_REQUEST, "description": "The request for the meeting."}
    return _closed_object("One request of a batch.", {"idempotencyKey": key, "request": request}, ["request"])


def _schedule_request() -> dict[str, Any]:
    schema = schema_of(ScheduleRequest)
    schema["properties"]["request"] = {
        "$ref": _MEETING_OF_SCHEDULE,
        "description": "The request that each occurrence becomes, without its times.",
    }
    return schema


def _schedule_patch() -> dict[str, Any]:
    text = (
        "A JSON Merge Patch (RFC 7396) for a schedule: what it names changes, null removes a member, a list replaces"
        " the whole list."
    )
    return _closed_object(text, {name: _patched(each) for name, each in _schedule_request()["properties"].items()})


def _of_meeting(member: str) -> Mapping[str, Any]:
    referred: Component = schema_of(MeetingResponse)["properties"][member]["$ref"]
    return referred.make()


def _kind_of(form: type[ClosedModel]) -> str:
    return str(form.model_fields["kind"].default)


def _scheduled_kind() -> dict[str, Any]:
    text = "The kind of the meetings that a schedule makes."
    return {"description": text, "type": "string", "enum": [_kind_of(form) for form in _FORMS[:2]]}


_MEETING_KIND = Component("MeetingKind", partial(_of_meeting, "kind"))
MEETING_STATUS = Component("MeetingStatus", partial(_of_meeting, "status"))
_SCHEDULED_KIND = Component("ScheduledMeetingKind", _scheduled_kind)
MEETING_REQUEST = Component("MeetingRequest", _meeting_request)
MEETING_PATCH = Component("MeetingPatch", _meeting_patch)
SCHEDULE_REQUEST = Component("ScheduleRequest", _schedule_request)
SCHEDULE_PATCH = Component("SchedulePatch", _schedule_patch)
_MEETING_OF_SCHEDULE = Component("ScheduledMeetingRequest", _meeting_of_schedule)
BATCH = Component("MeetingBatch", _batch)
CANCELLATION = Component("Cancellation", _cancellation)
AVAILABILITY = Component("AvailabilityRequest", partial(schema_of, AvailabilityRequest))
# The schemas of requests as answers show them.
REQUESTS = {each.name: each for each in (MEETING_REQUEST, _MEETING_OF_SCHEDULE)}
