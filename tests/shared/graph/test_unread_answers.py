"""Answers of which only status and headers can be read: what these say counts all the same."""

import asyncio
import gzip
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest
from kiota_abstractions.method import Method

from shared.errors import GraphError, ThrottledError, UnavailableError
from shared.graph import GraphClient
from shared.graph.answer_stream import LARGEST_ANSWER
from shared.graph.client import Call
from shared.graph.refusals import Surface
from shared.settings import GraphCredential, GraphService
from shared.settings.clouds import GLOBAL
from tests.shared.graph.test_transport import Server
from tests.shared.graph.wire import ORGANIZER, Wire

JSON = b"Content-Type: application/json\r\n"
# What follows Retry-After in an answer whose body is no good.
UNREADABLE = {
    "cut": JSON + b'Content-Length: 90\r\n\r\n{"error":',
    "cut in its chunks": JSON + b'Transfer-Encoding: chunked\r\n\r\n9\r\n{"error":\r\n',
    "nothing of it": JSON + b"Content-Length: 90\r\n\r\n",
    "too large": b"Content-Length: %d\r\n\r\n" % (LARGEST_ANSWER + 1) + b"z" * (LARGEST_ANSWER + 1),
    "no gzip": b"Content-Encoding: gzip\r\nContent-Length: 7\r\n\r\nnotgzip",
    "gzip, cut": b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"{}", mtime=0)[:-9],
    "packed otherwise": b"Content-Encoding: br\r\nContent-Length: 2\r\n\r\n{}",
    "not JSON": JSON + b'Content-Length: 9\r\n\r\n{"error":',
    "empty": JSON + b"Content-Length: 0\r\n\r\n",
}


@asynccontextmanager
async def client_of(answer: bytes) -> AsyncGenerator[GraphClient]:
    """Yield a client whose Graph is a server that sends these bytes and closes the connection."""
    listener = await asyncio.start_server(Server(answer, closes=True).serve, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    client = GraphClient(GraphService(f"http://127.0.0.1:{port}/v1.0", GLOBAL, GraphCredential.NONE))
    yield client
    await client.close()
    listener.close()


async def failure(client: GraphClient, method: Method = Method.POST) -> GraphError:
    body = {"subject": "x"} if method is Method.POST else None
    with pytest.raises(GraphError) as raised:
        await client.send(Call(method, client.user(ORGANIZER).events, Surface.MAILBOX, ORGANIZER, body=body))
    return raised.value


@pytest.mark.parametrize("body", sorted(UNREADABLE))
class TestOnTheNetwork:
    @pytest.mark.parametrize("method", [Method.GET, Method.POST])
    async def test_a_throttled_call(self, body: str, method: Method) -> None:
        """429 is 429: nothing was done, and Graph is left alone for as long as it says."""
        async with client_of(b"HTTP/1.1 429 Wait\r\nRetry-After: 20\r\n" + UNREADABLE[body]) as client:
            error = await failure(client, method)
        assert isinstance(error, ThrottledError)
        assert error.delay == timedelta(seconds=20)
        assert error.answer
        assert error.answer.status == 429

    @pytest.mark.parametrize("status", [500, 503, 504])
    @pytest.mark.parametrize("method", [Method.GET, Method.POST])
    async def test_a_service_that_is_away(self, body: str, method: Method, status: int) -> None:
        """A write may have been carried out, as with a 503 that can be read, and the delay is that of the header."""
        dates = b"Retry-After: Wed, 21 Oct 2015 07:28:20 GMT\r\nDate: Wed, 21 Oct 2015 07:28:00 GMT\r\n"
        async with client_of(b"HTTP/1.1 %d Away\r\n" % status + dates + UNREADABLE[body]) as client:
            error = await failure(client, method)
        assert isinstance(error, UnavailableError)
        assert (error.delay, error.uncertain) == (timedelta(seconds=20), method is Method.POST)
        assert error.answer
        assert error.answer.status == status

    async def test_a_redirect(self, body: str) -> None:
        """It is not followed; its Retry-After counts."""
        head = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nRetry-After: 20\r\n"
        async with client_of(head + UNREADABLE[body]) as client:
            error = await failure(client)
        assert isinstance(error, UnavailableError)
        assert (error.delay, error.uncertain) == (timedelta(seconds=20), True)


@pytest.mark.parametrize("body", [name for name in UNREADABLE if name not in {"empty", "not JSON"}])
class TestWhatTheBodyWouldHaveSaid:
    @pytest.mark.parametrize("status", [400, 403, 404, 409])
    async def test_which_refusal_it_is_remains_open(self, body: str, status: int) -> None:
        """A code in the body may have said that it passes: the meeting does not fail for good by half an answer."""
        async with client_of(b"HTTP/1.1 %d No\r\nRetry-After: 20\r\n" % status + UNREADABLE[body]) as client:
            error = await failure(client)
        assert isinstance(error, UnavailableError)
        assert (error.delay, error.uncertain) == (timedelta(seconds=20), True)

    @pytest.mark.parametrize("method", [Method.GET, Method.POST])
    async def test_a_success_that_cannot_be_read_is_no_answer(self, body: str, method: Method) -> None:
        """What it made is unknown, and so it is looked for."""
        async with client_of(b"HTTP/1.1 201 Made\r\nRetry-After: 20\r\n" + UNREADABLE[body]) as client:
            error = await failure(client, method)
        assert isinstance(error, UnavailableError)
        assert (error.delay, error.uncertain, error.answer) == (None, method is Method.POST, None)


class Stalled(httpx.AsyncByteStream):
    """A body that never comes."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        await asyncio.Event().wait()
        yield b""


async def test_a_body_that_never_comes(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the call's time is up, the headers are still there."""
    monkeypatch.setattr("shared.graph.client.CALL_TIMEOUT_SECONDS", 0.1)
    wire.answer = httpx.Response(429, headers={"Retry-After": "20"}, stream=Stalled())
    error = await failure(wire.client)
    assert isinstance(error, ThrottledError)
    assert error.delay == timedelta(seconds=20)


async def test_an_answer_says_nothing_of_the_next_call(wire: Wire) -> None:
    """A connection that is lost after a 429 is lost, and no second 429."""
    wire.answer = httpx.Response(429, headers={"Retry-After": "20"})
    assert isinstance(await failure(wire.client), ThrottledError)
    wire.answer = httpx.ReadError("reset")
    error = await failure(wire.client)
    assert isinstance(error, UnavailableError)
    assert (error.delay, error.uncertain, error.answer) == (None, True, None)
