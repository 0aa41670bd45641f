"""The app's HTTP routes, from the triggers as the Functions host knows them and the declarations beside them."""

import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

import azure.functions as func

from functions.http.problems import as_problem
from functions.http.public_url import url_of
from shared.openapi.operation import Operation, Route

_METHODS = ("POST", "GET", "PUT", "PATCH", "DELETE")
_registered: list[func.Blueprint] = []
_OWN_FAILURE = Exception("a defect of the app")
_MISSING = object()


class UndescribedError(Exception):
    """A trigger has no declaration beside it, or no trigger is registered."""


def document_for(req: func.HttpRequest) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document with the server of the request, whose path is directly below the base path."""
    return {**_document(), "servers": [{"url": url_of(req).rpartition("/")[0]}]}


@cache
def _document() -> dict[str, Any]:
    from shared.openapi.document import openapi_document

    return openapi_document(described_routes())


@cache
def described_routes() -> tuple[Route, ...]:
    """Return the app's routes as the Functions host knows them, with the declarations beside their triggers.

    A module that declares `OPERATION = None` serves a page, or one of the documents: these are no operations.

    Raises:
        UndescribedError: a module with an HTTP trigger has no `OPERATION`.
    """
    found = (route for function in app_functions() if function.is_http_function() for route in _routes(function))
    return tuple(sorted(found, key=_place))


def register(app: func.FunctionApp, blueprint: func.Blueprint) -> None:
    """Register a trigger with the app, and keep it for the OpenAPI documents."""
    app.register_functions(blueprint)
    _registered.append(blueprint)


def app_functions() -> list[func.Function]:
    """Return every function of the app, from a second FunctionApp: the one that Azure runs can list them only once.

    Raises:
        UndescribedError: no trigger is registered.
    """
    if not _registered:
        raise UndescribedError("No trigger is registered: import function_app, which registers them all, first.")
    app = func.FunctionApp(func.AuthLevel.FUNCTION)
    for blueprint in _registered:
        app.register_functions(blueprint)
    return app.get_functions()


def _place(route: Route) -> tuple[bool, list[str], int]:
    """Return the sort key of a route in the document: internal operations last, a collection before its items."""
    return route.operation.visibility == "internal", route.path.split("/"), _METHODS.index(route.method)


def _routes(function: func.Function) -> Iterator[Route]:
    name = str(function.get_function_name())
    [trigger] = (binding for binding in function.get_bindings_dict()["bindings"] if binding["type"] == "httpTrigger")
    module = sys.modules[function.get_user_function().__module__]
    operation = getattr(module, "OPERATION", _MISSING)
    if operation is None:  # a page, or a document
        return
    if not isinstance(operation, Operation):
        raise UndescribedError(
            f"{module.__name__} has an HTTP trigger and no OPERATION: declare beside it what {name} accepts"
            " and answers, as functions/get_meeting.py does."
        )
    path = f"/{trigger['route']}"
    problems = tuple(map(as_problem, (*operation.raises, _OWN_FAILURE)))
    needs_key = str(trigger["authLevel"]).lower() != "anonymous"
    for method in trigger["methods"]:
        yield Route(name, path, str(method), needs_key, operation, problems)
