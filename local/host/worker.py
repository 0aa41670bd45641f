"""The bridge to `azure-functions-runtime`: indexes the app and runs its functions, in this process.

The library expects to be spoken to in protobuf. Indexing needs only a handful of its message types, which the classes
here stand in for; invoking goes through its protobuf-free `native_invocation`.
"""

import json
import logging
import os
import sys
import threading
import time
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import azure_functions_runtime as runtime
from azure_functions_runtime.bindings.datumdef import Datum
from azure_functions_runtime.native_invocation import invocation_request_native

from local.host.errors import AppError
from local.host.invocation import Function, HttpRequest, HttpResponse, Outcome, QueueMessage, TimerRun, TriggerValue

logger = logging.getLogger(__name__)


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
        AppError: there is no app, or it raised while it was imported.
    """
    if not (app_directory / "function_app.py").is_file():
        raise AppError(f"there is no function_app.py in {app_directory}")
    runtime.start_threadpool_executor()
    init = SimpleNamespace(capabilities={}, function_app_directory=str(app_directory))
    request = SimpleNamespace(
        request=SimpleNamespace(worker_init_request=init), properties={"host": "127.0.0.1", "protos": _PROTOS}
    )
    library_log = logging.getLogger("azure.functions")
    level = library_log.level
    library_log.setLevel(logging.CRITICAL)  # it logs the exception twice over, which is told below
    answer: Any = await runtime.worker_init_request(request)
    library_log.setLevel(level)
    if answer.result.status != _StatusResult.Success:
        raise AppError(_story(answer.result.exception))
    metadata: Any = await runtime.functions_metadata_request(request)
    return [
        Function(found.name, found.function_id, [json.loads(binding) for binding in found.raw_bindings])
        for found in metadata.function_metadata_results or ()
    ]


def _story(exception: Any) -> str:
    """Return an exception that was raised while the app was imported, without what the library adds to it."""
    first, _, _ = str(exception.stack_trace).partition("\n\nDuring handling of the above exception")
    return f"{first.rstrip()}\n{exception.message}"


class Worker:
    """Runs functions, and ends the process when one of them takes longer than host.json's `functionTimeout`.

    Azure restarts the worker process then, and with it everything that it was running:
    https://learn.microsoft.com/azure/azure-functions/functions-host-json#functiontimeout
    """

    def __init__(self, function_timeout: timedelta | None) -> None:
        self._running: dict[str, tuple[str, float]] = {}
        if function_timeout is not None:
            # A thread, because a function that blocks the event loop must be ended too.
            watch = threading.Thread(target=self._watch, args=(function_timeout.total_seconds(),), daemon=True)
            watch.start()

    @property
    def running(self) -> int:
        """How many invocations have not ended yet."""
        return len(self._running)

    async def invoke(self, function: Function, value: TriggerValue) -> Outcome:
        """Run a function; never raises."""
        invocation = str(uuid4())
        started = time.monotonic()
        self._running[invocation] = (function.name, started)
        try:
            datum, metadata = _datum(value)
            inputs = [(function.trigger["name"], datum)]
            succeeded, returned, _, reason, _ = await invocation_request_native(
                invocation, function.id, inputs, metadata
            )
        finally:
            del self._running[invocation]
        milliseconds = (time.monotonic() - started) * 1000
        if succeeded:
            logger.info("%s succeeded in %.0f ms", function.name, milliseconds)
        else:
            logger.error("%s failed in %.0f ms: %s", function.name, milliseconds, reason)
        return Outcome(succeeded, _response(returned) if succeeded else None, reason)

    def _watch(self, seconds: float) -> None:
        while True:
            time.sleep(min(0.25, seconds))
            for name, started in list(self._running.values()):
                if time.monotonic() - started > seconds:
                    logger.critical("%s exceeded the function timeout of %g s: the process ends", name, seconds)
                    exit_now(1)


def _datum(value: TriggerValue) -> tuple[Datum, dict[str, Datum]]:
    """Return what the trigger's parameter is made of, and the trigger's metadata."""
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


def exit_now(code: int) -> None:
    """End the process without waiting for, or telling, anything that still runs."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(code)
