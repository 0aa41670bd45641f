"""The gate of a mailbox: it keeps this process within Graph's limit of concurrent calls.

Graph allows four calls at a time for each app and mailbox, whatever other mailboxes do:
https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits. A provision makes one call at a time, so
the gate counts provisions. Where more come than are admitted, the instances share the four among them.

A provision that is not admitted waits here for a moment, if room is likely by then and no other message needs its
place. Otherwise its message goes back to the queue with the delay that the gate names.
"""

import asyncio
import logging
import random
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from shared.errors import HeldBackError, StorageUnavailableError, ThrottledError, TransientError
from shared.graph import before_each_call
from shared.graph.error_translation import THROTTLED
from shared.graph.retry_after import LONGEST_RETRY_AFTER
from shared.throttling.aliases import Mailboxes
from shared.throttling.mailbox_limit import FULL, Mailbox
from shared.throttling.shared_mailbox_states import AllowedProviders, MailboxState, SharedMailboxStates
from shared.throttling.sharing import share_of
from shared.throttling.waiting_line import WaitingLine
from shared.validation.addresses import mailbox_key

_logger = logging.getLogger(__name__)

PAUSE_WITHOUT_RETRY_AFTER = timedelta(seconds=10)
# The state of a mailbox in other instances is not worth more time; a storage that is slower fails the ledger as well.
_LONGEST_SHARING_SECONDS = 2.0
# A provision takes about a second: to wait that long is better for a caller over HTTP than to ask again, and a message
# that goes back to the queue costs four storage operations and returns after a second or more.
LONGEST_WAIT = timedelta(seconds=2)
# How often waiting provisions check for calls that other instances have released.
_LOOK_AGAIN = timedelta(seconds=0.5)
# host.json's newBatchThreshold: with more messages in progress the host takes no others.
PLACES = 22
# From this many in progress, half of the places, there may be other instances: the platform starts one for as many
# messages as one has places. Below that, sharing what a calendar allows would only add a write to each meeting.
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
        self._line = WaitingLine()
        self._instance = uuid.uuid4().hex[:8]
        self._entered = 0

    def alias(self, organizer: str, object_id: str) -> None:
        """Make two names of an organizer lead to one mailbox from now on."""
        self._mailboxes.alias(organizer, object_id)

    @asynccontextmanager
    async def access(self, organizer: str, *, read_only: bool = False) -> AsyncGenerator[None]:
        """Admit one call for a mailbox for the length of a block: every call to Graph passes here.

        Before each call within the block the gate checks that the mailbox is still open. An error within it that
        names a delay, and every 429, closes the mailbox here and in the other processes.

        Args:
            organizer: whose mailbox.
            read_only: for a caller who waits for an answer and does not come back through the queue. Such a call takes
                no slot, and reads first what other processes know.

        Raises:
            HeldBackError: the mailbox is full, or closed, or recovers from throttling; the delay says for how long.
        """
        await self._wait_for_room(organizer, read_only=read_only)
        entered_at = self._clock()
        self._enter(organizer, entered_at, read_only=read_only)
        checked_before = before_each_call.set(lambda: self.check(organizer, read_only=read_only))
        try:
            if read_only:
                await self.refresh(organizer)
                self.check(organizer)
            yield
        except HeldBackError:
            raise
        except TransientError as error:
            if await self.close_if_asked(organizer, error):
                error.delay = error.delay or PAUSE_WITHOUT_RETRY_AFTER
            raise
        finally:
            before_each_call.reset(checked_before)
            self._leave(organizer, entered_at)
            await self._give_back(organizer)

    @contextmanager
    def entry(self, organizer: str) -> Generator[None]:
        """Admit one call of a batch for the length of a block, if there is room for it now.

        Before the batch is sent the gate checks that the mailbox is still open, as it does for the others in it. The
        caller has read by `refresh` what other processes know, and closes the mailbox when Graph asks for that.

        Raises:
            HeldBackError: the mailbox is full, or closed.
        """
        entered_at = self._clock()
        self._enter(organizer, entered_at, read_only=True)
        check_of_others = before_each_call.get()

        def check() -> None:
            if check_of_others:
                check_of_others()
            self.check(organizer)

        checked_before = before_each_call.set(check)
        try:
            yield
        finally:
            before_each_call.reset(checked_before)
            self._leave(organizer, entered_at)

    def check(self, organizer: str, *, read_only: bool = True) -> None:
        """Check that the mailbox is open; it may have closed since the block was entered.

        Raises:
            HeldBackError: it is closed, or other instances hold the calls that a provision would need; the delay says
                for how long.
        """
        mailbox, now = self._mailboxes.find(organizer), self._clock()
        if mailbox and mailbox.closed_until > now:
            raise HeldBackError(THROTTLED, mailbox.closed_until - now)
        if mailbox and not read_only and mailbox.entered > mailbox.calls(now):
            raise HeldBackError(FULL, timedelta(seconds=mailbox.seconds))

    async def refresh(self, organizer: str) -> MailboxState | None:
        """Read what the processes share about the mailbox, close it here if it is closed, and return what was read.

        Where the storage does not answer, the mailbox counts as open, and None is returned.
        """
        if self._shared is None:
            return None
        share = self._mailboxes.of(organizer).share
        state = await _exchanged(self._shared.read(organizer), "mailbox.notRefreshed %s")
        if state is None:
            return None
        if state.closed_until:
            # Graph cannot have named a later moment: a clock was wrong somewhere.
            self._close(organizer, min(state.closed_until, self._clock() + LONGEST_RETRY_AFTER))
        mailbox = self._mailboxes.of(organizer)
        if mailbox.share is share and not mailbox.exchanging:  # or what was read is older than what is known
            self._note_share(organizer, state)
        return state

    async def share(self, organizer: str) -> MailboxState | None:
        """Refresh for a provision, and hold as many calls as are needed here and not held by others.

        Nothing is written while no other instance is named and no provision waits here.
        """
        self._mailboxes.of(organizer).looked_at = self._clock()
        state = await self.refresh(organizer)
        mailbox, now = self._mailboxes.of(organizer), self._clock()
        waiting = self._line.count(mailbox.names)
        if state is None or mailbox.exchanging or not (mailbox.share or waiting):
            return state
        wanted = min(mailbox.entered + waiting, mailbox.limit)
        if (share := mailbox.share) and share.is_renewed(now) and (wanted <= share.calls or not share.free):
            return state
        return await self._hold(organizer, max(wanted, share.calls if share else 0), state)

    async def _give_back(self, organizer: str) -> None:
        """Release the calls that are not needed here to the other instances."""
        while mailbox := self._mailboxes.find(organizer):
            share, needed = mailbox.share, mailbox.entered + self._line.count(mailbox.names)
            if mailbox.exchanging or share is None or not share.others or needed >= share.calls:
                return
            mailbox.share = replace(share, calls=needed)  # no provision may enter on a call that is being released
            await self._hold(organizer, needed, None)

    async def _hold(self, organizer: str, calls: int, state: MailboxState | None) -> MailboxState | None:
        """Write how many calls this instance holds; return the shared state, the former one if the storage fails."""
        if self._shared is None:
            return state
        mailbox = self._mailboxes.of(organizer)
        mailbox.exchanging = True
        try:
            holding = self._shared.hold(organizer, self._instance, calls, mailbox.limit, self._clock(), state)
            held = await _exchanged(holding, "mailbox.notShared %s")
        finally:
            mailbox.exchanging = False
        if held is None:
            return state
        self._note_share(organizer, held)
        return held

    async def close_if_asked(
        self,
        organizer: str,
        error: TransientError,
        pause: timedelta = PAUSE_WITHOUT_RETRY_AFTER,
    ) -> bool:
        """Close the mailbox if Graph's answer has a Retry-After, and return whether it has.

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
            closings = (self._shared.close(name, mailbox.closed_until) for name in sorted(names))
            await _exchanged(asyncio.gather(*closings), "mailbox.notShared %s")

    async def publish_providers(self, organizer: str, allowed: AllowedProviders, seen: MailboxState | None) -> None:
        """Share what a calendar allows with the other processes, if there are any, and if the storage answers.

        Args:
            organizer: whose calendar was just asked.
            allowed: its answer.
            seen: what `refresh` returned.
        """
        if self._shared and self._entered >= _BUSY:
            await _exchanged(self._shared.allow(organizer, allowed, seen), "mailbox.notShared %s")

    def next_slot(self, organizer: str) -> timedelta:
        """Return the delay for a provision that was admitted, or would have been, and has to come back."""
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
        if self._places_taken > PLACES:
            self._line.send_last_away()

    def _leave(self, organizer: str, entered_at: datetime) -> None:
        self._entered -= 1
        mailbox = self._mailboxes.of(organizer)
        mailbox.leave(entered_at, self._clock())
        self._line.wake(mailbox.names)
        self._mailboxes.forget_idle(mailbox)

    async def _wait_for_room(self, organizer: str, *, read_only: bool) -> None:
        """Return once there is room, or when it is no use to wait; `_enter` decides."""

        def ready() -> bool:
            mailbox, now = self._mailboxes.of(organizer), self._clock()
            return mailbox.closed_until > now or mailbox.has_room(now, read_only=read_only)

        if ready():
            return
        patient, loop = read_only or self._may_wait(organizer), asyncio.get_running_loop()
        ends = loop.time() + LONGEST_WAIT.total_seconds()
        with self._line.place(mailbox_key(organizer), occupies_place=not read_only) as waiter:
            while not (ready() or waiter.sent_away) and (left := ends - loop.time()) > 0:
                if not read_only and self._clock() - self._mailboxes.of(organizer).looked_at >= _LOOK_AGAIN:
                    await self.share(organizer)
                elif patient:
                    await waiter.woken(min(left, _LOOK_AGAIN.total_seconds()))
                else:
                    return

    def _may_wait(self, organizer: str) -> bool:
        """Return whether a provision may have its turn soon, and takes no place that others need meanwhile."""
        mailbox = self._mailboxes.of(organizer)
        turn = (self._line.count(mailbox.names) + 1) * mailbox.seconds / mailbox.limit
        return self._places_taken < PLACES and turn <= LONGEST_WAIT.total_seconds()

    @property
    def _places_taken(self) -> int:
        return self._entered + self._line.occupied_places

    def _note_share(self, organizer: str, state: MailboxState) -> None:
        mailbox, now = self._mailboxes.of(organizer), self._clock()
        mailbox.share = share_of(state.holders, self._instance, mailbox.limit, now)
        self._line.wake(mailbox.names)

    def _close(self, organizer: str, until: datetime) -> Mailbox:
        mailbox = self._mailboxes.of(organizer)
        mailbox.close(until, self._clock())
        self._line.wake(mailbox.names)
        return mailbox


def _jitter(mailbox: Mailbox) -> timedelta:
    return timedelta(seconds=random.uniform(0, mailbox.seconds))  # noqa: S311 - no secret


async def _exchanged[T](exchange: Awaitable[T], failure: str) -> T | None:
    """Return what the storage answers; None where it fails or is too slow, which is logged as `failure`."""
    try:
        async with asyncio.timeout(_LONGEST_SHARING_SECONDS):
            return await exchange
    except (StorageUnavailableError, TimeoutError) as error:
        _logger.warning(failure, error)
        return None
