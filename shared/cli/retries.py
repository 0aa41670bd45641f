"""Retries of the app's calls, each with a note on standard error; an app that stays silent is given up soon."""

from collections.abc import Awaitable, Callable

import httpx
import stamina

from shared.cli.output import print_note

LONGEST_PAUSE = 60.0
_ATTEMPTS = 6
_SILENT_ATTEMPTS = 2

_with_retries = stamina.AsyncRetryingCaller(
    attempts=None, timeout=None, wait_initial=1.0, wait_max=LONGEST_PAUSE, wait_jitter=0.0
)


class BusyError(Exception):
    """The app cannot answer now.

    Attributes:
        retry_after: the seconds of its Retry-After, None without one.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        """Take what the app says."""
        super().__init__(message)
        self.retry_after = retry_after


class SilentError(BusyError):
    """The app has not answered in time."""


class Retries:
    """The retries of one client; a note that several calls have in common is printed once."""

    def __init__(self) -> None:
        """Begin without a note."""
        self._note = ""

    def answered(self) -> None:
        """Print the note of the next failure, even if it is the same again."""
        self._note = ""

    async def call[T, **P](self, work: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what the work returns, after six attempts at most, of which two may be silent.

        Raises:
            BusyError: the app was busy or silent at the last attempt.
            httpx.TransportError: the connection was lost at the last attempt.
        """
        attempts = silent = 0

        def backoff(error: Exception) -> bool | float:
            nonlocal attempts, silent
            if not isinstance(error, (BusyError, httpx.TransportError)):
                return False
            attempts += 1
            silent += isinstance(error, SilentError)
            if attempts == _ATTEMPTS or silent == _SILENT_ATTEMPTS:
                return False
            self._print(f"Attempt {attempts} failed: {reason(error)}. Another one follows.")
            return (isinstance(error, BusyError) and error.retry_after) or True

        return await _with_retries(backoff, work, *args, **kwargs)

    def _print(self, note: str) -> None:
        if note != self._note:
            print_note(note)
            self._note = note


def reason(error: Exception) -> str:
    """Return what an error says, or its name where it says nothing."""
    return str(error) or type(error).__name__
