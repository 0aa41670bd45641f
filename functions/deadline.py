"""A deadline for every invocation, below the host's own.

`functionTimeout` kills the whole worker, with every other invocation in it. Azure's front end gives up
on a call after 230 seconds: https://learn.microsoft.com/azure/azure-functions/functions-scale#timeout
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from shared.errors import UnavailableError

# All waits of the app together take less; only a storage or Graph that hardly answers takes longer.
INVOCATION_SECONDS = 200.0


@asynccontextmanager
async def invocation_deadline() -> AsyncGenerator[None]:
    """Cancel the block when an invocation has run for `INVOCATION_SECONDS`.

    Its work resumes as after a crash: the host delivers the message again, or runs the timer again.

    Raises:
        UnavailableError: the time is up.
    """
    limit = asyncio.timeout(INVOCATION_SECONDS)
    try:
        async with limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise
        raise UnavailableError(f"no answer came within {INVOCATION_SECONDS:.0f} s", uncertain=True) from None
