"""Failures of the triggers that answer nobody: the host logs them as they are raised, so nothing may stand in them."""

import functools
from collections.abc import Awaitable, Callable

from shared.failure_trace import failure_trace


class TriggerFailedError(Exception):
    """A trigger has failed; the host brings its message, or its hour, again."""


def fails_discreetly[**P](handler: Callable[P, Awaitable[None]]) -> Callable[P, Awaitable[None]]:
    """Have what a handler raises say what failed and where, and not with which words."""

    @functools.wraps(handler)
    async def handle(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            await handler(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - the outermost place, and the host is told
            failed = TriggerFailedError(failure_trace(error))
        else:
            return
        raise failed  # here, where no other exception is its context

    return handle
