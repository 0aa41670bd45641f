"""Finds out which modules the app reaches: `python -m infra.package.trace` prints their names, one a line.

msgraph has 36,000 files and imports most of what it needs inside properties, so only a call shows it. Every public
method of the app's Graph services is called here, against a server that does what it is asked and one that
refuses; a method that is added later is called as well.
"""

import asyncio
import base64
import importlib
import inspect
import json
import logging
import os
import pkgutil
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import fields
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import UnionType
from typing import Any, get_args

import functions
import shared
from shared import bootstrap
from shared.errors import GraphError
from shared.graph import Event, GraphClient
from shared.graph.artifacts import OnlineMeetingIds, Surface
from shared.graph.event import GraphTime
from shared.graph.services import GraphServices
from shared.settings import read_settings

_REFUSAL = {"error": {"code": "ErrorItemNotFound", "message": "gone", "innerError": {"request-id": "1"}, "details": []}}
_ANSWERS: tuple[tuple[int, dict[str, Any]], ...] = ((200, {"id": "x", "value": []}), (404, _REFUSAL))
_EXAMPLES: dict[Any, Any] = {
    str: "x",
    bool: True,
    int: 1,
    datetime: datetime(2026, 1, 1, tzinfo=UTC),
    OnlineMeetingIds: OnlineMeetingIds("x", "x"),
    Surface: Surface.ATTENDANCE,
    GraphTime: GraphTime.model_validate({"dateTime": "2026-01-01T00:00:00", "timeZone": "UTC"}),
    Event: Event.model_validate({"id": "x", "start": {"dateTime": "2026-01-01T00:00:00Z", "timeZone": "UTC"}}),
}


async def call_every_path() -> int:
    """Call every public method of the app's Graph services twice; return how many there are.

    Raises:
        ModuleNotFoundError: a module that a call reaches is not there.
    """
    methods = 0
    for status, document in _ANSWERS:
        with _server(status, document) as url:
            settings = read_settings(
                {"MeetingStorage": "UseDevelopmentStorage=true", "GRAPH_CREDENTIAL": "none", "GRAPH_BASE_URL": url}
            )
            client = GraphClient(settings.graph)
            called = [await _call(method) for method in _public_methods(client)]
            methods = len(called)
            await client.close()
    return methods


def import_app() -> None:
    """Import every module of the app but its command line, as the worker and the first requests do."""
    importlib.import_module("function_app")
    importlib.import_module("azure_functions_runtime")
    for package in (functions, shared):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not f"{module.name}.".startswith("shared.cli."):
                importlib.import_module(module.name)


def _public_methods(client: GraphClient) -> list[Callable[..., Any]]:
    services = GraphServices.over(client)
    return [
        method
        for field in fields(services)
        for name, method in inspect.getmembers(getattr(services, field.name))
        if not name.startswith("_") and (inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method))
    ]


async def _call(method: Callable[..., Any]) -> None:
    """Call a method with everything that it takes, and with None wherever it may: both ways may lead elsewhere."""
    annotations = {each.name: each.annotation for each in inspect.signature(method).parameters.values()}
    given = {name: _example(annotation) for name, annotation in annotations.items()}
    absent = {name: None for name, annotation in annotations.items() if type(None) in get_args(annotation)}
    for arguments in (given, given | absent):
        with suppress(GraphError):  # the answer makes little sense to most of them; the call was made
            called = method(**arguments)
            if inspect.isasyncgen(called):
                async for _ in called:
                    pass
            else:
                await called


def _example(annotation: Any) -> Any:
    choices = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    return next((_EXAMPLES[choice] for choice in choices if choice in _EXAMPLES), {})


@contextmanager
def _server(status: int, document: dict[str, Any]) -> Generator[str]:
    """Answer every request on this machine alike; the block gets the address."""
    content = json.dumps(document).encode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_request(self, code: object = "-", size: object = "-") -> None:
            pass

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - the base class's names

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


async def _use_storage() -> None:
    """Have the storage clients send their first requests, to a server that knows nothing."""
    with _server(404, {}) as url:
        account = f"AccountName=devstoreaccount1;AccountKey={base64.b64encode(b'key').decode()}"
        endpoints = f"QueueEndpoint={url}/devstoreaccount1;TableEndpoint={url}/devstoreaccount1"
        os.environ |= {
            "MeetingStorage": f"DefaultEndpointsProtocol=http;{account};{endpoints}",
            "GRAPH_CREDENTIAL": "none",
            "GRAPH_BASE_URL": url,
        }
        await bootstrap.app().upkeep.run()


def main() -> None:
    """Print the names of the modules that are loaded after every path was gone."""
    logging.getLogger("shared").addHandler(logging.NullHandler())  # the refusals are meant
    import_app()
    asyncio.run(call_every_path())
    asyncio.run(_use_storage())
    print("\n".join(sorted(sys.modules)))


if __name__ == "__main__":
    main()
