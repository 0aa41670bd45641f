"""A run of the schedules timer: each due occurrence becomes a meeting, exactly once.

Each occurrence has its own idempotency key, so requesting its meeting twice creates it once. A run requests the meeting
first and moves the schedule's cursor then, on the condition that no other run has moved it. After a crash, in an
overlapping run or in a late one, a meeting may be requested again; none is left out.

A run reads only due rows, a bounded number of them; the rest is due at the next run.
"""

import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.access.callers import Callers
from shared.access.origin import Origin
from shared.errors import (
    ConflictError,
    KeyReusedError,
    MeetingForgottenError,
    QuotaExceededError,
    RequestRefusedError,
    ScheduleNotFoundError,
    UnreadableRecordError,
)
from shared.ids import KeyNamespace
from shared.meeting import as_meeting_error
from shared.meeting.rejected_message import RejectedMessage
from shared.schedules.schedule import Schedule
from shared.schedules.store import ScheduleStore
from shared.schedules.timetable import Occurrence
from shared.use_cases.acceptance import LONG_AGO, Acceptance
from shared.use_cases.for_each import Failure, for_each, raise_if_incomplete

_logger = logging.getLogger(__name__)

_SCHEDULES_A_ROUND = 500
_ROUNDS = 20
# Of one schedule in one round: a schedule that is months behind does not hold up the others.
_MEETINGS_OF_A_SCHEDULE = 50
# The host fires a timer up to 5 ms before its second: what is due at the second is due by then.
_TIMER_MAY_BE_EARLY = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class RunReport:
    """The result of one run: how many schedules it read, how many meetings it requested, and what failed."""

    schedules: int
    meetings: int
    failed: int = 0


class ScheduleRun:
    """The use case."""

    def __init__(
        self, store: ScheduleStore, acceptance: Acceptance, callers: Callers, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._acceptance = acceptance
        self._callers = callers
        self._clock = clock

    async def run(self) -> RunReport:
        """Request the due meetings of every schedule; one that fails does not hold up the others.

        Raises:
            StorageUnavailableError: the storage did not answer for one of them; the next run continues.
            IncompleteRunError: one of them cannot be read or written.
        """
        now = self._clock() + _TIMER_MAY_BE_EARLY
        schedules = meetings = 0
        failed: dict[str, Failure[str]] = {}
        unreadable: list[Failure[str]] = []

        async def make(schedule_id: str) -> int | None:
            try:
                return await self._make_due(await self._store.read(schedule_id), now, unreadable)
            except (ConflictError, ScheduleNotFoundError):
                return None  # another instance has just processed it, or it is deleted

        for _ in range(_ROUNDS):
            # Failed schedules are still due; they do not use up the limit.
            ids = await self._store.due(now, _SCHEDULES_A_ROUND + len(failed))
            outcomes = await for_each([each for each in ids if each not in failed], make)
            failed |= {failure.item: failure for failure in outcomes.failures}
            made = [number for number in outcomes.results if number is not None]
            schedules += len(outcomes.results)
            meetings += sum(made)
            more = len(ids) >= _SCHEDULES_A_ROUND or _MEETINGS_OF_A_SCHEDULE in made
            if outcomes.skipped or not (made or outcomes.failures) or not more:
                break  # no cursor has moved: the next round would read the same
        failures = [*failed.values(), *unreadable]
        for failure in failures:
            _logger.error("schedule.failed %s %s", failure.item, failure.fault, extra={"schedule_id": failure.item})
        report = RunReport(schedules, meetings, len(failures))
        _logger.info("schedules.done %s", report)
        raise_if_incomplete(failures)
        return report

    async def _make_due(self, schedule: Schedule, now: datetime, unreadable: list[Failure[str]]) -> int:
        """Request the due meetings of a schedule, move its cursor, and return how many they are.

        If an occurrence's meeting cannot be read, it exists: it is added to `unreadable`, and the cursor moves past it.
        """
        made = 0
        cursor = schedule.cursor
        again_at: datetime | None = None
        for occurrence in itertools.islice(schedule.due(now), _MEETINGS_OF_A_SCHEDULE):
            try:
                await self._make(schedule, occurrence)
            except QuotaExceededError as error:  # the rest waits until the quota of tomorrow
                again_at = now + error.delay
                break
            except UnreadableRecordError as error:
                unreadable.append(Failure(schedule.id, error))
            made, cursor = made + 1, occurrence.cursor
        after = schedule.changed(cursor=cursor).with_next_due(now)
        await self._store.write(schedule, after.changed(due_at=again_at) if again_at else after)
        return made

    async def _make(self, schedule: Schedule, occurrence: Occurrence) -> None:
        document = schedule.request.meeting_of(occurrence)
        key = schedule.key(occurrence)
        meeting_id = schedule.meeting_id(occurrence)
        try:
            caller = self._callers.again(schedule.caller)
            origin = Origin(caller, key, key_namespace=KeyNamespace.OCCURRENCE, asked_at=LONG_AGO, schedule=schedule.id)
            await self._acceptance.accept(document, origin)
        except (KeyReusedError, MeetingForgottenError):
            return  # created before the schedule changed, or forgotten since
        except RequestRefusedError as error:
            rejected = RejectedMessage(document, caller=schedule.caller, schedule=schedule.id)
            await self._acceptance.record_rejection(rejected, as_meeting_error(error), meeting_id)
        _logger.info("schedule.made %s", schedule.id, extra={"schedule_id": schedule.id, "meeting_id": meeting_id})
