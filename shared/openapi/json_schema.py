"""JSON Schema (2020-12) from pydantic models, in the form that OpenAPI 3.1 and client generators read."""

import inspect
import re
import textwrap
from collections.abc import Mapping
from functools import partial
from typing import Any, override

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from shared.openapi.operation import Component
from shared.validation.closed_model import ClosedModel

NULL: Mapping[str, Any] = {"type": "null"}
_NO_TYPE_OF_ITS_OWN = frozenset({"$ref", "const", "enum", "oneOf", "x-component"})
_ATTRIBUTE = re.compile(r"^(\w+): (.+?)(?=^\w+: |\Z)", re.MULTILINE | re.DOTALL)


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of a model, whose references are components.

    It describes a request's model as it is parsed, any other as it is serialized. Descriptions come from docstrings: a
    class's from the first line, its members' from the section `Attributes`.
    """
    mode = "validation" if issubclass(model, ClosedModel) else "serialization"
    schema = model.model_json_schema(ref_template="{model}", schema_generator=_Generator, mode=mode)
    definitions: dict[str, dict[str, Any]] = schema.pop("$defs", {})
    names = {key: str(each.pop("title", key)) for key, each in definitions.items()}
    schema.pop("title")
    return _linked(schema, {key: (names[key], each) for key, each in definitions.items()})


def component(model: type[BaseModel]) -> Component:
    """Return the component that describes a model: callers know a `MeetingResponse` as a `Meeting`."""
    return Component(_name_of(model), partial(schema_of, model))


def _name_of(model: type[BaseModel]) -> str:
    """Return the name of a model's component: the title in its configuration, which is Graph's name, or the class's."""
    return model.model_config.get("title") or model.__name__.removesuffix("Response")


def nullable(schema: Mapping[str, Any] | Component) -> dict[str, Any]:
    """Return a schema that allows null as well.

    Client generators make a new class from `anyOf`, and a member named after null from null in an `enum`; they read
    `oneOf` with null as it is meant.
    """
    if isinstance(schema, Component):
        return {"oneOf": [{"$ref": schema}, NULL]}
    if NULL in schema.get("oneOf", ()):
        return dict(schema)
    if _NO_TYPE_OF_ITS_OWN & set(schema):
        about = {name: schema[name] for name in ("description",) if name in schema}
        return {"oneOf": [{name: value for name, value in schema.items() if name not in about}, NULL]} | about
    types: list[str] = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return {**schema, "type": list(dict.fromkeys([*types, "null"]))}


def without_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema from which `nullable` made this one."""
    if isinstance(schema.get("type"), list):
        types = [each for each in schema["type"] if each != "null"]
        return {**schema, "type": types[0] if len(types) == 1 else types}
    if NULL in schema.get("oneOf", ()):
        [one] = [each for each in schema["oneOf"] if each != NULL]
        return {**one, **{name: value for name, value in schema.items() if name != "oneOf"}}
    return dict(schema)


class _Generator(GenerateJsonSchema):
    """Writes schemas in the form that client generators read.

    https://pydantic.dev/docs/validation/latest/concepts/json_schema/#customizing-the-json-schema-generation-process
    """

    @override
    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    @override
    def default_schema(self, schema: core_schema.WithDefaultSchema) -> dict[str, Any]:
        # Generators assume that a member with a default is always present; its description names the default.
        return self.generate_inner(schema["schema"])

    @override
    def nullable_schema(self, schema: core_schema.NullableSchema) -> dict[str, Any]:
        return nullable(self.generate_inner(schema["schema"]))

    @override
    def enum_schema(self, schema: core_schema.EnumSchema) -> dict[str, Any]:
        described = super().enum_schema(schema)
        described.pop("title", None)
        return described

    @override
    def model_schema(self, schema: core_schema.ModelSchema) -> dict[str, Any]:
        model: type[BaseModel] = schema["cls"]
        described = super().model_schema(schema)
        described["title"] = _name_of(model)
        described["description"], link, texts = _texts_of(model)
        if link:  # to Graph's page
            described["externalDocs"] = {"url": link}
        if model.model_config.get("extra") != "allow":
            described["additionalProperties"] = False
        members: dict[str, Any] = described.get("properties", {})
        for field in model.model_fields.values():
            name = field.serialization_alias or ""
            if field.exclude_if is not None:  # absent rather than null
                members[name] = without_null(members[name])
        for name, text in texts.items():
            field = model.model_fields.get(name)
            if field is not None and field.serialization_alias in members:
                members[field.serialization_alias] = {**members[field.serialization_alias], "description": text}
        if issubclass(model, ClosedModel):  # what may be absent may also be null
            required = described.get("required", ())
            described["properties"] = {
                name: member if name in required else nullable(member) for name, member in members.items()
            }
        else:
            required = [str(field.serialization_alias) for field in model.model_fields.values() if not field.exclude_if]
            described["required"] = [name for name in members if name in required]
        return described


def _texts_of(model: type[BaseModel]) -> tuple[str, str, dict[str, str]]:
    """Return a class's description, the link at the end of its docstring, and the description of each member."""
    texts: dict[str, str] = {}
    for each in reversed(model.__mro__):
        _, attributes, _ = _parts_of(each)
        texts |= {name: " ".join(text.split()) for name, text in _ATTRIBUTE.findall(attributes)}
    about, _, link = _parts_of(model)
    return " ".join(about.split()), link, texts


def _parts_of(model: type) -> tuple[str, str, str]:
    """Return a docstring's text, the lines of its section `Attributes`, and the link at its end."""
    text, scheme, link = inspect.cleandoc(model.__dict__.get("__doc__") or "").partition("https://")
    about, _, attributes = text.partition("\n\nAttributes:\n")
    return about, textwrap.dedent(attributes.rstrip()), (scheme + link).strip()


def _linked(value: Any, definitions: Mapping[str, tuple[str, Mapping[str, Any]]]) -> Any:
    """Return a schema whose references are components; `definitions` are their names and schemas."""
    if isinstance(value, dict):
        linked: dict[str, Any] = {}
        for key, each in value.items():
            if key == "$ref":
                name, schema = definitions[each]
                linked[key] = Component(name, partial(_linked, schema, definitions))
            else:
                linked[key] = _linked(each, definitions)
        return linked
    return [_linked(each, definitions) for each in value] if isinstance(value, list) else value
