"""OpenAPI 3.1: https://spec.openapis.org/oas/v3.1.0."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, cast

from pydantic import BaseModel

from shared import VERSION
from shared.openapi.json_schema import component
from shared.openapi.operation import (
    Component,
    Example,
    Header,
    Parameter,
    RequestBody,
    Response,
    Route,
    Schema,
)
from shared.openapi.request_schemas import REQUESTS
from shared.validation.problem_details import Problem, ProblemResponse
from shared.validation.response_model import ResponseModel

REF = "#/components/schemas/"
_CREATED = range(200, 300)
DESCRIPTION = (
    "Creates online meetings in Microsoft 365: a calendar event with an online meeting and invitations, a standalone"
    " Teams meeting, or an online meeting for an existing event. The app accepts a request at once and creates the"
    " meeting in the background: poll its Location until it is finished."
)
# In the reader's order.
TAGS = {
    "Meetings": "Create, find, change, cancel and retry meetings; read what they leave behind.",
    "Attendees": "Add and remove single attendees of a calendar meeting.",
    "Schedules": "Rules whose occurrences become meetings, each ahead of its start.",
    "Organizers": "Find out who and which room is free; check whether an organizer is ready.",
    "The app": "Whether the app works.",
}
_KEY = "A function key of the app. Every operation needs it but the health check; without it the host answers 401."


def openapi_document(routes: Sequence[Route]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of these routes, without the server, which each request names."""
    schemas = _Schemas()
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, routes, schemas)
    used = {route.operation.tag for route in routes}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Convene",
            "version": VERSION,
            "description": DESCRIPTION,
            "contact": {"name": "The operators of this app"},
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "tags": [{"name": tag, "description": text} for tag, text in TAGS.items() if tag in used],
        "paths": paths,
        "components": {
            "schemas": schemas.all(),
            "securitySchemes": {
                "functionKey": {"type": "apiKey", "in": "header", "name": "x-functions-key", "description": _KEY},
            },
        },
        "security": [{"functionKey": []}],
    }


def camel_case(name: str) -> str:
    """Return a function's name as an operation's: `createMeeting` for `create_meeting`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


class _Schemas:
    """The named schemas that a document refers to, collected while it is built."""

    def __init__(self) -> None:
        self._found: dict[str, Mapping[str, Any]] = {}

    def all(self) -> dict[str, Mapping[str, Any]]:
        """Return every schema, by name."""
        return dict(sorted(self._found.items()))

    def resolved(self, schema: Any) -> Any:
        """Return a schema with references for its components and models."""
        match schema:
            case Component(name, make):
                if name not in self._found:
                    self._found[name] = {}  # a component may refer to itself
                    self._found[name] = self.resolved(make())
                return {"$ref": f"{REF}{name}"}
            case type() if issubclass(schema, BaseModel):
                return self.resolved(component(schema))
            case {"$ref": Component() as named, **about}:
                return self.resolved(named) | about
            case {"x-component": str(name)}:
                about = {key: value for key, value in schema.items() if key == "description"}
                return self.resolved(REQUESTS[name]) | about
            case dict():
                return {key: self.resolved(value) for key, value in cast("dict[str, Any]", schema).items()}
            case list() | tuple():
                return [self.resolved(each) for each in cast("Sequence[Any]", schema)]
            case _:
                return schema


def _operation(route: Route, routes: Sequence[Route], schemas: _Schemas) -> dict[str, Any]:
    operation = route.operation
    responses: dict[str, Any] = {}
    for response in operation.responses:
        responses[str(response.status)] = _response(response, schemas) | _links(route, response, routes)
    document = {
        "operationId": camel_case(route.name),
        "summary": operation.summary,
        "description": operation.description,
        "tags": [operation.tag],
        "parameters": [_parameter(parameter, schemas) for parameter in operation.parameters],
        "requestBody": operation.body and _body(operation.body, schemas),
        "responses": dict(sorted((responses | _problems(route, schemas)).items())),
        "security": None if route.needs_key else [],
        "x-ms-visibility": None if operation.visibility == "none" else operation.visibility,
    }
    return {name: value for name, value in document.items() if value is not None}


def _parameter(parameter: Parameter, schemas: _Schemas) -> dict[str, Any]:
    document = {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.place == "path",
        "description": parameter.description,
        "schema": schemas.resolved(parameter.schema),
    }
    if parameter.example is not None:
        document["example"] = parameter.example
    if parameter.visibility != "none":
        document["x-ms-visibility"] = parameter.visibility
    return document


def _body(body: RequestBody, schemas: _Schemas) -> dict[str, Any]:
    return {
        "description": body.description,
        "required": body.required,
        "content": {
            media_type: _content(schema, body.examples.get(media_type, {}), schemas)
            for media_type, schema in body.content.items()
        },
    }


def _response(response: Response, schemas: _Schemas) -> dict[str, Any]:
    document: dict[str, Any] = {"description": response.description}
    if response.headers:
        document["headers"] = {header.name: _header(header, schemas) for header in response.headers}
    if response.schema is None:
        return document
    return document | {"content": {response.media_type: _content(response.schema, response.examples, schemas)}}


def _content(schema: Schema, examples: Mapping[str, Example], schemas: _Schemas) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": schemas.resolved(schema)}
    if examples:
        content["examples"] = {
            name: {"summary": each.summary, "value": _value(each)} for name, each in examples.items()
        }
    return content


def _value(example: Example) -> Any:
    value = example.value() if callable(example.value) else example.value
    return value.as_json() if isinstance(value, ResponseModel) else value


def _header(header: Header, schemas: _Schemas) -> dict[str, Any]:
    return {
        "description": header.description,
        "required": header.always,
        "schema": schemas.resolved(header.schema),
        "example": header.example,
    }


def _problems(route: Route, schemas: _Schemas) -> dict[str, Any]:
    """Return the problems of a route by status."""
    by_status: dict[int, list[Problem]] = defaultdict(list)
    for problem in route.problems:
        by_status[problem.status].append(problem)
    return {str(status): _problem(problems, f"/api{route.path}", schemas) for status, problems in by_status.items()}


def _problem(problems: Sequence[Problem], path: str, schemas: _Schemas) -> dict[str, Any]:
    examples: dict[str, Example] = {}
    for problem in problems:
        name = problem.code if problem.code not in examples else f"{problem.code}{len(examples) + 1}"
        examples[name] = Example(problem.title, problem.response(path))
    titles = dict.fromkeys(f"{problem.title} (`{problem.code}`)" for problem in problems)
    answer: dict[str, Any] = {
        "description": "; ".join(titles) + ".",
        "content": {"application/problem+json": _content(ProblemResponse, examples, schemas)},
    }
    waits, patches = [each.retry_after for each in problems], [each.accept_patch for each in problems]
    headers = (
        ("Retry-After", "The seconds to wait before the next try.", {"type": "integer"}, waits),
        ("Accept-Patch", "The media types of a patch.", {"type": "string"}, patches),
    )
    found = {
        name: _header(Header(name, text, schema, next(filter(None, values)), all(values)), schemas)
        for name, text, schema, values in headers
        if any(values)
    }
    if found:
        answer["headers"] = found
    return answer


def _links(route: Route, response: Response, routes: Sequence[Route]) -> dict[str, Any]:
    """Return links from the answer of a POST to a collection: each operation that takes the new item's id.

    https://spec.openapis.org/oas/v3.1.0#link-object
    """
    if route.method != "POST" or response.status not in _CREATED:
        return {}
    links = {
        camel_case(other.name): {
            "operationId": camel_case(other.name),
            "description": other.operation.summary,
            "parameters": {"id": "$response.body#/id"},
        }
        for other in routes
        if other.path == f"{route.path}/{{id}}" or other.path.startswith(f"{route.path}/{{id}}/")
    }
    return {"links": links} if links else {}
