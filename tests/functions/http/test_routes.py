"""The app's routes and their declarations."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import azure.functions as func
import pytest

import function_app
from functions import get_meeting
from functions.http import routes
from functions.http.routes import UndescribedError, described_routes
from local.host.worker import load_functions
from shared.openapi.operation import Route
from tests.http_client import functions
from tests.openapi_documents import app_routes, openapi, swagger

ROOT = Path(__file__).parents[3]
type Served = tuple[str, str, bool]


def served() -> set[Served]:
    """Return what the worker's own library tells the host: method, path, whether a key is needed."""
    triggers = [function.trigger for function in asyncio.run(load_functions(ROOT))]
    return {
        (str(method), f"/{trigger['route']}", str(trigger["authLevel"]).lower() == "function")
        for trigger in triggers
        if trigger["type"] == "httpTrigger"
        for method in trigger["methods"]
    }


def described(document: Mapping[str, Any]) -> set[Served]:
    return {
        (method.upper(), path, operation.get("security", document["security"]) != [])
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_both_documents_describe_what_is_served_and_nothing_else() -> None:
    """Every route and method that the worker indexes is in both documents, with its authorization, and no other is.

    But for the pages, and for the documents themselves.
    """
    pages = {("GET", path, True) for path in ("/docs", "/openapi.json", "/swagger.json")} | {("GET", "/console", False)}
    all_routes = served()
    assert all_routes >= pages
    routes = all_routes - pages
    assert len(routes) > 10
    assert described(openapi()) == routes
    assert described(swagger()) == routes


def test_a_trigger_without_a_declaration_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever adds a route is told what is missing, and where."""
    monkeypatch.delattr(get_meeting, "OPERATION")
    described_routes.cache_clear()
    with pytest.raises(UndescribedError, match=r"functions\.get_meeting has an HTTP trigger and no OPERATION"):
        described_routes()


def test_an_app_without_triggers_is_not_described(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that forgot to import function_app gets an error, not an empty document."""
    monkeypatch.setattr(routes, "_registered", [])
    described_routes.cache_clear()
    with pytest.raises(UndescribedError, match="import function_app"):
        described_routes()


def test_every_parameter_in_a_path_is_declared() -> None:
    """A path's parameters are those of its declaration."""
    for route in app_routes():
        in_path = {part[1:-1] for part in route.path.split("/") if part.startswith("{")}
        assert {each.name for each in route.operation.parameters if each.place == "path"} == in_path, route.path


def test_an_answer_of_problems_has_no_two_faces() -> None:
    """The examples of a route's errors become different problems: none is there twice."""
    for route in app_routes():
        problems = [str(problem.response(route.path).as_json()) for problem in route.problems]
        assert len(set(problems)) == len(problems), route.name


def test_the_whole_app_is_asked() -> None:
    """The routes come from the app's table of contents."""
    assert isinstance(function_app.app, func.FunctionApp)
    assert {route.name for route in app_routes()} >= {"create_meeting", "delete_schedule", "get_health"}


def test_a_trigger_has_the_name_of_its_file() -> None:
    """Azure takes the function's name: logs, alerts and operation ids name the file in which a reader finds it."""
    assert {name: handler.__module__ for name, (_, handler) in functions().items()} == {
        name: f"functions.{name}" for name in functions()
    }


@pytest.mark.parametrize("route", app_routes(), ids=lambda route: f"{route.method} {route.path}")
def test_a_404_is_about_what_the_url_names(route: Route) -> None:
    """Who takes a 404 for an unknown id is right: what else is missing in Graph has another status."""
    about_the_url = {"notFound", "attendeeNotFound", "transcriptNotFound", "roomListNotFound"}
    if route.name == "list_meetings":
        about_the_url |= {"organizerNotFound", "organizerHasNoMailbox"}
    assert {problem.code for problem in route.problems if problem.status == 404} <= about_the_url
