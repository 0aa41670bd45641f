"""Upkeep: wakes what has stalled, sends results that were not sent, and forgets what is past its retention.

It looks only at rows that are due, a bounded number of them, so its work does not grow with the number of meetings.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.errors import ConflictError, MeetingNotFoundError, StorageUnavailableError
from shared.meeting import Meeting, Status
from shared.meeting.ledger import Ledger, due_at
from shared.meeting.request_queue import RequestQueue
from shared.meeting.results import Results
from shared.throttling.shared_mailbox_states import SharedMailboxStates

_logger = logging.getLogger(__name__)

_PER_RUN = 1000
_AT_ONCE = 16
# A message that waits behind others is not lost; after this long it counts as lost all the same.
_PATIENCE_WITH_BACKLOG = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class UpkeepReport:
    """What one run has done."""

    woken: int
    reported: int
    forgotten: int


class Upkeep:
    """The use case. It may raise StorageUnavailableError; the next run goes on."""

    def __init__(
        self,
        ledger: Ledger,
        mailbox_states: SharedMailboxStates,
        requests: RequestQueue,
        results: Results,
        retention: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._mailbox_states = mailbox_states
        self._requests = requests
        self._results = results
        self._retention = retention
        self._clock = clock

    async def run(self) -> UpkeepReport:
        """Do what is due."""
        now = self._clock()
        backlog_since, poison_since, pending_since = await asyncio.gather(
            self._requests.backlog_since(), self._requests.poison_since(), self._ledger.pending_since()
        )
        stalled_since = [now]

        async def wake(meeting: Meeting) -> str:
            if not meeting.finished:
                stalled_since.append(meeting.progress.version_started_at)
            return await self._wake(meeting, now, backlog_since)

        done = await self._each(await self._ledger.due(now, _PER_RUN), wake)
        done += await self._each(await self._ledger.finished_before(now - self._retention, _PER_RUN), self._forget)
        await self._drop_markers(now)
        await self._mailbox_states.forget_past(now)
        try:  # last, because it fails as long as the result queue is away
            done += await self._each(await self._ledger.unsent(now, _PER_RUN), wake)
        finally:
            report = UpkeepReport(done.count("woken"), done.count("reported"), done.count("forgotten"))
            # An operator's alerts and workbook read these figures by their names: infra/queries/.
            _logger.info(
                "upkeep.done woken=%d reported=%d forgotten=%d backlogSeconds=%d poisonSeconds=%d stalledSeconds=%d "
                "pendingSeconds=%d",
                report.woken,
                report.reported,
                report.forgotten,
                _age(now, backlog_since),
                _age(now, poison_since),
                _age(now, min(stalled_since)),
                _age(now, pending_since),
            )
        return report

    async def look_after(self, meeting: Meeting) -> None:
        """Wake a meeting that somebody looks at, if it has stalled: they need not wait for the next run."""
        now = self._clock()
        due = due_at(meeting)
        if due is None or due > now:
            return
        try:
            await self._wake(meeting, now, await self._requests.backlog_since())
        except (ConflictError, StorageUnavailableError):
            return  # somebody else does it, or the next run will

    async def _each(self, meeting_ids: list[str], act: Callable[[Meeting], Awaitable[str]]) -> list[str]:
        """Act on meetings, several at once, and stop at the first outage: each call waits seconds for its answer."""
        places = asyncio.Semaphore(_AT_ONCE)
        outages: list[StorageUnavailableError] = []

        async def one(meeting_id: str) -> str:
            async with places:
                if outages:
                    return "left"
                try:
                    return await act(await self._ledger.read(meeting_id))
                except (ConflictError, MeetingNotFoundError):
                    return "overtaken"  # somebody else has just taken care of it
                except StorageUnavailableError as error:
                    outages.append(error)
                    return "left"

        done = await asyncio.gather(*map(one, meeting_ids))
        if outages:
            raise outages[0]
        return done

    async def _wake(self, meeting: Meeting, now: datetime, backlog_since: datetime | None) -> str:
        if meeting.finished:
            await self._results.report(meeting)
            return "reported"
        died = meeting.claim is not None
        waiting_since = meeting.progress.next_attempt_at or meeting.updated_at
        in_backlog = backlog_since is not None and backlog_since <= waiting_since
        if not died and in_backlog and now - waiting_since < _PATIENCE_WITH_BACKLOG:
            return "queued"
        progress = meeting.progress.changed(crashes=meeting.progress.crashes + died, next_attempt_at=now)
        woken = meeting.changed(status=Status.QUEUED, claim=None, progress=progress, updated_at=now)
        await self._ledger.write(meeting, woken)
        await self._requests.ask(woken)
        return "woken"

    async def _drop_markers(self, now: datetime) -> None:
        """Remove what is left of meetings that were forgotten on demand, once their keys are forgotten too."""
        cutoff = now - self._retention
        for meeting_id in await self._ledger.markers_before(cutoff, _PER_RUN):
            with suppress(ConflictError):  # its key has just been used again
                await self._ledger.drop_marker(meeting_id, cutoff)

    async def _forget(self, meeting: Meeting) -> str:
        if not (meeting.finished and meeting.reported):
            return "kept"
        await self._ledger.forget(meeting)
        return "forgotten"


def _age(now: datetime, since: datetime | None) -> int:
    """Return the whole seconds since then, 0 for nothing."""
    return max(0, int((now - since).total_seconds())) if since else 0
