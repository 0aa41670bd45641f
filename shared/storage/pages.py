"""Pages of a search, and the continuation token that leads from one to the next."""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.errors import InvalidContinuationError
from shared.ids import is_record_id

_LAST_MILLISECOND = 10**13 - 1
NEWEST_FIRST = re.compile(r"\d{13}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Page[T]:
    """Some of what a search finds, in its order; `continuation` asks for the next page, None after the last one."""

    items: Sequence[T]
    continuation: str | None


def newest_first(moment: datetime) -> str:
    """Return a moment as a part of a key, so that keys sort by time, the latest first."""
    return f"{_LAST_MILLISECOND - int(moment.timestamp() * 1000):013}"


def continuation_of(position: str) -> str:
    """Return the token for the page after a position: the part of a key that sorts, and an id."""
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def position_of(continuation: str, order: re.Pattern[str] = NEWEST_FIRST) -> str:
    """Return the position that a token stands for.

    Args:
        continuation: the token.
        order: the form of what sorts in the keys of the search.

    Raises:
        InvalidContinuationError: `continuation_of` has not returned this token for a search in this order.
    """
    try:
        position = base64.urlsafe_b64decode(continuation + "=" * (-len(continuation) % 4)).decode("ascii")
    except (binascii.Error, UnicodeError, ValueError) as error:
        raise InvalidContinuationError from error
    moment, _, record_id = position.partition(".")
    if not (order.fullmatch(moment) and is_record_id(record_id)):
        raise InvalidContinuationError
    return position


@dataclass(frozen=True, slots=True)
class Span:
    """Which of the rows with a prefix: those that sort from one part of a key on and before another.

    Attributes:
        start: the first part of a key that is in the span.
        before: the first that is not.
        order: the form of what sorts.
    """

    start: str = ""
    before: str = "~"
    order: re.Pattern[str] = NEWEST_FIRST

    def after(self, continuation: str | None) -> str:
        """Return behind which part of a key a page begins.

        Raises:
            InvalidContinuationError: no earlier page has returned the token.
        """
        return max(self.start, position_of(continuation, self.order)) if continuation else self.start
