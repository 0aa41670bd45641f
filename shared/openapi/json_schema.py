"""JSON Schema (2020-12) from pydantic models, as OpenAPI 3.1 takes it."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from shared.openapi.operation import Component
from shared.validation.closed_model import ClosedModel

REF = "#/components/schemas/"
_NULL = {"type": "null"}


def components_of(model: type[BaseModel]) -> dict[str, dict[str, Any]]:
    """Return the schema of a model and of every model in it, by name.

    In a ClosedModel every member that may be absent may also be null.
    """
    schema = model.model_json_schema(ref_template=f"{REF}{{model}}")
    found: dict[str, dict[str, Any]] = {**schema.pop("$defs", {}), model.__name__: schema}
    return {name: _tidied(each, nulls=issubclass(model, ClosedModel)) for name, each in found.items()}


def member_types(model: type[BaseModel]) -> dict[str, dict[str, Any]]:
    """Return the types of the members that a model is written with, by name."""
    members = model.model_json_schema(mode="serialization", ref_template=f"{REF}{{model}}")["properties"]
    return {
        name: {key: value for key, value in _flat(each).items() if key != "default"} for name, each in members.items()
    }


def record(description: str, members: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of an object that always has these members, and no other."""
    return {
        "description": description,
        "type": "object",
        "properties": dict(members),
        "required": list(members),
        "additionalProperties": False,
    }


def nullable(schema: Mapping[str, Any] | Component) -> dict[str, Any]:
    """Return a schema that takes null as well."""
    if isinstance(schema, Component):
        return {"anyOf": [schema, _NULL]}
    if "anyOf" in schema:
        return {**schema, "anyOf": [each for each in schema["anyOf"] if each != _NULL] + [_NULL]}
    if {"$ref", "const"} & set(schema):
        about = {name: schema[name] for name in ("description", "default") if name in schema}
        return {"anyOf": [{name: value for name, value in schema.items() if name not in about}, _NULL]} | about
    types: list[str] = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    enum = {"enum": [*schema["enum"], None]} if "enum" in schema and None not in schema["enum"] else {}
    return {**schema, "type": list(dict.fromkeys([*types, "null"])), **enum}


def _tidied(schema: dict[str, Any], *, nulls: bool) -> dict[str, Any]:
    """Return a model's schema without what pydantic makes up: titles, null as a default, line ends in a docstring."""
    required = list(schema.get("required", ()))
    members = {name: _flat(member) for name, member in schema.get("properties", {}).items()}
    if "const" in members.get("kind", {}) and members["kind"]["const"] != "calendar":
        required.append("kind")  # without it the request is one for a calendar meeting
    tidied = {name: value for name, value in schema.items() if name not in {"title", "properties", "required"}}
    text, _, link = str(schema.get("description", "")).partition("https://")
    if text:
        tidied["description"] = " ".join(text.split())
    if link:  # of Graph's page, at the end of a docstring
        tidied["externalDocs"] = {"url": f"https://{link.strip()}"}
    tidied["properties"] = {
        name: nullable(member) if nulls and name not in required else member for name, member in members.items()
    }
    return tidied | ({"required": required} if required else {})


def _flat(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a member's schema with `anyOf` of something and null as one, and without what pydantic makes up."""
    plain = {key: value for key, value in schema.items() if key != "title" and (key, value) != ("default", None)}
    match plain:
        case {"anyOf": [dict(something), {"type": "null"}], **rest} if "$ref" not in something:
            return nullable({**something, **rest})
        case _:
            return plain
