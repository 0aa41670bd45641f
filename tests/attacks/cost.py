"""What a hostile text costs: CPU at twice the length, against CPU at the length."""

import time
from collections.abc import Callable
from contextlib import suppress

from shared.errors import InvalidRequestError, SettingsError

LONG = 12_000
GROWTH = 2.5
# Less is lost in what a call costs whatever its text.
_CHEAP_SECONDS = 0.02
_TRIES = 3

_REPEATED = (
    *("T", "t-", "-1T", "TZ", "-", "0", "1", ":", ".", "a.", "a@", "@", "x ", " ", "\t", '"', "'", "\\", "/", ";", ","),
    *("<", ">", "&", "<b a=", "<!--", "a=1 ", "é", "ß", "\u0301", "P1D", "+01", "{date}", "BYDAY=MO;", "MO,", "%2E"),
)


def steep(read: Callable[[str], object]) -> list[str]:
    """Return what, repeated, costs more than 2.5 times the CPU when there is twice as much of it to read."""
    around = ((each, border) for each in _REPEATED for border in ("", "x"))
    return [f"{border}{each}" for each, border in around if _is_steep(_work(read, each, border))]


def _work(read: Callable[[str], object], repeated: str, border: str) -> Callable[[int], None]:
    def read_one(length: int) -> None:
        with suppress(InvalidRequestError, SettingsError, ValueError):
            read(f"{border}{(repeated * length)[:length]}{border}")

    return read_one


def _is_steep(work: Callable[[int], object]) -> bool:
    if _seconds(work, LONG) < _CHEAP_SECONDS:
        return False
    half, whole = (min(_seconds(work, length) for _ in range(_TRIES)) for length in (LONG // 2, LONG))
    return whole > GROWTH * half and whole > _CHEAP_SECONDS


def _seconds(work: Callable[[int], object], length: int) -> float:
    begin = time.thread_time()
    work(length)
    return time.thread_time() - begin
