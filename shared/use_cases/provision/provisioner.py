"""The use case: claim a meeting, do what is left to do, and write down how it ended."""

import asyncio
import logging
import random
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

from shared.errors import (
    ConflictError,
    HeldBackError,
    InvalidRequestError,
    RejectedError,
    RequestTooLargeError,
    RowRefusedError,
    ThrottledError,
    UnavailableError,
)
from shared.graph.services import GraphServices
from shared.meeting import (
    AttendanceWatch,
    Claim,
    Doubt,
    Meeting,
    MeetingError,
    Progress,
    Status,
    as_meeting_error,
)
from shared.meeting.ledger import Ledger
from shared.meeting.ledger_rows import due_at
from shared.meeting.request_queue import RequestQueue
from shared.meeting.reserved import Reserved
from shared.meeting.results import Results
from shared.meeting.wanted import wanted_request
from shared.meeting_request import (
    CalendarRequest,
    ExistingRequest,
    MeetingRequest,
    NewMeetingRequest,
    StandaloneRequest,
    parse_request,
)
from shared.meeting_request.pools import OrganizerPool
from shared.throttling.mailbox_gate import PAUSE_WITHOUT_RETRY_AFTER, MailboxGate
from shared.trace_context import caller_traceparent
from shared.use_cases.isolation import Isolation, OccupiedError
from shared.use_cases.ownership import Ownership
from shared.use_cases.provision.attempt import (
    CLAIM,
    LATEST_EFFECT,
    Attempt,
    ClaimLostError,
    NotYetThereError,
    SupersededError,
)
from shared.use_cases.provision.calendar import provision_calendar, provision_existing
from shared.use_cases.provision.cancel import cancel_event, cancel_online_meeting
from shared.use_cases.provision.organizer_pool import OrganizerPools, is_undecided
from shared.use_cases.provision.reserving import Reserving
from shared.use_cases.provision.room_pool import RoomPools
from shared.use_cases.provision.standalone import provision_standalone
from shared.use_cases.provision.steps import Steps
from shared.use_cases.watch.next_look import first_look, first_look_for_reports

_logger = logging.getLogger(__name__)

# host.json's maxDequeueCount: a meeting may crash the app, while it is alone there, as often as a message may.
MAX_CRASHES = 5
# An attempt is parked after this long. It ends before its claim does; and one that runs alone holds up everything else.
ATTEMPT_SECONDS = 50.0
ISOLATED_ATTEMPT_SECONDS = 10.0
_LONGEST_PAUSE_SECONDS = 60.0
# Within this time another try of a suspect begins, each at its own moment.
_LONGEST_OCCUPIED_SECONDS = 10.0


# Writes a record, over the one that was read or as a new one, and returns it with its etag.
type Write = Callable[[Meeting], Awaitable[Meeting]]


class Provisioner:
    """Makes meetings true in Graph. Safe to be asked twice, late, or about a meeting that somebody else works on.

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
        graph: GraphServices,
        gate: MailboxGate,
        ownership: Ownership,
        isolation: Isolation,
        pools: OrganizerPools,
        rooms: RoomPools,
        reserving: Reserving,
        give_up_after: timedelta,
        clock: Callable[[], datetime],
        watched: bool = False,
        attendance_watched: bool = False,
    ) -> None:
        self._ledger = ledger
        self._requests = requests
        self._results = results
        self._steps = Steps(graph, gate, ownership, clock)
        self._gate = gate
        self._pools = pools
        self._rooms = rooms
        self._reserving = reserving
        self._isolation = isolation
        self._give_up_after = give_up_after
        self._watched = watched
        self._attendance_watched = attendance_watched
        self._clock = clock

    async def provision(self, meeting_id: str) -> None:
        """Bring a meeting as far as possible now; whatever has to wait waits as a delayed message.

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
            await self._requests.enqueue(meeting, _moment_of_its_own())

    async def _needs_attempt(self, meeting: Meeting) -> bool:
        """Do what a meeting needs without a claim, and return whether it needs an attempt."""
        now = self._clock()
        if meeting.finished:
            # The end's own line is lost where an attempt outlasted its invocation: the host takes none then.
            code = meeting.error.code if meeting.error else ""
            _logger.info("meeting.ended %s %s %s", meeting.id, meeting.status, code, extra={"meeting_id": meeting.id})
            await self._results.report_or_requeue(meeting)
        elif meeting.claim and meeting.claim.expires_at > now:
            _logger.info("meeting.busy %s", meeting.id, extra={"meeting_id": meeting.id})
        elif (next_attempt_at := meeting.progress.next_attempt_at) and next_attempt_at > now:
            await self._requests.enqueue(meeting, next_attempt_at - now)
        elif has_crashed(meeting):
            await self._requests.poison(meeting)
        elif now >= self._patience_ends(meeting):
            await self._give_up(meeting, now)
        else:
            return True
        return False

    async def make(self, meeting: Meeting, insert: Write) -> None:
        """Record a new meeting and make it at once; one whose mailbox is full or closed waits as a delayed message.

        It is recorded with the claim on it: that is one write less. The caller holds the isolation.

        Args:
            meeting: a new meeting, that is not recorded.
            insert: records it.

        Raises:
            ConflictError: there is one with this id.
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
            if is_undecided(meeting):
                if attempt := await self._claim(meeting, now, write):
                    await self._carry_out(attempt, seconds)
                return
            async with self._gate.access(organizer):
                # Concurrently, so that the state of the mailbox in other processes costs no time.
                attempt, state = await asyncio.gather(self._claim(meeting, now, write), self._gate.share(organizer))
                if attempt:
                    attempt.mailbox_state = state
                    await self._carry_out(attempt, seconds)
        except HeldBackError as error:  # of the entry: an attempt that is held back ends within the block
            await self._postpone(meeting, now, error.delay or timedelta(0), write)
        except (RequestTooLargeError, RowRefusedError) as error:
            if attempt is None and not meeting.etag:
                raise
            await self._fail_unstored(meeting, as_meeting_error(error))
        except ClaimLostError:
            _logger.info("meeting.claimLost %s", meeting.id, extra={"meeting_id": meeting.id})
        except SupersededError as error:
            # The message about the new version may have come and gone while the claim was ours.
            await self._requests.enqueue(error.latest)
        finally:
            caller_traceparent.reset(traced_before)

    async def _claim(self, meeting: Meeting, now: datetime, write: Write) -> Attempt | None:
        owner, doubt = str(uuid.uuid4()), meeting.doubt
        claimed = meeting.changed(
            status=Status.RUNNING,
            attempts=meeting.attempts + 1,
            progress=meeting.progress.changed(crashes=deaths(meeting), next_attempt_at=None),
            claim=Claim(owner=owner, expires_at=now + CLAIM),
            # until this attempt has ended in order
            doubt=Doubt(
                in_doubt_since=meeting.version if doubt.in_doubt_since is None else doubt.in_doubt_since,
                late_effect_until=_late_effect_until(meeting),
            ),
            updated_at=now,
        )
        try:
            claimed = await write(claimed)
        except ConflictError:
            claimed = await self._ledger.read(meeting.id)
            if claimed.claim is None or claimed.claim.owner != owner:
                if not meeting.etag:
                    raise
                return None  # another instance was quicker; if not, only the answer to our write was lost
        undecided = is_undecided(meeting)
        return Attempt(
            self._ledger,
            claimed,
            in_doubt_since=None if undecided else doubt.in_doubt_since,
            outcome=meeting.outcome,
            applied=meeting.applied,
            organizer=meeting.organizer,
            organizer_id=meeting.organizer_id,
            reserved=meeting.reserved,
            room=meeting.room,
            passed_over=meeting.passed_over,
            undecided=undecided,
        )

    async def _carry_out(self, attempt: Attempt, seconds: float) -> None:
        meeting = attempt.meeting
        try:
            async with asyncio.timeout(seconds):
                request = await self._make_true(attempt)
        except TimeoutError:
            fault = f"the attempt did not end within {seconds:.0f} s"
            await self._wait(attempt, UnavailableError(fault, uncertain=True))
        except RejectedError as error:
            await self._finish(attempt, Status.FAILED, MeetingError.of(error, meeting.id))
        except InvalidRequestError as error:  # accepted by another version of this app
            await self._finish(attempt, Status.FAILED, as_meeting_error(error))
        except (ThrottledError, UnavailableError) as error:
            await self._wait(attempt, error)
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
            await self._finish(attempt, status, None, request)

    async def _make_true(self, attempt: Attempt) -> MeetingRequest | None:
        """Do what is left to do, and return the request; None of what never was one."""
        wanted = not attempt.meeting.cancellation
        if not wanted and _never_made(attempt):
            return None
        parsed = parse_request(attempt.meeting.request)
        if wanted and not isinstance(parsed, ExistingRequest) and (pool := parsed.organizer_pool):
            if attempt.undecided:
                return await self._make_with_any_of(pool, attempt, parsed)
            await self._pools.keep(attempt, parsed)
        return await (self._make_wanted(attempt) if wanted else self._make_gone(attempt, parsed))

    async def _make_with_any_of(
        self, pool: OrganizerPool, attempt: Attempt, request: NewMeetingRequest
    ) -> MeetingRequest:
        """Make a meeting with one of a pool: the next one, where Graph refuses somebody."""
        while True:
            await self._pools.choose(attempt, request, pool)
            async with self._gate.access(attempt.mailbox):
                attempt.mailbox_state = await self._gate.refresh(attempt.mailbox)
                try:
                    await self._steps.require_organizer(attempt, request)
                    await attempt.stretch(self._clock())
                    return await self._make_wanted(attempt)
                except RejectedError as error:
                    if not await self._pools.pass_over(attempt, error):
                        raise

    async def _make_wanted(self, attempt: Attempt) -> MeetingRequest:
        parsed = parse_request(attempt.meeting.request)
        if isinstance(parsed, CalendarRequest):
            await self._rooms.choose(attempt, parsed)
        match wanted_request(attempt.meeting):
            case CalendarRequest() as request:
                await provision_calendar(self._steps, attempt, request)
            case ExistingRequest() as request:
                await provision_existing(self._steps, attempt, request)
            case StandaloneRequest() as request:
                await provision_standalone(self._steps, attempt, request)
        return request

    async def _make_gone(self, attempt: Attempt, request: MeetingRequest) -> MeetingRequest:
        if isinstance(request, StandaloneRequest):
            await cancel_online_meeting(self._steps, attempt, request)
        else:
            await cancel_event(self._steps, attempt, request)
        return request

    async def _fail_unstored(self, meeting: Meeting, error: MeetingError) -> None:
        """End a meeting whose record the storage does not take; what an attempt may have made stays in doubt."""

        async def failed(latest: Meeting) -> Meeting | None:
            if latest.finished or latest.version != meeting.version:
                return None
            progress = latest.progress.changed(next_attempt_at=None)
            ended = latest.changed(status=Status.FAILED, error=error, claim=None, progress=progress)
            return ended.changed(updated_at=self._clock(), reported=not self._results.wanted)

        before, after = await self._ledger.update(meeting.id, failed)
        if after is not before:
            _logger.info("meeting.%s %s %s", after.status, after.id, error.code, extra={"meeting_id": after.id})
            await self._results.report_or_requeue(after)

    async def _finish(
        self, attempt: Attempt, status: Status, error: MeetingError | None, request: MeetingRequest | None = None
    ) -> None:
        in_doubt_since = attempt.in_doubt_since if error and not attempt.outcome.made else None
        over = self._let_go(attempt, status, in_doubt_since)
        if status is Status.SUCCEEDED:
            if attempt.reserved:
                attempt.reserved = await self._reserving.settle(attempt, attempt.reserved)
            await self._rooms.settle(attempt, wanted=isinstance(request, CalendarRequest) and bool(request.room_pool))
        unwanted = frozenset[str]() if status is Status.SUCCEEDED else attempt.meeting.unwanted_attendees
        await attempt.write(
            status=status,
            error=error,
            unwanted_attendees=unwanted,
            claim=None,
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
        await self._reserving.let_go(attempt.meeting, *over)
        await self._results.report_or_requeue(attempt.meeting)

    @staticmethod
    def _let_go(attempt: Attempt, status: Status, in_doubt_since: int | None) -> list[Reserved]:
        """Return what is to be released, of a meeting of which nothing is in Graph after its end, nor can be."""
        may_be_there = attempt.outcome.made or in_doubt_since is not None
        if status is Status.SUCCEEDED or (status is Status.FAILED and may_be_there):
            return []
        room, over = attempt.room, [attempt.reserved, attempt.room]
        over += [room.changed(mailbox=former) for former in room.former] if room else []
        if status is Status.FAILED:
            if attempt.reserved:
                attempt.organizer = attempt.organizer_id = None
            attempt.reserved, attempt.room, attempt.passed_over = None, None, ()
        return [each for each in over if each]

    def _look_at(self, attempt: Attempt, status: Status, request: MeetingRequest | None) -> datetime | None:
        """Return when the watch looks next at a meeting that ends: what a failed one has in Graph people change too."""
        now, meeting = self._clock(), attempt.meeting
        if not self._watched or meeting.cancellation:
            return None
        if status is Status.SUCCEEDED and request is not None:
            # A look that is due stays due: nobody else would see what people did before this version.
            return min(filter(None, (meeting.look_at, first_look(request, meeting.observed, now))), default=None)
        return (meeting.look_at or now) if attempt.outcome.event_id else None

    def _attendance(self, attempt: Attempt, status: Status, request: MeetingRequest | None) -> AttendanceWatch:
        """Return when the watch looks for attendance reports of a meeting that ends; one that failed may take place."""
        meeting, wanted = attempt.meeting, self._attendance_watched and not attempt.meeting.cancellation
        if wanted and (status is not Status.SUCCEEDED or request is None):
            return meeting.attendance
        look_at = first_look_for_reports(request, meeting.observed, self._clock()) if wanted and request else None
        return meeting.attendance.changed(look_at=look_at)

    async def _wait(self, attempt: Attempt, error: ThrottledError | UnavailableError) -> None:
        """End the attempt and come back later: no worker sleeps for Graph."""
        now, meeting, progress = self._clock(), attempt.meeting, attempt.meeting.progress
        organizer, held_back = attempt.mailbox, isinstance(error, HeldBackError)
        delay = _pause(progress.not_found_yet if isinstance(error, NotYetThereError) else progress.graph_failures)
        if not organizer:  # nobody is chosen yet, and the gate of the mailbox that was asked is closed already
            delay = max(delay, error.delay or timedelta(0))
        elif held_back or await self._gate.close_if_asked(organizer, error, max(delay, PAUSE_WITHOUT_RETRY_AFTER)):
            delay = self._gate.next_slot(organizer)
        next_attempt_at = min(now + delay, self._patience_ends(meeting))
        # What a pool's organizer may have got is looked for there, and nowhere else.
        missed = attempt.undecided and isinstance(error, NotYetThereError)
        uncertain = missed or (isinstance(error, UnavailableError) and error.uncertain)
        if attempt.undecided and not uncertain and not attempt.outcome.made:  # who waits holds nobody's time meanwhile
            over = self._let_go(attempt, Status.FAILED, None)
            await self._reserving.let_go(attempt.meeting, *over)
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

    async def _postpone(self, meeting: Meeting, now: datetime, pause: timedelta, write: Write) -> None:
        """Enqueue the message again; the record changes only if the upkeep would take it for lost meanwhile."""
        next_attempt_at = min(now + pause, self._patience_ends(meeting))
        due = due_at(meeting)
        if not meeting.etag or due is None or due <= next_attempt_at:
            try:
                await write(meeting.progressed(next_attempt_at=next_attempt_at).changed(updated_at=now))
            except ConflictError:
                if not meeting.etag:
                    raise
                return  # somebody else takes care of it
        await self._requests.enqueue(meeting, next_attempt_at - now)

    async def _give_up(self, meeting: Meeting, now: datetime) -> None:
        if attempt := await self._claim(meeting, now, partial(self._ledger.write, meeting)):
            await self._finish(attempt, Status.FAILED, _gave_up(meeting))

    def _patience_ends(self, meeting: Meeting) -> datetime:
        return meeting.progress.version_started_at + self._give_up_after


def deaths(meeting: Meeting) -> int:
    """Return how many attempts in a row ended without a report, of a meeting that nobody works on.

    The first may have been beside others; it makes the meeting a suspect. Each later one was alone.
    """
    return meeting.progress.crashes + bool(meeting.claim)


def has_crashed(meeting: Meeting) -> bool:
    """Return whether a meeting that nobody works on has died alone as often as it may."""
    return deaths(meeting) > MAX_CRASHES


def _late_effect_until(meeting: Meeting) -> datetime | None:
    """Return the latest time at which Graph may still carry out an abandoned creation."""
    if meeting.doubt.in_doubt_since is None or meeting.outcome.made or meeting.cancellation:
        return meeting.doubt.late_effect_until
    asked_until = meeting.claim.expires_at if meeting.claim else meeting.updated_at
    return asked_until + LATEST_EFFECT


def _never_made(attempt: Attempt) -> bool:
    """Return whether there is nothing to delete, because the request was never valid."""
    if attempt.meeting.request is None:
        return True
    return attempt.in_doubt_since is None and not attempt.outcome.made


def _counted(progress: Progress, error: ThrottledError | UnavailableError) -> Progress:
    """Return the progress with one more failure, after which deaths are no longer in a row."""
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


def _moment_of_its_own() -> timedelta:
    return timedelta(seconds=random.uniform(1.0, _LONGEST_OCCUPIED_SECONDS))  # noqa: S311 - jitter


def _gave_up(meeting: Meeting) -> MeetingError:
    last_problem = meeting.progress.last_problem or "none was seen"
    return MeetingError(
        code="gaveUp",
        message=f"Graph could not be used in time. The last problem: {last_problem}.",
        remedy=f"Check Microsoft 365's service health, then send POST /api/meetings/{meeting.id}/retry.",
    )
