"""Pages of a search, and the continuation token that leads from one to the next."""

import base64
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
    """One page of a search; `continuation` leads to the next one, and is None on the last."""

    items: Sequence[T]
    continuation: str | None


def newest_first(moment: datetime) -> str:
    """Return a moment as a part of a key, so that keys sort by time, the latest first."""
    return f"{_LAST_MILLISECOND - int(moment.timestamp() * 1000):013}"


def continuation_of(position: str) -> str:
    """Return the token for the page after a position: the sorted part of a key, and an id."""
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Span:
    """A range of the rows with a prefix, by the part of the key that follows it.

    Attributes:
        start: the first part in the range.
        before: the first part after the range.
        order: the form of the values that the keys are sorted by.
    """

    start: str = ""
    before: str = "~"
    order: re.Pattern[str] = NEWEST_FIRST

    def after(self, continuation: str | None) -> str:
        """Return the part of a key after which a page begins.

        Raises:
            InvalidContinuationError: no earlier page in this order has returned the token.
        """
        if not continuation:
            return self.start
        try:
            position = base64.urlsafe_b64decode(continuation + "=" * (-len(continuation) % 4)).decode("ascii")
        except ValueError as error:
            raise InvalidContinuationError from error
        sorted_by, _, record_id = position.partition(".")
        if not (self.order.fullmatch(sorted_by) and is_record_id(record_id)):
            raise InvalidContinuationError
        return max(self.start, position)
