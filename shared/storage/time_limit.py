"""How long one piece of work may wait for the storage in all, however many operations it takes.

The SDK retries each operation for well over a minute. That suits a message, but not a caller over HTTP, who waits, and
whose invocation holds one of the few places of its instance.
"""

import asyncio
import functools
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from types import CoroutineType
from typing import Any

from shared.errors import StorageUnavailableError


class StorageTime:
    """The time during which at least one operation is in progress; waiting for Graph does not use it up."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds
        self._under_way = 0
        self._since = 0.0

    @asynccontextmanager
    async def used(self) -> AsyncGenerator[None]:
        """Count the time of the block.

        Raises:
            StorageUnavailableError: the time is used up; a write may have taken effect or not.
        """
        loop = asyncio.get_running_loop()
        if not self._under_way:
            self._since = loop.time()
        self._under_way += 1
        try:
            async with asyncio.timeout_at(self._since + self._left):
                yield
        except TimeoutError as error:
            raise StorageUnavailableError("the storage did not answer in the time that a request has") from error
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._left -= loop.time() - self._since


_time: ContextVar[StorageTime | None] = ContextVar("storage_time", default=None)


@contextmanager
def storage_time(seconds: float | None) -> Generator[None]:
    """Limit the storage time of everything that the block starts; None for no limit."""
    before = _time.set(None if seconds is None else StorageTime(seconds))
    try:
        yield
    finally:
        _time.reset(before)


def uses_storage_time[**P, R](
    operation: Callable[P, CoroutineType[Any, Any, R]],
) -> Callable[P, CoroutineType[Any, Any, R]]:
    """Count an operation against its caller's storage time, where that is limited."""

    @functools.wraps(operation)
    async def limited(*args: P.args, **kwargs: P.kwargs) -> R:
        limit = _time.get()
        if limit is None:
            return await operation(*args, **kwargs)
        async with limit.used():
            return await operation(*args, **kwargs)

    return limited
