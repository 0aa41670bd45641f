import signal
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from tests.local.graph.test_event_creation import online

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
EVENTS = "/v1.0/users/AlexW@contoso.com/events"
COMMAND = [sys.executable, "-c", "from local.graph.server import serve; serve(0)"]


@pytest.fixture
def server() -> Generator[tuple[subprocess.Popen[str], str]]:
    with subprocess.Popen(COMMAND, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield process, process.stdout.readline().removeprefix("listening on ").strip()
        finally:
            process.kill()


def test_serving(server: tuple[subprocess.Popen[str], str]) -> None:
    """The server says where it listens, drops connections on demand, and ends cleanly and silently."""
    process, url = server
    assert url.startswith("http://127.0.0.1:")
    with httpx.Client(base_url=url, headers={"Authorization": "Bearer x"}, timeout=60) as client:
        assert client.get(EVENTS).status_code == 200
        for action in ("reset", "cut"):
            client.post("/_tenant/faults", json=[{"path": "/events", "times": 1, "when": "after", "action": action}])
            with pytest.raises(httpx.TransportError):
                client.post(EVENTS, json=online())
        assert len(client.get(EVENTS).json()["value"]) == 3
        assert [entry["status"] for entry in client.get("/_tenant/requests").json()] == [200, 0, 201, 200]
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert (out, err) == ("", "")
    assert process.returncode == 0
    assert time.monotonic() - began < 5
