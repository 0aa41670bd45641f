"""Deadline and failures of queue and timer triggers: the host logs what they raise, so it has no personal data."""

import functools
from collections.abc import Awaitable, Callable

from functions.deadline import invocation_deadline
from shared.redaction import redacted_trace


class TriggerFailedError(Exception):
    """A trigger has failed; the host delivers its message again, or runs the timer again."""


def background_trigger[**P](handler: Callable[P, Awaitable[None]]) -> Callable[P, Awaitable[None]]:
    """Give a handler its deadline, and replace what it raises by an error that has no words of the exception."""

    @functools.wraps(handler)
    async def handle(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            async with invocation_deadline():
                await handler(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - the outermost place: the host gets the error
            failed = TriggerFailedError(redacted_trace(error))
        else:
            return
        raise failed  # here, where no other exception is its context

    return handle
