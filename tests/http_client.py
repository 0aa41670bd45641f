"""The HTTP functions in the test's own process, over a World: what they answer, and what they log."""

import asyncio
import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import azure.functions as func

import function_app
from functions.http.routes import app_functions
from local.host.http_trigger import Endpoint, make_endpoint
from local.host.invocation import Function
from local.host.targets import decode_path
from shared import bootstrap
from tests.app_fixture import World

import_module("function_app")  # registers every trigger

BASE = "https://convene.example"


@functools.cache
def functions() -> dict[str, tuple[Function, Any]]:
    """Return every function of the app, and what it calls."""
    assert function_app.app  # its table of contents registers them
    found = {}
    for each in app_functions():
        bindings = json.loads(each.get_function_json())["bindings"]
        name = str(each.get_function_name())
        found[name] = (Function(name, name, bindings), each.get_user_function())
    return found


@functools.cache
def endpoints() -> list[Endpoint]:
    """Return the HTTP functions in the order in which the host tries them."""
    http = [function for function, _ in functions().values() if function.trigger["type"] == "httpTrigger"]
    return sorted((make_endpoint(function, "api") for function in http), key=lambda endpoint: endpoint.route.precedence)


@dataclass(frozen=True)
class Answer:
    """A response, read."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str | None:
        """Return the problem's code."""
        return self.json.get("code") if self.text.startswith("{") else None


class InProcess:
    """The app's HTTP side, as whoever calls it. Made inside the event loop that it serves."""

    def __init__(self, world: World) -> None:
        bootstrap._apps[asyncio.get_running_loop()] = world.app

    async def call(
        self, method: str, target: str, body: Any = None, *, principal: str | None = None, **headers: str
    ) -> Answer:
        """Send a request to a path below /api, its query included; `principal` is what App Service would say."""
        parts = urlsplit(f"{BASE}/api{target}")
        for endpoint in endpoints():
            values = endpoint.route.match((decode_path(parts.path) or "").strip("/"))
            if values is not None and (not endpoint.methods or method in endpoint.methods):
                break
        else:
            return Answer(404, {}, "")
        sent = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        if principal is not None:
            sent["x-ms-client-principal-id"] = principal
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        if body is not None:
            sent.setdefault("content-type", "application/json")
        request = func.HttpRequest(
            method,
            parts.geturl(),
            headers=sent,
            params=dict(parse_qsl(parts.query)),
            route_params=values,
            body=content,
        )
        response: func.HttpResponse = await functions()[endpoint.function.name][1](request)
        return Answer(response.status_code, dict(response.headers), response.get_body().decode())
