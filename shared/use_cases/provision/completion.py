"""The end of a version: what its record keeps, what it releases, when the watch looks, and the result that is sent."""

import logging
from collections.abc import Callable
from datetime import datetime

from shared.meeting import AttendanceWatch, Meeting, MeetingError, Status
from shared.meeting.ledger import Ledger
from shared.meeting.results import Results
from shared.meeting_request import CalendarRequest, MeetingRequest
from shared.use_cases.provision.attempt import Attempt
from shared.use_cases.provision.reserving import Reserving
from shared.use_cases.provision.room_pools import RoomPools
from shared.use_cases.watch.next_look import first_look, first_look_for_reports, look_after_failure

_CARRIED_OUT = ("unwanted_attendees", "reinvited_attendees")
_logger = logging.getLogger(__name__)


class Completion:
    """Writes the end of a version to its record, and reports it. Every call may raise StorageUnavailableError.

    Args:
        watched: whether the watch observes meetings.
        attendance_watched: whether it looks for attendance reports, too.
    """

    def __init__(  # noqa: PLR0913 - bootstrap is its only caller
        self,
        ledger: Ledger,
        results: Results,
        reserving: Reserving,
        room_pools: RoomPools,
        clock: Callable[[], datetime],
        *,
        watched: bool = False,
        attendance_watched: bool = False,
    ) -> None:
        self._ledger = ledger
        self._results = results
        self._reserving = reserving
        self._room_pools = room_pools
        self._watched = watched
        self._attendance_watched = attendance_watched
        self._clock = clock

    async def complete(
        self, attempt: Attempt, status: Status, error: MeetingError | None, request: MeetingRequest | None = None
    ) -> None:
        """End the version of an attempt.

        Args:
            attempt: which has ended.
            status: one of the ends.
            error: why it failed.
            request: what was carried out; None of what failed, and of what never was a request.

        Raises:
            ClaimLostError, SupersededError: as `Attempt.write` does.
        """
        in_doubt_since = attempt.in_doubt_since if error and not attempt.outcome.made else None
        over = attempt.reservations
        if status is Status.SUCCEEDED or (status is Status.FAILED and attempt.may_be_in_graph):
            over = ()
        elif status is Status.FAILED:
            attempt.forget_choices()
        if status is Status.SUCCEEDED:
            if attempt.reserved:
                attempt.reserved = await self._reserving.settle(attempt, attempt.reserved)
            await self._room_pools.settle(
                attempt, wanted=isinstance(request, CalendarRequest) and bool(request.room_pool)
            )
        carried_out = {name: frozenset[str]() for name in _CARRIED_OUT} if status is Status.SUCCEEDED else {}
        await attempt.write(
            status=status,
            error=error,
            claim=None,
            **carried_out,
            progress=attempt.meeting.progress.changed(next_attempt_at=None, last_problem=None),
            doubt=attempt.meeting.doubt.changed(in_doubt_since=in_doubt_since),
            reported=not self._results.wanted,
            look_at=self._look_at(attempt, status, request),
            attendance=self._attendance(attempt, status, request),
            updated_at=self._clock(),
        )
        _logger.info(
            "meeting.%s %s %s",
            status,
            attempt.meeting.id,
            error.code if error else "",
            extra={"meeting_id": attempt.meeting.id, "attempts": attempt.meeting.attempts},
        )
        await self._reserving.release_all(attempt.meeting, *over)
        await self._results.report_or_requeue(attempt.meeting)

    async def fail(self, meeting_id: str, version: int, error: MeetingError) -> tuple[Meeting, Meeting]:
        """Have a version fail outside of an attempt, and return the meeting before and after.

        A version that has ended, or that another one follows, stays as it is. What an attempt may have made stays in
        doubt.

        Raises:
            MeetingNotFoundError: there is no such meeting.
        """

        async def failed(meeting: Meeting) -> Meeting | None:
            if meeting.version != version or meeting.finished:
                return None
            now = self._clock()
            return meeting.changed(
                status=Status.FAILED,
                error=error,
                claim=None,
                progress=meeting.progress.changed(next_attempt_at=None),
                reported=not self._results.wanted,
                look_at=look_after_failure(meeting, now) if self._watched else None,
                updated_at=now,
            )

        return await self._ledger.update(meeting_id, failed)

    async def fail_unstored(self, meeting: Meeting, error: MeetingError) -> None:
        """Have a version fail whose record the storage does not take, and report that."""
        before, after = await self.fail(meeting.id, meeting.version, error)
        if after is not before:
            _logger.info("meeting.%s %s %s", after.status, after.id, error.code, extra={"meeting_id": after.id})
            await self._results.report_or_requeue(after)

    def _look_at(self, attempt: Attempt, status: Status, request: MeetingRequest | None) -> datetime | None:
        """Return when the watch looks next at a meeting that ends."""
        now, meeting = self._clock(), attempt.meeting
        if not self._watched or meeting.cancellation:
            return None
        if status is Status.SUCCEEDED and request is not None:
            # A look that is due stays due, to see what people changed before this version.
            return min(filter(None, (meeting.look_at, first_look(request, meeting.observed, now))), default=None)
        return look_after_failure(meeting.changed(outcome=attempt.outcome), now)

    def _attendance(self, attempt: Attempt, status: Status, request: MeetingRequest | None) -> AttendanceWatch:
        """Return when the watch looks for attendance reports of a meeting that ends; one that failed may take place."""
        meeting, wanted = attempt.meeting, self._attendance_watched and not attempt.meeting.cancellation
        if wanted and (status is not Status.SUCCEEDED or request is None):
            return meeting.attendance
        look_at = first_look_for_reports(request, meeting.observed, self._clock()) if wanted and request else None
        return meeting.attendance.changed(look_at=look_at)
