"""OpenAPI 2.0 for Power Platform's custom connectors, from the 3.1 document.

What connectors add to OpenAPI: https://learn.microsoft.com/connectors/custom-connectors/openapi-extensions; how their
texts have to be: https://learn.microsoft.com/connectors/custom-connectors/connector-string-guidance and
https://learn.microsoft.com/connectors/custom-connectors/certification-swagger-validator-rules.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlsplit

from shared.openapi.json_schema import REF

type Json = dict[str, Any]

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_SPELLINGS = {"url": "URL", "id": "ID", "uri": "URI", "i": "i", "cal": "Cal", "u": "U", "mic": "microphone"}
# Of a request, what a workflow's author sees without asking for more; the rest is behind a click.
_SHOWN = frozenset({"kind", "body", "attendees", "startDateTime", "endDateTime", "eventId", "reference"})
_REQUESTS = frozenset({"MeetingRequest", "MeetingPatch"})
_KEPT = ("default", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems")
_FORMATS = frozenset({"date", "date-time", "email", "uri", "uuid"})


def swagger_document(openapi: Mapping[str, Any]) -> Json:
    """Return the OpenAPI 2.0 document for an OpenAPI 3.1 document of ours, which names one server.

    What 2.0 cannot say is left out: of `oneOf` the members of all forms stay, of null nothing, of several examples one.
    """
    server = urlsplit(openapi["servers"][0]["url"])
    info = {name: value for name, value in openapi["info"].items() if name != "license"}
    schemas = openapi["components"]["schemas"]
    # In the query, because Power Automate follows Location with nothing but the URL:
    # https://learn.microsoft.com/azure/architecture/patterns/async-request-reply
    key = openapi["components"]["securitySchemes"]["functionKeyInQuery"]
    return {
        "swagger": "2.0",
        "info": {**info, "license": {"name": openapi["info"]["license"]["name"]}},
        "host": server.netloc,
        "basePath": server.path,
        "schemes": [server.scheme],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "paths": {
            path: {method: _operation(operation) for method, operation in methods.items()}
            for path, methods in openapi["paths"].items()
        },
        "definitions": {name: _definition(name, schema, schemas) for name, schema in schemas.items()},
        "securityDefinitions": {"functionKey": key},
        "security": [{"functionKey": []}],
        "tags": openapi["tags"],
    }


def label(name: str) -> str:
    """Return a name as a person reads it: `Join URL` for `joinUrl`."""
    found: list[str] = _WORD.findall(name)
    words = [_SPELLINGS.get(word.lower(), word.lower()) for word in found]
    text = " ".join(words).replace("i Cal U ID", "iCal UID")
    return text if text.startswith("iCal") else text[:1].upper() + text[1:]


def _operation(operation: Mapping[str, Any]) -> Json:
    responses = {status: _response(response) for status, response in operation["responses"].items()}
    media_types = {
        media_type: None
        for status, response in operation["responses"].items()
        if status.startswith("2")
        for media_type in response.get("content", {})
    }
    body = operation.get("requestBody")
    parameters = [_parameter(parameter) for parameter in operation["parameters"]] + ([_body(body)] if body else [])
    own: Json = {"operationId": operation["operationId"][:1].upper() + operation["operationId"][1:]}
    own |= {
        name: operation[name]
        for name in ("summary", "description", "tags", "x-ms-visibility", "security")
        if name in operation
    }
    if list(media_types) not in ([], ["application/json"]):
        own["produces"] = [*media_types, "application/problem+json"]
    return own | {"parameters": parameters, "responses": responses}


def _parameter(parameter: Mapping[str, Any]) -> Json:
    converted = {name: parameter[name] for name in ("name", "in", "required", "description")}
    converted |= {"x-ms-summary": label(parameter["name"].replace("-", " "))} | _schema(parameter["schema"])
    converted.pop("example", None)
    if "x-ms-visibility" in parameter:
        converted["x-ms-visibility"] = parameter["x-ms-visibility"]
    if parameter["in"] == "path":
        converted["x-ms-url-encoding"] = "single"
    return converted | {"description": parameter["description"]}


def _body(body: Mapping[str, Any]) -> Json:
    [content, *_] = body["content"].values()
    return {
        "name": "body",
        "in": "body",
        "required": body["required"],
        "description": body["description"],
        "x-ms-summary": "Body",
        "schema": _schema(content["schema"]),
    }


def _response(response: Mapping[str, Any]) -> Json:
    converted: Json = {"description": response["description"]}
    for media_type, content in response.get("content", {}).items():
        converted["schema"] = _schema(content["schema"])
        for example in list(content.get("examples", {}).values())[:1]:
            converted["examples"] = {media_type: example["value"]}
    if "headers" in response:
        converted["headers"] = {
            name: {"description": header["description"], "type": header["schema"]["type"]}
            for name, header in response["headers"].items()
        }
    return converted


def _definition(name: str, schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Json:
    if "oneOf" in schema:
        schema = _joined(schema, [schemas[each["$ref"].removeprefix(REF)] for each in schema["oneOf"]])
    converted = _schema(schema)
    if name in _REQUESTS:
        for member, property_ in converted["properties"].items():
            if member in converted.get("required", ()):
                property_["x-ms-visibility"] = "important"
            elif member not in _SHOWN and "$ref" not in property_:
                property_["x-ms-visibility"] = "advanced"
    return converted


def _joined(schema: Mapping[str, Any], forms: Sequence[Mapping[str, Any]]) -> Json:
    """Return one object for several forms: the members of all, and required what all require."""
    members: Json = {}
    for form in forms:
        for name, each in form["properties"].items():
            members.setdefault(name, each)
    kinds = [_constant(form["properties"]["kind"]) for form in forms]
    members["kind"] = {"type": "string", "enum": kinds, "default": kinds[0], "description": "What kind of meeting."}
    required = [name for name in forms[0]["required"] if all(name in form["required"] for form in forms)]
    return {"type": "object", "description": schema["description"], "properties": members, "required": required}


def _constant(schema: Mapping[str, Any]) -> Any:
    return _without_null(schema)["const"]


def _without_null(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    options = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    return {**options[0], **rest} if options else schema


def _schema(schema: Mapping[str, Any]) -> Json:
    schema = _without_null(schema)
    if "allOf" in schema:  # a problem with some of its codes
        schema = schema["allOf"][0]
    if "$ref" in schema:
        return {"$ref": schema["$ref"].replace(REF, "#/definitions/")}
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    converted: Json = {"type": types[0]}
    if "null" in types:
        converted["x-nullable"] = True
    converted |= {name: schema[name] for name in ("description", *_KEPT) if name in schema}
    if schema.get("format") in _FORMATS:
        converted["format"] = schema["format"]
    values: list[Any] = [schema["const"]] if "const" in schema else schema.get("enum", [])
    if values:
        converted["enum"] = [value for value in values if value is not None]
    if "examples" in schema:
        converted["example"] = schema["examples"][0]
    if "items" in schema:
        converted["items"] = _schema(schema["items"])
    if "properties" in schema:
        members = cast("Mapping[str, Mapping[str, Any]]", schema["properties"])
        converted["properties"] = {name: _property(name, member) for name, member in members.items()}
    if "required" in schema:
        converted["required"] = schema["required"]
    return converted


def _property(name: str, schema: Mapping[str, Any]) -> Json:
    converted = _schema(schema)
    if "$ref" in converted:
        return converted
    text = label(name)
    return {**converted, "x-ms-summary": text, "description": converted.get("description", f"{text}.")}
