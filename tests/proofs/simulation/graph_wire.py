"""Graph, from inside a process: the stand-in's service without its web server, with a fault at each call.

A batch is one call on the network, and in it one call for each mailbox, which Graph may refuse on its own.
"""

import asyncio
import json
from contextlib import ExitStack
from datetime import UTC
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from math import isfinite
from typing import Any, override

import httpx

from local.graph.errors import ConnectionDropError
from local.graph.http_messages import GraphAnswer, GraphRequest
from local.graph.service import GraphService
from local.graph.tenant import Tenant
from tests.proofs.simulation.loop import Process, SimulatedClock
from tests.proofs.simulation.network import Network, NoAnswerError, Point, Refusal, RefusedError, Service

BATCH = "$batch"


class GraphWire(httpx.AsyncBaseTransport):
    """Carries a process's calls to the tenant."""

    def __init__(self, network: Network, process: Process, tenant: Tenant, clock: SimulatedClock) -> None:
        self._network = network
        self._process = process
        self._tenant = tenant
        self._service = GraphService(tenant)
        self._clock = clock

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        target = request.url.raw_path.decode()
        headers = {name.lower(): value for name, value in request.headers.items()}
        given = GraphRequest(request.method, target, headers, await request.aread())
        point = self._point(given)
        with self._network.watched(self._process, point.mailbox) as answered:
            if point.mailbox == BATCH:
                response = await self._exchange_batch(request, point, given)
            else:
                response = await self._exchange(request, point, given)
            answered(self._closed_until(response.status_code, response.headers))
        response.headers.setdefault("date", format_datetime(self._clock(), usegmt=True))
        return response

    def _point(self, given: GraphRequest) -> Point:
        match given.segments():
            case ["users", name, *rest]:
                user = self._tenant.find_user(name)
                mailbox, what = user.user_principal_name if user else name, rest[0] if rest else "user"
            case [first, *_]:
                mailbox = what = first
            case _:
                mailbox = what = ""
        return Point(self._process.name, Service.GRAPH, f"{given.method} {what}", _created(given), mailbox)

    async def _exchange(self, request: httpx.Request, point: Point, given: GraphRequest) -> httpx.Response:
        async def answer() -> GraphAnswer:
            answered = await self._service.answer(given)
            if given.method != "GET":
                self._network.wrote(point.mailbox)
            return answered

        try:
            answer_ = await self._network.exchange(self._process, point, answer)
        except RefusedError as error:
            return httpx.Response(error.refusal.status, headers=_headers(error.refusal), json=_error(error.refusal))
        except (NoAnswerError, ConnectionDropError) as error:
            raise httpx.ReadError("the connection was reset", request=request) from error
        answer_.headers.setdefault("content-type", "application/json")
        return httpx.Response(answer_.status, headers=answer_.headers, content=answer_.content())

    async def _exchange_batch(self, request: httpx.Request, point: Point, given: GraphRequest) -> httpx.Response:
        """Send to the tenant those calls of a batch that Graph does not refuse, and watch each of them."""
        items: list[dict[str, Any]] = given.json()["requests"]
        refused: list[dict[str, Any]] = []
        with ExitStack() as stack:
            answered = {}
            for item in items:
                inner = self._point(GraphRequest(item["method"], f"/v1.0{item['url']}", {}, b""))
                answered[item["id"]] = stack.enter_context(self._network.watched(self._process, inner.mailbox))
                if refusal := self._network.injector.refusal(inner):
                    # A date is measured against the answer's own, or else against the machine's clock, which is real.
                    headers = _headers(refusal) | {"Date": format_datetime(self._clock(), usegmt=True)}
                    response = {"status": refusal.status, "headers": headers, "body": _error(refusal)}
                    refused.append({"id": item["id"], **response})
            left = [item for item in items if item["id"] not in {each["id"] for each in refused}]
            content = json.dumps({"requests": left}).encode()
            if left:
                response = await self._exchange(
                    request, point, GraphRequest(given.method, given.target, given.headers, content)
                )
            else:
                response = httpx.Response(HTTPStatus.OK, json={"responses": []})
            if response.status_code != HTTPStatus.OK:
                return response
            responses = [*response.json()["responses"], *refused]
            for each in responses:
                answered[each["id"]](self._closed_until(each["status"], httpx.Headers(each["headers"])))
        return httpx.Response(HTTPStatus.OK, json={"responses": responses})

    def _closed_until(self, status: int, headers: httpx.Headers) -> float | None:
        """Return when Graph may be called again: read here anew, and not by what is under test."""
        text = headers.get("retry-after")
        if status not in {429, 503} or not text:
            return None
        try:
            seconds = float(text)
        except ValueError:
            try:
                seconds = (parsedate_to_datetime(text).astimezone(UTC) - self._clock()).total_seconds()
            except ValueError:
                return None
        now = asyncio.get_running_loop().time()
        return now + seconds if isfinite(seconds) and seconds > 0 else None


def _created(request: GraphRequest) -> str:
    if request.method != "POST" or not request.content:
        return ""
    body = request.json()
    return body.get("transactionId") or body.get("externalId") or ""


def _headers(refusal: Refusal) -> dict[str, str]:
    return {} if refusal.retry_after is None else {"Retry-After": refusal.retry_after}


def _error(refusal: Refusal) -> dict[str, Any]:
    code = "ApplicationThrottled" if refusal.status == HTTPStatus.TOO_MANY_REQUESTS else "ServiceNotAvailable"
    return {"error": {"code": code, "message": "Later."}}
