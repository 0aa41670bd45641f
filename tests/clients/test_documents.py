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


def lint(document: dict[str, Any], rules: Path, folder: Path) -> set[tuple[str, str]]:
    """Return what Spectral finds, warnings included: each rule that is broken, and where."""
    (folder / "document.json").write_text(json.dumps(document), encoding="utf-8")
    arguments = ("lint", "-r", str(rules), "-f", "json", "--quiet", "--fail-severity", "hint", "document.json")
    done = node.run(node.SPECTRAL, *arguments, folder=folder)
    assert done.returncode in {0, 1}, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return {(each["code"], ".".join(map(str, each["path"]))) for each in found}


def test_nothing_in_it_confuses_generators(tmp_path: Path) -> None:
    """No rule of ours, or of OpenAPI's usual ones, is broken."""
    assert lint(openapi_documents.openapi(), RULES, tmp_path) == set()


def test_spectrals_own_rules_take_the_connector(tmp_path: Path) -> None:
    """Those for OpenAPI 2.0."""
    rules = tmp_path / "rules.yaml"
    rules.write_text('extends: ["spectral:oas"]\n', encoding="utf-8")
    assert lint(openapi_documents.swagger(), rules, tmp_path) == set()


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


@pytest.fixture(scope="module")
def found_in_a_bad_document(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    document = copy.deepcopy(openapi_documents.openapi())
    for member, fault in _FAULTS.values():
        document["components"]["schemas"]["Meeting"]["properties"][member] |= fault
    document["components"]["securitySchemes"]["functionKey"] |= {"in": "query", "name": "code"}
    problem = document["paths"]["/meetings"]["post"]["responses"]["400"]["content"]["application/problem+json"]
    problem["schema"] = {"allOf": [problem["schema"], {"properties": {"code": {"enum": ["invalidRequest"]}}}]}
    del document["paths"]["/schedules"]["get"]["responses"]["200"]["content"]["application/json"]["examples"]
    del document["paths"]["/schedules/{id}"]["get"]["responses"]["200"]["headers"]["ETag"]["example"]
    return lint(document, RULES, tmp_path_factory.mktemp("bad"))


@pytest.mark.parametrize("rule", [*_FAULTS, *_ELSEWHERE])
def test_a_rule_that_is_broken_is_named(found_in_a_bad_document: set[tuple[str, str]], rule: str) -> None:
    """With the schema and the member."""
    place = _ELSEWHERE.get(rule) or f"{_MEMBERS}.{_FAULTS[rule][0]}"
    places = {where for code, where in found_in_a_bad_document if code == rule}
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


def compile_examples(document: dict[str, Any], folder: Path) -> list[str]:
    """Return what the TypeScript compiler says of the examples, each fault with the member that it is about."""
    (folder / "openapi.json").write_text(json.dumps(document), encoding="utf-8")
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    generated = node.run(node.OPENAPI_TYPESCRIPT, "openapi.json", "-o", "types.ts", folder=folder)
    assert generated.returncode == 0, generated.stderr
    program = typed_examples(document)
    (folder / "examples.ts").write_text(program, encoding="utf-8")
    said = node.run(node.TSC, *node.STRICT, "examples.ts", folder=folder).stdout
    faults = re.findall(r"^examples\.ts\((\d+),\d+\): (.*)$", said, re.MULTILINE)
    assert bool(faults) == bool(said), said
    lines = program.splitlines()
    return [f"{lines[int(number) - 1].strip()} {message}" for number, message in faults]


def test_every_example_has_its_generated_type(tmp_path: Path) -> None:
    """By openapi-typescript with its defaults, and the compiler at its strictest."""
    document = openapi_documents.openapi()
    assert typed_examples(document).count("export const") > 150
    assert compile_examples(document, tmp_path) == []


def test_an_example_of_another_type_is_named(tmp_path: Path) -> None:
    """With the member."""
    document = copy.deepcopy(openapi_documents.openapi())
    examples = document["paths"]["/meetings"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    examples["calendar"]["value"]["isAllDay"] = "yes"
    [first, *_] = compile_examples(document, tmp_path)
    assert first.startswith('"isAllDay": "yes"')
    assert "'string' is not assignable to type 'boolean" in first
