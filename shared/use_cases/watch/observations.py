"""Store what was observed with the meeting, together with notices of the events to publish."""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from shared.errors import ConflictError, StorageUnavailableError, TopicUnavailableError
from shared.meeting import Attendance, AttendanceWatch, Meeting, Observed, ObservedState, Status
from shared.meeting.history_entry import HistoryEvent
from shared.meeting.ledger import Ledger
from shared.meeting.notice import EventType, Notice, with_observed
from shared.meeting.request_queue import RequestQueue
from shared.meeting.results import Results
from shared.meeting.wanted import wanted_request
from shared.meeting_request import MeetingRequest, parse_request
from shared.use_cases.watch.declined_room import room_to_replace
from shared.use_cases.watch.next_look import look_after_refusal, next_look, next_look_for_reports
from shared.use_cases.watch.published_events import events_of, with_unapplied

_logger = logging.getLogger(__name__)


class Observations:
    """The observations of every meeting. Every call may raise StorageUnavailableError.

    Args:
        watched: whether the watch observes meetings.
        attendance_watched: whether it looks for attendance reports, too.
    """

    def __init__(
        self,
        ledger: Ledger,
        requests: RequestQueue,
        results: Results,
        *,
        watched: bool,
        attendance_watched: bool,
    ) -> None:
        self.ledger = ledger
        self._watched = watched
        self._attendance_watched = attendance_watched
        self._requests = requests
        self._results = results

    async def keep(self, looked_at: Meeting, observed: Observed) -> Meeting:
        """Store an observation with the events that it causes, publish them, and return the meeting.

        If the meeting has changed since the look, or is in progress, the observation is only returned with it. Of two
        concurrent looks the first one stored counts: which of them saw the later state is not known.
        """

        def change(meeting: Meeting) -> Meeting:
            if meeting.observed != looked_at.observed:
                return meeting  # another look was stored first
            return self._with_notices(meeting, observed)

        meeting, kept = await self._keep(looked_at, change)
        return meeting if kept else _with(meeting, observed)

    async def keep_attendance(
        self, looked_at: Meeting, watch: AttendanceWatch, attended: Sequence[Attendance], now: datetime
    ) -> None:
        """Store which attendance reports are known, and publish the numbers of new ones."""

        def change(meeting: Meeting) -> Meeting:
            if meeting.attendance.reports != looked_at.attendance.reports:
                return meeting  # another look was stored first
            facts = [(EventType.ATTENDED, numbers) for numbers in attended]
            for numbers in attended:
                meeting = meeting.noted(HistoryEvent.OBSERVED, now, numbers.sentence)
            return self._noted(meeting, facts, now).changed(attendance=watch)

        await self._keep(looked_at, change)

    async def _keep(self, looked_at: Meeting, change: Callable[[Meeting], Meeting]) -> tuple[Meeting, bool]:
        """Store a change, publish what it notes, and return the meeting and whether the change is stored.

        It is not if the meeting has changed since the look, is in progress, or owes every sink as much as it may: the
        next look sees the same.
        """
        meeting = looked_at
        while meeting.version == looked_at.version and meeting.finished and not meeting.cancellation:
            if (changed := change(meeting)) is meeting:
                return meeting, True
            if not self._results.has_room(meeting):
                break
            try:
                kept = await self.ledger.write(meeting, changed)
            except ConflictError:
                meeting = await self.ledger.read(meeting.id)
                continue
            if kept.version > meeting.version:
                await self._enqueue(kept)
            return (await self._publish(kept) if kept.outbox != meeting.outbox else kept), True
        return meeting, False

    def _with_notices(self, meeting: Meeting, observed: Observed) -> Meeting:
        request = parse_request(meeting.request)
        if meeting.status is Status.FAILED:
            observed = with_unapplied(meeting, request, observed)
        if observed.state is ObservedState.REMOVED:
            known = meeting.observed.removed_at if meeting.observed else None
            observed = observed.changed(removed_at=known or observed.observed_at)
        facts = [(event_type, None) for event_type in events_of(meeting, wanted_request(meeting, request), observed)]
        look_at = next_look(request, observed, observed.observed_at) if self._watched else None
        noted = self._noted(_with(meeting, observed), facts, observed.observed_at)
        attendance = self._attendance(meeting, request, observed)
        return self._with_another_room(noted.changed(look_at=look_at, attendance=attendance), request, observed)

    def _with_another_room(self, meeting: Meeting, request: MeetingRequest, observed: Observed) -> Meeting:
        """Return the next version of a meeting whose room has declined, else the meeting."""
        if (room := room_to_replace(meeting, request, observed)) is None:
            return meeting
        return self._results.noted(meeting).next_version(observed.observed_at, room=room)

    async def _enqueue(self, meeting: Meeting) -> None:
        """Enqueue a meeting that needs another room; if that fails, the upkeep enqueues it."""
        _logger.info("meeting.roomDeclined %s", meeting.id, extra={"meeting_id": meeting.id})
        with suppress(StorageUnavailableError):
            await self._requests.enqueue(meeting)

    def _noted(self, meeting: Meeting, facts: Sequence[tuple[EventType, Attendance | None]], now: datetime) -> Meeting:
        """Return a meeting with a notice of each fact, numbered consecutively."""
        number, sinks, outbox = meeting.observations, self._results.sinks, meeting.outbox
        for event_type, attendance in facts:
            number += 1
            notice = Notice(
                type=event_type, version=meeting.version, number=number, at=now, sinks=sinks, attendance=attendance
            )
            outbox = with_observed(outbox, notice)
        return meeting.changed(observations=number, outbox=outbox)

    def _attendance(self, meeting: Meeting, request: MeetingRequest, observed: Observed) -> AttendanceWatch:
        """Return when to look for attendance reports, now that it is known when the meeting is."""
        due = meeting.attendance.look_at
        if not self._attendance_watched or observed.state is ObservedState.REMOVED:
            look_at = None
        elif due and due <= observed.observed_at:
            look_at = due
        else:
            look_at = next_look_for_reports(request, observed, observed.observed_at)
        return meeting.attendance.changed(look_at=look_at)

    async def postpone(self, meeting: Meeting, now: datetime) -> None:
        """Have the watch look at a meeting later, because Graph refuses to show it."""
        look_at = look_after_refusal(parse_request(meeting.request), meeting.observed, now)
        with suppress(ConflictError):  # it has changed since
            await self.ledger.write(meeting, meeting.changed(look_at=look_at))

    async def _publish(self, meeting: Meeting) -> Meeting:
        """Send what is due; if a sink does not answer, the upkeep sends it."""
        for notice in meeting.outbox:
            _logger.info("%s %s", notice.type, meeting.id, extra={"meeting_id": meeting.id})
        try:
            return await self._results.report(meeting)
        except (StorageUnavailableError, TopicUnavailableError) as error:
            _logger.warning("result.waits %s: %s", meeting.id, error, extra={"meeting_id": meeting.id})
            return meeting


def _with(meeting: Meeting, observed: Observed) -> Meeting:
    outcome = meeting.outcome.changed(event_id=observed.event_id) if observed.event_id else meeting.outcome
    applied = meeting.applied.changed(changed_attendees=frozenset())
    return meeting.changed(outcome=outcome, applied=applied, observed=observed.changed(event_id=None))
