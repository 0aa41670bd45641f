"""Postpone a meeting to a later attempt: it waits as a delayed message, and no worker sleeps for Graph."""

import logging
import random
from collections.abc import Callable
from datetime import datetime, timedelta

from shared.errors import ConflictError, HeldBackError, TransientError, UnavailableError
from shared.meeting import Meeting, Progress, Status
from shared.meeting.ledger_rows import due_at
from shared.meeting.request_queue import RequestQueue
from shared.throttling.mailbox_gate import PAUSE_WITHOUT_RETRY_AFTER, MailboxGate
from shared.use_cases.provision.attempt import Attempt, NotYetThereError
from shared.use_cases.provision.claiming import Write
from shared.use_cases.provision.reserving import Reserving

_logger = logging.getLogger(__name__)

_LONGEST_PAUSE_SECONDS = 60.0
# Within this time another try of a suspect begins, each at its own moment.
_LONGEST_OCCUPIED_SECONDS = 10.0


class Postponement:
    """Records when the next attempt is due, and enqueues it. Every call may raise StorageUnavailableError."""

    def __init__(
        self,
        requests: RequestQueue,
        gate: MailboxGate,
        reserving: Reserving,
        give_up_after: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._requests = requests
        self._gate = gate
        self._reserving = reserving
        self._give_up_after = give_up_after
        self._clock = clock

    async def wait(self, attempt: Attempt, error: TransientError) -> None:
        """End an attempt that got no usable answer of Graph, and enqueue the next; a 429 closes the mailbox.

        Raises:
            ClaimLostError, SupersededError: as `Attempt.write` does.
        """
        now, meeting, progress = self._clock(), attempt.meeting, attempt.meeting.progress
        organizer, held_back = attempt.mailbox, isinstance(error, HeldBackError)
        delay = _pause(progress.not_found_yet if isinstance(error, NotYetThereError) else progress.graph_failures)
        if not organizer:  # no organizer is chosen yet, and the gate of the mailbox that was used is closed already
            delay = max(delay, error.delay or timedelta(0))
        elif held_back or await self._gate.close_if_asked(organizer, error, max(delay, PAUSE_WITHOUT_RETRY_AFTER)):
            delay = self._gate.next_slot(organizer)
        next_attempt_at = min(now + delay, self.gives_up_at(meeting))
        # What may have been made for this organizer is searched for in their mailbox alone.
        missed = attempt.undecided and isinstance(error, NotYetThereError)
        uncertain = missed or (isinstance(error, UnavailableError) and error.uncertain)
        if attempt.undecided and not uncertain and not attempt.outcome.made:  # a waiting meeting reserves nothing
            over = attempt.reservations
            attempt.forget_choices()
            await self._reserving.release_all(attempt.meeting, *over)
        await attempt.write(
            status=Status.QUEUED,
            claim=None,
            progress=_counted(progress, error).changed(next_attempt_at=next_attempt_at, last_problem=str(error)),
            doubt=meeting.doubt if uncertain else meeting.doubt.changed(in_doubt_since=attempt.in_doubt_since),
            updated_at=now,
        )
        _logger.info(
            "meeting.waits %s until %s: %s", meeting.id, next_attempt_at, error, extra={"meeting_id": meeting.id}
        )
        await self._requests.enqueue(meeting, next_attempt_at - now)

    async def postpone(self, meeting: Meeting, now: datetime, pause: timedelta, write: Write) -> None:
        """Enqueue the message again; the record changes only if the upkeep would take it for lost meanwhile."""
        next_attempt_at = min(now + pause, self.gives_up_at(meeting))
        due = due_at(meeting)
        if not meeting.etag or due is None or due <= next_attempt_at:
            try:
                await write(meeting.progressed(next_attempt_at=next_attempt_at).changed(updated_at=now))
            except ConflictError:
                if not meeting.etag:
                    raise
                return  # another attempt handles it
        await self._requests.enqueue(meeting, next_attempt_at - now)

    def gives_up_at(self, meeting: Meeting) -> datetime:
        """Return when a meeting is given up."""
        return meeting.progress.version_started_at + self._give_up_after


def next_isolated_try() -> timedelta:
    """Return a random delay after which a suspect is tried again."""
    return timedelta(seconds=random.uniform(1.0, _LONGEST_OCCUPIED_SECONDS))  # noqa: S311 - jitter


def _counted(progress: Progress, error: TransientError) -> Progress:
    """Return the progress with one more failure, which ends a row of deaths."""
    match error:
        case HeldBackError():
            return progress  # the attempt has not been where an earlier one died
        case NotYetThereError():
            return progress.changed(not_found_yet=progress.not_found_yet + 1, crashes=0)
        case _:
            return progress.changed(graph_failures=progress.graph_failures + 1, crashes=0)


def _pause(failures: int) -> timedelta:
    """Return the delay after this many failures in a row: doubling, bounded, and with jitter."""
    longest = min(_LONGEST_PAUSE_SECONDS, 2.0 ** min(failures + 1, 10))
    return timedelta(seconds=random.uniform(longest / 2, longest))  # noqa: S311 - jitter
