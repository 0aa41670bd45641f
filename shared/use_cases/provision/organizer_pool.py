"""The organizer of a meeting whose request names a pool: chosen once, kept from then on, let go with the meeting."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from shared.errors import RejectedError, StorageUnavailableError, UnavailableError
from shared.graph import remedies
from shared.meeting import Meeting
from shared.meeting.ledger import Ledger
from shared.meeting.reservations import Entry, Reservations
from shared.meeting.reserved import PassedOver, Reserved
from shared.meeting.turns import Turns
from shared.meeting_request import NewMeetingRequest
from shared.meeting_request.pools import OrganizerPool
from shared.use_cases.availability.availability import MOST_UNFINISHED
from shared.use_cases.availability.calendars import Calendars, Unknown, taken
from shared.use_cases.availability.own_meetings import taken_by
from shared.use_cases.availability.stretches import Stretch
from shared.use_cases.provision.attempt import Attempt
from shared.use_cases.provision.choice import Candidate, Choice, NobodyFreeError
from shared.use_cases.provision.meeting_times import MeetingTimes, times_digest, times_of
from shared.validation.addresses import mailbox_key

_logger = logging.getLogger(__name__)

# With these Graph refuses an organizer; other candidates it may take.
_OF_CANDIDATE = frozenset(
    {
        "organizerNotFound",
        "organizerHasNoMailbox",
        "mailboxAccessDenied",
        "applicationAccessPolicyMissing",
        "onlineMeetingsDenied",
        "providerNotAllowed",
    }
)
# At most this many attempts wait for meetings that are not made yet and may fail; then they count as made.
_PATIENT_ATTEMPTS = 4
_REMEMBERED = timedelta(seconds=2)


class OrganizerPools:
    """Chooses organizers. Every call may raise StorageUnavailableError, and the GraphErrors of GraphClient.send."""

    def __init__(
        self,
        ledger: Ledger,
        calendars: Calendars,
        reservations: Reservations,
        turns: Turns,
        clock: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._calendars = calendars
        self._choice = Choice(ledger, reservations, turns, clock)
        self._reservations = reservations
        self._clock = clock
        self._unfinished: tuple[datetime, list[Meeting]] | None = None

    async def choose(self, attempt: Attempt, request: NewMeetingRequest, pool: OrganizerPool) -> None:
        """Choose an organizer who is free, and reserve the times.

        Raises:
            RejectedError: `nobodyFree`.
            UnavailableError: somebody may become free in a moment.
        """
        times, former = times_of(request, self._clock()), attempt.reserved
        attempt.organizer = attempt.organizer_id = None
        candidates, unknown = await self._candidates(attempt, pool, times)
        attempt.passed_over += tuple(PassedOver(candidate=each.address, code=each.code) for each in unknown)
        chosen = await self._reserve(attempt, times, candidates, pool)
        if former and mailbox_key(former.organizer) != mailbox_key(chosen.address):
            await self._release(attempt.meeting.id, former, attempt.meeting.attempts)
        attempt.reserved = _reserved(attempt, chosen.address, times)
        attempt.organizer = chosen.name

    async def keep(self, attempt: Attempt, request: NewMeetingRequest) -> None:
        """Reserve the times of a changed request with the organizer who was chosen, besides the former ones.

        The gate of the organizer's mailbox is entered.

        Raises:
            RejectedError: `nobodyFree`: the organizer is not free then; the former times stay reserved.
            UnavailableError: they may become free in a moment.
        """
        reserved = attempt.reserved
        if reserved is None or reserved.times == times_digest(attempt.meeting.request or {}):
            return
        times, address = times_of(request, self._clock()), reserved.organizer
        shown = await self._calendars.look_within(address, [address], times.window)
        booked = taken(address, shown.get(mailbox_key(address)), times.window)
        if isinstance(booked, Unknown):
            raise UnavailableError(f"Graph does not show the organizer's calendar: {booked.message}", uncertain=False)
        own = await self._reservations.read(address, reserved.first_day, reserved.last_day)
        former = [Stretch(each.start, each.end) for each in own.entries if each.meeting_id == attempt.meeting.id]
        name = attempt.organizer or ""
        candidate = Candidate(name, address, _without_once(booked, former))
        await self._reserve(attempt, times, [candidate], OrganizerPool(candidates=(name,), strategy="first"))
        attempt.reserved = _reserved(attempt, address, times)
        await attempt.stretch(self._clock())

    async def pass_over(self, attempt: Attempt, error: RejectedError) -> bool:
        """Let go of an organizer whom Graph refuses, and return whether another one is to be chosen."""
        if attempt.reserved is None or error.code not in _OF_CANDIDATE or attempt.outcome.made:
            return False
        await self._release(attempt.meeting.id, attempt.reserved, attempt.meeting.attempts)
        attempt.passed_over += (PassedOver(candidate=attempt.organizer or "", code=error.code),)
        attempt.organizer = attempt.organizer_id = attempt.reserved = None
        return True

    async def settle(self, attempt: Attempt) -> None:
        """Release the former times of a meeting that was moved in Graph."""
        if attempt.reserved and attempt.reserved.moved:
            await self._release(attempt.meeting.id, attempt.reserved, attempt.reserved.attempt - 1)
            attempt.reserved = attempt.reserved.changed(moved=False)

    async def let_go(self, meeting: Meeting, reserved: Reserved) -> None:
        """Release what is reserved for a meeting whose record does not hold it; later choices drop what is left."""
        try:
            await self._release(meeting.id, reserved, meeting.attempts)
        except StorageUnavailableError as error:
            _logger.warning("reservations.notReleased %s %s", meeting.id, error, extra={"meeting_id": meeting.id})

    async def _release(self, meeting_id: str, reserved: Reserved, attempt: int) -> None:
        def is_over(entry: Entry) -> bool:
            return entry.meeting_id == meeting_id and entry.attempt <= attempt

        await self._reservations.release(reserved.organizer, reserved.first_day, reserved.last_day, is_over)

    async def _candidates(
        self, attempt: Attempt, pool: OrganizerPool, times: MeetingTimes
    ) -> tuple[list[Candidate], list[Unknown]]:
        """Return the candidates whose calendars Graph shows, and those whom it refuses now."""
        refused = {mailbox_key(each.candidate) for each in attempt.passed_over}
        names = [name for name in pool.candidates if mailbox_key(name) not in refused]
        addresses, unknown = await self._calendars.addresses(names)
        found = [*addresses.values()]
        unfinished, shown = await asyncio.gather(
            self._unfinished_meetings(), self._calendars.look(found, found, times.window, len(found))
        )
        others = [_without_chosen(meeting) for meeting in unfinished if meeting.id != attempt.meeting.id]
        pending = taken_by(others, times.window)
        candidates: list[Candidate] = []
        for name, address in addresses.items():
            booked = taken(name, shown.get(mailbox_key(address)), times.window)
            if isinstance(booked, Unknown):
                unknown.append(booked)
            else:
                keys = {mailbox_key(name), mailbox_key(address)}
                candidates.append(
                    Candidate(name, address, booked, [each for key in keys for each in pending.get(key, ())])
                )
        if not candidates and (missing := [each for each in unknown if each.code == "applicationPermissionMissing"]):
            raise RejectedError(missing[0].code, missing[0].message, remedies.REPORT)
        return candidates, unknown

    async def _unfinished_meetings(self) -> list[Meeting]:
        """Return meetings that are accepted and not made yet; an answer serves every choice of the next moment."""
        now = self._clock()
        if self._unfinished is None or not timedelta(0) <= now - self._unfinished[0] < _REMEMBERED:
            self._unfinished = now, await self._ledger.unfinished(MOST_UNFINISHED)
        return self._unfinished[1]

    async def _reserve(
        self, attempt: Attempt, times: MeetingTimes, candidates: Sequence[Candidate], pool: OrganizerPool
    ) -> Candidate:
        try:
            return await self._choice.reserve(attempt.meeting, times, candidates, pool.candidates, pool.strategy)
        except NobodyFreeError as error:
            if error.may_change and attempt.meeting.progress.graph_failures < _PATIENT_ATTEMPTS:
                message = "the time of a candidate is reserved for a meeting that is not made yet"
                raise UnavailableError(message, uncertain=False) from error
        raise _nobody_free(candidates, attempt.passed_over, times)


def is_undecided(meeting: Meeting) -> bool:
    """Return whether somebody of a pool is to be chosen: Graph has nothing of the meeting, and cannot have."""
    if not (meeting.request or {}).get("organizerPool"):
        return False
    in_doubt = meeting.organizer is not None and meeting.doubt.in_doubt_since is not None
    return not (meeting.outcome.made or in_doubt)


def _reserved(attempt: Attempt, address: str, times: MeetingTimes) -> Reserved:
    (first, last), former, moved = times.days, attempt.reserved, False
    if former and mailbox_key(former.organizer) == mailbox_key(address):
        first, last, moved = min(first, former.first_day), max(last, former.last_day), True
    return Reserved(
        organizer=address,
        times=times_digest(attempt.meeting.request or {}),
        first_day=first,
        last_day=last,
        attempt=attempt.meeting.attempts,
        looked_until=times.window.end,
        moved=moved,
    )


def _without_chosen(meeting: Meeting) -> Meeting:
    """Return a meeting without its organizer, where their time is reserved for it anyway."""
    return meeting.changed(organizer=None, organizer_id=None) if meeting.reserved else meeting


def _without_once(stretches: Sequence[Stretch], own: Sequence[Stretch]) -> list[Stretch]:
    """Return what is booked without the meeting's own times, each of them once: another may have the same."""
    left = [*stretches]
    for each in own:
        if each in left:
            left.remove(each)
    return left


def _nobody_free(
    candidates: Sequence[Candidate], passed_over: Sequence[PassedOver], times: MeetingTimes
) -> RejectedError:
    start, end = (moment.isoformat().replace("+00:00", "Z") for moment in times.stretches[0])
    reasons = [f"{candidate.name} is busy" for candidate in candidates]
    reasons += [f"{each.candidate} is refused by Graph ({each.code})" for each in passed_over]
    message = f"Nobody of the pool is free from {start} to {end}: {', '.join(reasons) or 'it has no candidates'}."
    return RejectedError("nobodyFree", message, remedies.NOBODY_FREE)
