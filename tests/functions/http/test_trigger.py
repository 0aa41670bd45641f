"""What every HTTP trigger does."""

import inspect

import azure.functions as func
import pytest

from functions.http import trigger
from functions.http.trigger import http_trigger
from shared.access.callers import ANYBODY, Caller
from shared.errors import CallerNotAllowedError


async def handler(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:
    """Answer with the method."""
    assert caller is ANYBODY
    return func.HttpResponse(req.method)


def request() -> func.HttpRequest:
    return func.HttpRequest("GET", "http://x/api/meetings", body=b"")


async def test_the_caller_is_identified_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """And handed to the handler."""
    asked: list[func.HttpRequest] = []

    def identify(req: func.HttpRequest) -> Caller:
        asked.append(req)
        return ANYBODY

    monkeypatch.setattr(trigger, "caller_of", identify)
    answer = await http_trigger(handler)(request())
    assert (answer.status_code, answer.get_body(), len(asked)) == (200, b"GET", 1)


async def test_who_may_not_call_does_not_reach_the_handler(monkeypatch: pytest.MonkeyPatch) -> None:
    """The refusal is a problem."""

    def identify(_: func.HttpRequest) -> Caller:
        raise CallerNotAllowedError("No")

    monkeypatch.setattr(trigger, "caller_of", identify)
    answer = await http_trigger(handler)(request())
    assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")


def test_a_trigger_has_the_name_of_its_handler_and_takes_the_request_alone() -> None:
    """The Functions worker compares its parameters with its bindings."""
    made = http_trigger(handler)
    assert (made.__name__, made.__module__, made.__doc__) == ("handler", __name__, "Answer with the method.")
    assert list(inspect.signature(made).parameters) == ["req"]
