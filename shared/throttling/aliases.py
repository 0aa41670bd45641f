"""The mailboxes of this process, each known by every name of its organizer: user principal name and object id."""

from collections.abc import Callable
from datetime import datetime

from cachetools import LRUCache, TTLCache

from shared.graph.retry_after import LONGEST_RETRY_AFTER
from shared.throttling.mailbox_limit import CALMING, MOST_DOUBLINGS, Mailbox
from shared.validation.addresses import mailbox_key

# Far more names than one process uses at a time; the one that was not used for longest goes first.
REMEMBERED = 10_000
# Nothing that a mailbox remembers lasts longer.
_TIME_TO_LIVE = LONGEST_RETRY_AFTER + (MOST_DOUBLINGS + 1) * CALMING


class Mailboxes:
    """Finds the mailbox of an organizer under any of its names, in any case."""

    def __init__(self, limit: int, clock: Callable[[], datetime]) -> None:
        self._limit = limit
        self._clock = clock
        self._aliases = LRUCache[str, frozenset[str]](REMEMBERED)
        self._mailboxes = TTLCache[str, Mailbox](
            REMEMBERED, _TIME_TO_LIVE.total_seconds(), timer=lambda: clock().timestamp()
        )

    def names_of(self, organizer: str) -> frozenset[str]:
        """Return every name that is known for an organizer."""
        name = mailbox_key(organizer)
        return self._aliases.get(name) or frozenset({name})

    def find(self, organizer: str) -> Mailbox | None:
        """Return an organizer's mailbox, None for an unknown one."""
        return self._mailboxes.get(mailbox_key(organizer))

    def of(self, organizer: str) -> Mailbox:
        """Return an organizer's mailbox; an unknown one is open and empty."""
        name = mailbox_key(organizer)
        mailbox = self._mailboxes.get(name)
        if mailbox is None:
            others = (self._mailboxes.get(other) for other in self.names_of(name))
            mailbox = next((other for other in others if other), None) or Mailbox(self._limit, frozenset())
            mailbox.names |= {name}
        self._mailboxes[name] = mailbox  # again, so that its time to live starts over
        return mailbox

    def alias(self, organizer: str, object_id: str) -> None:
        """Make two names lead to one mailbox from now on."""
        names = self.names_of(organizer) | self.names_of(object_id)
        if self.names_of(organizer) == names == self.names_of(object_id):
            return
        one, other = self.of(organizer), self.of(object_id)
        for name in names:
            self._aliases[name] = names
        if one is not other:
            one.absorb(other)
            for name in other.names:
                self._mailboxes[name] = one

    def forget_idle(self, mailbox: Mailbox) -> None:
        """Forget a mailbox if it is idle; the others are forgotten after a day without use."""
        if mailbox.idle(self._clock()):
            for name in mailbox.names:
                self._mailboxes.pop(name, None)

    def __len__(self) -> int:
        """Return how many names lead to a mailbox."""
        return len(self._mailboxes)
