"""The host as a whole: loads the app, joins its functions to their triggers, serves until it is told to stop."""

import asyncio
import importlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.host.configuration import HostOptions, Settings, read_host_options
from local.host.errors import AppError, ConfigurationError, FunctionError
from local.host.http_connection import HttpServer
from local.host.http_trigger import Endpoint, HttpTrigger, make_endpoint
from local.host.invocation import Function, QueueMessage, TimerRun
from local.host.queue_storage import StorageQueue, open_account
from local.host.queue_trigger import LEASE, QueueListener
from local.host.timer_trigger import Schedule, TimerListener
from local.host.worker import Worker, exit_now, load_functions

if TYPE_CHECKING:
    from azure.storage.queue.aio import QueueServiceClient

logger = logging.getLogger(__name__)

_DRAIN = 10.0
_QUIET = ("azure", "httpx", "httpcore", "urllib3", "asyncio")
_SETTINGS_FAULT = 2


def run(app_directory: Path, port: int, function_key: str | None, queue_lease: timedelta = LEASE) -> int:
    """Run the app of a folder until SIGINT or SIGTERM; return the exit code.

    Args:
        app_directory: the folder with function_app.py and host.json.
        port: where to serve on 127.0.0.1; 0 for any free port.
        function_key: what callers must show; None turns authorization off.
        queue_lease: how long the message of a host that died stays unseen.
    """
    settings = Settings(os.environ)
    try:
        options = read_host_options(app_directory, settings)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 1
    _log(options.log_level)
    os.chdir(app_directory)
    sys.path.insert(0, str(app_directory))
    if fault := _settings_fault(app_directory):
        print(fault, file=sys.stderr)
        return _SETTINGS_FAULT
    return asyncio.run(_Host(app_directory, options, settings, queue_lease).serve(port, function_key))


def _log(level: str) -> None:
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", datefmt="%H:%M:%S")
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _settings_fault(app_directory: Path) -> str | None:
    """Return what is wrong with the settings, as the app itself judges them; other apps than Convene do not."""
    if not (app_directory / "shared" / "settings" / "settings.py").is_file():
        return None
    read_settings: Callable[[Mapping[str, str]], object] = importlib.import_module("shared.settings").read_settings
    error_type: type[Exception] = importlib.import_module("shared.errors").SettingsError
    try:
        read_settings(os.environ)
    except error_type as error:
        return str(error)
    return None


def _listen(port: int) -> socket.socket:
    # With the protocol named, or asyncio leaves Nagle's algorithm on and every answer takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener


class _Host:
    def __init__(self, app_directory: Path, options: HostOptions, settings: Settings, queue_lease: timedelta) -> None:
        self._app_directory = app_directory
        self._options = options
        self._settings = settings
        self._queue_lease = queue_lease
        self._worker = Worker(options.function_timeout)
        self._endpoints: list[Endpoint] = []
        self._loops: list[Coroutine[Any, Any, None]] = []
        self._stops: list[Callable[[], None]] = []
        self._accounts: dict[str, QueueServiceClient] = {}

    async def serve(self, port: int, function_key: str | None) -> int:
        """Load, serve, drain; return the exit code."""
        try:
            listener = _listen(port)
        except OSError as error:
            print(f"port {port} cannot be served: {error.strerror}", file=sys.stderr)
            return 1
        try:
            functions = await load_functions(self._app_directory)
        except AppError as error:
            print(f"{error}\n0 functions loaded", file=sys.stderr)
            return 1
        logger.info("%d of %d functions loaded", sum(map(self._load, functions)), len(functions))
        stopping = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, stopping.set)
        server = HttpServer(HttpTrigger(self._endpoints, self._worker.invoke, function_key).handle)
        await server.serve(listener)
        tasks = [asyncio.create_task(loop) for loop in self._loops]
        print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)

        ended = asyncio.create_task(stopping.wait())
        done, _ = await asyncio.wait([ended, *tasks], return_when=asyncio.FIRST_COMPLETED)
        if ended not in done:
            _end_by_fault(done)
        await self._drain([asyncio.create_task(server.stop()), *tasks])
        return 0

    async def _drain(self, tasks: list[asyncio.Task[None]]) -> None:
        """Take no new work, and give what runs ten seconds.

        https://learn.microsoft.com/azure/azure-functions/event-driven-scaling#scale-in-behaviors: functions are not
        told, so what is left then is not cancelled either: it just ends with the process.
        """
        logger.info("stopping, with %d invocations running", self._worker.running)
        for stop in self._stops:
            stop()
        done, unfinished = await asyncio.wait(tasks, timeout=_DRAIN)
        _end_by_fault(task for task in done if task.exception())
        if unfinished:
            logger.warning("%d invocations had not ended after %g s", self._worker.running, _DRAIN)
            exit_now(0)
        for account in self._accounts.values():
            await account.close()

    def _load(self, function: Function) -> bool:
        """Join a function to its trigger; log why if that cannot be, and go on without it."""
        try:
            self._join(function)
        except FunctionError as error:
            logger.error("the function '%s' is not loaded: %s", function.name, error)  # noqa: TRY400 - no bug of ours
            return False
        return True

    def _join(self, function: Function) -> None:
        if unknown := [str(each["type"]) for each in function.bindings if each["type"] not in _KNOWN_BINDINGS]:
            raise FunctionError(f"this host knows no binding {', '.join(unknown)}")
        match function.trigger["type"]:
            case "httpTrigger":
                self._endpoints.append(make_endpoint(function, self._options.route_prefix))
            case "queueTrigger":
                self._join_queue(function)
            case "timerTrigger":
                self._join_timer(function)
            case _:
                raise FunctionError("it has no trigger")

    def _join_queue(self, function: Function) -> None:
        name = self._settings.resolve(function.trigger["queueName"])
        connection = str(function.trigger.get("connection") or "")
        if connection not in self._accounts:
            self._accounts[connection] = open_account(connection, self._settings)
        account = self._accounts[connection]

        async def take(message: QueueMessage) -> bool:
            return (await self._worker.invoke(function, message)).succeeded

        has_poison = not name.endswith("-poison")
        listener = QueueListener(
            StorageQueue(account.get_queue_client(name)),
            StorageQueue(account.get_queue_client(f"{name}-poison")) if has_poison else None,
            self._options.queues,
            take,
            lease=self._queue_lease,
        )
        self._loops.append(listener.run())
        self._stops.append(listener.stop)

    def _join_timer(self, function: Function) -> None:
        trigger = function.trigger
        schedule = Schedule(self._settings.resolve(trigger["schedule"]))
        if not self._settings.get("AzureWebJobsStorage") and not self._settings.get("AzureWebJobsStorage__accountName"):
            logger.warning("%s: in Azure, a timer needs the setting AzureWebJobsStorage", function.name)

        async def fire(run: TimerRun) -> None:
            await self._worker.invoke(function, run)

        listener = TimerListener(schedule, fire, monitor=trigger.get("useMonitor") is not False)
        self._loops.append(listener.run(on_startup=trigger.get("runOnStartup") is True))
        self._stops.append(listener.stop)


def _end_by_fault(loops: Iterable[asyncio.Task[Any]]) -> None:
    """End at once where a trigger's loop has failed, as the real host does; what is in flight waits for its lease."""
    for loop in loops:
        logger.critical("an unhandled exception has occurred; the host ends", exc_info=loop.exception())
        exit_now(1)


_KNOWN_BINDINGS = {"httpTrigger", "http", "queueTrigger", "timerTrigger"}
