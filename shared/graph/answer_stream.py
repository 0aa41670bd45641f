"""Graph's answer as it arrives, bounded while it is read, so that no answer fills the memory."""

import zlib
from collections.abc import AsyncGenerator, AsyncIterator

import httpx

LARGEST_ANSWER = 4 * 1024 * 1024
_EITHER_HEADER = zlib.MAX_WBITS | 32  # of gzip or of zlib


async def bound_answer(response: httpx.Response) -> None:
    """Bound an answer that is about to be read, after decompression too; a hook for httpx.

    httpx itself would unpack a few KiB to gigabytes.

    Raises:
        httpx.RemoteProtocolError: it is compressed in a way that the request does not accept.
    """
    if not isinstance(response.stream, httpx.AsyncByteStream):
        return
    encoding = response.headers.pop("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip", "deflate"}:
        raise httpx.RemoteProtocolError("an answer in a content encoding that was not requested")
    response.stream = _BoundedStream(response.stream, packed=encoding != "identity")


class _BoundedStream(httpx.AsyncByteStream):
    """A body that ends in an error when it is longer than the longest answer."""

    def __init__(self, stream: httpx.AsyncByteStream, *, packed: bool) -> None:
        self._stream = stream
        self._packed = packed

    async def __aiter__(self) -> AsyncIterator[bytes]:
        parts = self._unpacked() if self._packed else aiter(self._stream)
        size = 0
        async for part in parts:
            size += len(part)
            if size > LARGEST_ANSWER:
                raise httpx.RemoteProtocolError("an answer that is longer than any of Graph's")
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def _unpacked(self) -> AsyncGenerator[bytes]:
        unpacker = zlib.decompressobj(_EITHER_HEADER)
        empty = True
        async for part in self._stream:
            empty = False
            try:
                yield unpacker.decompress(part, LARGEST_ANSWER + 1)
            except zlib.error as error:
                raise httpx.RemoteProtocolError("an answer that cannot be unpacked") from error
        if not (empty or unpacker.eof):
            raise httpx.RemoteProtocolError("an answer that was cut off")
