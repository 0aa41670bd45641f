"""Upkeep: wake stalled meetings, send unsent results, and delete meetings, with their personal data, past RETENTION.

A run reads only due rows, a bounded number of them, so its work does not grow with the number of meetings.
"""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from shared.errors import ConflictError, MeetingNotFoundError, StorageUnavailableError, TopicUnavailableError
from shared.meeting import Meeting, Status
from shared.meeting.ledger import Ledger
from shared.meeting.ledger_rows import due_at
from shared.meeting.request_queue import RequestQueue
from shared.meeting.results import Results
from shared.meeting.retention import retained_from
from shared.storage.records import IndexRow
from shared.use_cases.for_each import Failure, for_each, raise_if_incomplete

_logger = logging.getLogger(__name__)

_PER_RUN = 1000
# A message that waits behind others is not lost; after this long it counts as lost.
_PATIENCE_WITH_BACKLOG = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class UpkeepReport:
    """What one run has done."""

    woken: int
    reported: int
    forgotten: int
    failed: int = 0


class Perishable(Protocol):
    """Rows that expire."""

    async def forget_past(self, now: datetime) -> None:
        """Delete expired rows, a bounded number of them."""
        ...


class Upkeep:
    """The use case."""

    def __init__(
        self,
        ledger: Ledger,
        perishable: Sequence[Perishable],
        requests: RequestQueue,
        results: Results,
        retention: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._perishable = perishable
        self._requests = requests
        self._results = results
        self._retention = retention
        self._clock = clock

    async def run(self) -> UpkeepReport:
        """Do what is due.

        A phase or a record that fails is logged and counted, and does not hold up the others.

        Raises:
            StorageUnavailableError: the storage did not answer somewhere; the next run continues.
            IncompleteRunError: something else failed.
        """
        now = self._clock()
        run = _Run()
        backlog_since = await run.ask("the request queue", self._requests.queue.oldest())
        poison_since = await run.ask("the poison queue", self._requests.poison_queue.oldest())
        waiting_since = await run.ask("waiting", self._ledger.waiting_since())

        async def wake(meeting: Meeting) -> str:
            if meeting.finished:  # its worker died before it sent the result
                await self._ledger.set_aside(meeting)
                return "setAside"
            run.pending_since.append(meeting.progress.version_started_at)
            due = due_at(meeting)
            if due is None or due >= now:  # its row is early
                return "early"
            run.stalled_since.append(meeting.progress.version_started_at)
            return await self._wake(meeting, now, backlog_since)

        await self._each(run, "due", partial(self._ledger.due, now), wake)
        if waiting_since:
            run.pending_since.append(waiting_since)
        await self._each(run, "finished", partial(self._ledger.finished_before, now - self._retention), self._forget)
        await self._drop_markers(run, now)
        for rows in self._perishable:
            await run.ask(type(rows).__name__, rows.forget_past(now))
        # Last, because it fails while the result queue is down; each sink by itself, because a failure ends its list.
        for sink in self._results.sinks or (None,):
            rows_of = partial(self._ledger.unsent, now, sink=sink)
            await self._each(run, "unsent", rows_of, partial(self._report, sink=sink))
        report = UpkeepReport(run.done["woken"], run.done["reported"], run.done["forgotten"], len(run.failures))
        # An operator's alerts and workbook read these figures by their names: infra/queries/.
        _logger.info(
            "upkeep.done woken=%d reported=%d forgotten=%d failed=%d backlogSeconds=%d poisonSeconds=%d "
            "stalledSeconds=%d pendingSeconds=%d",
            report.woken,
            report.reported,
            report.forgotten,
            report.failed,
            _age(now, backlog_since),
            _age(now, poison_since),
            _age(now, min(run.stalled_since, default=None)),
            _age(now, min(run.pending_since, default=None)),
        )
        raise_if_incomplete(run.failures)
        return report

    async def wake_if_stalled(self, meeting: Meeting) -> None:
        """Wake a stalled meeting that a caller reads, so that the caller need not wait for the next run."""
        now = self._clock()
        due = due_at(meeting)
        if due is None or due > now:
            return
        try:
            await self._wake(meeting, now, await self._requests.queue.oldest())
        except (ConflictError, StorageUnavailableError, TopicUnavailableError):
            return  # another instance does it, or the next run

    async def _each(
        self,
        run: "_Run",
        phase: str,
        rows_of: Callable[[int], Awaitable[list[IndexRow]]],
        act: Callable[[Meeting], Awaitable[str]],
    ) -> None:
        """Process the meetings of a list, several at once; those that fail do not use up its limit."""

        async def act_on(row: IndexRow) -> str:
            try:
                meeting = await self._ledger.led_to(row)
                return await act(meeting) if meeting else "stale"
            except (ConflictError, MeetingNotFoundError):
                return "overtaken"  # another instance has just handled it

        tried: set[IndexRow] = set()
        while True:
            rows = await run.ask(phase, rows_of(_PER_RUN + len(tried)))
            news = [each for each in rows or () if each not in tried]
            outcomes = await for_each(news, act_on)
            tried |= {failure.item for failure in outcomes.failures}
            failures = [Failure(each.item.record_id, each.error) for each in outcomes.failures]
            run.add(phase, outcomes.results, failures)
            if not outcomes.failures or outcomes.skipped or len(news) < _PER_RUN:
                return

    async def _wake(self, meeting: Meeting, now: datetime, backlog_since: datetime | None) -> str:
        if meeting.finished:
            return await self._report(meeting)
        died = meeting.claim is not None
        waiting_since = meeting.progress.next_attempt_at or meeting.updated_at
        in_backlog = backlog_since is not None and backlog_since <= waiting_since
        if not died and in_backlog and now - waiting_since < _PATIENCE_WITH_BACKLOG:
            return "queued"
        progress = meeting.progress.changed(crashes=meeting.progress.crashes + died, next_attempt_at=now)
        woken = meeting.changed(status=Status.QUEUED, claim=None, progress=progress, updated_at=now)
        await self._ledger.write(meeting, woken)
        await self._requests.enqueue(woken)
        return "woken"

    async def _report(self, meeting: Meeting, sink: str | None = None) -> str:
        try:
            meeting = await self._results.report(meeting, sink)
        except TopicUnavailableError:  # which is logged already
            return "unsent"
        if not meeting.outbox:
            return "reported"
        await self._ledger.set_aside(meeting)  # behind the rows that were not tried yet
        return "unsent"

    async def _drop_markers(self, run: "_Run", now: datetime) -> None:
        """Delete the markers of meetings that were forgotten on demand, once their retention has ended."""
        cutoff = now - self._retention

        async def drop(meeting_id: str) -> str:
            with suppress(ConflictError, MeetingNotFoundError):  # its key has just been used again, or it is deleted
                await self._ledger.drop_marker(meeting_id, cutoff)
            return "dropped"

        markers = await run.ask("markers", self._ledger.markers_before(cutoff, _PER_RUN))
        outcomes = await for_each(markers or (), drop)
        run.add("markers", outcomes.results, outcomes.failures)

    async def _forget(self, meeting: Meeting) -> str:
        if not meeting.finished or self._results.owed(meeting):
            return "kept"
        if retained_from(meeting) >= self._clock() - self._retention:
            # An earlier version of this app counted from the end of the work: the write corrects its row.
            await self._ledger.write(meeting, meeting)
            return "kept"
        await self._ledger.remove(meeting)
        return "forgotten"


def _age(now: datetime, since: datetime | None) -> int:
    """Return the whole seconds since a moment, 0 for None."""
    return max(0, int((now - since).total_seconds())) if since else 0


class _Run:
    """What one run has done, and what has failed in it."""

    def __init__(self) -> None:
        self.done = Counter[str]()
        self.failures: list[Failure[str]] = []
        self.pending_since: list[datetime] = []
        self.stalled_since: list[datetime] = []

    async def ask[T](self, what: str, answer: Awaitable[T]) -> T | None:
        """Return an answer, None if it fails: the rest of the run does not depend on it."""
        try:
            return await answer
        except Exception as error:  # noqa: BLE001 - whatever it is, the other phases continue
            self._note(what, Failure("", error))
            return None

    def add(self, phase: str, results: Sequence[str], failures: Sequence[Failure[str]]) -> None:
        """Count the outcomes of a phase, and log its failures."""
        self.done.update(results)
        for failure in failures:
            self._note(phase, failure)

    def _note(self, phase: str, failure: Failure[str]) -> None:
        self.failures.append(failure)
        meeting_id = failure.item
        _logger.error("upkeep.failed %s %s: %s", phase, meeting_id, failure.fault, extra={"meeting_id": meeting_id})
