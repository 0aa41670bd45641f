"""The worker process, `python -m local.host.worker`: indexes the app and runs its functions.

`azure-functions-runtime`, the language worker's own library, does both. It expects protobuf messages. Indexing needs
only a few of their types, for which the classes here stand in; invoking uses its protobuf-free `native_invocation`.
"""

import asyncio
import fcntl
import importlib
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import azure_functions_runtime as runtime
from azure_functions_runtime.bindings.datumdef import Datum
from azure_functions_runtime.native_invocation import invocation_request_native

from local.host.channel import Ended, Invocation, Loaded, NotLoaded, receive, send
from local.host.errors import AppError
from local.host.invocation import Function, HttpRequest, HttpResponse, Outcome, QueueMessage, TimerRun, TriggerValue
from local.host.log import log_to_stderr

_SETTINGS_FAULT = 2


class _StatusResult(SimpleNamespace):
    Failure = 0
    Success = 1


class _BindingInfo(SimpleNamespace):
    undefined = None
    out = 1
    inout = 2


_PROTOS = SimpleNamespace(
    BindingInfo=_BindingInfo,
    FunctionMetadataResponse=SimpleNamespace,
    RpcException=SimpleNamespace,
    RpcFunctionMetadata=SimpleNamespace,
    RpcRetryOptions=SimpleNamespace,
    StatusResult=_StatusResult,
    WorkerInitResponse=SimpleNamespace,
    WorkerMetadata=SimpleNamespace,
)


async def load_functions(app_directory: Path) -> list[Function]:
    """Index the app, once per process: the library keeps what it has loaded in global variables.

    Raises:
        AppError: there is no app, or its import failed.
    """
    if not (app_directory / "function_app.py").is_file():
        raise AppError(f"there is no function_app.py in {app_directory}\n0 functions loaded")
    runtime.start_threadpool_executor()
    init = SimpleNamespace(capabilities={}, function_app_directory=str(app_directory))
    request = SimpleNamespace(
        request=SimpleNamespace(worker_init_request=init), properties={"host": "127.0.0.1", "protos": _PROTOS}
    )
    library_log = logging.getLogger("azure.functions")
    level = library_log.level
    library_log.setLevel(logging.CRITICAL)  # it logs the exception twice; below it is logged once
    answer: Any = await runtime.worker_init_request(request)
    library_log.setLevel(level)
    if answer.result.status != _StatusResult.Success:
        raise AppError(f"{_story(answer.result.exception)}\n0 functions loaded")
    metadata: Any = await runtime.functions_metadata_request(request)
    return [
        Function(found.name, found.function_id, [json.loads(binding) for binding in found.raw_bindings])
        for found in metadata.function_metadata_results or ()
    ]


def _story(exception: Any) -> str:
    """Return the exception of a failed import, without the library's additions."""
    first, _, _ = str(exception.stack_trace).partition("\n\nDuring handling of the above exception")
    return f"{first.rstrip()}\n{exception.message}"


async def run_function(function: Function, value: TriggerValue) -> Outcome:
    """Run a function of the app that was indexed in this process; never raises."""
    datum, metadata = _datum(value)
    succeeded, returned, _, reason, _ = await invocation_request_native(
        str(uuid4()), function.id, [(function.trigger["name"], datum)], metadata
    )
    return Outcome(succeeded, _response(returned) if succeeded else None, reason)


def _datum(value: TriggerValue) -> tuple[Datum, dict[str, Datum]]:
    """Return the data of the trigger's parameter, and the trigger's metadata."""
    match value:
        case HttpRequest():
            request = {
                "method": _string(value.method),
                "url": _string(value.url),
                "headers": {name: _string(each) for name, each in value.headers.items()},
                "params": {name: _string(each) for name, each in value.route_values.items()},
                "query": {name: _string(each) for name, each in value.query.items()},
                "body": Datum(value.body, "bytes"),
            }
            return Datum(request, "http"), {}
        case QueueMessage():
            return _string(value.text), {name: _string(each) for name, each in value.metadata.items()}
        case TimerRun():
            return Datum(value.json, "json"), {}


def _string(value: str) -> Datum:
    return Datum(value, "string")


def _response(returned: Datum | None) -> HttpResponse | None:
    """Return what a function returned: an HttpResponse, or a text."""
    if returned is None:
        return None
    if returned.type != "http":
        content_type = ("Content-Type", "text/plain; charset=utf-8")
        return HttpResponse(HTTPStatus.OK, [content_type], str(returned.value).encode())
    response: Mapping[str, Any] = returned.value
    headers = [(str(name), str(datum.value)) for name, datum in response["headers"].items()]
    for cookie in response["cookies"] or ():
        headers += [("Set-Cookie", morsel.OutputString()) for morsel in cookie.values()]
    body = response["body"].value
    return HttpResponse(
        int(response["status_code"].value), headers, body.encode() if isinstance(body, str) else bytes(body)
    )


def main(channel: int, app_directory: Path, log_level: str) -> None:
    """Serve the host at the other end of a socket until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group, and the host drains
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _end_with_host()
    log_to_stderr(log_level)
    if app_directory.is_dir():  # or `load_functions` says what is missing
        os.chdir(app_directory)
    sys.path.insert(0, str(app_directory))
    asyncio.run(_serve(socket.socket(fileno=channel), app_directory))


def _end_with_host() -> None:
    """Have the kernel end this process when the host ends, even while a function holds the interpreter.

    Standard input is a pipe without a writer. When the host ends in any way, the pipe breaks, and the kernel sends
    SIGIO, which ends a process on Linux. Elsewhere the end of the channel does so, once the event loop runs.
    """
    standard_input = sys.stdin.fileno()
    fcntl.fcntl(standard_input, fcntl.F_SETOWN, os.getpid())
    flags = fcntl.fcntl(standard_input, fcntl.F_GETFL)
    fcntl.fcntl(standard_input, fcntl.F_SETFL, flags | os.O_ASYNC)


async def _serve(channel: socket.socket, app_directory: Path) -> None:
    reader, writer = await asyncio.open_connection(sock=channel)
    try:
        functions = {function.id: function for function in await load_functions(app_directory)}
        _check_settings()
    except AppError as error:
        send(writer, NotLoaded(str(error), error.exit_code))
        return await writer.drain()
    send(writer, Loaded(list(functions.values())))

    async def run(invocation: Invocation) -> None:
        outcome = await run_function(functions[invocation.function_id], invocation.value)
        send(writer, Ended(invocation.number, outcome))

    running: set[asyncio.Task[None]] = set()
    try:
        while isinstance(invocation := await receive(reader), Invocation):
            running.add(task := asyncio.create_task(run(invocation)))
            task.add_done_callback(running.discard)
    except EOFError:
        os._exit(0)


def _check_settings() -> None:
    """Have the app check its settings, where its function_app has a `check_settings`.

    Raises:
        AppError: the app refused them.
    """
    check: Callable[[], object] | None = getattr(importlib.import_module("function_app"), "check_settings", None)
    if check is None:
        return
    try:
        check()
    except Exception as error:
        raise AppError(str(error), _SETTINGS_FAULT) from error


if __name__ == "__main__":
    _, _channel, _app_directory, _log_level = sys.argv
    main(int(_channel), Path(_app_directory), _log_level)
