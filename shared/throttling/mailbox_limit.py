"""One mailbox: how many provisions it admits at once, until when it is closed, and when the next one may come.

A state machine without I/O; the time is passed in.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.errors import HeldBackError
from shared.graph.error_translation import THROTTLED
from shared.throttling.sharing import Share

# Processes that do not know of each other exceed the limit together. Each Retry-After doubles the pause between the
# provisions that a process admits, and each CALMING without one halves it again; so few calls are refused, however many
# processes there are. More doublings would slow a mailbox that was refused by chance.
CALMING = timedelta(seconds=10)
MOST_DOUBLINGS = 8
# Provisions that were sent away come back faster than they are admitted: one that is early waits for a moment or is
# sent away again, but one that is late leaves the mailbox idle.
_SURPLUS = 2
_FIRST_ESTIMATE_SECONDS = 0.5
_WEIGHT_OF_THE_LATEST = 0.2
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
FULL = "As many calls for this organizer are in progress as Microsoft Graph allows"


@dataclass(slots=True)
class Mailbox:
    """What this process knows about one mailbox.

    Attributes:
        limit: the most provisions at once, in all processes together.
        names: the organizer's, in one spelling.
        share: this process's part of the limit; None if it has all of it.
        looked_at: when the share was last read.
        exchanging: the share is being written.
        entered: the provisions and lookups in progress.
        closed_until: no call to Graph starts before this.
        queue_ends: when every provision that was sent away will have had a slot.
        next_entry: no call is admitted before this while the mailbox recovers from throttling.
        calm_at: when provisions are admitted at full pace again.
        seconds: what a provision takes, as a moving average.
    """

    limit: int
    names: frozenset[str]
    share: Share | None = None
    looked_at: datetime = _LONG_AGO
    exchanging: bool = False
    entered: int = 0
    closed_until: datetime = _LONG_AGO
    queue_ends: datetime = _LONG_AGO
    next_entry: datetime = _LONG_AGO
    calm_at: datetime = _LONG_AGO
    seconds: float = _FIRST_ESTIMATE_SECONDS

    def idle(self, now: datetime) -> bool:
        """Return whether forgetting the mailbox would change nothing."""
        here_until = self.share.until if self.share else _LONG_AGO
        return not self.entered and max(self.closed_until, self.queue_ends, self.calm_at, here_until) <= now

    def has_room(self, now: datetime, *, read_only: bool = False) -> bool:
        """Return whether this process may begin another call.

        A process without a share may look up one thing at a time: somebody waits for the answer.
        """
        calls = self.calls(now)
        return self.entered < (max(calls, 1) if read_only else calls)

    def calls(self, now: datetime) -> int:
        """Return how many calls this process may have in progress; a share that was not renewed allows none."""
        return self.share.calls if self.share and self.share.until > now else self.limit

    def enter(self, now: datetime) -> None:
        """Admit a lookup, which neither waits for slots nor uses them up.

        Raises:
            HeldBackError: the mailbox is full or closed; the delay says when a lookup may be admitted.
        """
        if self.closed_until > now:
            raise HeldBackError(THROTTLED, self.closed_until - now)
        if not self.has_room(now, read_only=True):
            raise HeldBackError(FULL, timedelta(seconds=self.seconds))
        self.entered += 1

    def enter_in_turn(self, now: datetime) -> None:
        """Admit a provision.

        Raises:
            HeldBackError: the mailbox is full, closed, or recovers from throttling; the delay leads to a free slot.
        """
        throttled = max(self.closed_until, self.next_entry) > now
        if throttled or not self.has_room(now):
            text = THROTTLED if throttled else FULL
            raise HeldBackError(text, self.next_slot(now))
        self.entered += 1
        if self.calm_at > now:
            self.next_entry = now + self._pause(now)

    def leave(self, entered_at: datetime, now: datetime) -> None:
        """Make room for the next."""
        self.entered = max(0, self.entered - 1)  # a mailbox that was forgotten counts from zero again
        took = max((now - entered_at).total_seconds(), 0.0)  # a clock may be set back
        self.seconds += _WEIGHT_OF_THE_LATEST * (took - self.seconds)

    def close(self, until: datetime, now: datetime) -> None:
        """Admit no call until a given time, and fewer than before for a while after it.

        A second 429 of the same burst moves the end but does not slow the mailbox further.
        """
        if until <= self.closed_until:
            return
        calm_after = self._calm_after(now) + (CALMING if self.closed_until <= now else timedelta(0))
        self.calm_at = until + min(calm_after, MOST_DOUBLINGS * CALMING)
        self.closed_until = until

    def next_slot(self, now: datetime) -> timedelta:
        """Reserve the next free slot for a provision that is sent away, and return the time until then."""
        begins = max(self.closed_until, self.queue_ends, now)
        processes = 1 + (self.share.others if self.share else 0)
        self.queue_ends = begins + self._pause(begins) * processes / _SURPLUS
        return self.queue_ends - now

    def absorb(self, other: "Mailbox") -> None:
        """Take over the state of another name of the same mailbox."""
        self.names |= other.names
        if other.looked_at > self.looked_at:
            self.share, self.looked_at = other.share, other.looked_at
        self.entered += other.entered
        self.closed_until = max(self.closed_until, other.closed_until)
        self.queue_ends = max(self.queue_ends, other.queue_ends)
        self.next_entry = max(self.next_entry, other.next_entry)
        self.calm_at = max(self.calm_at, other.calm_at)
        self.seconds = max(self.seconds, other.seconds)

    def _pause(self, now: datetime) -> timedelta:
        """Return the shortest time between two provisions, of all processes together, that Graph accepts."""
        return timedelta(seconds=self.seconds / self.limit * 2 ** (self._calm_after(now) / CALMING))

    def _calm_after(self, now: datetime) -> timedelta:
        """Return how long the mailbox has to stay open without a Retry-After until it is back at full pace."""
        return max(self.calm_at - max(now, self.closed_until), timedelta(0))
