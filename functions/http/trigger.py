"""What every HTTP trigger does: it identifies the caller first, and turns errors into problems."""

import functools
import json
from collections.abc import Awaitable, Callable
from typing import Any

import azure.functions as func

from functions.deadline import invocation_deadline
from functions.http.caller import caller_of, digest_of
from functions.http.problems import problem_of
from functions.http.public_url import path_of
from functions.http.requests import traceparent_of
from shared.access.callers import Caller
from shared.storage.time_limit import storage_time
from shared.trace_context import caller_traceparent

# Answers hold join links and passcodes: no cache may store them for another caller, and no browser may render data as a
# page. https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html#security-headers
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
# Never sent over plain HTTP: https://www.rfc-editor.org/rfc/rfc6797#section-7.2
_HSTS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}

# All of a call's storage operations together, before it is answered 503.
_STORAGE_SECONDS = 10

type AnonymousHandler = Callable[[func.HttpRequest], Awaitable[func.HttpResponse]]
type Handler = Callable[[func.HttpRequest, Caller], Awaitable[func.HttpResponse]]


def http_trigger(handler: Handler) -> AnonymousHandler:
    """Make a trigger of a handler: a caller whom the settings do not allow is refused before the handler starts.

    What the handler raises becomes a problem, which has nothing that is not meant for the caller.
    """

    async def handle(req: func.HttpRequest) -> func.HttpResponse:
        return await handler(req, caller_of(req))

    return anonymous_http_trigger(_named_after(handler, handle))


def anonymous_http_trigger(handler: AnonymousHandler) -> AnonymousHandler:
    """Make a trigger of a handler that is open to every caller; errors become problems as in `http_trigger`."""

    async def handle(req: func.HttpRequest) -> func.HttpResponse:
        trace = caller_traceparent.set(traceparent_of(req))
        try:
            async with invocation_deadline():
                with storage_time(_STORAGE_SECONDS):
                    response = await handler(req)
        except Exception as error:  # noqa: BLE001 - the outermost place: an unknown error is logged as a failure
            response = _problem(req, error)
        finally:
            caller_traceparent.reset(trace)
        for name, value in (_HEADERS | _HSTS if req.url.startswith("https:") else _HEADERS).items():
            response.headers.setdefault(name, value)
        return response

    return _named_after(handler, handle)


def _named_after(handler: Callable[..., Any], handle: AnonymousHandler) -> AnonymousHandler:
    """Return a trigger with the name, module and docstring of its handler.

    Not with its signature, as `functools.wraps` gives it: the Functions worker compares that with the bindings.
    """
    functools.update_wrapper(handle, handler, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
    del handle.__dict__["__wrapped__"]
    return handle


def _problem(req: func.HttpRequest, error: Exception) -> func.HttpResponse:
    problem = problem_of(error, digest_of(req))
    headers = {"Retry-After": str(problem.retry_after)} if problem.retry_after else {}
    if problem.accept_patch:
        headers["Accept-Patch"] = problem.accept_patch
    return func.HttpResponse(
        json.dumps(problem.response(path_of(req)).as_json()),
        status_code=problem.status,
        headers=headers,
        mimetype="application/problem+json",
    )
