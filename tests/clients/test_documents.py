"""The documents as generators of clients read them: linted, and every example compiled against its generated type."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests import openapi_documents
from tests.clients import node

pytestmark = pytest.mark.slow
RULES = Path(__file__).with_name("spectral.yaml")


def lint(folder: Path, **documents: dict[str, Any]) -> dict[str, set[tuple[str, str]]]:
    """Return what Spectral finds in each document, warnings included: each rule that is broken, and where."""
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    files = [f"{name}.json" for name in documents]
    done = node.run(
        *(node.SPECTRAL, "lint", "-r", str(RULES), "-f", "json", "--quiet", "--fail-severity", "hint", *files),
        folder=folder,
    )
    assert done.returncode in {0, 1}, done.stderr
    found: dict[str, set[tuple[str, str]]] = {name: set() for name in documents}
    for each in json.loads(done.stdout):
        found[Path(each["source"]).stem].add((each["code"], ".".join(map(str, each["path"]))))
    return found


_MEMBERS = "components.schemas.Meeting.properties"
# What each rule is against, at a member of a meeting of its own.
_FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "no-null-in-enum": ("passcode", {"enum": ["a", None]}),
    "named-enum": ("version", {"enum": [1]}),
    "named-object": ("attempts", {"properties": {"major": {}}}),
    "no-any-of": ("joinUrl", {"anyOf": [{"type": "string"}]}),
    "no-all-of": ("reference", {"allOf": [{"type": "string"}]}),
    "one-of-is-nullable": ("organizer", {"oneOf": [{"type": "string"}] * 2}),
    "one-type": ("webLink", {"type": ["string", "integer"]}),
    "free-form-object": ("eventId", {"type": "object"}),
    "known-format": ("createdAt", {"format": "moment"}),
    "no-default": ("isOnlineMeeting", {"default": False}),
    "member-description": ("chatThreadId", {"description": ""}),
}
_ELSEWHERE = {
    "one-error-model": "paths./meetings.post.responses.400.content.application/problem+json.schema",
    "key-in-header": "components.securitySchemes.functionKey.in",
    "success-example": "paths./schedules.get.responses.200.content.application/json",
    "header-example": "paths./schedules/{id}.get.responses.200.headers.ETag",
}


def bad_document() -> dict[str, Any]:
    """Return the paths of the document that can have each fault, with every fault."""
    document = copy.deepcopy(openapi_documents.openapi())
    document["paths"] = {path: document["paths"][path] for path in ("/meetings", "/schedules", "/schedules/{id}")}
    for member, fault in _FAULTS.values():
        document["components"]["schemas"]["Meeting"]["properties"][member] |= fault
    document["components"]["securitySchemes"]["functionKey"] |= {"in": "query", "name": "code"}
    problem = document["paths"]["/meetings"]["post"]["responses"]["400"]["content"]["application/problem+json"]
    problem["schema"] = {"allOf": [problem["schema"], {"properties": {"code": {"enum": ["invalidRequest"]}}}]}
    del document["paths"]["/schedules"]["get"]["responses"]["200"]["content"]["application/json"]["examples"]
    del document["paths"]["/schedules/{id}"]["get"]["responses"]["200"]["headers"]["ETag"]["example"]
    return document


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[tuple[str, str]]]:
    """What breaks Spectral's rules or ours: in the document, in a bad one, and in the connector's."""
    documents = {
        "good": openapi_documents.openapi(),
        "bad": bad_document(),
        "swagger": openapi_documents.swagger(),
    }
    return lint(tmp_path_factory.mktemp("rules"), **documents)


def test_nothing_in_it_confuses_generators(found: dict[str, set[tuple[str, str]]]) -> None:
    """No rule of ours, or of OpenAPI's usual ones, is broken."""
    assert found["good"] == set()


def test_spectrals_own_rules_take_the_connector(found: dict[str, set[tuple[str, str]]]) -> None:
    """Those for OpenAPI 2.0; ours are about OpenAPI 3.1."""
    assert {(code, where) for code, where in found["swagger"] if code not in {*_FAULTS, *_ELSEWHERE}} == set()


@pytest.mark.parametrize("rule", [*_FAULTS, *_ELSEWHERE])
def test_a_rule_that_is_broken_is_named(found: dict[str, set[tuple[str, str]]], rule: str) -> None:
    """With the schema and the member."""
    place = _ELSEWHERE.get(rule) or f"{_MEMBERS}.{_FAULTS[rule][0]}"
    places = {where for code, where in found["bad"] if code == rule}
    assert any(where.startswith(place) for where in places), places


def test_every_rule_is_broken_once() -> None:
    """So that none is a rule that nothing can break."""
    rules = re.findall(r"^  ([a-z-]+):$", RULES.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(rules) == {*_FAULTS, *_ELSEWHERE}


def typed_examples(document: dict[str, Any]) -> str:
    """Return a TypeScript program in which every documented example has the type that is generated for it."""
    lines = ["import type { paths } from './types.js';"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            places = [("NonNullable<{}['requestBody']>", operation.get("requestBody", {}))]
            places += [(f"{{}}['responses'][{status}]", each) for status, each in operation["responses"].items()]
            for place, described in places:
                owner = place.format(f"paths[{json.dumps(path)}][{json.dumps(method)}]")
                for media_type, content in described.get("content", {}).items():
                    type_ = f"{owner}['content'][{json.dumps(media_type)}]"
                    values = [example["value"] for example in content.get("examples", {}).values()]
                    lines += [
                        f"export const e{len(lines)}_{n}: {type_} = {json.dumps(v, indent=1)};"
                        for n, v in enumerate(values)
                    ]
    return "\n".join(lines)


@pytest.fixture(scope="module")
def faults(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What the TypeScript compiler says of the examples, and of the same with one of another type.

    Each fault with the member that it is about.
    """
    folder = tmp_path_factory.mktemp("types")
    document = openapi_documents.openapi()
    (folder / "openapi.json").write_text(json.dumps(document), encoding="utf-8")
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    generated = node.run(node.OPENAPI_TYPESCRIPT, "openapi.json", "-o", "types.ts", folder=folder)
    assert generated.returncode == 0, generated.stderr
    bad = copy.deepcopy(document)
    examples = bad["paths"]["/meetings"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    examples["calendar"]["value"]["isAllDay"] = "yes"
    programs = {"good": typed_examples(document), "bad": typed_examples(bad)}
    for name, program in programs.items():
        (folder / f"{name}.ts").write_text(program, encoding="utf-8")
    said = node.run(node.TSC, *node.STRICT, *(f"{name}.ts" for name in programs), folder=folder).stdout
    found = re.findall(r"^(good|bad)\.ts\((\d+),\d+\): (.*)$", said, re.MULTILINE)
    assert len(found) == len(re.findall(r"^\S", said, re.MULTILINE)), said
    return {
        of: [f"{program.splitlines()[int(number) - 1].strip()} {fault}" for name, number, fault in found if name == of]
        for of, program in programs.items()
    }


def test_every_example_has_its_generated_type(faults: dict[str, list[str]]) -> None:
    """By openapi-typescript with its defaults, and the compiler at its strictest."""
    assert typed_examples(openapi_documents.openapi()).count("export const") > 150
    assert faults["good"] == []


def test_an_example_of_another_type_is_named(faults: dict[str, list[str]]) -> None:
    """With the member."""
    [first, *_] = faults["bad"]
    assert first.startswith('"isAllDay": "yes"')
    assert "'string' is not assignable to type 'boolean" in first
