"""The way to Graph: connections of aiohttp below the httpx client that the SDK requires.

They take half the processor time of httpx's own, and storage needs aiohttp anyway. The package httpx-aiohttp would do
the same, but reports a connection that is lost while Graph works as one that was never made.
"""

from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager

import aiohttp
import httpx
from yarl import URL

_LONGEST_LINE = 64 * 1024  # of an answer's header; what httpx takes


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Carries requests; belongs to the event loop that sends the first one.

    Redirects are not followed, cookies not kept, content not decoded.
    """

    def __init__(self, timeout: aiohttp.ClientTimeout, *, trust_env: bool) -> None:
        """Prepare; nothing is opened before the first request.

        Args:
            timeout: of each request.
            trust_env: whether a proxy may come from the environment.
        """
        self._timeout = timeout
        self._trust_env = trust_env
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return the answer, its body unread.

        Raises:
            httpx.ConnectError: there was no connection, so that nothing was sent.
            httpx.ReadError: the answer is not complete; the call may have taken effect.
        """
        if self._session is None:
            self._session = self._open_session()
        with _errors_of_httpx():
            response = await self._session.request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=request.headers.multi_items(),
                data=request.content or None,
                allow_redirects=False,
            )
        return httpx.Response(
            response.status, headers=list(response.raw_headers), stream=_Body(response), request=request
        )

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()

    def _open_session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=100, keepalive_timeout=30),
            timeout=self._timeout,
            trust_env=self._trust_env,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
        )


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _errors_of_httpx():
            async for part in self._response.content.iter_any():
                yield part

    async def aclose(self) -> None:
        self._response.close()  # a body that was read to its end has released the connection before


@contextmanager
def _errors_of_httpx() -> Generator[None]:
    try:
        yield
    except (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError, aiohttp.ConnectionTimeoutError) as error:
        raise httpx.ConnectError(str(error)) from error
    except (aiohttp.ClientError, OSError) as error:  # a timeout is an OSError
        raise httpx.ReadError(str(error)) from error
