"""The storage clients: what they read of the environment."""

import asyncio
from contextlib import suppress

import pytest
from azure.core.exceptions import HttpResponseError

from shared.settings import StorageAccount
from shared.storage import transport
from shared.storage.account import storage_services
from shared.storage.transport import IDLE_SECONDS, StorageTransport

_REFUSAL = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request, of any kind."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(_REFUSAL)
    await writer.drain()
    writer.close()


@pytest.mark.parametrize(
    ("proxies", "reads"),
    [({}, False), ({"NO_PROXY": "localhost"}, False), ({"HTTPS_PROXY": "http://proxy.example:3128"}, True)],
)
async def test_the_environment_is_read_only_for_a_proxy(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, proxies: dict[str, str], *, reads: bool
) -> None:
    """Without a proxy no request looks for a netrc file, which aiohttp does with the proxy of the environment."""
    for name in _PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("NETRC", "/no/such/netrc")  # aiohttp warns of it when it looks
    for name, value in proxies.items():
        monkeypatch.setenv(name, value)
    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/account"
        text = f"AccountName=account;AccountKey=a2V5;QueueEndpoint={url};TableEndpoint={url};"
        queues, tables = storage_services(StorageAccount(connection_string=text))
        for client, request in (
            (queues, queues.get_queue_client("queue").get_queue_properties()),
            (tables, tables.get_table_client("table").get_entity("a", "b")),
        ):
            caplog.clear()
            async with client:
                with pytest.raises(HttpResponseError):
                    await request
            assert any("netrc" in record.getMessage() for record in caplog.records) is reads


@pytest.mark.parametrize(("idle_seconds", "connections"), [(IDLE_SECONDS, 2), (0, 6)])
async def test_an_idle_connection_is_given_up(
    monkeypatch: pytest.MonkeyPatch, idle_seconds: float, connections: int
) -> None:
    """The requests of a client share a connection, but none that has been idle longer than a server may keep it."""
    opened = 0

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal opened
        opened += 1
        with suppress(asyncio.IncompleteReadError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(_REFUSAL)
        writer.close()

    monkeypatch.setattr(transport, "IDLE_SECONDS", idle_seconds)
    async with await asyncio.start_server(keep, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/account"
        text = f"AccountName=account;AccountKey=a2V5;QueueEndpoint={url};TableEndpoint={url};"
        queues, tables = storage_services(StorageAccount(connection_string=text))
        async with queues, tables:
            for _ in range(3):
                with pytest.raises(HttpResponseError):
                    await queues.get_queue_client("queue").get_queue_properties()
                with pytest.raises(HttpResponseError):
                    await tables.get_table_client("table").get_entity("a", "b")
    assert opened == connections


def test_azurite_keeps_connections_for_longer() -> None:
    """Node, on which Azurite runs, closes a connection that has been idle for five seconds."""
    assert IDLE_SECONDS < 5


async def test_a_closed_transport_stays_closed() -> None:
    """As the SDK's own does: it opens no connection that nobody would close."""
    closed = StorageTransport(trust_env=False)
    async with closed:
        pass
    with pytest.raises(ValueError, match="closed"):
        await closed.open()
