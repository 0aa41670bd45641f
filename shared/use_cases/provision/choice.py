"""Choose a candidate of a pool who is free, by Graph's calendars and this app's reservations."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from shared.errors import ConflictError, MeetingNotFoundError, RowRefusedError, UnavailableError, UnreadableRecordError
from shared.meeting import Meeting, ObservedState, Status
from shared.meeting.ledger import Ledger
from shared.meeting.reservations import Bookings, Entry, Reservations, days_between
from shared.meeting.reserved import reservations_of
from shared.meeting.turns import Turns
from shared.use_cases.availability.stretches import Stretch, merged
from shared.use_cases.provision.meeting_times import MeetingTimes
from shared.validation.addresses import mailbox_key

_MOST_RACES = 50
_PAUSE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Candidate:
    """One who may be chosen.

    Attributes:
        name: as the request names the candidate.
        address: of the mailbox.
        booked: the times that the calendar shows as taken.
        pending: the times of meetings of this app that are accepted and not created yet, and may fail.
    """

    name: str
    address: str
    booked: Sequence[Stretch]
    pending: Sequence[Stretch] = ()


class Holding(Enum):
    """Whether a reservation that is in the way holds."""

    HELD = auto()
    MAY_END = auto()
    OVER = auto()


class NobodyFreeError(Exception):
    """No candidate is free; `may_change`: a meeting that may still fail is in the way of one of them."""

    def __init__(self, *, may_change: bool) -> None:
        super().__init__("nobody is free")
        self.may_change = may_change


class Choice:
    """Chooses and reserves. Every call may raise StorageUnavailableError."""

    def __init__(self, ledger: Ledger, reservations: Reservations, turns: Turns, clock: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._reservations = reservations
        self._turns = turns
        self._clock = clock

    async def reserve(
        self, meeting: Meeting, times: MeetingTimes, candidates: Sequence[Candidate], pool: Sequence[str], strategy: str
    ) -> Candidate:
        """Reserve all the times with a candidate who is free, and return the candidate.

        A candidate whose time an earlier attempt has reserved comes first.

        Args:
            meeting: the meeting that needs one of the pool.
            times: when it takes place.
            candidates: those whose calendars Graph shows.
            pool: the names of all candidates, in the order given.
            strategy: the strategy of the pool.

        Raises:
            NobodyFreeError: there is none.
            UnavailableError: too many meetings are reserved at once.
        """
        full: set[str] = set()
        for _ in range(_MOST_RACES):
            left = [candidate for candidate in candidates if candidate.name not in full]
            bookings = await self._bookings(left, times)
            turn = await self._turns.read(pool) if strategy == "rotate" else None
            order = turn.order(pool, meeting.id) if turn else pool
            left.sort(key=lambda candidate: order.index(candidate.name))
            if strategy == "leastBusy":
                left.sort(key=lambda candidate: _booked_seconds(candidate, bookings, times, meeting))
            left.sort(key=lambda candidate: not _has_reserved(meeting, times, bookings[candidate.name]))
            try:
                chosen, over = await self._first_free(meeting, times, left, bookings)
            except NobodyFreeError:
                await self._drop_leftovers(meeting, times, left, bookings)
                raise
            await self._drop_leftovers(meeting, times, (each for each in left if each is not chosen), bookings)
            try:
                if turn:
                    await self._turns.take(pool, turn, meeting.id, chosen.name, self._clock())
                await self._reservations.reserve(
                    chosen.address,
                    bookings[chosen.name],
                    times.entries(meeting.id, meeting.attempts),
                    over,
                    days_between(*times.day) if strategy == "leastBusy" else (),
                )
            except ConflictError:
                await asyncio.sleep(_PAUSE_SECONDS)
            except RowRefusedError:
                full.add(chosen.name)
            else:
                return chosen
        raise UnavailableError("too many meetings are reserved at once", uncertain=False)

    async def _bookings(self, candidates: Iterable[Candidate], times: MeetingTimes) -> dict[str, Bookings]:
        candidates = [*candidates]
        found = await asyncio.gather(*(self._reservations.read(each.address, *times.days) for each in candidates))
        return {candidate.name: bookings for candidate, bookings in zip(candidates, found, strict=True)}

    async def _first_free(
        self, meeting: Meeting, times: MeetingTimes, order: Iterable[Candidate], bookings: Mapping[str, Bookings]
    ) -> tuple[Candidate, list[Entry]]:
        """Return the first candidate who is free, and the entries of theirs that no longer hold."""
        may_change = False
        for candidate in order:
            if any(times.overlap(*each) for each in candidate.booked):
                continue
            others = [
                entry
                for entry in bookings[candidate.name].entries
                if entry.meeting_id != meeting.id and times.overlap(entry.start, entry.end)
            ]
            found = await self._holding({entry.meeting_id for entry in others}, candidate.address)
            if found is Holding.HELD:
                continue
            if found is Holding.MAY_END or any(times.overlap(*each) for each in candidate.pending):
                may_change = True
                continue
            return candidate, others
        raise NobodyFreeError(may_change=may_change)

    async def _holding(self, meeting_ids: Iterable[str], mailbox: str) -> Holding:
        """Return the strongest holding of a mailbox by some meetings; after one that is held, none is read."""
        strongest = Holding.OVER
        for meeting_id in sorted(meeting_ids):
            try:
                each = holding(await self._ledger.read(meeting_id), mailbox)
            except UnreadableRecordError:
                each = Holding.HELD
            except MeetingNotFoundError:
                each = Holding.OVER
            if each is Holding.HELD:
                return each
            if each is Holding.MAY_END:
                strongest = each
        return strongest

    async def _drop_leftovers(
        self, meeting: Meeting, times: MeetingTimes, candidates: Iterable[Candidate], bookings: Mapping[str, Bookings]
    ) -> None:
        """Release what an interrupted write has reserved for the meeting with candidates who are not chosen."""

        def is_leftover(entry: Entry) -> bool:
            return entry.meeting_id == meeting.id and entry.attempt <= meeting.attempts

        held = _held(meeting)
        for each in candidates:
            if mailbox_key(each.address) not in held and any(map(is_leftover, bookings[each.name].entries)):
                await self._reservations.release(each.address, *times.days, is_leftover)


def holding(meeting: Meeting, mailbox: str) -> Holding:
    """Return whether the reservation of a mailbox for a meeting holds, by the meeting's record."""
    if meeting.status is Status.CANCELLED:
        return Holding.OVER
    is_chosen = mailbox_key(mailbox) in _held(meeting)
    if not meeting.finished:
        return Holding.HELD if is_chosen and meeting.outcome.made else Holding.MAY_END
    if not is_chosen or not meeting.may_be_in_graph:
        return Holding.OVER
    observed = meeting.observed
    if observed and (observed.state is ObservedState.REMOVED or {"start", "end"} & set(observed.changes)):
        return Holding.OVER  # it was moved or removed, and the calendar shows where it is
    return Holding.HELD


def _held(meeting: Meeting) -> set[str]:
    """Return the keys of the mailboxes that were chosen for a meeting, of its organizer and its rooms."""
    return {mailbox_key(each.mailbox) for each in reservations_of(meeting.reserved, meeting.room)}


def _has_reserved(meeting: Meeting, times: MeetingTimes, bookings: Bookings) -> bool:
    own = {Stretch(entry.start, entry.end) for entry in bookings.entries if entry.meeting_id == meeting.id}
    return own.issuperset(times.stretches)


def _booked_seconds(
    candidate: Candidate, bookings: Mapping[str, Bookings], times: MeetingTimes, meeting: Meeting
) -> float:
    """Return how much of the day is booked."""
    reserved = (
        Stretch(entry.start, entry.end)
        for entry in bookings[candidate.name].entries
        if entry.meeting_id != meeting.id and entry.overlaps(*times.day)
    )
    stretches = merged([*candidate.booked, *candidate.pending, *reserved])
    parts = (min(each.end, times.day.end) - max(each.start, times.day.start) for each in stretches)
    return sum((part for part in parts if part > timedelta(0)), timedelta(0)).total_seconds()
