"""The HTTP trigger: an ASGI app that turns requests into invocations.

What is odd here is the real host's doing, mostly in how it hands a request to a language worker: several values of
one query parameter or header arrive joined by commas, a query parameter without a value does not arrive at all, and a
wrong method is 404. https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger
"""

import hmac
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes, urlsplit

from azure_functions_runtime.bindings.datumdef import Datum
from starlette.types import Message, Receive, Scope, Send

from local.host.errors import FunctionError
from local.host.routes import Route, parse_route
from local.host.worker import Function, Worker

logger = logging.getLogger(__name__)

BODY_LIMIT = 100 * 1024 * 1024
_BODILESS = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One HTTP function.

    Attributes:
        function: what answers.
        route: which paths, the host's prefix included.
        methods: which methods; empty for all.
        needs_key: whether callers must show the function key, when the host has one.
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


class HttpApp:
    """The ASGI app in front of the HTTP functions; without a function key none is asked for."""

    def __init__(self, endpoints: Iterable[Endpoint], worker: Worker, function_key: str | None) -> None:
        self._endpoints = sorted(endpoints, key=lambda endpoint: endpoint.route.precedence)
        self._worker = worker
        self._key = function_key.encode() if function_key else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = _decode_path(scope["raw_path"])
        found = self._find(scope["method"], path) if path is not None else None
        if found is None:
            return await _answer(send, HTTPStatus.NOT_FOUND)
        endpoint, values = found
        headers, query = _read_headers(scope["headers"]), _read_query(scope["query_string"])
        if endpoint.needs_key and not self._holds_key(headers, query):
            return await _answer(send, HTTPStatus.UNAUTHORIZED)
        body = await _read_body(headers, receive)
        if isinstance(body, HTTPStatus):
            return await _answer(send, body)
        request = {
            "method": _string(scope["method"]),
            "url": _string(_url(scope, headers)),
            "headers": {name: _string(value) for name, value in headers.items()},
            "params": {name: _string(value) for name, value in values.items()},
            "query": {name: _string(value) for name, value in query.items() if value},
            "body": Datum(body, "bytes"),
        }
        succeeded, returned = await self._worker.invoke(endpoint.function, Datum(request, "http"))
        if not succeeded:
            return await _answer(send, HTTPStatus.INTERNAL_SERVER_ERROR)
        return await _respond(send, endpoint.function, returned, head=scope["method"] == "HEAD")

    def _find(self, method: str, path: str) -> tuple[Endpoint, dict[str, str]] | None:
        for endpoint in self._endpoints:
            if endpoint.methods and method not in endpoint.methods:
                continue
            if (values := endpoint.route.match(path)) is not None:
                return endpoint, values
        return None

    def _holds_key(self, headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
        if self._key is None:
            return True
        shown = headers.get("x-functions-key") or query.get("code") or ""
        return hmac.compare_digest(shown.encode(errors="surrogatepass"), self._key)


def _decode_path(raw: bytes) -> str | None:
    """Percent-decode a path once, as Kestrel does; None for a path that it refuses.

    An encoded slash stays encoded, and so does a segment that is not UTF-8.
    """
    if not raw.startswith(b"/"):  # "GET http://host/path", as a proxy is asked, or "OPTIONS *"
        raw = urlsplit(raw).path
    segments: list[str] = []
    for segment in raw.split(b"/")[1:]:
        text = segment.decode("latin-1")
        if b"%" in segment:
            kept = segment.replace(b"%2F", b"%252F").replace(b"%2f", b"%252f")
            with suppress(UnicodeDecodeError):
                text = unquote_to_bytes(kept).decode()
        if "\0" in text:
            return None
        if text == "..":
            del segments[-1:]
        elif text != ".":
            segments.append(text)
    if segments and not segments[-1]:
        segments.pop()  # one slash at the end makes no difference
    return "/".join(segments)


def _read_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name = raw_name.decode("latin-1").lower()
        try:
            value = raw_value.decode()
        except UnicodeDecodeError:
            value = raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def _read_query(raw: bytes) -> dict[str, str]:
    query: dict[str, str] = {}
    names: dict[str, str] = {}  # one parameter, whatever the case of its name
    for written, value in parse_qsl(raw.decode("latin-1"), keep_blank_values=True) if raw else ():
        name = names.setdefault(written.lower(), written)
        query[name] = f"{query[name]},{value}" if name in query else value
    return query


async def _read_body(headers: Mapping[str, str], receive: Receive) -> bytes | HTTPStatus:
    """Return the body, or the status that refuses it."""
    length = headers.get("content-length", "0")
    if length.isdecimal() and int(length) > BODY_LIMIT:
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    body = bytearray()
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            return HTTPStatus.BAD_REQUEST  # nobody is left to read it
        body += message.get("body", b"")
        if len(body) > BODY_LIMIT:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        if not message.get("more_body"):
            return bytes(body)


def _url(scope: Scope, headers: Mapping[str, str]) -> str:
    host = headers.get("host") or "{}:{}".format(*scope["server"])
    target: str = scope["raw_path"].decode("latin-1")
    query: str = scope["query_string"].decode("latin-1")
    url = f"{scope['scheme']}://{host}{target}" if target.startswith("/") else target
    return f"{url}?{query}" if query else url


async def _respond(send: Send, function: Function, returned: Datum | None, *, head: bool) -> None:
    """Send what the function returned: an HttpResponse, or a text."""
    try:
        status, headers, body = _read_response(returned, head=head)
    except ValueError as error:  # a status or header that HTTP cannot carry
        logger.error("%s returned a response that cannot be sent: %s", function.name, error)  # noqa: TRY400 - no bug here
        return await _answer(send, HTTPStatus.INTERNAL_SERVER_ERROR)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    return await send({"type": "http.response.body", "body": body})


def _read_response(returned: Datum | None, *, head: bool) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    if returned is None:
        return HTTPStatus.NO_CONTENT, [], b""
    if returned.type != "http":
        body = str(returned.value).encode()
        content_type = (b"content-type", b"text/plain; charset=utf-8")
        return HTTPStatus.OK, [content_type, (b"content-length", b"%d" % len(body))], body
    response: Mapping[str, Any] = returned.value
    status = int(response["status_code"].value)
    if not 200 <= status <= 599:  # noqa: PLR2004 - what is no interim and no private status
        raise ValueError(f"status {status}")
    body = response["body"].value
    body = body.encode() if isinstance(body, str) else bytes(body)
    headers = [_header(name, datum.value) for name, datum in response["headers"].items()]
    for cookie in response["cookies"] or ():
        headers += [_header("set-cookie", morsel.OutputString()) for morsel in cookie.values()]
    names = {name for name, _ in headers}
    if status in _BODILESS:
        return status, [header for header in headers if header[0] != b"content-length"], b""
    if not (head and b"content-length" in names):  # to HEAD, a function may tell the length of what GET would bring
        headers = [header for header in headers if header[0] not in {b"content-length", b"transfer-encoding"}]
        headers.append((b"content-length", b"%d" % len(body)))
    return status, headers, body


def _header(name: str, value: str) -> tuple[bytes, bytes]:
    if any(ord(letter) < ord(" ") and letter != "\t" for letter in value):
        raise ValueError(f"a control character in the header {name}")
    return name.lower().encode("latin-1"), value.encode("latin-1")


async def _answer(send: Send, status: HTTPStatus) -> None:
    """Send a status with an empty body."""
    await send({"type": "http.response.start", "status": int(status), "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


def _string(value: str) -> Datum:
    return Datum(value, "string")
