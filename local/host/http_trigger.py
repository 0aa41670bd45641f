"""The HTTP trigger: routes, keys, and what a function sees of a request.

Its surprises are those of the real host: it joins several values of one query parameter or header by commas, drops
query parameters without a value, decodes the URL and encodes it again, and answers 404 to a wrong method. https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger
"""

import hmac
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

from local.host.errors import FunctionError
from local.host.http_connection import RefusedError, Request, Response
from local.host.invocation import Function, HttpRequest, Invoke
from local.host.routes import Route, parse_route
from local.host.targets import decode_path, encode_path, query_pairs, read_query

logger = logging.getLogger(__name__)

_HOME_PAGE = b"<!DOCTYPE html>\n<title>Functions</title>\n<p>The function app is running.\n"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One HTTP function.

    Attributes:
        function: the function that answers.
        route: its paths, with the host's prefix.
        methods: its methods; empty for all.
        needs_key: whether callers must send the function key, when the host has one.
    """

    function: Function
    route: Route
    methods: frozenset[str]
    needs_key: bool


def make_endpoint(function: Function, prefix: str) -> Endpoint:
    """Return the endpoint that a function's trigger describes.

    Raises:
        FunctionError: its route is malformed.
    """
    trigger = function.trigger
    template = str(trigger.get("route") or function.name).strip("/")
    if template.lower().startswith(("admin/", "runtime/")) and not prefix:
        raise FunctionError(f"the route '{template}' is the host's own")
    return Endpoint(
        function=function,
        route=parse_route(f"{prefix}/{template}" if prefix else template),
        methods=frozenset(str(method).upper() for method in trigger.get("methods") or ()),
        needs_key=str(trigger.get("authLevel", "function")).lower() != "anonymous",
    )


class HttpTrigger:
    """Answers requests by the HTTP functions; without a function key, callers need none."""

    def __init__(self, endpoints: Iterable[Endpoint], invoke: Invoke, function_key: str | None) -> None:
        self._endpoints = sorted(endpoints, key=lambda endpoint: endpoint.route.precedence)
        self._invoke = invoke
        self._key = function_key.encode() if function_key else None

    async def handle(self, request: Request) -> Response:
        """Answer one request.

        Raises:
            RefusedError: the answer is a status alone.
        """
        if _is_preflight(request):
            return Response(HTTPStatus.NO_CONTENT)
        path = decode_path(request.path)
        if path is None:
            raise RefusedError(HTTPStatus.BAD_REQUEST)
        endpoint, route_values = self._find(request.method, path)
        if endpoint is None:
            if path == "/" and request.method == "GET":
                return Response(HTTPStatus.OK, [("Content-Type", "text/html")], _HOME_PAGE)
            raise RefusedError(HTTPStatus.NOT_FOUND)
        if endpoint.needs_key and not self._holds_key(request):
            raise RefusedError(HTTPStatus.UNAUTHORIZED)
        headers = _joined_headers(request)
        seen = HttpRequest(
            method=request.method,
            url=_url(headers, path, request.query),
            headers=headers,
            query=read_query(request.query),
            route_values=route_values,
            body=await request.read_body(),
        )
        outcome = await self._invoke(endpoint.function, seen)
        if outcome.response is None:
            raise RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR)
        return Response(outcome.response.status, outcome.response.headers, outcome.response.body)

    def _find(self, method: str, path: str) -> tuple[Endpoint | None, dict[str, str]]:
        matched = path[1:].removesuffix("/")  # one slash at the end makes no difference
        for endpoint in self._endpoints:
            if endpoint.methods and method not in endpoint.methods:
                continue
            if (values := endpoint.route.match(matched)) is not None:
                return endpoint, values
        return None, {}

    def _holds_key(self, request: Request) -> bool:
        if self._key is None:
            return True
        codes = [value for name, value in query_pairs(request.query) if name.lower() == "code"]
        shown = [*request.values("x-functions-key"), *codes, ""]
        return hmac.compare_digest(shown[0].encode(), self._key)


def _is_preflight(request: Request) -> bool:
    return (
        request.method == "OPTIONS"
        and bool(request.values("origin"))
        and bool(request.values("access-control-request-method"))
    )


def _joined_headers(request: Request) -> dict[str, str]:
    """Return the headers as the function sees them; `DISGUISED-HOST` stands in for the host, as behind App Service."""
    values: dict[str, list[str]] = {}
    for name, value in request.headers:
        values.setdefault(name, []).append(value)
    headers = {name: ",".join(filter(None, each)) for name, each in values.items()}
    return headers | ({"host": headers["disguised-host"]} if headers.get("disguised-host") else {})


def _url(headers: dict[str, str], path: str, query: str) -> str:
    if not headers.get("host"):
        raise RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR)
    scheme = headers.get("x-forwarded-proto") or "http"
    url = f"{scheme}://{headers['host']}{encode_path(path)}"
    return f"{url}?{query.replace('#', '%23')}" if query else url
