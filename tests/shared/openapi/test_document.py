"""OpenAPI 3.1."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from shared.ids import is_record_id
from shared.meeting_request import parse_request
from shared.openapi.document import TAGS, camel_case
from shared.openapi.examples import CALENDAR_REQUEST, MEETING_ID, MEETING_REQUESTS, STANDALONE_REQUEST

SAMPLES = Path(__file__).parent.parent.parent / "samples"
HEADERS = {
    *("Idempotency-Key", "Prefer", "If-Match", "traceparent"),
    *("Location", "Retry-After", "ETag", "Idempotency-Replayed", "Preference-Applied", "Accept-Patch"),
}


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in document["paths"].values():
        yield from methods.values()


def contents(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield everything that has a schema, and perhaps examples."""
    for operation in operations(document):
        for where in [operation.get("requestBody", {}), *operation["responses"].values()]:
            for content in where.get("content", {}).values():
                yield operation["operationId"], content


def faults(document: dict[str, Any], schema: Any, value: Any) -> list[str]:
    validator = Draft202012Validator({**schema, "components": document["components"]}, format_checker=FormatChecker())
    return [error.message for error in validator.iter_errors(value)]


def test_it_is_openapi(openapi: dict[str, Any]) -> None:
    """The specification's own schemas take it."""
    validate(openapi, cls=OpenAPIV31SpecValidator)
    for schema in openapi["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_operation_has_a_tag_that_is_described(openapi: dict[str, Any]) -> None:
    """The tags stand in the order of a reader, meetings first, each with a sentence."""
    assert {tag for operation in operations(openapi) for tag in operation["tags"]} == {*TAGS}
    assert [each["name"] for each in openapi["tags"]] == [*TAGS]
    assert openapi["tags"][0]["name"] == "Meetings"
    assert all(each["description"].endswith(".") for each in openapi["tags"])


def test_every_header_is_in_it(openapi: dict[str, Any]) -> None:
    """Those that a request may have, and those that an answer may have."""
    found = {each["name"] for operation in operations(openapi) for each in operation["parameters"]}
    for operation in operations(openapi):
        for response in operation["responses"].values():
            found |= set(response.get("headers", {}))
    assert found >= HEADERS


def test_every_example_is_what_its_schema_says(openapi: dict[str, Any]) -> None:
    """Requests, meetings and problems alike."""
    seen = 0
    for name, content in contents(openapi):
        for example in content.get("examples", {}).values():
            seen += 1
            assert not faults(openapi, content["schema"], example["value"]), (name, example)
    assert seen > 50


@pytest.mark.parametrize("name", MEETING_REQUESTS)
def test_every_example_of_a_request_is_accepted(name: str) -> None:
    """What the page fills in works."""
    parse_request(MEETING_REQUESTS[name].value)
    assert is_record_id(MEETING_ID)


@pytest.mark.parametrize(
    ("sample", "example"), [("calendar_create", CALENDAR_REQUEST), ("standalone_passcode", STANDALONE_REQUEST)]
)
def test_the_examples_are_those_of_the_sources(sample: str, example: dict[str, Any]) -> None:
    """Of Graph's documentation, with times to come, and the spelling that Graph itself answers with."""
    source = json.loads((SAMPLES / f"{sample}.json").read_text(encoding="utf-8"))
    times = {"start", "end", "startDateTime", "endDateTime"}
    if "body" in source:
        source["body"]["contentType"] = source["body"]["contentType"].lower()
    assert {name: value for name, value in example.items() if name not in times | {"organizer", "kind"}} == {
        name: value for name, value in source.items() if name not in times
    }
    assert times & set(source) == times & set(example)


REFUSED: list[dict[str, Any]] = [
    {"subject": None},
    {"subject": ""},
    {"subject": "two\nlines"},
    {"organizer": None},
    {"organizerPool": {"candidates": ["AlexW@contoso.com", "MeganB@contoso.com"]}},
    {"organizer": None, "organizerPool": {"candidates": ["AlexW@contoso.com"]}},
    {"start": {"dateTime": "2027-13-20T13:00:00", "timeZone": "UTC"}},
    {"start": {"dateTime": "2027-01-20T13:00:00Z", "timeZone": "Europe/Berlin"}},
    {"isOnlineMeeting": False},
    {"isAllDay": "true"},
    {"reminderMinutesBeforeStart": -1},
    {"color": "red"},
    {"kind": "webinar"},
    {"language": "j"},
    {"importance": "urgent"},
]


@pytest.mark.parametrize("change", REFUSED)
def test_the_schema_refuses_what_the_app_refuses(openapi: dict[str, Any], change: dict[str, Any]) -> None:
    """As far as JSON Schema can say it."""
    schema = {"$ref": "#/components/schemas/MeetingRequest"}
    assert not faults(openapi, schema, CALENDAR_REQUEST)
    assert faults(openapi, schema, CALENDAR_REQUEST | change)
    with pytest.raises(Exception, match=r"must|required|not|has|can only"):
        parse_request(CALENDAR_REQUEST | change)


def test_a_member_that_is_null_counts_as_absent(openapi: dict[str, Any]) -> None:
    """In the schema as in the app."""
    request = CALENDAR_REQUEST | {"body": None, "kind": None, "importance": None, "isOnlineMeeting": None}
    assert not faults(openapi, {"$ref": "#/components/schemas/MeetingRequest"}, request)
    parse_request(request)


def test_every_problem_names_its_codes(openapi: dict[str, Any]) -> None:
    """Every 4xx and 5xx is a Problem, and nothing laid over it; the description has the possible codes."""
    for operation in operations(openapi):
        for status, response in operation["responses"].items():
            if status[0] in "45":
                [content] = response["content"].values()
                assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
                codes = [example["value"]["code"] for example in content["examples"].values()]
                assert re.findall(r"`(\w+)`", response["description"]) == codes
        assert "500" in operation["responses"]


def test_who_has_an_id_is_told_what_to_do_with_it(openapi: dict[str, Any]) -> None:
    """The answers of POST /meetings link to every operation on a meeting."""
    links = openapi["paths"]["/meetings"]["post"]["responses"]["202"]["links"]
    below = {path: methods for path, methods in openapi["paths"].items() if path.startswith("/meetings/{id}")}
    assert set(links) == {operation["operationId"] for methods in below.values() for operation in methods.values()}


def test_a_name_of_a_function_becomes_one_of_an_operation() -> None:
    """In camel case, as in most documents."""
    assert camel_case("create_meeting") == "createMeeting"
