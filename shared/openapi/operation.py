"""What a route declares beside its trigger: both OpenAPI documents are made from it.

A declaration is plain data, so that it costs the app's start no time; schemas are built when a document is requested.
For the same reason these are named tuples: dataclasses take four times as long to define.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel

from shared.validation.problem_details import Problem

JSON = "application/json"
_NONE: Mapping[str, Any] = MappingProxyType({})


class Component(NamedTuple):
    """A schema with a name, used by several operations; `make` returns it when a document is built."""

    name: str
    make: Callable[[], Mapping[str, Any]]


# JSON Schema (2020-12), in which a component or a pydantic model may stand wherever a schema may.
type Schema = Mapping[str, Any] | Component | type[BaseModel]


class Example(NamedTuple):
    """A value of a body, or a function that returns the value, where it is a model."""

    summary: str
    value: Any | Callable[[], Any]


class Parameter(NamedTuple):
    """A parameter of a request.

    Attributes:
        place: which part of the request has it.
        example: the API documentation fills it in, so only for what a call needs.
        visibility: how Power Automate shows it: `important` always, `advanced` behind a click, `internal` never.
            https://learn.microsoft.com/connectors/custom-connectors/openapi-extensions#x-ms-visibility
    """

    name: str
    place: Literal["path", "query", "header"]
    description: str
    schema: Schema
    example: Any = None
    visibility: Literal["important", "advanced", "internal", "none"] = "none"


class Header(NamedTuple):
    """A header of a response; `always` when every such response has it."""

    name: str
    description: str
    schema: Schema
    example: Any
    always: bool = True


class RequestBody(NamedTuple):
    """The body of a request.

    Attributes:
        content: the schema of each media type.
        examples: by media type.
    """

    description: str
    content: Mapping[str, Schema]
    examples: Mapping[str, Mapping[str, Example]] = _NONE
    required: bool = True


class Response(NamedTuple):
    """An answer of an operation that succeeds; without a schema it has no body."""

    status: int
    description: str
    schema: Schema | None
    headers: tuple[Header, ...] = ()
    examples: Mapping[str, Example] = _NONE
    media_type: str = JSON

    def with_headers(self, *headers: Header) -> "Response":
        """Return the response with further headers."""
        return self._replace(headers=(*self.headers, *headers))


class Operation(NamedTuple):
    """One method of one route.

    Attributes:
        summary: a few words without a full stop, at most 80 characters: the name of the action in a workflow.
        description: whole sentences.
        tag: the heading in the documents.
        responses: every response that is not a problem.
        raises: an example of every error that becomes a problem here, except a failure of the app itself.
        visibility: as a parameter's; `internal` for what no workflow calls.
    """

    summary: str
    description: str
    tag: str
    responses: tuple[Response, ...]
    parameters: tuple[Parameter, ...] = ()
    body: RequestBody | None = None
    raises: tuple[Exception, ...] = ()
    visibility: Literal["important", "advanced", "internal", "none"] = "none"


class Route(NamedTuple):
    """An operation where the Functions host serves it.

    Attributes:
        name: the function's, such as `create_meeting`.
        path: below the base path, such as `/meetings/{id}`.
        method: in capitals.
        needs_key: whether a call needs a function key.
    """

    name: str
    path: str
    method: str
    needs_key: bool
    operation: Operation
    problems: tuple[Problem, ...]
