"""HTTP/1.1 as Kestrel, the web server of the Functions host, speaks it: what it refuses, and how it frames answers.

https://learn.microsoft.com/aspnet/core/fundamentals/servers/kestrel/options names its limits. The rest follows
exchanges that were recorded with the host: tests/local/test_recorded_http.py.
"""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPMethod, HTTPStatus
from typing import Protocol

BODY_LIMIT = 100 * 1024 * 1024
_REQUEST_LINE_LIMIT = 8 * 1024
_HEADERS_LIMIT = 32 * 1024
_HEADER_COUNT_LIMIT = 100
_READ_LIMIT = 64 * 1024
_KEEP_ALIVE = 130.0
_BODY_GRACE = 5.0
_LEAST_BYTES_PER_SECOND = 240

_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_REQUEST_LINE = re.compile(b"(?P<method>%b) (?P<target>[\x21-\x7e]+) (?P<version>HTTP/[0-9][.][0-9])" % _TOKEN.pattern)
_ABSOLUTE_TARGET = re.compile(r"https?://([^/?#]*)([^?]*)(.*)", re.IGNORECASE)
_HOST = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=%]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")
_CONTENT_LENGTH = re.compile(r"\+?[0-9]{1,18}")
_RESPONSE_VALUE = re.compile(r"[\t\x20-\x7e]*")
_METHODS = frozenset(HTTPMethod)
_BODILESS = frozenset({HTTPStatus.SWITCHING_PROTOCOLS, HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


class RefusedError(Exception):
    """The request is answered with a status and an empty body."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class ReadBody(Protocol):
    """Reads the body of a request."""

    def __call__(self) -> Awaitable[bytes]:
        """Return the body, nothing of a chunked one.

        Raises:
            RefusedError: it is larger than BODY_LIMIT, or comes slower than 240 bytes a second.
        """
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose head was read.

    Attributes:
        method: in upper case where it is a method of RFC 9110 or PATCH.
        path: the target's, as sent; `*` for the asterisk form.
        query: the target's, as sent, without the question mark.
        headers: in their order, names in lower case.
        read_body: reads the rest.
    """

    method: str
    path: str
    query: str
    headers: Sequence[tuple[str, str]]
    read_body: ReadBody

    def values(self, name: str) -> list[str]:
        """Return every value of a header."""
        return [value for each, value in self.headers if each == name]


@dataclass(frozen=True, slots=True)
class Response:
    """An answer; one that HTTP cannot carry is sent as 500."""

    status: int
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""


type Handle = Callable[[Request], Awaitable[Response]]


class HttpServer:
    """Answers every request on one socket by `handle`, which may raise RefusedError."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], _Connection] = {}

    async def serve(self, listener: socket.socket) -> None:
        """Start to accept connections."""
        self._server = await asyncio.start_server(self._serve_connection, sock=listener, limit=_READ_LIMIT)

    async def stop(self) -> None:
        """Close the port at once; return when every request that was read is answered."""
        if self._server:
            self._server.close()
        for task, connection in self._connections.items():
            connection.stopping = True
            if connection.idle:
                task.cancel()
        if self._connections:
            await asyncio.wait(self._connections)

    async def _serve_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in one
        connection = self._connections[task] = _Connection(reader, writer, self._handle)
        try:
            await connection.run()
        except (OSError, EOFError, TimeoutError, asyncio.CancelledError):
            pass  # the client has closed the connection, or sends nothing
        finally:
            del self._connections[task]
            writer.close()


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handle: Handle) -> None:
        self._reader = reader
        self._writer = writer
        self._handle = handle
        self.idle = True
        self.stopping = False

    async def run(self) -> None:
        """Answer one request after the other.

        Raises:
            OSError, EOFError: the client has closed the connection.
            TimeoutError: the client has sent no request for too long.
        """
        while not self.stopping:
            self.idle = True
            async with asyncio.timeout(_KEEP_ALIVE):
                head = await self._read_head()
            self.idle = False
            try:
                exchange = _Exchange(head, self._reader, self._writer)
            except RefusedError as error:
                self._writer.write(_frame(Response(error.status), "", ends=True, chunks=False))
                await self._writer.drain()
                return
            try:
                response = await self._handle(exchange.request)
            except RefusedError as error:
                response = Response(error.status)
            ends = exchange.is_last or self.stopping
            self._writer.write(_frame(response, exchange.request.method, ends=ends, chunks=not exchange.is_old))
            await self._writer.drain()
            if ends or not await exchange.skip_body():
                return

    async def _read_head(self) -> bytes:
        try:
            return await self._reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError as error:
            return await self._reader.readexactly(error.consumed)


class _Exchange:
    """One request and its framing.

    Attributes:
        request: the request.
        is_old: whether the client speaks HTTP/1.0, which has no chunks.
        is_last: whether the connection ends with the answer.
    """

    def __init__(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        line, _, fields = head.partition(b"\r\n")
        if len(line) > _REQUEST_LINE_LIMIT - 2:
            raise RefusedError(HTTPStatus.REQUEST_URI_TOO_LONG)
        method, target, version = _read_request_line(line)
        if len(fields) > _HEADERS_LIMIT:
            raise RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        headers = _read_headers(fields)
        hosts = [value for name, value in headers if name == "host"]
        self.is_old = version == b"HTTP/1.0"
        if len(hosts) > 1 or not (hosts or self.is_old) or not all(map(_HOST.fullmatch, hosts)):
            raise RefusedError(HTTPStatus.BAD_REQUEST)
        path, query = _read_target(method, target, hosts)
        self._chunked, self._unread, headers = _read_framing(headers)
        self.request = Request(method, path, query, headers, self._read_body)
        closes = any("close" in value.lower() for value in self.request.values("connection"))
        self.is_last = self.is_old or closes

    async def _read_body(self) -> bytes:
        if self._unread > BODY_LIMIT:
            raise RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR)
        if "100-continue" in self.request.values("expect") and self._unread:
            self._writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = bytearray()
        clock = asyncio.get_running_loop().time
        started = clock()
        while self._unread:
            allowed = max(_BODY_GRACE, len(body) / _LEAST_BYTES_PER_SECOND) - (clock() - started)
            try:
                async with asyncio.timeout(allowed):
                    body += await self._read_some()
            except TimeoutError as error:
                self.is_last = True
                raise RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR) from error
        return bytes(body)

    async def _read_some(self) -> bytes:
        octets = await self._reader.read(min(self._unread, _READ_LIMIT))
        if not octets:
            raise EOFError
        self._unread -= len(octets)
        return octets

    async def skip_body(self) -> bool:
        """Read the rest of the body; return whether the connection can serve another request."""
        if self._unread > BODY_LIMIT:
            return False
        async with asyncio.timeout(_BODY_GRACE):
            while self._unread:
                await self._read_some()
            try:
                while self._chunked:
                    size, _, _ = (await self._reader.readuntil(b"\r\n")).partition(b";")
                    await self._reader.readexactly(int(size, 16) + 2 if int(size, 16) else 0)
                    self._chunked = int(size, 16) != 0
                    while not self._chunked and await self._reader.readuntil(b"\r\n") != b"\r\n":
                        pass  # trailers
            except ValueError:
                return False
        return True


def _read_request_line(line: bytes) -> tuple[str, str, bytes]:
    """Return method, target and version."""
    if not (parts := _REQUEST_LINE.fullmatch(line)):
        raise RefusedError(HTTPStatus.BAD_REQUEST)
    if parts["version"] not in {b"HTTP/1.0", b"HTTP/1.1"}:
        raise RefusedError(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)
    method = parts["method"].decode()
    return method.upper() if method.upper() in _METHODS else method, parts["target"].decode(), parts["version"]


def _read_target(method: str, target: str, hosts: Sequence[str]) -> tuple[str, str]:
    """Return path and query."""
    if absolute := _ABSOLUTE_TARGET.fullmatch(target):
        if hosts != [absolute[1]]:
            raise RefusedError(HTTPStatus.BAD_REQUEST)
        target = (absolute[2] or "/") + absolute[3]
    if not target.startswith("/") and (method, target) != ("OPTIONS", "*"):
        raise RefusedError(HTTPStatus.BAD_REQUEST)
    path, _, query = target.partition("?")
    return path, query


def _read_headers(fields: bytes) -> list[tuple[str, str]]:
    lines = fields.removesuffix(b"\r\n\r\n").split(b"\r\n") if fields != b"\r\n" else []
    if len(lines) > _HEADER_COUNT_LIMIT:
        raise RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
    headers: list[tuple[str, str]] = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not _TOKEN.fullmatch(name) or any(octet in value for octet in b"\0\r\n"):
            raise RefusedError(HTTPStatus.BAD_REQUEST)
        try:
            headers.append((name.decode().lower(), value.decode().strip(" \t")))
        except UnicodeDecodeError as error:
            raise RefusedError(HTTPStatus.BAD_REQUEST) from error
    return headers


def _read_framing(headers: list[tuple[str, str]]) -> tuple[bool, int, list[tuple[str, str]]]:
    """Return whether the body is chunked, its length if not, and the headers as the function sees them."""
    codings = [value for name, value in headers if name == "transfer-encoding"]
    lengths = [value for name, value in headers if name == "content-length"]
    if len(lengths) > 1 or not all(map(_CONTENT_LENGTH.fullmatch, lengths)):
        raise RefusedError(HTTPStatus.BAD_REQUEST)
    if codings:
        if codings[-1].rpartition(",")[2].strip().lower() != "chunked":
            raise RefusedError(HTTPStatus.BAD_REQUEST)
        # RFC 9112, section 6.1: with both, the length is not to be trusted
        return True, 0, [("x-content-length" if name == "content-length" else name, value) for name, value in headers]
    length = int(lengths[0]) if lengths else 0
    return False, length, [(name, str(length) if name == "content-length" else value) for name, value in headers]


def _frame(response: Response, method: str, *, ends: bool, chunks: bool) -> bytes:
    """Return the bytes of an answer, of a 500 when HTTP cannot carry it.

    Args:
        response: what to answer.
        method: the request's.
        ends: whether the connection ends with it.
        chunks: whether the client understands chunks.
    """
    status, headers, body = response.status, [*response.headers], response.body
    names = {name.lower() for name, _ in headers}
    lengths = [value for name, value in headers if name.lower() == "content-length"]
    if status in _BODILESS or status == HTTPStatus.RESET_CONTENT:
        body = b""
    wrong_length = lengths and lengths != [str(len(body))] and not (method == "HEAD" and not body)
    if wrong_length or "transfer-encoding" in names or not all(_can_be_sent(*header) for header in headers):
        return _frame(Response(HTTPStatus.INTERNAL_SERVER_ERROR), method, ends=ends, chunks=chunks)
    sends_body = method != "HEAD" and status not in _BODILESS
    if sends_body and not lengths:
        if not body:
            headers.append(("Content-Length", "0"))
        elif chunks:
            headers.append(("Transfer-Encoding", "chunked"))
            body = b"%X\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    if ends:
        headers.append(("Connection", "close"))
    if "date" not in names:
        headers.append(("Date", formatdate(usegmt=True)))
    if "server" not in names:
        headers.append(("Server", "Kestrel"))
    lines = [f"HTTP/1.1 {status} {_reason(status)}", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode() + (body if sends_body else b"")


def _can_be_sent(name: str, value: str) -> bool:
    return bool(_TOKEN.fullmatch(name.encode()) and _RESPONSE_VALUE.fullmatch(value))


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
