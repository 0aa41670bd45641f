"""host.json and the settings that override it."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from local.host.configuration import HostOptions, Settings, parse_time_span, read_host_options
from local.host.errors import ConfigurationError, FunctionError


def _read(folder: Path, content: object, **environment: str) -> HostOptions:
    (folder / "host.json").write_text(json.dumps(content))
    return read_host_options(folder, Settings(environment))


def test_defaults(tmp_path: Path) -> None:
    """An empty host.json means what Microsoft documents."""
    options = _read(tmp_path, {"version": "2.0"})
    assert options.route_prefix == "api"
    assert options.queues.batch_size == 16
    assert options.queues.new_batch_threshold == 8
    assert options.queues.max_dequeue_count == 5
    assert options.queues.max_polling_interval == timedelta(minutes=1)
    assert options.queues.visibility_timeout == timedelta(0)
    assert options.queues.base64


def test_values_of_the_file(tmp_path: Path) -> None:
    """Names are read whatever their case."""
    queues = {"BatchSize": 4, "messageEncoding": "none", "visibilityTimeout": "00:00:15"}
    extensions = {"queues": queues, "http": {"routePrefix": ""}}
    options = _read(tmp_path, {"version": "2.0", "functionTimeout": "00:05:00", "extensions": extensions})
    assert options.route_prefix == ""
    assert options.function_timeout == timedelta(minutes=5)
    assert options.queues.new_batch_threshold == 2
    assert options.queues.visibility_timeout == timedelta(seconds=15)
    assert not options.queues.base64


def test_settings_override_the_file(tmp_path: Path) -> None:
    """`AzureFunctionsJobHost__...` wins over host.json, whatever its case."""
    options = _read(
        tmp_path,
        {"version": "2.0", "extensions": {"queues": {"batchSize": 4, "maxDequeueCount": 9}}},
        AzureFunctionsJobHost__extensions__queues__batchSize="2",
        AZUREFUNCTIONSJOBHOST__FUNCTIONTIMEOUT="-1",
        AzureFunctionsJobHost__logging__logLevel__default="Warning",
    )
    assert options.queues.batch_size == 2
    assert options.queues.max_dequeue_count == 9
    assert options.function_timeout is None
    assert options.log_level == "WARNING"


@pytest.mark.parametrize(
    ("section", "named"),
    [
        ({"batchSize": 33}, "batchSize"),
        ({"batchSize": 0}, "batchSize"),
        ({"newBatchThreshold": "many"}, "newBatchThreshold"),
        ({"visibilityTimeout": "soon"}, "visibilityTimeout"),
        ({"messageEncoding": "rot13"}, "messageEncoding"),
    ],
)
def test_malformed_values_are_named(tmp_path: Path, section: dict[str, object], named: str) -> None:
    """A wrong value keeps the host from starting, and is named."""
    with pytest.raises(ConfigurationError, match=named):
        _read(tmp_path, {"version": "2.0", "extensions": {"queues": section}})


def test_malformed_file(tmp_path: Path) -> None:
    """So does a file that is not JSON, or of no known version; one that is missing means the defaults."""
    assert read_host_options(tmp_path, Settings({})).queues.batch_size == 16
    (tmp_path / "host.json").write_text("{")
    with pytest.raises(ConfigurationError, match="not JSON"):
        read_host_options(tmp_path, Settings({}))
    with pytest.raises(ConfigurationError, match="version"):
        _read(tmp_path, [])


def test_time_spans() -> None:
    """.NET's time spans may have days and fractions."""
    assert parse_time_span("x", "1.02:03:04.5") == timedelta(days=1, hours=2, minutes=3, seconds=4.5)
    assert parse_time_span("x", "02:03") == timedelta(hours=2, minutes=3)


def test_placeholders() -> None:
    """`%NAME%` is a setting, whatever its case; one that is missing or empty is an error that names it."""
    settings = Settings({"Request_Queue": "things", "EMPTY": ""})
    assert settings.resolve("%REQUEST_QUEUE%-x") == "things-x"
    assert settings.resolve("plain") == "plain"
    for name in ("ABSENT", "EMPTY"):
        with pytest.raises(FunctionError, match=name):
            settings.resolve(f"%{name}%")
