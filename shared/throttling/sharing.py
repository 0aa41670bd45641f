"""How the instances that are at work at one mailbox share the calls that Graph allows it at once.

The mailbox's row names each of them with the number of calls that it holds. One that needs more takes what the others
do not hold, and gives back what it does not need; one that is silent loses what it holds. So the calls go where
messages are, and none of the instances has to answer another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# Longer than an attempt usually takes; a dead instance keeps its calls from the others for as long.
HELD_FOR = timedelta(seconds=20)
# Further instances hold no calls, and wait; the row has to stay small.
_MOST_HOLDERS = 200


@dataclass(frozen=True, slots=True)
class Holder:
    """An instance at a mailbox.

    Attributes:
        instance: its name, which it makes up.
        calls: how many it may have in progress at once.
        until: when it counts as gone, unless it has written again.
    """

    instance: str
    calls: int
    until: datetime

    def is_there(self, now: datetime) -> bool:
        """Return whether the holder counts now. A moment too far ahead was written by a wrong clock."""
        return timedelta(0) < self.until - now <= 2 * HELD_FOR


@dataclass(frozen=True, slots=True)
class Share:
    """An instance's part in a mailbox.

    Attributes:
        calls: how many it may have in progress at once.
        free: how many more nobody holds.
        others: how many other instances are at work there.
        until: when this ends, unless the instance writes again.
    """

    calls: int
    free: int
    others: int
    until: datetime

    def is_renewed(self, now: datetime) -> bool:
        """Return whether the instance has renewed its share in time."""
        return self.until - now > HELD_FOR / 2


def with_calls(holders: Sequence[Holder], instance: str, wanted: int, limit: int, now: datetime) -> tuple[Holder, ...]:
    """Return the holders after an instance has taken the calls that it wants, as far as the others leave them."""
    others = [each for each in holders if each.instance != instance and each.is_there(now)]
    if len(others) >= _MOST_HOLDERS:
        return tuple(others)
    free = max(limit - sum(each.calls for each in others), 0)
    return (*others, Holder(instance, min(wanted, free), now + HELD_FOR))


def share_of(holders: Sequence[Holder], instance: str, limit: int, now: datetime) -> Share | None:
    """Return an instance's part; None where no instance is named, so that nothing has to be shared."""
    there = [each for each in holders if each.is_there(now)]
    free = max(limit - sum(each.calls for each in there), 0)
    for own in there:
        if own.instance == instance:
            return Share(own.calls, free, len(there) - 1, own.until)
    return Share(0, free, len(there), now + HELD_FOR / 2) if there else None
