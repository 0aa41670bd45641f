"""Keeps this process within what Graph lets an app do to one mailbox at once.

Graph allows four calls at a time for each app and mailbox, whatever other mailboxes do:
https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits. A provision makes one call at a time, so
the gate counts provisions. Nobody waits here: who is not let in is told when to come back, and its message waits in
the queue meanwhile.
"""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cachetools import LRUCache

from shared.errors import HeldBackError, StorageUnavailableError, ThrottledError, UnavailableError
from shared.graph import before_each_call
from shared.graph.errors import ASKED_FOR_PATIENCE
from shared.graph.retry_after import LONGEST_RETRY_AFTER
from shared.throttling.mailbox_notices import Allowed, MailboxNotices, Notice

_logger = logging.getLogger(__name__)

_FIRST_GUESS = 1.0
_FIRST_CROWD = 1000
_REMEMBERED_NAMES = 10_000
# Several processes that keep to the limit, each for itself, exceed it together. Each time that Graph asks for patience,
# all of them double the pause between those they let in, and halve it again with each such time that passes in peace;
# so few calls are refused, however many processes there are. More would slow a mailbox that was refused by chance.
_CALMER = timedelta(seconds=10)
_MOST_DOUBLINGS = 8
PAUSE_WITHOUT_RETRY_AFTER = timedelta(seconds=10)
_LONGEST_AGO = datetime.min.replace(tzinfo=UTC)
# What other instances know is worth so much time; longer is a fault of the storage, which the ledger will notice too.
_LONGEST_LOOK_SECONDS = 2.0
# A provision takes about a second; who asks over HTTP would rather wait that long than ask again.
_LONGEST_MOMENT_SECONDS = 1.5
_LOOK_AGAIN_SECONDS = 0.05
# So many inside, of all mailboxes, are half of an instance's places for messages (host.json's batchSize and
# newBatchThreshold). The platform starts an instance for as many messages as there are places in one: while fewer are
# inside there is nobody to tell, and a meeting costs no write more.
_BUSY = 12


@dataclass(slots=True)
class _Mailbox:
    names: frozenset[str]
    inside: int = 0
    closed_until: datetime = _LONGEST_AGO
    line_ends: datetime = _LONGEST_AGO  # when all who were sent away will have had their turn
    next_entry: datetime = _LONGEST_AGO  # before this nobody is let in, while it is crowded
    calm_at: datetime = _LONGEST_AGO  # when everybody goes at full pace again
    seconds: float = _FIRST_GUESS  # that a provision takes, on a moving average

    def idle(self, now: datetime) -> bool:
        """Tell whether nobody would notice if it were forgotten."""
        return not self.inside and max(self.closed_until, self.line_ends, self.calm_at) <= now

    def close(self, until: datetime, now: datetime) -> None:
        """Let nobody in until a moment, and fewer than before for a while after it.

        Who was inside already when it closed is told the same, a little later: that makes it no worse.
        """
        if until <= self.closed_until:
            return
        calm_after = self._calm_after(now) + (_CALMER if self.closed_until <= now else timedelta(0))
        self.calm_at = until + min(calm_after, _MOST_DOUBLINGS * _CALMER)
        self.closed_until = until

    def pause(self, limit: int, now: datetime) -> timedelta:
        """Return how long after one another provisions are let in, so that Graph refuses none."""
        return timedelta(seconds=self.seconds / limit * 2 ** (self._calm_after(now) / _CALMER))

    def _calm_after(self, now: datetime) -> timedelta:
        """Return how long it has to be open in peace before everybody goes at full pace."""
        return max(self.calm_at - max(now, self.closed_until), timedelta(0))

    def take_in(self, other: "_Mailbox") -> None:
        """Become one with what turned out to be the same mailbox."""
        self.names |= other.names
        self.inside += other.inside
        self.closed_until = max(self.closed_until, other.closed_until)
        self.line_ends = max(self.line_ends, other.line_ends)
        self.next_entry = max(self.next_entry, other.next_entry)
        self.calm_at = max(self.calm_at, other.calm_at)
        self.seconds = max(self.seconds, other.seconds)


class MailboxGate:
    """Who may call Graph for which organizer, in this process; when nobody may, in every process."""

    def __init__(self, limit: int, clock: Callable[[], datetime], elsewhere: MailboxNotices | None = None) -> None:
        """Open the gate.

        Args:
            limit: how many at once for one organizer.
            clock: tells the time.
            elsewhere: what other processes and this one tell each other; None for a process on its own.
        """
        self._limit = limit
        self._clock = clock
        self._elsewhere = elsewhere
        self._mailboxes: dict[str, _Mailbox] = {}
        self._names = LRUCache[str, frozenset[str]](_REMEMBERED_NAMES)
        self._crowded = _FIRST_CROWD
        self._inside = 0

    def same(self, organizer: str, object_id: str) -> None:
        """Know two names for one mailbox: who comes under either goes through one gate from now on."""
        names = self._names_of(organizer) | self._names_of(object_id)
        if self._names_of(organizer) == names == self._names_of(object_id):
            return
        for name in names:
            self._names[name] = names
        one, other = self._mailbox(organizer), self._mailbox(object_id)
        if one is not other:
            one.take_in(other)
            self._mailboxes |= dict.fromkeys(other.names, one)

    def enter(self, organizer: str) -> timedelta | None:
        """Let one provision in and return None, or return how long to stay away. Who was let in has to leave."""
        now = self._clock()
        self._forget_idle(now)
        mailbox = self._mailbox(organizer)
        if mailbox.next_entry > now or self._refusal(mailbox, now):
            return self._turn(mailbox, now)
        mailbox.inside += 1
        if mailbox.calm_at > now:
            mailbox.next_entry = now + mailbox.pause(self._limit, now)
        return None

    def leave(self, organizer: str, entered_at: datetime) -> None:
        """Make room for the next provision."""
        now, mailbox = self._clock(), self._mailbox(organizer)
        mailbox.inside -= 1
        took = max((now - entered_at).total_seconds(), 0.0)  # a clock may be set back
        mailbox.seconds += 0.2 * (took - mailbox.seconds)
        if mailbox.idle(now):
            for name in mailbox.names:
                del self._mailboxes[name]

    @contextmanager
    def inside(self, organizer: str) -> Generator[None]:
        """Have each call of a block ask whether the mailbox is still open, and leave at the block's end."""
        entered_at = self._clock()
        asked_before = before_each_call.set(lambda: self.check(organizer))
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
            before_each_call.reset(asked_before)
            self.leave(organizer, entered_at)

    @asynccontextmanager
    async def turn(self, organizer: str) -> AsyncGenerator[None]:
        """Let one look at a mailbox in for the length of a block, and close the gate when Graph asks for patience.

        Whoever looks does not stand in line: they wait a moment, and are told when there may be room.

        Raises:
            HeldBackError: the mailbox stays busy, or is closed: its delay says for how long.
        """
        mailbox = await self._moment_of_room(organizer)
        if refusal := self._refusal(mailbox, self._clock()):
            raise refusal
        mailbox.inside += 1
        with self.inside(organizer):
            await self.look(organizer)
            self.check(organizer)
            try:
                yield
            except HeldBackError:
                raise
            except (ThrottledError, UnavailableError) as error:
                if error.delay or isinstance(error, ThrottledError):
                    error.delay = error.delay or PAUSE_WITHOUT_RETRY_AFTER
                    await self.close(organizer, error.delay)
                raise

    def check(self, organizer: str) -> None:
        """Return if the mailbox is open; those inside ask before each call, for it may have closed meanwhile.

        Raises:
            HeldBackError: it is closed, for so long.
        """
        mailbox, now = self._mailboxes.get(organizer.casefold()), self._clock()
        if mailbox and mailbox.closed_until > now:
            raise HeldBackError(ASKED_FOR_PATIENCE, mailbox.closed_until - now)

    async def look(self, organizer: str) -> Notice | None:
        """Learn from the other processes whether the mailbox is closed, and return all that they tell of it.

        One that cannot be learned of, for which None is returned, is open.
        """
        if self._elsewhere is None:
            return None
        try:
            async with asyncio.timeout(_LONGEST_LOOK_SECONDS):
                notice = await self._elsewhere.read(organizer)
        except (StorageUnavailableError, TimeoutError) as error:
            _logger.warning("mailbox.notLookedAt %s", error)
            return None
        if notice.closed_until:
            # What Graph cannot have said is not believed here either: a clock was wrong somewhere.
            self._close(organizer, min(notice.closed_until, self._clock() + LONGEST_RETRY_AFTER))
        return notice

    async def close(self, organizer: str, delay: timedelta) -> None:
        """Keep everybody away for as long as Graph asks, and tell the other processes, if they can be told."""
        mailbox = self._close(organizer, self._clock() + delay)
        if self._elsewhere:
            names = mailbox.names | self._names_of(organizer)
            await _share(*(self._elsewhere.close(name, mailbox.closed_until) for name in names))

    async def tell(self, organizer: str, allowed: Allowed, seen: Notice | None) -> None:
        """Tell the other processes what a calendar allows, if there are any, and if they can be told.

        Args:
            organizer: whose calendar was asked just now.
            allowed: what it answered.
            seen: what `look` returned.
        """
        if self._elsewhere and self._inside >= _BUSY:
            await _share(self._elsewhere.allow(organizer, allowed, seen))

    def stand_in_line(self, organizer: str) -> timedelta:
        """Return how long one who was inside, or would be, stays away."""
        return self._turn(self._mailbox(organizer), self._clock())

    async def _moment_of_room(self, organizer: str) -> _Mailbox:
        """Return the mailbox once there is room, or as it is after a moment; a closed one is not waited for."""
        looks = int(_LONGEST_MOMENT_SECONDS / _LOOK_AGAIN_SECONDS)
        while True:
            mailbox = self._mailbox(organizer)
            if mailbox.inside < self._limit or mailbox.closed_until > self._clock() or not looks:
                return mailbox
            looks -= 1
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)

    def _close(self, organizer: str, until: datetime) -> _Mailbox:
        mailbox = self._mailbox(organizer)
        mailbox.close(until, self._clock())
        return mailbox

    def _refusal(self, mailbox: _Mailbox, now: datetime) -> HeldBackError | None:
        if mailbox.closed_until > now:
            return HeldBackError(ASKED_FOR_PATIENCE, mailbox.closed_until - now)
        if mailbox.inside >= self._limit:
            text = "As many calls for this organizer are under way as Microsoft Graph allows"
            return HeldBackError(text, timedelta(seconds=mailbox.seconds))
        return None

    def _names_of(self, organizer: str) -> frozenset[str]:
        name = organizer.casefold()
        return self._names.get(name) or frozenset({name})

    def _mailbox(self, organizer: str) -> _Mailbox:
        name = organizer.casefold()
        mailbox = self._mailboxes.get(name)
        if mailbox is None:
            others = (self._mailboxes[other] for other in self._names_of(name) if other in self._mailboxes)
            mailbox = self._mailboxes[name] = next(others, None) or _Mailbox(frozenset())
            mailbox.names |= {name}
        return mailbox

    def _forget_idle(self, now: datetime) -> None:
        """Forget mailboxes that were throttled once and that nobody came back to; seldom, as it looks at all."""
        if len(self._mailboxes) >= self._crowded:
            self._mailboxes = {key: mailbox for key, mailbox in self._mailboxes.items() if not mailbox.idle(now)}
            self._crowded = max(_FIRST_CROWD, 2 * len(self._mailboxes))

    def _turn(self, mailbox: _Mailbox, now: datetime) -> timedelta:
        opens = max(mailbox.closed_until, mailbox.line_ends, now)
        mailbox.line_ends = opens + mailbox.pause(self._limit, now)
        return mailbox.line_ends - now + timedelta(seconds=random.uniform(0, mailbox.seconds))  # noqa: S311 - jitter


async def _share(*told: Awaitable[None]) -> None:
    try:
        async with asyncio.timeout(_LONGEST_LOOK_SECONDS):
            await asyncio.gather(*told)
    except (StorageUnavailableError, TimeoutError) as error:
        _logger.warning("mailbox.notShared %s", error)
