"""The way to Graph, against servers that answer well or badly."""

import asyncio
import gzip
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus

import aiohttp
import httpx
import pytest

from shared.graph.transport import AiohttpTransport

TIMEOUT = aiohttp.ClientTimeout(total=5, sock_connect=5)
LONG = 60_000
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Server:
    """Answers each request with the same bytes, and closes the connection after it when it is told to."""

    def __init__(self, answer: bytes, *, closes: bool = False) -> None:
        self.answer = answer
        self.closes = closes
        self.requests: list[bytes] = []
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                self.requests.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(self.answer)
                if self.closes:
                    break
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def client_of(server: Server) -> AsyncGenerator[httpx.AsyncClient]:
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    transport = AiohttpTransport(TIMEOUT, trust_env=False)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{port}") as client:
        yield client
    listener.close()


async def test_an_answer() -> None:
    """Status, headers and content come as they were sent; the path and the headers go as they were given."""
    server = Server(b"HTTP/1.1 201 Made\r\nrequest-id: 7\r\nContent-Length: 8\r\n\r\n" + b'{"a": 1}')
    async with client_of(server) as client:
        answer = await client.get("/users/a%2Fb%40c?%24filter=x%20eq%201", headers={"client-request-id": "9"})
    assert (answer.status_code, answer.headers["request-id"], answer.json()) == (201, "7", {"a": 1})
    [request] = server.requests
    assert request.startswith(b"GET /users/a%2Fb%40c?%24filter=x%20eq%201 HTTP/1.1\r\n")
    assert b"\r\nclient-request-id: 9\r\n" in request


async def test_a_connection_serves_again() -> None:
    """What was read to its end leaves the connection open for the next request."""
    server = Server(OK)
    async with client_of(server) as client:
        for _ in range(3):
            await client.get("/")
    assert (len(server.requests), server.connections) == (3, 1)


async def test_what_is_packed_stays_so() -> None:
    """Unpacking is bounded elsewhere: the transport hands on what came."""
    packed = gzip.compress(b"{}")
    server = Server(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed)
    async with client_of(server) as client, client.stream("GET", "/") as answer:
        assert b"".join([part async for part in answer.aiter_raw()]) == packed


async def test_nothing_is_followed_or_kept() -> None:
    """A redirect is an answer like another, and a cookie is not sent back."""
    server = Server(b"HTTP/1.1 302 Found\r\nLocation: /other\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n")
    async with client_of(server) as client:
        for _ in range(2):
            client.cookies.clear()
            assert (await client.get("/")).status_code == HTTPStatus.FOUND
    assert len(server.requests) == 2
    assert not any(b"ookie" in request for request in server.requests)


async def test_a_long_header() -> None:
    """An answer's header may be as long as any server's that the field knows."""
    server = Server(b"HTTP/1.1 200 OK\r\nlong: " + b"x" * LONG + b"\r\nContent-Length: 2\r\n\r\n{}")
    async with client_of(server) as client:
        answer = await client.get("/")
    assert answer.headers["long"] == "x" * LONG


async def test_without_a_connection_nothing_was_sent() -> None:
    """Nobody listens: that can be told from an answer that was lost."""
    async with httpx.AsyncClient(transport=AiohttpTransport(TIMEOUT, trust_env=False)) as client:
        with pytest.raises(httpx.ConnectError):
            await client.post("http://127.0.0.1:1/", content=b"{}")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 201 Created\r\nContent-",
        b"HTTP/1.1 201 Created\r\nContent-Length: 9\r\n\r\n{}",
        b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        b"nonsense\r\n\r\n",
    ],
)
async def test_what_was_asked_for_may_be_done(answer: bytes) -> None:
    """The answer is cut off or no answer: the request was sent, once, and that is how it is told."""
    server = Server(answer, closes=True)
    async with client_of(server) as client:
        with pytest.raises(httpx.ReadError):
            await client.post("/", content=b"{}")
    assert len(server.requests) == 1


async def test_a_connection_that_was_closed_meanwhile() -> None:
    """A kept connection that the server has dropped: the POST is not sent a second time unasked."""
    server = Server(OK)
    async with client_of(server) as client:
        await client.post("/", content=b"{}")
        server.answer, server.closes = b"", True
        with pytest.raises(httpx.ReadError):
            await client.post("/", content=b"{}")
    assert len(server.requests) == 2


async def test_a_server_that_says_nothing() -> None:
    """Patience has an end, and what was asked for may be done by then."""
    server = Server(b"")
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    transport = AiohttpTransport(aiohttp.ClientTimeout(total=0.2), trust_env=False)
    async with httpx.AsyncClient(transport=transport) as client:
        with pytest.raises(httpx.ReadError):
            await client.get(f"http://127.0.0.1:{port}/")
    listener.close()
