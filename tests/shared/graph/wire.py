"""The other end of the wire: a Graph that answers what a test gives it, and remembers what it was asked."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from shared.graph import GraphClient
from shared.settings import GraphCredential, GraphService
from shared.settings.clouds import GLOBAL

ORGANIZER = "AlexW@contoso.com"
OBJECT_ID = "64339082-ed84-4b0b-b4ab-004ae54f3747"
CLIENT_ID = "2f6b1d3c-8a57-4c0e-9b64-5d0e7f1a2b3c"
ROOT = "http://127.0.0.1:7072/v1.0"

LOCAL = GraphService(ROOT, GLOBAL, GraphCredential.NONE, client_id=CLIENT_ID)
REAL = GraphService(
    "https://graph.microsoft.com/v1.0",
    GLOBAL,
    GraphCredential.CLIENT_SECRET,
    tenant_id="tenant",
    client_id=CLIENT_ID,
    client_secret="secret",
)

_ERRORS = Path(__file__).parent / "samples"
_DOCUMENTED = Path(__file__).parents[2] / "samples"


class Wire:
    """A transport with one answer at a time, and a client at its near end."""

    def __init__(self, service: GraphService = LOCAL) -> None:
        self.requests: list[httpx.Request] = []
        self.answer: Callable[[httpx.Request], httpx.Response] | httpx.Response | Exception = httpx.Response(204)
        self.client = GraphClient(service, httpx.MockTransport(self._handle))

    def answers(self, status: int, body: Any, **headers: str) -> None:
        """Answer every request with a JSON document from now on."""
        self.answer = httpx.Response(
            status, json=body, headers={name.replace("_", "-"): headers[name] for name in headers}
        )

    @property
    def request(self) -> httpx.Request:
        """The only request that was sent."""
        [request] = self.requests
        return request

    @property
    def sent(self) -> Any:
        """The body of the only request that was sent."""
        return json.loads(self.request.content)

    @property
    def target(self) -> str:
        """Path and query of the only request, as they went over the wire."""
        return self.request.url.raw_path.decode()

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer(request) if callable(self.answer) else self.answer


def refusal(name: str) -> httpx.Response:
    """Return an error answer in one of the forms that Graph is known to use."""
    sample = json.loads((_ERRORS / f"{name}.json").read_text(encoding="utf-8"))
    return httpx.Response(sample["status"], headers=sample["headers"], content=json.dumps(sample["body"]))


def documented(name: str) -> Any:
    """Return an answer that Microsoft's documentation shows."""
    return json.loads((_DOCUMENTED / f"{name}.response.json").read_text(encoding="utf-8"))
