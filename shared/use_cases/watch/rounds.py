"""The rounds of a timer's run: what is due is taken some at a time, each meeting once, until the time is up."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

# A run ends before the next is due, and within a timer's invocation, and leaves the rest to the next.
_LONGEST_RUN = timedelta(minutes=2)
# The host fires a timer up to 5 ms before its second.
_TIMER_MAY_BE_EARLY = timedelta(seconds=1)


async def in_rounds(
    list_due: Callable[[datetime, int], Awaitable[list[str]]],
    most: int,
    look: Callable[[list[str]], Awaitable[bool]],
    clock: Callable[[], datetime],
) -> None:
    """Look at the meetings that are due, at most `most` in a round, until a round says that it makes no sense to go on.

    Args:
        list_due: returns the ids of those that are due by a moment, as many as its limit; some may have had their turn.
        most: of one round.
        look: looks at them, and returns whether it makes sense to go on.
        clock: returns the time.
    """
    started_at, tried = clock(), set[str]()
    while clock() - started_at < _LONGEST_RUN:
        due = await list_due(started_at + _TIMER_MAY_BE_EARLY, most + len(tried))
        news = [meeting_id for meeting_id in due if meeting_id not in tried][:most]
        tried |= {*news}
        if not news or not await look(news):
            return
