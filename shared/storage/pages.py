"""Pages of a search, and the continuation token that leads from one to the next."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.errors import InvalidContinuationError
from shared.ids import is_meeting_id

_LAST_MILLISECOND = 10**13 - 1


@dataclass(frozen=True, slots=True)
class Page[T]:
    """Some of what a search finds, newest first; `continuation` asks for the next page, None after the last one."""

    items: Sequence[T]
    continuation: str | None


def newest_first(moment: datetime) -> str:
    """Return a moment as a part of a key, so that keys sort by time, the latest first."""
    return f"{_LAST_MILLISECOND - int(moment.timestamp() * 1000):013}"


def continuation_of(position: str) -> str:
    """Return the token for the page after a position, `newest_first` and an id."""
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def position_of(continuation: str) -> str:
    """Return the position that a token stands for.

    Raises:
        InvalidContinuationError: `continuation_of` has not returned this token.
    """
    try:
        position = base64.urlsafe_b64decode(continuation + "=" * (-len(continuation) % 4)).decode("ascii")
    except (binascii.Error, UnicodeError, ValueError) as error:
        raise InvalidContinuationError from error
    moment, _, record_id = position.partition(".")
    if not (len(moment) == len(str(_LAST_MILLISECOND)) and moment.isdecimal() and is_meeting_id(record_id)):
        raise InvalidContinuationError
    return position
