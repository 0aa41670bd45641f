"""What goes to Graph goes nowhere else, and what comes from there is bounded: on real sockets where it matters."""

import gzip
import subprocess
import sys
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
from kiota_abstractions.method import Method

from shared.errors import RejectedError, UnavailableError
from shared.graph import GraphClient
from shared.graph.answer_stream import LARGEST_ANSWER
from shared.graph.artifacts import AttendanceReport, Recording, Transcript
from shared.graph.client import Call
from shared.graph.event import OnlineEvent
from shared.graph.online_meetings import OnlineMeeting
from shared.graph.refusals import Surface
from shared.graph.resources import GraphResource, parse_resource
from shared.settings import GraphCredential, GraphService
from shared.settings.clouds import GLOBAL
from tests.http_echo import Server, serving
from tests.shared.graph.wire import ORGANIZER, Wire

ROOT = Path(__file__).parents[3]

type Packer = Callable[[bytes], bytes]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", [Method.GET, Method.POST])
async def test_no_token_follows_a_redirect(status: int, method: Method) -> None:
    """A Graph that answers with another port of this machine, where nothing arrives."""
    with serving(Server()) as other, serving(Server(status)) as graph:
        graph.location = f"http://127.0.0.1:{other.port}/v1.0/users/x/events"
        client = GraphClient(GraphService(f"http://127.0.0.1:{graph.port}/v1.0", GLOBAL, GraphCredential.NONE))
        body = {"subject": "x"} if method is Method.POST else None
        with pytest.raises(UnavailableError):
            await client.send(Call(method, client.user(ORGANIZER).events, Surface.MAILBOX, ORGANIZER, body=body))
        await client.close()
    assert [request["authorization"] for request in graph.asked] == ["Bearer local"]
    assert other.asked == []


async def test_no_proxy_gets_between_the_app_and_a_graph_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment says: over http a proxy would read the token."""
    with serving(Server()) as proxy, serving(Server()) as graph:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        client = GraphClient(GraphService(f"http://127.0.0.1:{graph.port}/v1.0", GLOBAL, GraphCredential.NONE))
        assert await client.send(Call(Method.GET, client.user(ORGANIZER).events, Surface.MAILBOX, ORGANIZER)) == {}
        await client.close()
    assert (len(proxy.asked), len(graph.asked)) == (0, 1)


class Endless(httpx.AsyncByteStream):
    """A body without an end, as a server could send one, that counts what was read of it."""

    def __init__(self, *parts: bytes) -> None:
        self._parts = parts
        self.read = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            for part in self._parts:
                self.read += len(part)
                yield part


class Parts(httpx.AsyncByteStream):
    """A body in pieces."""

    def __init__(self, content: bytes, size: int = 1000) -> None:
        self._content, self._size = content, size

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        for start in range(0, len(self._content), self._size):
            yield self._content[start : start + self._size]


def get(wire: Wire) -> Call:
    return Call(Method.GET, wire.client.user(ORGANIZER).events, Surface.MAILBOX, ORGANIZER)


@pytest.mark.parametrize("status", [200, 400, 503])
async def test_an_answer_is_bounded_while_it_is_read(wire: Wire, status: int) -> None:
    """An answer without an end is given up at 4 MiB, whether it is a success or an error."""
    body = Endless(b"x" * 65_536)
    wire.answer = httpx.Response(status, headers={"Content-Type": "application/json"}, stream=body)
    with pytest.raises(UnavailableError):
        await wire.client.send(get(wire))
    assert LARGEST_ANSWER < body.read <= LARGEST_ANSWER + 65_536


async def test_a_small_answer_cannot_unpack_to_a_large_one(wire: Wire) -> None:
    """16 times the bound in a sixtieth of it, as gzip: unpacked no further than the bound."""
    bomb = gzip.compress(bytes(16 * LARGEST_ANSWER))
    assert len(bomb) < LARGEST_ANSWER / 60
    wire.answer = httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=Parts(bomb, len(bomb)))
    with pytest.raises(UnavailableError) as raised:
        await wire.client.send(get(wire))
    assert "RemoteProtocolError" in str(raised.value)


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("GZIP", gzip.compress), ("deflate", zlib.compress)]
)
@pytest.mark.parametrize("status", [200, 404])
async def test_a_packed_answer_is_read(wire: Wire, encoding: str, pack: Packer, status: int) -> None:
    """Graph packs what it answers; in however small pieces it arrives, it is the same."""
    content = pack(b'{"id": "1", "error": {"code": "ErrorItemNotFound", "message": "x"}}')
    headers = {"Content-Encoding": encoding, "Content-Type": "application/json"}
    wire.answer = httpx.Response(status, headers=headers, stream=Parts(content, 3))
    if status == 200:
        assert (await wire.client.send(get(wire)))["id"] == "1"
    else:
        with pytest.raises(RejectedError) as raised:
            await wire.client.send(get(wire))
        assert raised.value.answer
        assert raised.value.answer.code == "ErrorItemNotFound"
    assert wire.request.headers["Accept-Encoding"] == "gzip"


@pytest.mark.parametrize(
    ("encoding", "content"), [("br", b"{}"), ("gzip", b"{}"), ("gzip", gzip.compress(b"{}", mtime=0)[:-9])]
)
async def test_an_answer_that_cannot_be_unpacked_is_none(wire: Wire, encoding: str, content: bytes) -> None:
    """It counts as no answer, and the call is tried again."""
    wire.answer = httpx.Response(200, headers={"Content-Encoding": encoding}, stream=Parts(content))
    with pytest.raises(UnavailableError):
        await wire.client.send(get(wire))


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_an_answer_without_content_is_one(wire: Wire, encoding: str) -> None:
    """Whatever it says of how its nothing is packed."""
    wire.answer = httpx.Response(204, headers={"Content-Encoding": encoding}, stream=Parts(b""))
    assert await wire.client.send(get(wire)) == {}


_TRACED = """
import asyncio, httpx
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
spans = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(spans))
trace.set_tracer_provider(provider)
from kiota_abstractions.method import Method
from shared.settings.clouds import GLOBAL
from shared.errors import GraphError
from shared.graph import GraphClient
from shared.graph.client import Call
from shared.graph.refusals import Surface
from shared.settings import GraphCredential, GraphService

async def main():
    service = GraphService("http://127.0.0.1/v1.0", GLOBAL, GraphCredential.NONE)
    for status in (200, 301, 400, 403, 503):
        error = {"error": {"code": "x", "message": "canary-message"}}
        answer = httpx.MockTransport(lambda request: httpx.Response(status, json=error))
        client = GraphClient(service, answer)
        builder = client.user("canary-user@contoso.com").events
        call = Call(Method.POST, builder, Surface.MAILBOX, "canary-user",
                    query={"filter": "canary-filter"}, body={"subject": "canary-subject"})
        try:
            await client.send(call)
        except GraphError:
            pass

asyncio.run(main())
told = [span.to_json() for span in spans.get_finished_spans()]
print(len(told), [text for text in told if "canary" in text])
"""


@pytest.mark.slow
def test_no_span_of_the_sdk_names_anybody() -> None:
    """Where OpenTelemetry is on in the worker, the SDK's spans carry neither URL nor message of Graph."""
    command = [sys.executable, "-c", _TRACED]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    count, _, leaks = done.stdout.strip().partition(" ")
    assert int(count) > 0, done.stderr
    assert leaks == "[]"


@pytest.mark.parametrize("model", [OnlineEvent, OnlineMeeting, AttendanceReport, Transcript, Recording])
def test_an_empty_id_is_no_answer(model: type[GraphResource]) -> None:
    """An answer that names nothing counts as lost: what it may have made is looked up."""
    with pytest.raises(UnavailableError) as caught:
        parse_resource(model, {"id": ""}, uncertain=True)
    assert caught.value.uncertain
