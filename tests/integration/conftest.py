"""The real thing, as far as this machine goes: Azurite, the local host, and the stand-in tenant as processes."""

import json
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.storage.queue import QueueClient

from local.processes import Stack, running_stack
from tests.browser import NoBrowserError, Tab, open_tab, running_browser
from tests.integration.conformance import Conformance

SAMPLES = Path(__file__).parent.parent / "samples"
_PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Client:
    """What another system does with the app, and what an administrator sees in the tenant."""

    stack: Stack
    http: httpx.Client
    tenant: httpx.Client

    def post(self, request: Mapping[str, Any], **headers: str) -> httpx.Response:
        return self.http.post("/meetings", json=dict(request), headers=headers)

    def enqueue(self, text: str) -> None:
        with QueueClient.from_connection_string(self.stack.connection_string, "meeting-requests") as queue:
            queue.send_message(text)

    def finished(self, location: str) -> dict[str, Any]:
        """Poll a meeting as a workflow would, until it is finished."""
        return until(lambda: self._finished_now(location))

    def found(self, **filters: str) -> dict[str, Any]:
        """Wait until a search finds one meeting, and until that one is finished."""
        [meeting] = until(lambda: self.http.get("/meetings", params=filters).json()["meetings"])
        return self.finished(f"/meetings/{meeting['id']}")

    def outlook_event(self, organizer: str, **properties: Any) -> dict[str, Any]:
        """Create an event as a person does in Outlook, and return it."""
        start, end = ({"dateTime": f"2027-01-20T{hour}:00:00", "timeZone": "UTC"} for hour in (13, 14))
        answer = httpx.post(
            f"{self.stack.graph.url}/v1.0/users/{organizer}/events",
            json={"subject": "Price strategy", "start": start, "end": end} | properties,
            headers={"authorization": "Bearer local"},
            timeout=60,
        )
        return answer.raise_for_status().json()

    def state(self) -> dict[str, Any]:
        return self.tenant.get("/state").json()

    def _finished_now(self, location: str) -> dict[str, Any] | None:
        answer = self.http.get(location)
        assert answer.status_code in {200, 202}, answer.text
        return answer.json() if answer.status_code == 200 else None


def until[T](look: Callable[[], T | None]) -> T:
    """Look again, less and less often, until there is something to see."""
    deadline, pause = time.monotonic() + _PATIENCE_SECONDS, 0.05
    while not (seen := look()):
        assert time.monotonic() < deadline, "nothing was seen in time"
        time.sleep(pause)
        pause = min(1.5 * pause, 0.5)
    return seen


def sample(name: str) -> dict[str, Any]:
    """Return a request or response of the source documents."""
    return json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="package")
def stack() -> Iterator[Stack]:
    with running_stack() as stack:
        yield stack


@pytest.fixture(scope="package")
def client(stack: Stack) -> Iterator[Client]:
    """A client for all tests: to make one, and to read the schemas that check its answers, takes longer than a call."""
    with clients(stack) as client:
        yield client


@pytest.fixture(scope="package")
def browser() -> Iterator[str]:
    try:
        with running_browser() as address:
            yield address
    except NoBrowserError as error:
        pytest.skip(str(error))


@pytest.fixture
async def tab(browser: str) -> AsyncGenerator[Tab]:
    async with open_tab(browser) as tab:
        yield tab


class clients:  # noqa: N801 - a context manager by use
    """The connections of a client, open for the length of a block; each answer is as the OpenAPI document has it."""

    def __init__(self, stack: Stack, function_key: str = "") -> None:
        headers = {"x-functions-key": function_key}
        url = f"{stack.host.url}/api/openapi.json"
        document = httpx.get(url, headers=headers, timeout=60).raise_for_status().json()
        self._client = Client(
            stack,
            httpx.Client(
                base_url=f"{stack.host.url}/api",
                headers=headers,
                timeout=60,
                event_hooks={"response": [Conformance(document).check]},
            ),
            httpx.Client(base_url=f"{stack.graph.url}/_tenant", timeout=60),
        )

    def __enter__(self) -> Client:
        return self._client

    def __exit__(self, *_: object) -> None:
        self._client.http.close()
        self._client.tenant.close()
