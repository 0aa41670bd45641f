"""What the tests of the local stack share: one emulator, sample apps, hosts that run them."""

import json
import os
import textwrap
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from azure.storage.queue import QueueClient

from local.processes import Child, start_child
from local.storage import Storage, running_storage

type StartHost = Callable[..., Child]

_HEADER = """
import asyncio, json, logging, os, time
import azure.functions as func
from azure.storage.queue import QueueClient

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)

def tell(text):
    '''Put a line into the host's log, for the test to find.'''
    logging.getLogger("app").info("told: %s", text)
"""


@pytest.fixture(scope="package")
def storage() -> Generator[Storage]:
    with running_storage() as running:
        yield running


def write_app(folder: Path, code: str, queues: Mapping[str, Any] | None = None, **host: Any) -> Path:
    """Write a sample app: `code` after the usual imports, `queues` and `host` into its host.json."""
    folder.mkdir(exist_ok=True)
    options = {"messageEncoding": "none", "maxPollingInterval": "00:00:00.2", **(queues or {})}
    content = {"version": "2.0", "extensions": {"queues": options}, **host}
    (folder / "host.json").write_text(json.dumps(content))
    (folder / "function_app.py").write_text(_HEADER + textwrap.dedent(code))
    return folder


@pytest.fixture
def start_host(tmp_path: Path) -> Generator[StartHost]:
    """Start hosts for sample apps; stopped after the test."""
    with ExitStack() as hosts:

        def start(code: str, *options: str, env: Mapping[str, str] | None = None, **host: Any) -> Child:
            folder = write_app(tmp_path / "app", code, **host)
            arguments = ["host", "--port", "0", "--app", str(folder), *options]
            return hosts.enter_context(start_child(arguments, {**os.environ, **(env or {})}))

        yield start


def wait_for(condition: Callable[[], object], seconds: float = 100) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


@pytest.fixture
def queue(storage: Storage) -> QueueClient:
    """A queue that is not there yet."""
    return QueueClient.from_connection_string(storage.connection_string, f"q-{uuid4()}")


@pytest.fixture
def env(storage: Storage, queue: QueueClient) -> dict[str, str]:
    return {"Things": storage.connection_string, "QUEUE": queue.queue_name}
