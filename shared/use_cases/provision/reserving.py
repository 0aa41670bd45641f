"""Reservations for a meeting: made by an attempt, kept in the record, and released with the meeting."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from shared.errors import RejectedError, StorageUnavailableError, UnavailableError
from shared.meeting import Meeting
from shared.meeting.ledger import Ledger
from shared.meeting.reservations import Entry, Reservations
from shared.meeting.reserved import PassedOver, Reserved
from shared.meeting.turns import Turns
from shared.use_cases.availability.availability import MOST_UNFINISHED
from shared.use_cases.availability.own_meetings import taken_by
from shared.use_cases.availability.stretches import Stretch
from shared.use_cases.provision.attempt import Attempt
from shared.use_cases.provision.choice import Candidate, Choice, NobodyFreeError
from shared.use_cases.provision.meeting_times import MeetingTimes, times_digest
from shared.validation.addresses import mailbox_key

_logger = logging.getLogger(__name__)

# A meeting waits this long for meetings that are not made yet and may fail; then they count as made.
_PATIENCE = timedelta(minutes=10)
_REMEMBERED = timedelta(seconds=2)


class Reserving:
    """Reserves and releases. Every call may raise StorageUnavailableError."""

    def __init__(self, ledger: Ledger, reservations: Reservations, turns: Turns, clock: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._reservations = reservations
        self._choice = Choice(ledger, reservations, turns, clock)
        self._clock = clock
        self._unfinished: tuple[datetime, list[Meeting]] | None = None

    async def pending(self, attempt: Attempt, window: Stretch) -> Mapping[str, list[Stretch]]:
        """Return the times in a window of other meetings that are not created yet, by the key of the mailbox.

        The ledger is read at most once in `_REMEMBERED`.
        """
        now = self._clock()
        if self._unfinished is None or not timedelta(0) <= now - self._unfinished[0] < _REMEMBERED:
            self._unfinished = now, await self._ledger.unfinished(MOST_UNFINISHED)
        others = (_without_chosen(meeting) for meeting in self._unfinished[1] if meeting.id != attempt.meeting.id)
        return taken_by(others, window)

    async def reserve(
        self,
        attempt: Attempt,
        times: MeetingTimes,
        candidates: Sequence[Candidate],
        order: Sequence[str],
        strategy: str,
        nobody_free: RejectedError,
    ) -> Candidate:
        """Reserve the times with a candidate who is free, and return the candidate.

        Raises:
            RejectedError: `nobody_free`.
            UnavailableError: a candidate may become free soon.
        """
        try:
            return await self._choice.reserve(attempt.meeting, times, candidates, order, strategy)
        except NobodyFreeError as error:
            waited = self._clock() - attempt.meeting.progress.version_started_at
            if error.may_change and waited < _PATIENCE:
                message = "the time of a candidate is reserved for a meeting that is not made yet"
                raise UnavailableError(message, uncertain=False) from error
        raise nobody_free

    async def own(self, meeting: Meeting, reserved: Reserved) -> list[Stretch]:
        """Return the stretches that are reserved for a meeting, as they are in its mailbox too if it is made."""
        known = await self._reservations.read(reserved.mailbox, reserved.first_day, reserved.last_day)
        return [Stretch(each.start, each.end) for each in known.entries if each.meeting_id == meeting.id]

    async def settle(self, attempt: Attempt, reserved: Reserved) -> Reserved:
        """Release the former times of a meeting that was moved in Graph."""
        if not reserved.moved:
            return reserved
        await self.release(attempt.meeting, reserved, reserved.attempt - 1)
        return reserved.changed(moved=False)

    async def release(self, meeting: Meeting, reserved: Reserved, attempt: int) -> None:
        """Release what this attempt of a meeting, or an earlier one, has reserved of a mailbox."""

        def is_over(entry: Entry) -> bool:
            return entry.meeting_id == meeting.id and entry.attempt <= attempt

        await self._reservations.release(reserved.mailbox, reserved.first_day, reserved.last_day, is_over)

    async def release_all(self, meeting: Meeting, *reserved: Reserved) -> None:
        """Release reservations that the record no longer has; if the storage fails, later choices drop them."""
        try:
            for each in reserved:
                await self.release(meeting, each, meeting.attempts)
        except StorageUnavailableError as error:
            _logger.warning("reservations.notReleased %s %s", meeting.id, error, extra={"meeting_id": meeting.id})


def reserved_now(attempt: Attempt, address: str, times: MeetingTimes, former: Reserved | None) -> Reserved:
    """Return what is reserved of a mailbox in an attempt, beside what was before."""
    (first, last), moved = times.days, False
    if former:
        first, last = min(first, former.first_day), max(last, former.last_day)
        moved = mailbox_key(former.mailbox) == mailbox_key(address)
    return Reserved(
        mailbox=address,
        times=times_digest(attempt.meeting.request or {}),
        first_day=first,
        last_day=last,
        attempt=attempt.meeting.attempts,
        looked_until=times.window.end,
        moved=moved,
    )


def without_once(stretches: Sequence[Stretch], own: Iterable[Stretch]) -> list[Stretch]:
    """Return what is booked without the meeting's own times, each once: another meeting may have the same."""
    left = [*stretches]
    for each in own:
        if each in left:
            left.remove(each)
    return left


def reasons(candidates: Iterable[Candidate], passed_over: Iterable[PassedOver]) -> str:
    """Return why none of the candidates was chosen: who is busy, and whom Graph refuses."""
    busy = [f"{candidate.name} is busy" for candidate in candidates]
    refused = [f"{each.candidate}: {each.reason}" for each in passed_over]
    return ", ".join([*busy, *refused]) or "it has no candidates"


def _without_chosen(meeting: Meeting) -> Meeting:
    """Return a meeting without its organizer, where their time is reserved for it anyway."""
    return meeting.changed(organizer=None, organizer_id=None) if meeting.reserved else meeting
