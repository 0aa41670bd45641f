"""The use case: claim a meeting, do what is left to do, and record how it ended."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from shared.errors import (
    HeldBackError,
    InvalidRequestError,
    RejectedError,
    RequestTooLargeError,
    RowRefusedError,
    TransientError,
    UnavailableError,
)
from shared.meeting import Meeting, MeetingError, Status, as_meeting_error
from shared.meeting.ledger import Ledger
from shared.meeting.request_queue import RequestQueue
from shared.meeting.results import Results
from shared.throttling.mailbox_gate import MailboxGate
from shared.trace_context import caller_traceparent
from shared.use_cases.isolation import Isolation, OccupiedError
from shared.use_cases.provision.attempt import Attempt, ClaimLostError, SupersededError
from shared.use_cases.provision.claiming import Write, claim, deaths, has_crashed
from shared.use_cases.provision.completion import Completion
from shared.use_cases.provision.organizer_pools import is_undecided
from shared.use_cases.provision.postponement import Postponement, next_isolated_try
from shared.use_cases.provision.reconciler import Reconciler

_logger = logging.getLogger(__name__)

# An attempt is parked after this long. It ends before its claim does; and one that runs alone holds up everything else.
ATTEMPT_SECONDS = 50.0
ISOLATED_ATTEMPT_SECONDS = 10.0


class Provisioner:
    """Provisions meetings in Graph. Safe to call twice, late, or for a meeting that another attempt works on.

    A claim that expired without a report is a death: of the worker or its host, by whatever ran there. Its meeting is a
    suspect from then on, and is attempted only while nothing else runs in the process. What dies alone as often as
    `MAX_CRASHES` says has crashed; an attempt that ends in order takes the suspicion away.
    """

    def __init__(  # noqa: PLR0913 - bootstrap is its only caller
        self,
        *,
        ledger: Ledger,
        requests: RequestQueue,
        results: Results,
        gate: MailboxGate,
        isolation: Isolation,
        reconciler: Reconciler,
        completion: Completion,
        postponement: Postponement,
        clock: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._requests = requests
        self._results = results
        self._gate = gate
        self._isolation = isolation
        self._reconciler = reconciler
        self._completion = completion
        self._postponement = postponement
        self._clock = clock

    async def provision(self, meeting_id: str) -> None:
        """Bring a meeting as far as possible now; the rest waits as a delayed message.

        Raises:
            MeetingNotFoundError: there is no such meeting.
            StorageUnavailableError: the ledger or a queue does not answer; the message has to come again.
        """
        async with self._isolation.beside_others():
            meeting = await self._ledger.read(meeting_id)
            if not await self._needs_attempt(meeting):
                return
            if not deaths(meeting):
                await self._attempt(meeting, ATTEMPT_SECONDS)
                return
        try:
            async with self._isolation.alone():
                await self._attempt(meeting, ISOLATED_ATTEMPT_SECONDS)
        except OccupiedError as error:
            _logger.info("meeting.suspect %s: %s", meeting.id, error, extra={"meeting_id": meeting.id})
            await self._requests.enqueue(meeting, next_isolated_try())

    async def _needs_attempt(self, meeting: Meeting) -> bool:
        """Do what a meeting needs without a claim, and return whether it needs an attempt."""
        now = self._clock()
        if meeting.finished:
            # The host drops log lines after an invocation: an attempt that outlasted its own has lost its last line.
            code = meeting.error.code if meeting.error else ""
            _logger.info("meeting.ended %s %s %s", meeting.id, meeting.status, code, extra={"meeting_id": meeting.id})
            await self._results.report_or_requeue(meeting)
        elif meeting.claim and meeting.claim.expires_at > now:
            _logger.info("meeting.busy %s", meeting.id, extra={"meeting_id": meeting.id})
        elif (next_attempt_at := meeting.progress.next_attempt_at) and next_attempt_at > now:
            await self._requests.enqueue(meeting, next_attempt_at - now)
        elif has_crashed(meeting):
            await self._requests.poison(meeting)
        elif now >= self._postponement.gives_up_at(meeting):
            await self._give_up(meeting)
        else:
            return True
        return False

    async def provision_new(self, meeting: Meeting, insert: Write) -> None:
        """Record a new meeting and provision it; one whose mailbox is full or closed waits as a delayed message.

        It is recorded with the claim on it: that is one write less. The caller holds the isolation.

        Raises:
            ConflictError: a meeting with this id is recorded already.
            StorageUnavailableError: the ledger or a queue does not answer; the message has to come again.
        """
        await self._attempt(meeting, ATTEMPT_SECONDS, insert)

    async def _attempt(self, meeting: Meeting, seconds: float, write: Write | None = None) -> None:
        now, organizer = self._clock(), meeting.organizer or ""
        write = write or partial(self._ledger.write, meeting)
        attempt: Attempt | None = None
        if meeting.organizer_id:
            self._gate.alias(organizer, meeting.organizer_id)
        traced_before = caller_traceparent.set(meeting.traceparent)
        try:
            if is_undecided(meeting) or _has_nothing_to_cancel(meeting):
                if attempt := await claim(self._ledger, meeting, self._clock, write):
                    await self._carry_out(attempt, seconds)
                return
            async with self._gate.access(organizer):
                # Concurrently, so that the state of the mailbox in other processes costs no time.
                attempt, state = await asyncio.gather(
                    claim(self._ledger, meeting, self._clock, write), self._gate.share(organizer)
                )
                if attempt:
                    attempt.mailbox_state = state
                    await self._carry_out(attempt, seconds)
        except HeldBackError as error:  # at the gate: an attempt that is held back later ends within the block
            await self._postponement.postpone(meeting, now, error.delay or timedelta(0), write)
        except (RequestTooLargeError, RowRefusedError) as error:
            if attempt is None and not meeting.etag:
                raise
            await self._completion.fail_unstored(meeting, as_meeting_error(error))
        except ClaimLostError:
            _logger.info("meeting.claimLost %s", meeting.id, extra={"meeting_id": meeting.id})
        except SupersededError as error:
            # The message about the new version may have been handled while the claim was ours.
            await self._requests.enqueue(error.latest)
        finally:
            caller_traceparent.reset(traced_before)

    async def _carry_out(self, attempt: Attempt, seconds: float) -> None:
        meeting = attempt.meeting
        try:
            async with asyncio.timeout(seconds):
                request = await self._reconciler.reconcile(attempt)
        except TimeoutError:
            fault = f"the attempt did not end within {seconds:.0f} s"
            await self._postponement.wait(attempt, UnavailableError(fault, uncertain=True))
        except RejectedError as error:
            await self._completion.complete(attempt, Status.FAILED, _refused(error, attempt))
        except InvalidRequestError as error:  # accepted by another version of this app
            await self._completion.complete(attempt, Status.FAILED, as_meeting_error(error))
        except TransientError as error:
            await self._postponement.wait(attempt, error)
        except (ClaimLostError, SupersededError):
            raise
        except Exception:
            # A fault of this app. The host counts this delivery as failed and delivers the message again. No other
            # meeting can have raised it, so it counts as a death that was alone.
            progress = meeting.progress.changed(crashes=max(meeting.progress.crashes, 1) + 1)
            await attempt.write(status=Status.QUEUED, claim=None, progress=progress, updated_at=self._clock())
            raise
        else:
            status = Status.CANCELLED if meeting.cancellation else Status.SUCCEEDED
            await self._completion.complete(attempt, status, None, request)

    async def _give_up(self, meeting: Meeting) -> None:
        if attempt := await claim(self._ledger, meeting, self._clock, partial(self._ledger.write, meeting)):
            await self._completion.complete(attempt, Status.FAILED, _gave_up(meeting))


def _has_nothing_to_cancel(meeting: Meeting) -> bool:
    """Return whether a cancellation needs no call to Graph, so that it waits for no mailbox."""
    return bool(meeting.cancellation) and not meeting.may_be_in_graph


def _refused(error: RejectedError, attempt: Attempt) -> MeetingError:
    """Return the error of a refused meeting; its message has the organizer's name before the object id."""
    refused, object_id = MeetingError.of(error, attempt.meeting.id), attempt.organizer_id
    if not object_id or object_id == attempt.organizer:
        return refused
    return refused.changed(message=refused.message.replace(object_id, f"{attempt.organizer} ({object_id})"))


def _gave_up(meeting: Meeting) -> MeetingError:
    last_problem = meeting.progress.last_problem or "none was seen"
    return MeetingError(
        code="gaveUp",
        message=f"Graph could not be used in time. The last problem: {last_problem}.",
        remedy=f"Check Microsoft 365's service health, then send POST /api/meetings/{meeting.id}/retry.",
    )
