"""What two OpenAPI documents promise, compared: what a client of the one could not do with the other.

`python -m tests.clients.interface` shows every change since the last release, `--release` writes the documents of a new
one to tests/samples/; before the first one, the samples are what is agreed so far. A new value in an answer is shown as
an addition: a client has to expect values that it does not know.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import openapi_documents

SAMPLES = Path(__file__).parents[1] / "samples"
RELEASED = {"openapi": SAMPLES / "released.openapi.json", "swagger": SAMPLES / "released.swagger.json"}
# What a comparison does not look at, and what would only make the samples longer.
_TEXTS = frozenset(
    {"description", "summary", "example", "examples", "externalDocs", "tags", "links", "info", "pattern"}
)
_BY_NAME = frozenset({"properties", "schemas", "definitions", "paths", "headers"})


@dataclass(frozen=True, slots=True, order=True)
class Fact:
    """One thing that a document says of an operation.

    Attributes:
        operation: its method and path.
        kind: `accepts` and `answers` what a client may rely on, `requires` what it has to send.
        what: a member by its path, with its type or value.
    """

    operation: str
    kind: str
    what: str

    def __str__(self) -> str:
        return f"{self.operation} {self.kind} {self.what}"


def facts(document: dict[str, Any]) -> frozenset[Fact]:
    """Return every fact of an OpenAPI 3.1 or 2.0 document."""
    return frozenset(_facts(document))


def breaking(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return what a client of `before` could do and cannot with `after`, and what it has to send and does not know."""
    old, new = facts(before), facts(after)
    gone = [f"gone: {fact}" for fact in sorted(old - new) if fact.kind != "requires"]
    accepted = {(fact.operation, fact.what.rpartition(": ")[0]) for fact in old if fact.kind == "accepts"}
    operations = {fact.operation for fact in old}
    for fact in sorted(new - old):
        place = fact.what.rpartition(".")[0]
        known = fact.operation in operations and (place in {"body", ""} or (fact.operation, place) in accepted)
        if fact.kind == "requires" and known:
            gone.append(f"new: {fact}")
    return gone


def additions(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return what a client of `after` can do, and could not with `before`."""
    return [str(fact) for fact in sorted(facts(after) - facts(before)) if fact.kind != "requires"]


def without_texts(value: Any, *, named: bool = False) -> Any:
    """Return a document without its texts and examples; members of an object may have any name."""
    if isinstance(value, dict):
        kept = value if named else {name: each for name, each in value.items() if name not in _TEXTS}
        return {name: without_texts(each, named=not named and name in _BY_NAME) for name, each in kept.items()}
    return [without_texts(each) for each in value] if isinstance(value, list) else value


def _facts(document: dict[str, Any]) -> Iterator[Fact]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            name = f"{method.upper()} {path}"
            yield Fact(name, "answers", f"to {operation['operationId']}")
            for parameter in operation["parameters"]:
                if parameter["in"] == "body":
                    yield from _of_schema(document, name, "body", parameter["schema"], request=True)
                    continue
                place = f"{parameter['in']} {parameter['name']}"
                if parameter["required"]:
                    yield Fact(name, "requires", place)
                schema = parameter.get("schema") or {**parameter, "required": ()}
                yield from _of_schema(document, name, place, schema, request=True)
            for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
                yield Fact(name, "accepts", media_type)
                yield from _of_schema(document, name, "body", content["schema"], request=True)
            for status, response in operation["responses"].items():
                yield from _of_response(document, name, status, response)


def _of_response(document: dict[str, Any], name: str, status: str, response: dict[str, Any]) -> Iterator[Fact]:
    yield Fact(name, "answers", status)
    for header in response.get("headers", {}):
        yield Fact(name, "answers", f"{status} header {header}")
    contents = [content["schema"] for content in response.get("content", {}).values()]
    for schema in contents or [response["schema"]] if "schema" in response or contents else []:
        yield from _of_schema(document, name, status, schema, request=False)


def _of_schema(
    document: dict[str, Any], operation: str, place: str, schema: dict[str, Any], *, request: bool
) -> Iterator[Fact]:
    """Yield the types, values and members of a schema, and of those in it."""
    kind = "accepts" if request else "answers"
    for whole in _alternatives(document, schema):
        types = whole.get("type", [])
        for type_ in types if isinstance(types, list) else [types]:
            # An answer that is never null any more breaks nobody, nor does a request that may be null.
            if type_ != "null" or request:
                yield Fact(operation, kind, f"{place}: {type_}")
        for value in whole.get("enum", [whole["const"]] if "const" in whole else []):
            yield Fact(operation, kind, f"{place}: {json.dumps(value)}")
        required: Iterable[str] = whole.get("required", ())
        for member in required:
            yield Fact(operation, "requires" if request else "answers", f"{place}.{member}")
        for member, each in whole.get("properties", {}).items():
            yield from _of_schema(document, operation, f"{place}.{member}", each, request=request)
        if "items" in whole:
            yield from _of_schema(document, operation, f"{place}[]", whole["items"], request=request)


def _alternatives(document: dict[str, Any], schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        yield from _alternatives(document, found)
    elif "oneOf" in schema:
        for each in schema["oneOf"]:
            yield from _alternatives(document, each)
    else:
        yield schema


def released(name: str) -> dict[str, Any]:
    """Return one of the documents of the last release, `openapi` or `swagger`, without its texts."""
    return json.loads(RELEASED[name].read_text(encoding="utf-8"))


def current(name: str) -> dict[str, Any]:
    """Return one of the documents as the app has it now."""
    return openapi_documents.openapi() if name == "openapi" else openapi_documents.swagger()


if __name__ == "__main__":
    for document_name, file in RELEASED.items():
        if "--release" in sys.argv[1:]:
            file.write_text(json.dumps(without_texts(current(document_name))) + "\n", encoding="utf-8")
            continue
        for line in breaking(released(document_name), current(document_name)):
            sys.stdout.write(f"{document_name}: {line}\n")
        for line in additions(released(document_name), current(document_name)):
            sys.stdout.write(f"{document_name}: added: {line}\n")
