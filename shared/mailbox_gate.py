"""Keeps this process within what Graph lets an app do to one mailbox at once.

Graph allows four calls at a time for each app and mailbox, whatever other mailboxes do:
https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits. A provision makes one call at a time, so
the gate counts provisions. Nobody waits here: who is not let in is told when to come back, and its message waits in
the queue meanwhile.
"""

import random
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.errors import ThrottledError, UnavailableError

_FIRST_GUESS = 1.0
_FIRST_CROWD = 1000
PAUSE_WITHOUT_RETRY_AFTER = timedelta(seconds=10)
_LONGEST_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Mailbox:
    inside: int = 0
    closed_until: datetime = _LONGEST_AGO
    line_ends: datetime = _LONGEST_AGO  # when all who were sent away will have had their turn
    seconds: float = _FIRST_GUESS  # that a provision takes, on a moving average

    def idle(self, now: datetime) -> bool:
        """Tell whether nobody would notice if it were forgotten."""
        return not self.inside and max(self.closed_until, self.line_ends) <= now


class MailboxGate:
    """Who may call Graph for which organizer, in this process."""

    def __init__(self, limit: int, clock: Callable[[], datetime]) -> None:
        self._limit = limit
        self._clock = clock
        self._mailboxes: dict[str, _Mailbox] = {}
        self._crowded = _FIRST_CROWD

    def enter(self, organizer: str) -> timedelta | None:
        """Let one provision in and return None, or return how long to stay away. Who was let in has to leave."""
        now = self._clock()
        self._forget_idle(now)
        mailbox = self._mailboxes.setdefault(organizer.casefold(), _Mailbox())
        if mailbox.closed_until <= now and mailbox.inside < self._limit:
            mailbox.inside += 1
            return None
        return self._turn(mailbox, now)

    def leave(self, organizer: str, entered_at: datetime) -> None:
        """Make room for the next provision."""
        now, key = self._clock(), organizer.casefold()
        mailbox = self._mailboxes[key]
        mailbox.inside -= 1
        took = max((now - entered_at).total_seconds(), 0.0)  # a clock may be set back
        mailbox.seconds += 0.2 * (took - mailbox.seconds)
        if mailbox.idle(now):
            del self._mailboxes[key]

    @asynccontextmanager
    async def turn(self, organizer: str) -> AsyncGenerator[None]:
        """Let one look at a mailbox in for the length of a block, and close the gate when Graph asks for patience.

        Raises:
            ThrottledError: the mailbox is busy, or closed: its delay says for how long.
        """
        if (delay := self.enter(organizer)) is not None:
            raise ThrottledError("as many calls for this organizer are under way as Graph allows", delay)
        entered_at = self._clock()
        try:
            yield
        except (ThrottledError, UnavailableError) as error:
            if error.delay or isinstance(error, ThrottledError):
                self.close(organizer, self._clock() + (error.delay or PAUSE_WITHOUT_RETRY_AFTER))
            raise
        finally:
            self.leave(organizer, entered_at)

    def check(self, organizer: str) -> None:
        """Return if the mailbox is open; those inside ask before each call, for it may have closed meanwhile.

        Raises:
            ThrottledError: it is closed, for so long.
        """
        mailbox, now = self._mailboxes.get(organizer.casefold()), self._clock()
        if mailbox and mailbox.closed_until > now:
            raise ThrottledError("Graph throttles this mailbox", mailbox.closed_until - now)

    def close(self, organizer: str, until: datetime) -> timedelta:
        """Keep everybody away until a moment that Graph named, and return how long the one who was told stays away."""
        mailbox = self._mailboxes.setdefault(organizer.casefold(), _Mailbox())
        mailbox.closed_until = max(mailbox.closed_until, until)
        return self._turn(mailbox, self._clock())

    def _forget_idle(self, now: datetime) -> None:
        """Forget mailboxes that were throttled once and that nobody came back to; seldom, as it looks at all."""
        if len(self._mailboxes) >= self._crowded:
            self._mailboxes = {key: mailbox for key, mailbox in self._mailboxes.items() if not mailbox.idle(now)}
            self._crowded = max(_FIRST_CROWD, 2 * len(self._mailboxes))

    def _turn(self, mailbox: _Mailbox, now: datetime) -> timedelta:
        opens = max(mailbox.closed_until, mailbox.line_ends, now)
        mailbox.line_ends = opens + timedelta(seconds=mailbox.seconds / self._limit)
        return mailbox.line_ends - now + timedelta(seconds=random.uniform(0, mailbox.seconds))  # noqa: S311 - jitter
