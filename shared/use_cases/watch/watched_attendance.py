"""The watch's run for attendance: read the attendance reports of meetings that have ended, and publish their numbers.

No name is kept or published. A meeting that cannot be read stays due: the next run tries again.
"""

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import Enum, auto

from shared.errors import MeetingNotFoundError, RejectedError, ThrottledError, UnavailableError
from shared.graph.artifacts import AttendanceReport, OnlineMeetingIds
from shared.graph.services import GraphServices
from shared.meeting import Attendance, AttendanceWatch, Meeting
from shared.meeting_request import MeetingRequest, parse_request
from shared.meeting_request.event_occurrences import Occurrence
from shared.throttling.mailbox_gate import MailboxGate
from shared.use_cases.artifacts.reports import by_occurrence
from shared.use_cases.for_each import for_each
from shared.use_cases.meeting_occurrences import is_series, occurrences
from shared.use_cases.online_meeting_lookup import OnlineMeetingLookup
from shared.use_cases.watch.next_look import FAR, REPORTS_MAY_COME_FOR, next_look_for_reports
from shared.use_cases.watch.observations import Observations
from shared.use_cases.watch.rounds import WatchReport, in_rounds

_logger = logging.getLogger(__name__)

_MEETINGS_A_ROUND = 64
_DIGEST_CHARACTERS = 16
# Graph keeps the 50 newest reports of a meeting.
_MOST_KNOWN = 100


class _Answer(Enum):
    """What came of one look."""

    LOOKED = auto()
    THROTTLED = auto()
    UNANSWERED = auto()


class WatchedAttendance:
    """The use case."""

    def __init__(
        self,
        observations: Observations,
        graph: GraphServices,
        lookup: OnlineMeetingLookup,
        gate: MailboxGate,
        clock: Callable[[], datetime],
        *,
        on: bool,
    ) -> None:
        self._observations = observations
        self._graph = graph
        self._lookup = lookup
        self._gate = gate
        self._clock = clock
        self._on = on

    async def run(self) -> WatchReport:
        """Look for the reports that are due; make no call if this is off. Raises as `in_rounds`."""
        if not self._on:
            return WatchReport()
        due = self._observations.ledger.attendance_due
        return await in_rounds("attendance", due, _MEETINGS_A_ROUND, self._round, self._clock)

    async def _round(self, meeting_ids: list[str], report: WatchReport) -> bool:
        """Look at some meetings, and return whether to continue: not while Graph does not answer."""
        outcomes = await for_each(meeting_ids, self._look)
        report.add(outcomes.failures)
        answers = Counter(outcomes.results)
        report.looked += answers[_Answer.LOOKED]
        report.left += len(meeting_ids) - answers[_Answer.LOOKED]
        return not answers[_Answer.UNANSWERED] or answers[_Answer.LOOKED] > 0

    async def _look(self, meeting_id: str) -> _Answer:
        """Look at one meeting, and return what came of it."""
        try:
            meeting = await self._observations.ledger.read(meeting_id)
        except MeetingNotFoundError:  # forgotten since its row was read
            return _Answer.LOOKED
        now, request = self._clock(), parse_request(meeting.request)
        if not meeting.attendance.look_at or not meeting.finished:
            return _Answer.LOOKED  # the end of its attempt decides when to look again
        try:
            async with self._gate.access(meeting.organizer or "", read_only=True):
                watch, attended = await self._read(meeting, request, now)
        except RejectedError as error:  # about its organizer, until an administrator acts
            _logger.warning("watch.refused %s: %s", meeting.id, error.code, extra={"meeting_id": meeting.id})
            watch, attended, now = meeting.attendance, (), now + FAR
        except ThrottledError:  # about its mailbox
            return _Answer.THROTTLED
        except UnavailableError:
            return _Answer.UNANSWERED
        watch = watch.changed(look_at=next_look_for_reports(request, meeting.observed, now))
        await self._observations.keep_attendance(meeting, watch, attended, self._clock())
        return _Answer.LOOKED

    async def _read(
        self, meeting: Meeting, request: MeetingRequest, now: datetime
    ) -> tuple[AttendanceWatch, tuple[Attendance, ...]]:
        """Return which reports are known after this look, and the numbers of occurrences with new ones.

        A report is published once its occurrence has ended, and at most a week after that: older reports were there
        before this was switched on.
        """
        watch = meeting.attendance
        if (ids := await self._lookup.find(meeting)) is None:
            return watch, ()
        reports = await self._graph.artifacts.reports(ids)
        known = {*watch.reports}
        news: list[str] = []
        attended: list[Attendance] = []
        for occurrence, of_it in by_occurrence(reports, occurrences(request, meeting.observed)).items():
            new = [digest for digest in map(_digest, of_it) if digest not in known]
            if not new or occurrence.end > now:
                continue
            news += new
            if now <= occurrence.end + REPORTS_MAY_COME_FOR + FAR:
                attended.append(await self._numbers(ids, of_it, occurrence if is_series(request) else None))
        seen = (*watch.reports, *news)[-_MOST_KNOWN:]
        return watch.changed(online_meeting_id=ids.meeting, reports=seen), tuple(attended)

    async def _numbers(
        self, ids: OnlineMeetingIds, reports: Sequence[AttendanceReport], occurrence: Occurrence | None
    ) -> Attendance:
        people, nameless, seconds = set[str](), 0, 0
        for report in reports:
            async for record in self._graph.artifacts.records(ids, report.id):
                seconds += max(record.total_attendance_in_seconds or 0, 0)
                if record.participant:
                    people.add(record.participant)
                else:
                    nameless += 1
        participants = len(people) + nameless
        date = occurrence.date if occurrence else None
        return Attendance(reports=len(reports), participants=participants, seconds=seconds, occurrence=date)


def _digest(report: AttendanceReport) -> str:
    return hashlib.sha256(report.id.encode()).hexdigest()[:_DIGEST_CHARACTERS]
