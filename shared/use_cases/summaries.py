"""Summary: the number of meetings by status, and of failed meetings by reason."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from shared.access.callers import Caller
from shared.meeting import Status
from shared.meeting.ledger import Ledger

# A ledger of a million is not counted to its end.
EXACT_UP_TO = 1000
MOST = EXACT_UP_TO + 1  # one more shows that there are more


@dataclass(frozen=True, slots=True)
class Summary:
    """The meetings that a caller sees, counted; each count is at most MOST."""

    by_status: Mapping[Status, int]
    by_error_code: Mapping[str, int]


class Summaries:
    """The use case. May raise StorageUnavailableError."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def summarize(self, caller: Caller) -> Summary:
        """Count the meetings that a caller sees, at a cost that does not grow with the ledger."""
        searcher = None if caller.sees_all else caller.id
        counts, codes = await asyncio.gather(
            asyncio.gather(*(self._ledger.count_by_status(status, MOST, caller=searcher) for status in Status)),
            self._ledger.count_by_error_code(MOST, caller=searcher),
        )
        return Summary(dict(zip(Status, counts, strict=True)), codes)
