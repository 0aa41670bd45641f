"""OpenAPI 2.0 for Power Platform's custom connectors, from the 3.1 document.

What connectors add to OpenAPI: https://learn.microsoft.com/connectors/custom-connectors/openapi-extensions; the rules
for their texts: https://learn.microsoft.com/connectors/custom-connectors/connector-string-guidance and
https://learn.microsoft.com/connectors/custom-connectors/certification-swagger-validator-rules.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from shared.openapi.document import REF
from shared.openapi.json_schema import without_null

type Json = dict[str, Any]

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_SPELLINGS = {"url": "URL", "id": "ID", "uri": "URI", "i": "i", "cal": "Cal", "u": "U", "mic": "microphone"}
# The members of a request that a workflow's author always sees; the others are behind a click.
_SHOWN = frozenset({"kind", "body", "attendees", "startDateTime", "endDateTime", "eventId", "reference"})
_REQUESTS = frozenset({"MeetingRequest", "MeetingPatch"})
_KEPT = (
    *("default", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems"),
    "x-ms-primary-error-message",
)
_FORMATS = frozenset({"date", "date-time", "email", "uri", "uuid"})
_DEFINITIONS = "#/definitions/"
# In the query, because Power Automate follows Location with nothing but the URL:
# https://learn.microsoft.com/azure/architecture/patterns/async-request-reply
_KEY = {"type": "apiKey", "in": "query", "name": "code", "description": "A function key of the app."}


def swagger_document(openapi: Mapping[str, Any]) -> Json:
    """Return the OpenAPI 2.0 document for this app's OpenAPI 3.1 document, which names one server.

    It omits what 2.0 cannot express: rules by `if`, null, all examples but the first. A reference cannot have a label,
    so that members are inlined: every member of an object has a label that is unique in the object.
    """
    url = openapi["servers"][0]["url"]
    server = urlsplit(url)
    convert = _Converter(openapi["components"]["schemas"])
    paths = {
        path: {method: convert.operation(operation) for method, operation in methods.items()}
        for path, methods in openapi["paths"].items()
    }
    return {
        "swagger": "2.0",
        "info": {
            "title": openapi["info"]["title"],
            "version": openapi["info"]["version"],
            "description": openapi["info"]["description"],
            "contact": {**openapi["info"]["contact"], "url": f"{url}/docs"},
            "license": {"name": openapi["info"]["license"]["name"]},
        },
        "host": server.netloc,
        "basePath": server.path,
        "schemes": [server.scheme],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "paths": paths,
        "definitions": convert.definitions(paths),
        "securityDefinitions": {"functionKey": _KEY},
        "security": [{"functionKey": []}],
        "tags": openapi["tags"],
        # https://learn.microsoft.com/connectors/custom-connectors/certification-submission#step-3-add-metadata
        "x-ms-connector-metadata": [
            {"propertyName": "Website", "propertyValue": f"{url}/docs"},
            {"propertyName": "Privacy policy", "propertyValue": f"{url}/docs"},
            {"propertyName": "Categories", "propertyValue": "Communication;Productivity"},
        ],
    }


def label(name: str) -> str:
    """Return a name as a person reads it: `Join URL` for `joinUrl`."""
    found: list[str] = _WORD.findall(name)
    words = [_SPELLINGS.get(word.lower(), word.lower()) for word in found]
    text = " ".join(words).replace("i Cal U ID", "iCal UID")
    return text if text.startswith("iCal") else text[:1].upper() + text[1:]


class _Converter:
    """Converts operations and the schemas that they refer to."""

    def __init__(self, schemas: Mapping[str, Mapping[str, Any]]) -> None:
        self._schemas = schemas

    def operation(self, operation: Mapping[str, Any]) -> Json:
        """Return an operation."""
        responses = {status: self._response(response) for status, response in operation["responses"].items()}
        media_types = {
            media_type: None
            for status, response in operation["responses"].items()
            if status.startswith("2")
            for media_type in response.get("content", {})
        }
        parameters = [self._parameter(parameter) for parameter in operation["parameters"]]
        if body := operation.get("requestBody"):
            parameters.append(self._body(body))
        own: Json = {"operationId": operation["operationId"][:1].upper() + operation["operationId"][1:]}
        own |= {
            name: operation[name]
            for name in ("summary", "description", "tags", "x-ms-visibility", "security")
            if name in operation
        }
        if list(media_types) not in ([], ["application/json"]):
            own["produces"] = [*media_types, "application/problem+json"]
        return own | {"parameters": parameters, "responses": responses}

    def definitions(self, paths: Json) -> Json:
        """Return the definitions that the paths refer to, directly or through other definitions."""
        found: Json = {}
        waiting = list(_references(paths))
        for name in waiting:
            if name not in found:
                found[name] = self._definition(name)
                waiting.extend(_references(found[name]))
        return dict(sorted(found.items()))

    def _definition(self, name: str) -> Json:
        converted = self._schema(self._schemas[name])
        if name in _REQUESTS:
            for member, property_ in converted["properties"].items():
                # An organizer is required, unless a pool stands in its place.
                if member in converted.get("required", ()) or member == "organizer":
                    property_["x-ms-visibility"] = "important"
                elif member not in _SHOWN:
                    property_["x-ms-visibility"] = "advanced"
        return converted

    def _parameter(self, parameter: Mapping[str, Any]) -> Json:
        converted = {name: parameter[name] for name in ("name", "in", "required", "description")}
        converted |= {"x-ms-summary": label(parameter["name"].replace("-", " "))}
        converted |= self._schema(self._whole(parameter["schema"])) | {"description": parameter["description"]}
        converted.pop("example", None)
        if "x-ms-visibility" in parameter:
            converted["x-ms-visibility"] = parameter["x-ms-visibility"]
        if parameter["in"] == "path":
            converted["x-ms-url-encoding"] = "single"
        return converted

    def _body(self, body: Mapping[str, Any]) -> Json:
        [content, *_] = body["content"].values()
        return {
            "name": "body",
            "in": "body",
            "required": body["required"],
            "description": body["description"],
            "x-ms-summary": "Body",
            "schema": self._schema(content["schema"]),
        }

    def _response(self, response: Mapping[str, Any]) -> Json:
        converted: Json = {"description": response["description"]}
        for media_type, content in response.get("content", {}).items():
            converted["schema"] = self._schema(content["schema"])
            for example in list(content.get("examples", {}).values())[:1]:
                converted["examples"] = {media_type: example["value"]}
        if "headers" in response:
            converted["headers"] = {
                name: {"description": header["description"], "type": header["schema"]["type"]}
                for name, header in response["headers"].items()
            }
        return converted

    def _schema(self, schema: Mapping[str, Any], place: tuple[str, ...] = ()) -> Json:
        """Return a schema; `place` has the names of the members that enclose it."""
        known = without_null(schema)
        if "$ref" in known:
            return {"$ref": known["$ref"].replace(REF, _DEFINITIONS)}
        converted: Json = {"type": known["type"]}
        if known != schema:
            converted["x-nullable"] = True
        converted |= {name: known[name] for name in ("description", *_KEPT) if name in known}
        if known.get("format") in _FORMATS:
            converted["format"] = known["format"]
        values: list[Any] = [known["const"]] if "const" in known else known.get("enum", [])
        if values and known["type"] != "boolean":
            converted["enum"] = values
        if "examples" in known:
            converted["example"] = known["examples"][0]
        if "items" in known:
            items = self._whole(known["items"])
            converted["items"] = self._schema(known["items"] if "properties" in items else items)
        if "properties" in known:
            converted["properties"] = {
                name: self._member((*place, name), member) for name, member in known["properties"].items()
            }
        if "required" in known:
            converted["required"] = known["required"]
        return converted

    def _member(self, place: tuple[str, ...], schema: Mapping[str, Any]) -> Json:
        """Return a member with its label, which names the enclosing object: `Date time (start)`."""
        *outer, name = place
        inside = " ".join(outer)
        text = f"{label(name)} ({label(inside).lower()})" if outer else label(name)
        converted = self._schema(self._whole(schema), place)
        nullable = {"x-nullable": True} if without_null(schema) != schema else {}
        return {**converted, **nullable, "x-ms-summary": text, "description": converted.get("description", f"{text}.")}

    def _whole(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the schema that a reference refers to; any other schema unchanged."""
        known = without_null(schema)
        if "$ref" not in known:
            return schema
        about = {name: text for name, text in known.items() if name == "description"}
        return {**self._schemas[known["$ref"].removeprefix(REF)], **about}


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            if name == "$ref" and isinstance(each, str):
                yield each.removeprefix(_DEFINITIONS)
            elif name not in {"example", "examples"}:
                yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)
