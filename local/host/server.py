"""The host as a whole: starts the worker, connects its functions to their triggers, serves until it is stopped."""

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from local.host.configuration import HostOptions, Settings, read_host_options
from local.host.errors import AppError, ConfigurationError
from local.host.http_connection import HttpServer
from local.host.http_trigger import HttpTrigger
from local.host.log import log_to_stderr
from local.host.supervisor import Supervisor
from local.loopback import listen

if TYPE_CHECKING:
    from local.host.triggers import Triggers

logger = logging.getLogger(__name__)

_DRAIN = 10.0


def run(app_directory: Path, port: int, function_key: str | None, queue_lease: timedelta) -> int:
    """Run the app of a folder until SIGINT or SIGTERM; return the exit code.

    Args:
        app_directory: the folder with function_app.py and host.json.
        port: where to serve on 127.0.0.1; 0 for any free port.
        function_key: what callers must send; None turns authorization off.
        queue_lease: how long the message of a host that died stays invisible.
    """
    settings = Settings(os.environ)
    try:
        options = read_host_options(app_directory, settings)
        listener = listen(port)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"port {port} cannot be served: {error.strerror}", file=sys.stderr)
        return 1
    log_to_stderr(options.log_level)
    try:
        return asyncio.run(_Host(app_directory, options, settings).serve(listener, function_key, queue_lease))
    except AppError as error:
        print(error, file=sys.stderr)
        return error.exit_code


class _Host:
    def __init__(self, app_directory: Path, options: HostOptions, settings: Settings) -> None:
        self._app_directory = app_directory
        self._options = options
        self._settings = settings

    async def serve(self, listener: socket.socket, function_key: str | None, queue_lease: timedelta) -> int:
        """Load, serve, drain; return the exit code.

        Raises:
            AppError: the app cannot be served.
        """
        supervisor = Supervisor(self._app_directory, self._options.log_level, self._options.function_timeout)
        starting = asyncio.create_task(supervisor.start())
        await asyncio.sleep(0)
        from local.host.triggers import Triggers  # its libraries are imported while the worker imports the app

        triggers = Triggers(self._options, self._settings, queue_lease, supervisor.invoke)
        functions = await starting
        logger.info("%d of %d functions loaded", triggers.join(functions), len(functions))
        stopping = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, stopping.set)
        server = HttpServer(HttpTrigger(triggers.endpoints, supervisor.invoke, function_key).handle)
        await server.serve(listener)
        supervising = asyncio.create_task(supervisor.run())
        loops = [asyncio.create_task(loop) for loop in triggers.loops]
        print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)

        stopped = asyncio.create_task(stopping.wait())
        done, _ = await asyncio.wait([stopped, supervising, *loops], return_when=asyncio.FIRST_COMPLETED)
        if stopped not in done:
            _end_by_fault(done)
        supervising.add_done_callback(lambda _: _end_by_fault([supervising]))
        logger.info("stopping, with %d invocations running", supervisor.running)
        try:
            async with asyncio.timeout(_DRAIN):
                await _drain(server, triggers, loops)
        except TimeoutError:
            logger.warning("%d invocations had not ended after %g s", supervisor.running, _DRAIN)
            _exit_now(0)
        supervising.cancel()
        await supervisor.stop()
        return 0


async def _drain(server: HttpServer, triggers: "Triggers", loops: list[asyncio.Task[None]]) -> None:
    """Answer the open requests, then finish the received messages; functions are not notified.

    The port closes at once. Queues and timers continue until the last answer, as the real host's do; the real host
    waits longer, 30 s for HTTP and 10 s for the rest.
    https://learn.microsoft.com/azure/azure-functions/event-driven-scaling#scale-in-behaviors
    """
    await server.stop()
    triggers.stop()
    if loops:
        done, _ = await asyncio.wait(loops)
        _end_by_fault(loop for loop in done if loop.exception())
    await triggers.close()


def _end_by_fault(ended: Iterable[asyncio.Task[Any]]) -> None:
    """End the process at once if a task that never should has ended; messages in flight wait for their leases."""
    for task in ended:
        if task.cancelled():
            return
        logger.critical("an unhandled exception has occurred; the host ends", exc_info=task.exception())
        _exit_now(1)


def _exit_now(code: int) -> NoReturn:
    """End the process without waiting for what still runs."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(code)
