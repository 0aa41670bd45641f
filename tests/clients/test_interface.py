"""The interface since the last release: nothing that a client relies on is gone."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.clients.interface import RELEASED, additions, breaking, current, released, without_texts

type Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize("name", RELEASED)
def test_no_client_is_broken(name: str) -> None:
    """After a release, `python -m tests.clients.interface --release` writes the documents to compare with."""
    assert breaking(released(name), current(name)) == []


@pytest.mark.parametrize("name", RELEASED)
def test_the_samples_are_of_the_whole_interface(name: str) -> None:
    """A document without its texts says the same to a client."""
    assert additions(without_texts(current(name)), current(name)) == []
    assert breaking(current(name), without_texts(current(name))) == []
    assert len(released(name)["paths"]) > 10


def _schemas(document: dict[str, Any]) -> dict[str, Any]:
    return document["components"]["schemas"]


def _rename(members: dict[str, Any], old: str, new: str) -> None:
    members[new] = members.pop(old)


BREAKING: dict[str, tuple[Change, str]] = {
    "an operation": (lambda d: d["paths"].pop("/schedules"), "gone: GET /schedules answers"),
    "an operation id": (
        lambda d: d["paths"]["/meetings"]["post"].update(operationId="makeMeeting"),
        "gone: POST /meetings answers to createMeeting",
    ),
    "a status": (lambda d: d["paths"]["/meetings"]["post"]["responses"].pop("201"), "POST /meetings answers 201"),
    "a header": (
        lambda d: d["paths"]["/meetings/{id}"]["get"]["responses"]["200"]["headers"].pop("ETag"),
        "gone: GET /meetings/{id} answers 200 header ETag",
    ),
    "a member of an answer": (
        lambda d: _rename(_schemas(d)["Meeting"]["properties"], "joinUrl", "url"),
        "gone: GET /meetings/{id} answers 200.joinUrl: string",
    ),
    "a member that was always there": (
        lambda d: _schemas(d)["Meeting"]["required"].remove("id"),
        "gone: POST /meetings answers 202.id",
    ),
    "a type": (
        lambda d: _schemas(d)["Meeting"]["properties"]["version"].update(type="string"),
        "gone: GET /meetings/{id} answers 200.version: integer",
    ),
    "a value of a request": (
        lambda d: _schemas(d)["Importance"]["enum"].remove("low"),
        'gone: POST /meetings accepts body.importance: "low"',
    ),
    "null in a request": (
        lambda d: _schemas(d)["MeetingRequest"]["properties"]["reference"].update(type="string"),
        "gone: POST /meetings accepts body.reference: null",
    ),
    "a requirement": (
        lambda d: _schemas(d)["MeetingRequest"].setdefault("required", []).append("reference"),
        "new: POST /meetings requires body.reference",
    ),
    "a requirement further down": (
        lambda d: _schemas(d)["EmailAddress"].update(required=["address", "name"]),
        "new: POST /meetings requires body.attendees[].emailAddress.name",
    ),
    "a media type": (
        lambda d: d["paths"]["/meetings/batch"]["post"]["requestBody"]["content"].pop("text/csv"),
        "gone: POST /meetings/batch accepts text/csv",
    ),
}


@pytest.mark.parametrize("what", BREAKING)
def test_what_breaks_a_client_is_named(what: str) -> None:
    """With the operation and the member."""
    change, said = BREAKING[what]
    before = current("openapi")
    after = copy.deepcopy(before)
    change(after)
    assert any(said in line for line in breaking(before, after)), breaking(before, after)[:5]


def test_an_addition_breaks_nobody() -> None:
    """A member of an answer, an optional one of a request, an operation with requirements of its own."""
    before = current("openapi")
    after = copy.deepcopy(before)
    _schemas(after)["Meeting"]["properties"]["mood"] = {"type": "string"}
    nested = {"type": "object", "properties": {"low": {"type": "integer"}}, "required": ["low"]}
    _schemas(after)["MeetingRequest"]["properties"]["budget"] = nested
    new = copy.deepcopy(after["paths"]["/meetings/{id}"]["get"])
    after["paths"]["/rooms/{id}"] = {"get": new | {"operationId": "getRoom"}}
    assert breaking(before, after) == []
    added = additions(before, after)
    assert "GET /meetings/{id} answers 200.mood: string" in added
    assert "POST /meetings accepts body.budget.low: integer" in added


def test_a_change_of_a_model_changes_both_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both come from one description in the code."""
    from shared.openapi import json_schema

    generate = json_schema.schema_of

    def without_join_url(model: Any) -> dict[str, Any]:
        schema = generate(model)
        schema["properties"].pop("joinUrl", None)
        return schema

    before = {name: current(name) for name in RELEASED}
    monkeypatch.setattr(json_schema, "schema_of", without_join_url)
    for name, document in before.items():
        lost = breaking(document, current(name))
        assert any("answers 200.joinUrl: string" in line for line in lost), (name, lost[:5])
