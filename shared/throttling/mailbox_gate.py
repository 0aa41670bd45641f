"""Keeps this process within what Graph lets an app do to one mailbox at once.

Graph allows four calls at a time for each app and mailbox, whatever other mailboxes do:
https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits. A provision makes one call at a time, so
the gate counts provisions. A provision that is not admitted does not wait here: its message goes back to the queue
with the delay that the gate names.
"""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta

from shared.errors import HeldBackError, StorageUnavailableError, ThrottledError, UnavailableError
from shared.graph import before_each_call
from shared.graph.error_translation import ASKED_FOR_PATIENCE
from shared.graph.retry_after import LONGEST_RETRY_AFTER
from shared.throttling.aliases import Mailboxes
from shared.throttling.mailbox_limit import Mailbox
from shared.throttling.shared_mailbox_states import AllowedProviders, MailboxState, SharedMailboxStates

_logger = logging.getLogger(__name__)

PAUSE_WITHOUT_RETRY_AFTER = timedelta(seconds=10)
# The state of a mailbox in other instances is not worth more time; a storage that is slower fails the ledger as well.
_LONGEST_SHARING_SECONDS = 2.0
# A provision takes about a second; a caller over HTTP would rather wait that long than ask again.
_LONGEST_WAIT_SECONDS = 1.5
_LOOK_AGAIN_SECONDS = 0.05
# This many under way, for all mailboxes, are half of an instance's places for messages (host.json's batchSize and
# newBatchThreshold). The platform starts an instance for as many messages as there are places in one: below this there
# is no other instance to share with, and sharing would only add a write to each meeting.
_BUSY = 12


class MailboxGate:
    """Admits calls to Graph for an organizer in this process, and shares a closed mailbox with every process."""

    def __init__(self, limit: int, clock: Callable[[], datetime], shared: SharedMailboxStates | None = None) -> None:
        """Open the gate.

        Args:
            limit: the most provisions at once for one organizer.
            clock: returns the time.
            shared: what the processes share; None for a process on its own.
        """
        self._clock = clock
        self._shared = shared
        self._mailboxes = Mailboxes(limit, clock)
        self._entered = 0

    def alias(self, organizer: str, object_id: str) -> None:
        """Make two names of an organizer lead to one mailbox from now on."""
        self._mailboxes.alias(organizer, object_id)

    @asynccontextmanager
    async def access(self, organizer: str, *, read_only: bool = False) -> AsyncGenerator[None]:
        """Admit one user of a mailbox for the length of a block: the only way to Graph.

        Before each call within the block the gate checks that the mailbox is still open. An error within it that
        names a delay, and every throttling, closes the mailbox here and in the other processes.

        Args:
            organizer: whose mailbox.
            read_only: for a caller who waits for an answer and does not come back through the queue. They wait a
                moment for capacity, take no slot, and learn first what other processes know.

        Raises:
            HeldBackError: the mailbox is full, or closed, or recovers from throttling; the delay says for how long.
        """
        if read_only:
            await self._wait_for_capacity(organizer)
        entered_at = self._clock()
        self._enter(organizer, entered_at, read_only=read_only)
        checked_before = before_each_call.set(lambda: self.check(organizer))
        try:
            if read_only:
                await self.refresh(organizer)
                self.check(organizer)
            yield
        except HeldBackError:
            raise
        except (ThrottledError, UnavailableError) as error:
            if await self.close_if_asked(organizer, error):
                error.delay = error.delay or PAUSE_WITHOUT_RETRY_AFTER
            raise
        finally:
            before_each_call.reset(checked_before)
            self._leave(organizer, entered_at)

    @contextmanager
    def entry(self, organizer: str) -> Generator[None]:
        """Admit one call of a batch for the length of a block, if there is room for it now.

        The caller has learned by `refresh` what other processes know, and closes the mailbox when Graph asks for that.

        Raises:
            HeldBackError: the mailbox is full, or closed.
        """
        entered_at = self._clock()
        self._enter(organizer, entered_at, read_only=True)
        try:
            yield
        finally:
            self._leave(organizer, entered_at)

    def check(self, organizer: str) -> None:
        """Return if the mailbox is open; it may have closed since the block was entered.

        Raises:
            HeldBackError: it is closed; the delay says for how long.
        """
        mailbox, now = self._mailboxes.find(organizer), self._clock()
        if mailbox and mailbox.closed_until > now:
            raise HeldBackError(ASKED_FOR_PATIENCE, mailbox.closed_until - now)

    async def refresh(self, organizer: str) -> MailboxState | None:
        """Learn from the other processes whether the mailbox is closed, and return everything they share about it.

        When they cannot be asked the mailbox counts as open, and None is returned.
        """
        if self._shared is None:
            return None
        try:
            async with asyncio.timeout(_LONGEST_SHARING_SECONDS):
                state = await self._shared.read(organizer)
        except (StorageUnavailableError, TimeoutError) as error:
            _logger.warning("mailbox.notRefreshed %s", error)
            return None
        if state.closed_until:
            # Graph cannot have named a later moment: a clock was wrong somewhere.
            self._close(organizer, min(state.closed_until, self._clock() + LONGEST_RETRY_AFTER))
        return state

    async def close_if_asked(
        self,
        organizer: str,
        error: ThrottledError | UnavailableError,
        pause: timedelta = PAUSE_WITHOUT_RETRY_AFTER,
    ) -> bool:
        """Close the mailbox where Graph's answer asks for patience, and return whether it does.

        Args:
            organizer: whose mailbox was asked.
            error: the answer.
            pause: for how long, where the answer names no Retry-After.
        """
        asked = bool(error.delay) or isinstance(error, ThrottledError)
        if asked:
            await self.close(organizer, error.delay or pause)
        return asked

    async def close(self, organizer: str, delay: timedelta) -> None:
        """Admit no call for as long as Graph asks, here and, if the storage answers, in the other processes."""
        mailbox = self._close(organizer, self._clock() + delay)
        if self._shared:
            names = mailbox.names | self._mailboxes.names_of(organizer)
            await _publish(*(self._shared.close(name, mailbox.closed_until) for name in names))

    async def publish_providers(self, organizer: str, allowed: AllowedProviders, seen: MailboxState | None) -> None:
        """Share what a calendar allows with the other processes, if there are any, and if the storage answers.

        Args:
            organizer: whose calendar was just asked.
            allowed: its answer.
            seen: what `refresh` returned.
        """
        if self._shared and self._entered >= _BUSY:
            await _publish(self._shared.allow(organizer, allowed, seen))

    def next_slot(self, organizer: str) -> timedelta:
        """Return how long a provision stays away that was admitted, or would have been."""
        mailbox = self._mailboxes.of(organizer)
        return mailbox.next_slot(self._clock()) + _jitter(mailbox)

    def _enter(self, organizer: str, now: datetime, *, read_only: bool) -> None:
        mailbox = self._mailboxes.of(organizer)
        if read_only:
            mailbox.enter(now)
        else:
            try:
                mailbox.enter_in_turn(now)
            except HeldBackError as error:
                error.delay = (error.delay or timedelta(0)) + _jitter(mailbox)
                raise
        self._entered += 1

    def _leave(self, organizer: str, entered_at: datetime) -> None:
        self._entered -= 1
        mailbox = self._mailboxes.of(organizer)
        mailbox.leave(entered_at, self._clock())
        self._mailboxes.forget_idle(mailbox)

    async def _wait_for_capacity(self, organizer: str) -> None:
        """Return once there is room, or after a moment; a closed mailbox is not waited for."""
        for _ in range(int(_LONGEST_WAIT_SECONDS / _LOOK_AGAIN_SECONDS)):
            mailbox = self._mailboxes.of(organizer)
            if mailbox.entered < mailbox.limit or mailbox.closed_until > self._clock():
                return
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)

    def _close(self, organizer: str, until: datetime) -> Mailbox:
        mailbox = self._mailboxes.of(organizer)
        mailbox.close(until, self._clock())
        return mailbox


def _jitter(mailbox: Mailbox) -> timedelta:
    return timedelta(seconds=random.uniform(0, mailbox.seconds))  # noqa: S311 - no secret


async def _publish(*writes: Awaitable[None]) -> None:
    try:
        async with asyncio.timeout(_LONGEST_SHARING_SECONDS):
            await asyncio.gather(*writes)
    except (StorageUnavailableError, TimeoutError) as error:
        _logger.warning("mailbox.notShared %s", error)
