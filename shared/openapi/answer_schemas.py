"""What answers hold: meetings, problems, reports. The types are those of the models that are written out."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from shared.errors import Fault
from shared.meeting import DialIn, JoinInformation, Meeting, MeetingError, Outcome, Status
from shared.openapi import examples
from shared.openapi.json_schema import components_of, member_types, nullable, record
from shared.openapi.operation import Component
from shared.openapi.request_schemas import KINDS
from shared.schedules import Schedule, ScheduleRequest
from shared.use_cases.readiness.report import Check

_TEXTS: Mapping[str, str] = {
    "id": "Stands for the meeting in every later call.",
    "kind": "What kind of meeting it is.",
    "version": "Grows with each change; it is the ETag.",
    "organizer": "Who organizes it, as the request named them.",
    "reference": "The caller's own reference.",
    "createdAt": "When it was asked for.",
    "updatedAt": "When it last changed.",
    "attempts": "How often it has been tried.",
    "nextAttemptAt": "When it is tried again, where it waits for Graph.",
    "isOnlineMeeting": "Whether there is an online meeting.",
    "onlineMeetingProvider": "Who provides it.",
    "joinUrl": "The join link.",
    "joinMeetingId": "The number to join with; null where Graph's onlineMeeting was not read.",
    "passcode": "The passcode that belongs to the number.",
    "eventId": "The event in the organizer's calendar, by its immutable id.",
    "iCalUId": "The event's id in every calendar.",
    "webLink": "Opens the event in Outlook on the web.",
    "onlineMeetingId": "Graph's id of the onlineMeeting.",
    "chatThreadId": "The meeting's chat in Teams.",
    "meetingOptionsWebUrl": "Where the organizer changes the meeting's options.",
}


def _meeting() -> dict[str, Any]:
    types = member_types(Meeting) | member_types(Outcome)
    types |= {
        "id": {"type": "string", "format": "uuid"},
        "kind": {"type": "string", "enum": [str(kind.model_fields["kind"].default) for kind in KINDS]},
        "status": {
            "type": "string",
            "enum": [status.value for status in Status],
            "description": "Where it stands; the last three are ends.",
        },
        "dialIn": nullable(_DIAL_IN),
        "joinInformation": nullable(_JOIN_INFORMATION),
        "error": nullable(_MEETING_ERROR),
        "request": {"type": ["object", "null"], "description": "What was asked for, as it was given."},
    }
    members = {name: types[name] for name in examples.succeeded_meeting()}
    described = {
        name: {**schema, "description": _TEXTS[name]} if name in _TEXTS else schema for name, schema in members.items()
    }
    return record("What was asked for, how far it is, and what Graph has made of it.", described)


def _found_meeting() -> dict[str, Any]:
    meeting = _meeting()
    members = meeting["properties"]
    members |= {name: nullable(members[name]) for name in ("id", "kind", "createdAt", "updatedAt")}
    members["status"] |= {
        "enum": [*members["status"]["enum"], "external"],
        "description": "Where it stands; external was read from Graph, not made here, and has no id.",
    }
    return meeting | {"description": "A meeting that was found."}


def _meeting_error() -> dict[str, Any]:
    integer, text = {"type": "integer"}, {"type": "string"}
    graph = record("What Graph said, for a support case.", {"status": integer, "code": text, "requestId": text})
    types = member_types(MeetingError) | {"graph": nullable(graph)}
    always = MeetingError(code="", message="", remedy="").as_json()
    schema = record("Why a meeting failed, and who does what about it.", {name: types[name] for name in always})
    schema["properties"]["errors"] = {"type": "array", "items": FAULT}
    return schema


def _fault() -> dict[str, Any]:
    texts = {
        "pointer": "Where, as a JSON pointer (RFC 6901); empty for the document as a whole.",
        "code": "A stable name, such as `unknownField`.",
        "message": "For the person who mends it.",
    }
    members = TypeAdapter(Fault).json_schema()["properties"]
    return record(
        "One thing that is wrong, or in a warning merely odd, about a request.",
        {name: {"type": each["type"], "description": texts[name]} for name, each in members.items()},
    )


def _problem() -> dict[str, Any]:
    always = {
        "type": {"type": "string", "format": "uri", "description": "Names the kind of problem."},
        "title": {"type": "string", "description": "The kind of problem, in words."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What it is this time, and what helps."},
        "instance": {"type": "string", "description": "The path that was asked for."},
        "code": {"type": "string", "description": "A stable name to branch on."},
    }
    schema = record("Problem details (RFC 9457).", always)
    schema["properties"] |= {
        "errors": {"type": "array", "items": FAULT, "description": "Every fault of a request that is not valid."},
        "remedy": {"type": "string", "description": "Who does what about a refusal of Graph."},
    }
    return schema | {"additionalProperties": True}


def _validation() -> dict[str, Any]:
    warnings = {"type": "array", "items": FAULT, "description": "What is odd about the request, yet may be meant."}
    return record("The request would be accepted.", {"valid": {"type": "boolean", "const": True}, "warnings": warnings})


def _found() -> dict[str, Any]:
    token = {"type": ["string", "null"], "description": "Asks for the next ones; null after the last."}
    meetings = {"type": "array", "items": FOUND_MEETING, "description": "Newest first."}
    return record("Some of the meetings that were found.", {"meetings": meetings, "continuationToken": token})


def _readiness() -> dict[str, Any]:
    check = {name: _flat_type(each) for name, each in TypeAdapter(Check).json_schema()["properties"].items()}
    providers = {"type": "array", "items": {"type": "string"}, "description": "What the organizer's calendar allows."}
    members = {
        "organizer": {"type": "string", "description": "Who was asked about."},
        "ready": {"type": "boolean", "description": "Whether every check is in order."},
        "allowedOnlineMeetingProviders": providers,
        "defaultOnlineMeetingProvider": {"type": ["string", "null"], "description": "What the calendar prefers."},
        "checks": {
            "type": "array",
            "items": record("One thing that has to be in order.", check),
            "description": "Each with the remedy where it is not.",
        },
    }
    return record("Whether meetings can be made for an organizer.", members)


def _health() -> dict[str, Any]:
    version = {"type": "string", "description": "The app's version."}
    schema = record("The app is well.", {"status": {"type": "string", "const": "ok"}, "version": version})
    schema["properties"] |= {
        "storage": {"type": "boolean", "description": "Whether the storage answers, where it was asked."},
        "graph": {"type": "boolean", "description": "Whether Graph answers, where it was asked."},
    }
    return schema


def _batch_results() -> dict[str, Any]:
    result = record(
        "What became of one.",
        {
            "index": {"type": "integer", "minimum": 0, "description": "Its place in the batch, from 0."},
            "status": {"type": "integer", "description": "The status that a request of its own would have had."},
            "id": {"type": ["string", "null"], "format": "uuid", "description": "The meeting's id; null without one."},
        },
    )
    result["properties"] |= {
        "row": {"type": "integer", "minimum": 2, "description": "Its row in the CSV file; the header is row 1."},
        "location": {"type": "string", "format": "uri", "description": "Where to look at the meeting."},
        "replayed": {"type": "boolean", "description": "Whether it had been asked for before, with this key."},
        "problem": PROBLEM,
    }
    return record(
        "What became of each, in order.", {"results": {"type": "array", "items": result, "description": "Each."}}
    )


def _schedule() -> dict[str, Any]:
    types = member_types(Schedule) | components_of(ScheduleRequest)[ScheduleRequest.__name__]["properties"]
    moment, text = {"type": "string", "format": "date-time"}, {"type": ["string", "null"], "format": "uuid"}
    occurrence = record(
        "A meeting to come.",
        {
            "start": moment | {"description": "When it starts."},
            "end": moment | {"description": "When it ends."},
            "makeAt": moment | {"description": "When it is made."},
            "meetingId": text | {"description": "The meeting, once it is made."},
        },
    )
    types |= {
        "id": {"type": "string", "format": "uuid", "description": "Stands for the schedule in every later call."},
        "version": {"type": "integer", "description": _TEXTS["version"]},
        "createdAt": moment | {"description": _TEXTS["createdAt"]},
        "updatedAt": moment | {"description": _TEXTS["updatedAt"]},
        "paused": {"type": "boolean", "description": "Whether no meeting is made for now."},
        "request": {"type": "object", "description": "What each occurrence asks for."},
        "status": {
            "type": "string",
            "enum": ["active", "paused", "ended"],
            "description": "Whether meetings are still to be made.",
        },
        "nextOccurrences": {"type": "array", "items": occurrence, "description": "The next few, none when paused."},
    }
    return record("Meetings from a rule.", {name: types[name] for name in examples.schedule()})


def _schedules() -> dict[str, Any]:
    token = {"type": ["string", "null"], "description": "Asks for the next ones; null after the last."}
    schedules = {"type": "array", "items": SCHEDULE, "description": "Newest first."}
    return record("Some of the schedules.", {"schedules": schedules, "continuationToken": token})


def _flat_type(schema: Mapping[str, Any]) -> dict[str, Any]:
    types = [each["type"] for each in schema.get("anyOf", [schema])]
    return {"type": types if len(types) > 1 else types[0]}


_DIAL_IN = Component("DialIn", lambda: record("How to join by telephone.", member_types(DialIn)))
_JOIN_INFORMATION = Component(
    "JoinInformation", lambda: record("The text to invite people with.", member_types(JoinInformation))
)
_MEETING_ERROR = Component("MeetingError", _meeting_error)
FAULT = Component("Fault", _fault)
PROBLEM = Component("Problem", _problem)
MEETING = Component("Meeting", _meeting)
FOUND_MEETING = Component("FoundMeeting", _found_meeting)
FOUND_MEETINGS = Component("FoundMeetings", _found)
VALIDATION = Component("Validation", _validation)
READINESS = Component("Readiness", _readiness)
BATCH_RESULTS = Component("BatchResults", _batch_results)
SCHEDULE = Component("Schedule", _schedule)
SCHEDULES = Component("Schedules", _schedules)
HEALTH = Component("Health", _health)
