"""OpenAPI 2.0 for custom connectors: the specification, and what Power Platform's validator is documented to ask for.

https://learn.microsoft.com/connectors/custom-connectors/connector-string-guidance,
https://learn.microsoft.com/connectors/custom-connectors/coding-standards and
https://learn.microsoft.com/connectors/custom-connectors/certification-swagger-validator-rules
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV2SpecValidator, validate

from shared.openapi.power_platform import label, swagger_document

VISIBILITIES = {"important", "advanced", "internal"}


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for methods in document["paths"].values():
        yield from methods.items()


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every JSON object in a document, but for examples."""
    if isinstance(value, dict):
        yield value
        for name, each in value.items():
            if name not in {"example", "examples", "default"}:
                yield from objects(each)
    elif isinstance(value, list):
        for each in value:
            yield from objects(each)


def leaves(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every member that a workflow's author is shown of an object, those of the objects in it included."""
    for member in schema.get("properties", {}).values():
        yield member
        yield from leaves(member)


def test_it_is_openapi_2(swagger: dict[str, Any]) -> None:
    """The specification's own schema takes it, and connectors take less than 1 MB."""
    validate(swagger, cls=OpenAPIV2SpecValidator)
    assert len(json.dumps(swagger)) < 1_000_000


def test_it_says_where_the_app_is(openapi: dict[str, Any], swagger: dict[str, Any]) -> None:
    """Host, base path and scheme are those of the server that was asked."""
    assert (swagger["host"], swagger["basePath"], swagger["schemes"]) == ("convene.example", "/api", ["https"])
    local = swagger_document(openapi | {"servers": [{"url": "http://127.0.0.1:7071/api"}]})
    assert (local["host"], local["schemes"]) == ("127.0.0.1:7071", ["http"])


def test_nothing_is_in_it_that_2_does_not_know(swagger: dict[str, Any]) -> None:
    """No alternatives, no null, no constants, no reference but into definitions."""
    for each in objects(swagger):
        if "type" in each and "properties" not in each.get("properties", {}):
            assert not {"oneOf", "anyOf", "allOf", "const", "if"} & set(each)
            assert each["type"] != "null"
        if isinstance(each.get("$ref"), str):
            assert each["$ref"].removeprefix("#/definitions/") in swagger["definitions"]
        assert None not in (each.get("enum") or [])


def test_titles_are_as_connectors_have_them(swagger: dict[str, Any]) -> None:
    """At most 30 characters, and no word that only Microsoft may use."""
    info = swagger["info"]
    assert len(info["title"]) <= 30
    assert not re.search(r"\b(api|connector|power apps|power automate|logic apps)\b", info["title"], re.IGNORECASE)
    assert not re.search(r"\b(api|power apps|power automate|logic apps)\b", info["description"], re.IGNORECASE)


def test_operations_are_named_and_described(swagger: dict[str, Any]) -> None:
    """A unique name in Pascal case, a summary in a few words, a description in another whole sentence."""
    names = [operation["operationId"] for _, operation in operations(swagger)]
    assert len(set(names)) == len(names)
    for method, operation in operations(swagger):
        assert re.fullmatch(r"([A-Z][a-z0-9]+)+", operation["operationId"])
        assert re.fullmatch(r"[A-Z][A-Za-z0-9.() ]{2,78}[A-Za-z0-9)]", operation["summary"]), operation["summary"]
        assert operation["description"].endswith(".")
        assert operation["description"] != operation["summary"]
        assert operation.get("x-ms-visibility", "important") in VISIBILITIES
        assert method != "get" or not any(each["in"] == "body" for each in operation["parameters"])


def test_parameters_are_labelled_and_described(swagger: dict[str, Any]) -> None:
    """Each with a summary and a description; what stands in the path is encoded once and required."""
    for _, operation in operations(swagger):
        for each in operation["parameters"]:
            assert each["x-ms-summary"]
            assert len(each["x-ms-summary"]) <= 80
            assert each["description"].endswith("."), each
            assert each.get("x-ms-visibility", "important") in VISIBILITIES
            assert not (each.get("x-ms-visibility") == "internal" and each["required"] and "default" not in each)
            if each["in"] == "path":
                assert (each["required"], each["x-ms-url-encoding"]) == (True, "single")


def test_an_operation_has_one_form_of_success(swagger: dict[str, Any]) -> None:
    """A workflow knows what it gets: the answers of success have one schema, and every problem has the other."""
    for _, operation in operations(swagger):
        success = [each for status, each in operation["responses"].items() if status[0] == "2"]
        schemas = {json.dumps(each["schema"]) for each in success if "schema" in each}
        assert len(schemas) == 1 or (not schemas and "204" in operation["responses"]), operation["operationId"]
        for status, response in operation["responses"].items():
            assert response["description"].endswith(".")
            if status[0] in "45":
                assert response["schema"] == {"$ref": "#/definitions/Problem"}


def test_members_are_labelled_and_described(swagger: dict[str, Any]) -> None:
    """Every member of every object has a type, a label of its own and a whole sentence; what is needed comes first."""
    for name, definition in swagger["definitions"].items():
        assert definition["type"] == "object", name
        for member, schema in definition.get("properties", {}).items():
            assert schema["type"], (name, member)
            assert schema["description"].endswith((".", ")")), (name, member)
        labels = [each["x-ms-summary"] for each in leaves(definition)]
        assert len(set(labels)) == len(labels), (name, labels)
        assert all(0 < len(each) <= 80 for each in labels), (name, labels)
    request = swagger["definitions"]["MeetingRequest"]
    assert "required" not in request  # not even the organizer, in whose place a pool may stand
    assert request["properties"]["organizer"]["x-ms-visibility"] == "important"
    assert request["properties"]["kind"]["enum"] == ["calendar", "standalone", "existing"]
    assert {"subject", "start", "startDateTime", "eventId", "joinMeetingIdSettings"} <= set(request["properties"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("joinUrl", "Join URL"),
        ("isDialInBypassEnabled", "Is dial in bypass enabled"),
        ("iCalUId", "iCal UID"),
        ("Idempotency Key", "Idempotency key"),
        ("id", "ID"),
    ],
)
def test_a_label_is_what_people_read(name: str, text: str) -> None:
    """Made from the member's own name."""
    assert label(name) == text
