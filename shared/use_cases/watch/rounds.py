"""The rounds of a timer's run: process due meetings several at a time, each once, until the time is up."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.use_cases.for_each import Failure, raise_if_incomplete

_logger = logging.getLogger(__name__)

# A run ends before the next is due, and within a timer's invocation, and leaves the rest to the next.
_LONGEST_RUN = timedelta(minutes=2)
# The host fires a timer up to 5 ms before its second.
_TIMER_MAY_BE_EARLY = timedelta(seconds=1)


@dataclass(slots=True)
class WatchReport:
    """What one run has done.

    Attributes:
        looked: how many meetings it has looked at.
        left: how many it could not look at, and stay due.
        batches: how many requests to Graph have read events.
        failures: the failures by the meetings' ids; they count as `left` too.
    """

    looked: int = 0
    left: int = 0
    batches: int = 0
    failures: list[Failure[str]] = field(default_factory=list[Failure[str]])

    def add(self, failures: Sequence[Failure[str]]) -> None:
        """Note meetings that have failed, and log each."""
        self.failures += failures
        for failure in failures:
            _logger.error("watch.failed %s: %s", failure.item, failure.fault, extra={"meeting_id": failure.item})


async def in_rounds(
    what: str,
    list_due: Callable[[datetime, int], Awaitable[list[str]]],
    most: int,
    look: Callable[[list[str], WatchReport], Awaitable[bool]],
    clock: Callable[[], datetime],
) -> WatchReport:
    """Look at the meetings that are due, at most `most` in a round, until a round says to stop.

    A meeting that fails does not hold up the others.

    Args:
        what: the name of the run, for the log.
        list_due: returns the ids of meetings that are due by a moment, at most a number of them.
        most: the largest number of meetings in a round.
        look: looks at meetings, adds the outcome to the report, and returns whether to continue.
        clock: returns the time.

    Raises:
        StorageUnavailableError: the storage did not answer somewhere; the next run continues.
        IncompleteRunError: something else failed; the run has looked at all the others.
    """
    started_at, tried, report = clock(), set[str](), WatchReport()
    while clock() - started_at < _LONGEST_RUN:
        due = await list_due(started_at + _TIMER_MAY_BE_EARLY, most + len(tried))
        news = [meeting_id for meeting_id in due if meeting_id not in tried][:most]
        tried |= {*news}
        if not news or not await look(news, report):
            break
    _logger.info("watch.done %s looked=%d left=%d batches=%d", what, report.looked, report.left, report.batches)
    raise_if_incomplete(report.failures)
    return report
