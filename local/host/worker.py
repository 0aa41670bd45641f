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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import azure_functions_runtime as runtime
from azure_functions_runtime.bindings.datumdef import Datum
from azure_functions_runtime.native_invocation import invocation_request_native

from local.host.errors import AppError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the app, as its decorators describe it.

    Attributes:
        name: its name.
        id: what the worker knows it by.
        bindings: as in a function.json, the trigger among them.
    """

    name: str
    id: str
    bindings: Sequence[Mapping[str, Any]]

    @property
    def trigger(self) -> Mapping[str, Any]:
        """The binding that starts it."""
        return next((binding for binding in self.bindings if str(binding["type"]).endswith("Trigger")), {"type": ""})


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

    async def invoke(
        self, function: Function, value: Datum, metadata: Mapping[str, Datum] | None = None
    ) -> tuple[bool, Datum | None]:
        """Run a function; never raises.

        Args:
            function: which one.
            value: what its trigger's parameter is made of.
            metadata: the trigger's metadata.

        Returns:
            Whether it succeeded, and what it returned.
        """
        invocation = str(uuid4())
        started = time.monotonic()
        self._running[invocation] = (function.name, started)
        try:
            succeeded, returned, _, reason, _ = await invocation_request_native(
                invocation, function.id, [(function.trigger["name"], value)], dict(metadata or {})
            )
        finally:
            del self._running[invocation]
        milliseconds = (time.monotonic() - started) * 1000
        if succeeded:
            logger.info("%s succeeded in %.0f ms", function.name, milliseconds)
        else:
            logger.error("%s failed in %.0f ms: %s", function.name, milliseconds, reason)
        return succeeded, returned

    def _watch(self, seconds: float) -> None:
        while True:
            time.sleep(min(0.25, seconds))
            for name, started in list(self._running.values()):
                if time.monotonic() - started > seconds:
                    logger.critical("%s exceeded the function timeout of %g s: the process ends", name, seconds)
                    exit_now(1)


def exit_now(code: int) -> None:
    """End the process without waiting for, or telling, anything that still runs."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(code)
