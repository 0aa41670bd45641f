"""The organizer of a meeting whose request names a pool: chosen once, kept, and released with the meeting."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from shared.errors import RejectedError, UnavailableError
from shared.graph import remedies
from shared.meeting import Meeting
from shared.meeting.reserved import PassedOver
from shared.meeting_request import NewMeetingRequest
from shared.meeting_request.pools import OrganizerPool
from shared.use_cases.availability.calendars import Calendars, Unknown, taken
from shared.use_cases.provision.attempt import Attempt
from shared.use_cases.provision.choice import Candidate
from shared.use_cases.provision.meeting_times import MeetingTimes, times_digest, times_of
from shared.use_cases.provision.reserving import Reserving, reasons, reserved_now, without_once
from shared.validation.addresses import mailbox_key

# Refusals that concern one organizer: Graph may accept another candidate.
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


class OrganizerPools:
    """Chooses organizers. Every call may raise StorageUnavailableError, and the GraphErrors of GraphClient.send."""

    def __init__(self, calendars: Calendars, reserving: Reserving, clock: Callable[[], datetime]) -> None:
        self._calendars = calendars
        self._reserving = reserving
        self._clock = clock

    async def choose(self, attempt: Attempt, request: NewMeetingRequest, pool: OrganizerPool) -> None:
        """Choose an organizer who is free, and reserve the times.

        Raises:
            RejectedError: `nobodyFree`.
            UnavailableError: a candidate may become free soon.
        """
        times, former = times_of(request, self._clock()), attempt.reserved
        attempt.organizer = attempt.organizer_id = None
        candidates, unknown = await self._candidates(attempt, pool, times)
        _add_passed_over(attempt, [PassedOver(candidate=each.address, code=each.code) for each in unknown])
        nobody_free = _nobody_free(candidates, attempt.passed_over, times)
        order = pool.candidates
        chosen = await self._reserving.reserve(attempt, times, candidates, order, pool.strategy, nobody_free)
        if former and mailbox_key(former.mailbox) != mailbox_key(chosen.address):
            await self._reserving.release(attempt.meeting, former, attempt.meeting.attempts)
        attempt.reserved = reserved_now(attempt, chosen.address, times, former)
        attempt.organizer = chosen.name

    async def keep(self, attempt: Attempt, request: NewMeetingRequest) -> None:
        """Reserve the times of a changed request with the organizer who was chosen, beside the former ones.

        The caller holds the gate of the organizer's mailbox.

        Raises:
            RejectedError: `nobodyFree`: the organizer is not free then; the former times stay reserved.
            UnavailableError: the organizer may become free soon.
        """
        reserved = attempt.reserved
        if reserved is None or reserved.times == times_digest(attempt.meeting.request or {}):
            return
        times, address = times_of(request, self._clock()), reserved.mailbox
        shown = await self._calendars.look_within(address, [address], times.window)
        booked = taken(address, shown.get(mailbox_key(address)), times.window)
        if isinstance(booked, Unknown):
            raise UnavailableError(f"Graph does not show the organizer's calendar: {booked.message}", uncertain=False)
        own = await self._reserving.own(attempt.meeting, reserved)
        name = attempt.organizer or ""
        candidate = Candidate(name, address, without_once(booked, own))
        message = f"{name} is busy {times.first_in_words}. The organizer is chosen from the pool once, and stays."
        busy = RejectedError("nobodyFree", message, remedies.ORGANIZER_BUSY)
        await self._reserving.reserve(attempt, times, [candidate], [name], "first", busy)
        attempt.reserved = reserved_now(attempt, address, times, reserved)
        await attempt.stretch()

    async def pass_over(self, attempt: Attempt, error: RejectedError) -> bool:
        """Release an organizer whom Graph refuses, and return whether another one is to be chosen."""
        if attempt.reserved is None or error.code not in _OF_CANDIDATE or attempt.outcome.made:
            return False
        await self._reserving.release(attempt.meeting, attempt.reserved, attempt.meeting.attempts)
        _add_passed_over(attempt, [PassedOver(candidate=attempt.organizer or "", code=error.code)])
        attempt.organizer = attempt.organizer_id = attempt.reserved = None
        return True

    async def _candidates(
        self, attempt: Attempt, pool: OrganizerPool, times: MeetingTimes
    ) -> tuple[list[Candidate], list[Unknown]]:
        """Return the candidates whose calendars Graph shows, and those whom it refuses now."""
        refused = {mailbox_key(each.candidate) for each in attempt.passed_over}
        names = [name for name in pool.candidates if mailbox_key(name) not in refused]
        addresses, unknown = await self._calendars.addresses(names)
        found = [*addresses.values()]
        pending, shown = await asyncio.gather(
            self._reserving.pending(attempt, times.window),
            self._calendars.look(found, found, times.window),
        )
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


def _add_passed_over(attempt: Attempt, candidates: Sequence[PassedOver]) -> None:
    attempt.passed_over += tuple(candidates)
    attempt.note_passed_over(candidates)


def is_undecided(meeting: Meeting) -> bool:
    """Return whether an organizer is to be chosen from a pool: Graph cannot have anything of the meeting yet."""
    if not (meeting.request or {}).get("organizerPool"):
        return False
    in_doubt = meeting.organizer is not None and meeting.doubt.in_doubt_since is not None
    return not meeting.outcome.made and (not in_doubt or _lacks_its_room(meeting))


def _lacks_its_room(meeting: Meeting) -> bool:
    """Return whether this version has no room yet: its room is recorded before anything is made."""
    wants_room = bool((meeting.request or {}).get("roomPool"))
    return wants_room and meeting.room is None and meeting.doubt.in_doubt_since == meeting.version


def _nobody_free(
    candidates: Sequence[Candidate], passed_over: Sequence[PassedOver], times: MeetingTimes
) -> RejectedError:
    message = f"Nobody of the pool is free {times.first_in_words}: {reasons(candidates, passed_over)}."
    return RejectedError("nobodyFree", message, remedies.NOBODY_FREE if candidates else remedies.ORGANIZERS_REFUSED)
