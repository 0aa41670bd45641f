"""The watch: a timer's run, which looks in Graph at the meetings that are due.

Their events are read in batches of 20, at most four of them of one mailbox. A run reads due rows, so its work does not
grow with the ledger. Nothing is concluded from a meeting that cannot be read. Graph throttles single events of a batch,
and with each its mailbox, usually for seconds: those are tried again in the same run. The rest stays due for the next.
"""

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from zlib import crc32

from shared.errors import (
    GraphError,
    HeldBackError,
    MeetingNotFoundError,
    RejectedError,
    ThrottledError,
    TransientError,
    UnavailableError,
)
from shared.graph.batch import MOST_IN_BATCH
from shared.graph.seen_event import SeenEvent
from shared.meeting import Meeting
from shared.throttling.mailbox_gate import PAUSE_WITHOUT_RETRY_AFTER, MailboxGate
from shared.use_cases.for_each import Failure, for_each
from shared.use_cases.watch.look import Look
from shared.use_cases.watch.next_look import FAR
from shared.use_cases.watch.observations import Observations
from shared.use_cases.watch.rounds import WatchReport, in_rounds
from shared.validation.addresses import mailbox_key

_logger = logging.getLogger(__name__)

_MEETINGS_A_ROUND = 1000
# Of one mailbox in one batch: Graph answers four calls at a time for each app and mailbox.
# https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits
MOST_OF_ONE_MAILBOX = 4
# A batch as a whole is no mailbox's call; under this name the gate keeps to its Retry-After.
_BATCHES = "$batch"
# Batches at once, each with mailboxes of its own.
_LANES = 4
# At most this many batches of a lane may get no answer: each may take as long as a call may.
_MOST_UNANSWERED = 3
# Meetings left of a batch are tried this often in a run, if the pause is short enough.
_MOST_ATTEMPTS = 3
_LONGEST_PAUSE = timedelta(seconds=10)
_SHORTEST_PAUSE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A meeting that could not be looked at, and the pause after which it makes sense to try again."""

    meeting: Meeting
    pause: timedelta


class Watch:
    """The use case."""

    def __init__(
        self, observations: Observations, look: Look, gate: MailboxGate, clock: Callable[[], datetime], *, on: bool
    ) -> None:
        self._observations = observations
        self._look = look
        self._gate = gate
        self._clock = clock
        self._on = on

    async def run(self) -> WatchReport:
        """Look at what is due; make no call if the watch is off. Raises as `in_rounds`."""
        if not self._on:
            return WatchReport()
        due = self._observations.ledger.to_look_at
        return await in_rounds("events", due, _MEETINGS_A_ROUND, self._round, self._clock)

    async def _round(self, meeting_ids: list[str], report: WatchReport) -> bool:
        """Look at some meetings, and return whether to continue."""
        outcomes = await for_each(meeting_ids, self._read)
        report.add(outcomes.failures)
        report.left += len(outcomes.failures) + outcomes.skipped
        lanes: defaultdict[int, list[Meeting]] = defaultdict(list)
        for meeting in filter(None, outcomes.results):
            lanes[crc32(mailbox_key(meeting.organizer or "").encode()) % _LANES].append(meeting)
        return all(await asyncio.gather(*(self._lane(meetings, report) for meetings in lanes.values())))

    async def _read(self, meeting_id: str) -> Meeting | None:
        try:
            meeting = await self._observations.ledger.read(meeting_id)
        except MeetingNotFoundError:  # forgotten since its row was read
            return None
        # Nothing is concluded of one in progress: the attempt's own changes were not made in Outlook.
        return meeting if meeting.look_at and meeting.finished else None

    async def _lane(self, meetings: list[Meeting], report: WatchReport) -> bool:
        """Look at meetings, again at those that a pause may help, and return whether Graph answers batches."""
        unanswered = 0
        for attempt in range(1, _MOST_ATTEMPTS + 1):
            waiting: dict[str, _Waiting] = {}
            for batch in batches(meetings):
                try:
                    await self._look_at(batch, waiting, report)
                except TransientError as error:  # of the whole batch
                    _logger.warning("watch.waits %s", error)
                    pause = error.delay or _SHORTEST_PAUSE
                    waiting |= {meeting.id: _Waiting(meeting, pause) for meeting in batch}
                    unanswered += not isinstance(error, HeldBackError)
                    if pause > _LONGEST_PAUSE or unanswered == _MOST_UNANSWERED:  # Graph is busy
                        report.left += len(waiting)
                        return False
                except RejectedError as error:
                    _logger.error("watch.refused %s", error)  # noqa: TRY400 - what Graph said is the whole of it
                    report.left += len(waiting) + len(batch)
                    return False
            soon = [each for each in waiting.values() if each.pause <= _LONGEST_PAUSE]
            if not soon or attempt == _MOST_ATTEMPTS:
                report.left += len(waiting)
                break
            report.left += len(waiting) - len(soon)
            await asyncio.sleep(max(_SHORTEST_PAUSE, *(each.pause for each in soon)).total_seconds())
            meetings = [each.meeting for each in soon]
        return True

    async def _look_at(self, batch: Sequence[Meeting], waiting: dict[str, _Waiting], report: WatchReport) -> None:
        """Look at the meetings of one batch, and note those that have to wait for their mailbox."""
        organizers = {mailbox_key(meeting.organizer or ""): meeting.organizer or "" for meeting in batch}
        await asyncio.gather(*map(self._gate.refresh, organizers.values()))
        async with self._gate.access(_BATCHES, read_only=True):
            admitted: list[Meeting] = []
            with ExitStack() as entries:
                for meeting in batch:
                    try:
                        entries.enter_context(self._gate.entry(meeting.organizer or ""))
                    except HeldBackError as error:
                        waiting[meeting.id] = _Waiting(meeting, error.delay or _SHORTEST_PAUSE)
                    else:
                        admitted.append(meeting)
                if not admitted:
                    return
                try:
                    events = await self._look.events_of(admitted)
                except HeldBackError:  # by a mailbox whose gate has closed since
                    waiting |= {meeting.id: _Waiting(meeting, _SHORTEST_PAUSE) for meeting in admitted}
                    return
            report.batches += 1
            # Concurrently: each gate closes here at once, and the storage, which shares it, may be slow.
            await asyncio.gather(
                *(
                    self._gate.close_if_asked(meeting.organizer or "", event)
                    for meeting, event in zip(admitted, events, strict=True)
                    if isinstance(event, TransientError)
                )
            )
        outcomes = await for_each(list(zip(admitted, events, strict=True)), self._conclude)
        failures = [Failure(failure.item[0].id, failure.error) for failure in outcomes.failures]
        report.add(failures)
        waiting |= {each.meeting.id: each for each in outcomes.results if each}
        report.looked += outcomes.results.count(None)
        report.left += len(failures)

    async def _conclude(self, item: tuple[Meeting, SeenEvent | GraphError]) -> _Waiting | None:
        """Store what one event shows; if it could not be read, return the pause before the next try."""
        meeting, event = item
        try:
            if self._look.needs_another_call(meeting, event) and not isinstance(event, TransientError):
                async with self._gate.access(meeting.organizer or "", read_only=True):
                    observed = await self._look.conclude(meeting, event)
            else:
                observed = await self._look.conclude(meeting, event)
        except RejectedError as error:  # about its mailbox, until an administrator acts
            _logger.warning("watch.refused %s: %s", meeting.id, error.code, extra={"meeting_id": meeting.id})
            await self._observations.postpone(meeting, self._clock())
            return _Waiting(meeting, FAR)
        except ThrottledError as error:
            return _Waiting(meeting, error.delay or PAUSE_WITHOUT_RETRY_AFTER)
        except UnavailableError as error:
            return _Waiting(meeting, error.delay or _SHORTEST_PAUSE)
        await self._observations.keep(meeting, observed)
        return None


def batches(meetings: Sequence[Meeting]) -> Iterator[list[Meeting]]:
    """Yield the meetings in batches of at most 20, at most four of one mailbox in each."""
    queues: dict[str, deque[Meeting]] = {}
    for meeting in meetings:
        queues.setdefault(mailbox_key(meeting.organizer or ""), deque()).append(meeting)
    while queues:
        batch: list[Meeting] = []
        for key in list(queues):
            queue = queues.pop(key)
            room = min(MOST_OF_ONE_MAILBOX, MOST_IN_BATCH - len(batch), len(queue))
            batch += [queue.popleft() for _ in range(room)]
            if queue:
                queues[key] = queue  # its turn comes again after the others
            if len(batch) == MOST_IN_BATCH:
                break
        yield batch
