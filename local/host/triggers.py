"""The triggers of the app's functions."""

import logging
from collections.abc import Callable, Coroutine, Iterable
from datetime import timedelta
from typing import Any

from azure.storage.queue.aio import QueueServiceClient

from local.host.configuration import HostOptions, Settings
from local.host.errors import FunctionError
from local.host.http_trigger import Endpoint, make_endpoint
from local.host.invocation import Function, Invoke, QueueMessage, TimerRun
from local.host.queue_storage import StorageQueue, open_account
from local.host.queue_trigger import QueueListener
from local.host.timer_trigger import TimerListener, read_schedule

logger = logging.getLogger(__name__)

_KNOWN_BINDINGS = {"httpTrigger", "http", "queueTrigger", "timerTrigger"}


class Triggers:
    """The triggers: HTTP routes, and loops for queues and timers.

    Attributes:
        endpoints: the HTTP functions.
        loops: each runs until it is stopped; one that raises ends the host.
    """

    def __init__(self, options: HostOptions, settings: Settings, queue_lease: timedelta, invoke: Invoke) -> None:
        """Start without functions.

        Args:
            options: host.json's.
            settings: the app's.
            queue_lease: how long the message of a host that died stays invisible.
            invoke: runs a function.
        """
        self.endpoints: list[Endpoint] = []
        self.loops: list[Coroutine[Any, Any, None]] = []
        self._options = options
        self._settings = settings
        self._queue_lease = queue_lease
        self._invoke = invoke
        self._stops: list[Callable[[], None]] = []
        self._accounts: dict[str, QueueServiceClient] = {}

    def join(self, functions: Iterable[Function]) -> int:
        """Connect functions to their triggers; return how many were loaded."""
        return sum(map(self._load, functions))

    def stop(self) -> None:
        """Stop every loop: it starts nothing new, and returns when its work in progress has ended."""
        for stop in self._stops:
            stop()

    async def close(self) -> None:
        """Close the connections."""
        for account in self._accounts.values():
            await account.close()

    def _load(self, function: Function) -> bool:
        """Connect a function to its trigger; return whether that was possible, and log why not."""
        if _is_true(self._settings.get(f"AzureWebJobs.{function.name}.Disabled")):
            logger.info("the function '%s' is disabled", function.name)
            return False
        try:
            self._join(function)
        except FunctionError as error:
            logger.error("the function '%s' is not loaded: %s", function.name, error)  # noqa: TRY400 - not a bug of this app
            return False
        return True

    def _join(self, function: Function) -> None:
        if unknown := [str(each["type"]) for each in function.bindings if each["type"] not in _KNOWN_BINDINGS]:
            raise FunctionError(f"this host knows no binding {', '.join(unknown)}")
        match function.trigger["type"]:
            case "httpTrigger":
                self.endpoints.append(make_endpoint(function, self._options.route_prefix))
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
            return (await self._invoke(function, message)).succeeded

        has_poison = not name.endswith("-poison")
        listener = QueueListener(
            StorageQueue(account.get_queue_client(name)),
            StorageQueue(account.get_queue_client(f"{name}-poison")) if has_poison else None,
            self._options.queues,
            take,
            lease=self._queue_lease,
        )
        self.loops.append(listener.run())
        self._stops.append(listener.stop)

    def _join_timer(self, function: Function) -> None:
        trigger = function.trigger
        schedule = read_schedule(self._settings.resolve(trigger["schedule"]))
        if not self._settings.get("AzureWebJobsStorage") and not self._settings.get("AzureWebJobsStorage__accountName"):
            logger.warning("%s: in Azure, a timer needs the setting AzureWebJobsStorage", function.name)

        async def fire(run: TimerRun) -> None:
            await self._invoke(function, run)

        listener = TimerListener(schedule, fire, monitor=trigger.get("useMonitor") is not False)
        self.loops.append(listener.run(on_startup=trigger.get("runOnStartup") is True))
        self._stops.append(listener.stop)


def _is_true(text: str | None) -> bool:
    return (text or "").lower() in {"true", "1"}
