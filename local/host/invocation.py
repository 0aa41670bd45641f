"""Inputs and outcomes of functions: the types between the host and its worker process."""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the app, as its decorators describe it.

    Attributes:
        name: its name.
        id: the worker's id of it.
        bindings: as in a function.json, the trigger among them.
    """

    name: str
    id: str
    bindings: Sequence[Mapping[str, Any]]

    @property
    def trigger(self) -> Mapping[str, Any]:
        """The binding that starts it."""
        return next((binding for binding in self.bindings if str(binding["type"]).endswith("Trigger")), {"type": ""})


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as a function sees it.

    Attributes:
        method: in upper case where it is a known one.
        url: decoded and encoded again.
        headers: by name in lower case, several values joined by commas.
        query: by name, several values joined by commas.
        route_values: of the route's parameters.
        body: its bytes; none of a chunked body.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    route_values: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """A queue message: its text, and the trigger's metadata."""

    text: str
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TimerRun:
    """A run of a timer: the JSON object that becomes a TimerRequest."""

    json: str


type TriggerValue = HttpRequest | QueueMessage | TimerRun


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What an HTTP function returned, not checked yet."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of an invocation.

    Attributes:
        succeeded: whether the function returned.
        response: what it returned, if that was an HTTP response or a text.
        reason: why it failed, None when it succeeded.
    """

    succeeded: bool
    response: HttpResponse | None = None
    reason: str | None = None


class Invoke(Protocol):
    """Runs a function and never raises."""

    def __call__(self, function: Function, value: TriggerValue, /) -> Awaitable[Outcome]:
        """Run a function with its trigger's value."""
        ...
