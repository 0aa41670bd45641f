"""How storage is reached: the SDK's own transport, whose idle connections are closed before the server closes them."""

from typing import Any

import aiohttp
from azure.core.pipeline.transport import AioHttpTransport

# A request fails if the server closes the idle connection at that moment, and the SDK does not retry a POST then.
# Azurite closes after five seconds, as Node does (https://nodejs.org/api/http.html#serverkeepalivetimeout), Azure
# Storage after minutes; aiohttp keeps a connection for fifteen.
IDLE_SECONDS = 4.0
# Short, because a waiting worker does no other work; the queue retries what takes longer.
_CONNECT_SECONDS = 5
_READ_SECONDS = 20


class StorageTransport(AioHttpTransport):
    """The connections of one client. They are opened with the first request."""

    def __init__(self, *, trust_env: bool) -> None:
        """Prepare; nothing is connected yet. `trust_env` says whether the environment names a proxy."""
        super().__init__(connection_timeout=_CONNECT_SECONDS, read_timeout=_READ_SECONDS)
        self._trust_env = trust_env
        self._opened = False

    async def open(self) -> None:
        """Open the session, once: a transport that was closed stays closed."""
        if not self._opened:
            self._opened = True
            options: dict[str, Any] = {"cookie_jar": aiohttp.DummyCookieJar(), "auto_decompress": False}  # as the SDK's
            connector = aiohttp.TCPConnector(keepalive_timeout=IDLE_SECONDS)
            self.session = aiohttp.ClientSession(connector=connector, trust_env=self._trust_env, **options)
        await super().open()
