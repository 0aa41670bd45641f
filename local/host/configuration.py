"""The app's settings, and host.json with its overrides.

https://learn.microsoft.com/azure/azure-functions/functions-host-json and
https://learn.microsoft.com/azure/azure-functions/functions-host-json#override-hostjson-values
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from local.host.errors import ConfigurationError, FunctionError

_OVERRIDE = "azurefunctionsjobhost:"
_PLACEHOLDER = re.compile(r"%([^%]+)%")
_TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,7}))?)?")
_DEFAULT_TIMEOUT = "00:30:00"
_MOST_MESSAGES_AT_ONCE = 32  # of one receive operation


class Settings:
    """Application settings: names regardless of case, `__` equals `:`, as in .NET's configuration."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._values = {_normal(name): value for name, value in environment.items()}

    def get(self, name: str) -> str | None:
        """Return a setting, None when it is missing or empty."""
        return self._values.get(_normal(name)) or None

    def resolve(self, text: str) -> str:
        """Replace every `%NAME%` by the setting of that name.

        Raises:
            FunctionError: there is no such setting.
        """

        def value(placeholder: re.Match[str]) -> str:
            if (found := self.get(placeholder[1])) is None:
                raise FunctionError(f"'{text}' cannot be resolved: there is no setting '{placeholder[1]}'")
            return found

        return _PLACEHOLDER.sub(value, text)

    def overrides(self) -> dict[str, str]:
        """Return what overrides host.json, by path: `extensions:queues:batchsize`."""
        return {name.removeprefix(_OVERRIDE): text for name, text in self._values.items() if name.startswith(_OVERRIDE)}


@dataclass(frozen=True, slots=True)
class QueueOptions:
    """host.json's `extensions.queues`.

    Attributes:
        batch_size: messages received, and started, at once.
        new_batch_threshold: when no more than this many run, more are received.
        max_dequeue_count: tries before the poison queue.
        max_polling_interval: between two polls of an empty queue, at most.
        visibility_timeout: between a failed try and the next.
        base64: whether messages are base64, which is the default.
    """

    batch_size: int
    new_batch_threshold: int
    max_dequeue_count: int
    max_polling_interval: timedelta
    visibility_timeout: timedelta
    base64: bool


@dataclass(frozen=True, slots=True)
class HostOptions:
    """The parts of host.json that this host supports.

    Attributes:
        route_prefix: of every HTTP trigger's route, may be empty.
        function_timeout: after which an invocation ends the process; None for never.
        log_level: the default level.
        queues: the queue trigger's options.
    """

    route_prefix: str
    function_timeout: timedelta | None
    log_level: str
    queues: QueueOptions


def read_host_options(app_directory: Path, settings: Settings) -> HostOptions:
    """Read the app's host.json, and the settings that override it.

    Raises:
        ConfigurationError: something in it is malformed.
    """
    values = _read_file(app_directory / "host.json") | settings.overrides()
    timeout = str(values.get("functiontimeout", _DEFAULT_TIMEOUT))
    return HostOptions(
        route_prefix=str(values.get("extensions:http:routeprefix", "api")).strip("/"),
        function_timeout=None if timeout == "-1" else parse_time_span("functionTimeout", timeout),
        log_level=_LOG_LEVELS.get(str(values.get("logging:loglevel:default", "")).lower(), "INFO"),
        queues=_queue_options(values),
    )


_LOG_LEVELS = {"trace": "DEBUG", "debug": "DEBUG", "warning": "WARNING", "error": "ERROR", "critical": "CRITICAL"}
_LOG_LEVELS["none"] = "CRITICAL"


def parse_time_span(name: str, text: str) -> timedelta:
    """Read .NET's form of a duration, `[days.]hours:minutes[:seconds[.fraction]]`.

    Raises:
        ConfigurationError: it is not one; the message calls it `name`.
    """
    if not (found := _TIME_SPAN.fullmatch(text)):
        raise ConfigurationError(f"host.json: {name} is '{text}', not a time span such as 00:00:15")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[:4])
    microseconds = int((found[5] or "0").ljust(7, "0")) // 10
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=microseconds)


def _queue_options(values: Mapping[str, Any]) -> QueueOptions:
    section = {
        name.removeprefix("extensions:queues:"): value
        for name, value in values.items()
        if name.startswith("extensions:queues:")
    }

    def number(name: str, default: int, least: int, most: int = 2**31) -> int:
        text = str(section.get(name.lower(), default))
        if not text.isdecimal() or not least <= int(text) <= most:
            raise ConfigurationError(f"host.json: extensions.queues.{name} is '{text}', not a number from {least} on")
        return int(text)

    def span(name: str, default: str) -> timedelta:
        return parse_time_span(f"extensions.queues.{name}", str(section.get(name.lower(), default)))

    batch_size = number("batchSize", 16, 1, _MOST_MESSAGES_AT_ONCE)
    encoding = str(section.get("messageencoding", "base64")).lower()
    if encoding not in {"base64", "none"}:
        raise ConfigurationError(f"host.json: extensions.queues.messageEncoding is '{encoding}', not base64 or none")
    return QueueOptions(
        batch_size=batch_size,
        new_batch_threshold=number("newBatchThreshold", batch_size // 2, 0),
        max_dequeue_count=number("maxDequeueCount", 5, 1),
        max_polling_interval=span("maxPollingInterval", "00:01:00"),
        visibility_timeout=span("visibilityTimeout", "00:00:00"),
        base64=encoding == "base64",
    )


def _read_file(path: Path) -> dict[str, Any]:
    """Return host.json's leaves by path; nothing when there is no such file."""
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise ConfigurationError(f"host.json is not JSON: {error}") from error
    if not isinstance(content, dict) or content.get("version") != "2.0":
        raise ConfigurationError('host.json is not an object with "version": "2.0"')
    return dict(_leaves("", cast("dict[str, Any]", content)))


def _leaves(prefix: str, section: Mapping[str, Any]) -> list[tuple[str, Any]]:
    leaves: list[tuple[str, Any]] = []
    for name, value in section.items():
        path = f"{prefix}{_normal(name)}"
        leaves += _leaves(f"{path}:", cast("dict[str, Any]", value)) if isinstance(value, dict) else [(path, value)]
    return leaves


def _normal(name: str) -> str:
    return name.lower().replace("__", ":")
