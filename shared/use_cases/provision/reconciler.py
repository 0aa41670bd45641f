"""Reconcile Graph with the record: make, change or delete what the meeting asks for, by its kind."""

from shared.errors import RejectedError
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
from shared.throttling.mailbox_gate import MailboxGate
from shared.use_cases.provision.attempt import Attempt
from shared.use_cases.provision.calendar import provision_calendar, provision_existing
from shared.use_cases.provision.cancel import cancel_event, cancel_online_meeting
from shared.use_cases.provision.organizer_pools import OrganizerPools
from shared.use_cases.provision.room_pools import RoomPools
from shared.use_cases.provision.standalone import provision_standalone
from shared.use_cases.provision.steps import Steps


class Reconciler:
    """Does what is left to do in Graph."""

    def __init__(self, steps: Steps, gate: MailboxGate, organizer_pools: OrganizerPools, room_pools: RoomPools) -> None:
        self.steps = steps
        self._gate = gate
        self._organizer_pools = organizer_pools
        self._room_pools = room_pools

    async def reconcile(self, attempt: Attempt) -> MeetingRequest | None:
        """Bring Graph to what the record says, and return the request; None of what never was one.

        The caller holds the gate of the organizer's mailbox, unless one is still to be chosen from a pool.

        Raises:
            RejectedError: Graph refuses, or nobody of a pool is free.
            TransientError: a later attempt continues.
            InvalidRequestError: another version of this app accepted what is not valid.
            ClaimLostError, SupersededError: as `Attempt.write` does.
        """
        wanted = not attempt.meeting.cancellation
        if not wanted and (attempt.meeting.request is None or not attempt.may_be_in_graph):
            return None  # there is nothing to delete
        parsed = parse_request(attempt.meeting.request)
        if wanted and not isinstance(parsed, ExistingRequest) and (pool := parsed.organizer_pool):
            if attempt.undecided:
                return await self._make_with_any_of(pool, attempt, parsed)
            await self._organizer_pools.keep(attempt, parsed)
        return await (self._make(attempt, parsed) if wanted else self._delete(attempt, parsed))

    async def _make_with_any_of(
        self, pool: OrganizerPool, attempt: Attempt, request: NewMeetingRequest
    ) -> MeetingRequest:
        """Make a meeting with an organizer of a pool; if Graph refuses one, with the next."""
        while True:
            await self._organizer_pools.choose(attempt, request, pool)
            async with self._gate.access(attempt.mailbox):
                attempt.mailbox_state = await self._gate.refresh(attempt.mailbox)
                try:
                    await self.steps.require_organizer(attempt, request)
                    await attempt.stretch()
                    return await self._make(attempt, request)
                except RejectedError as error:
                    if not await self._organizer_pools.pass_over(attempt, error):
                        raise

    async def _make(self, attempt: Attempt, parsed: MeetingRequest) -> MeetingRequest:
        if isinstance(parsed, CalendarRequest):
            await self._room_pools.choose(attempt, parsed)
        match wanted_request(attempt.meeting, parsed):
            case CalendarRequest() as request:
                await provision_calendar(self.steps, attempt, request)
            case ExistingRequest() as request:
                await provision_existing(self.steps, attempt, request)
            case StandaloneRequest() as request:
                await provision_standalone(self.steps, attempt, request)
        return request

    async def _delete(self, attempt: Attempt, request: MeetingRequest) -> MeetingRequest:
        if isinstance(request, StandaloneRequest):
            await cancel_online_meeting(self.steps, attempt, request)
        else:
            await cancel_event(self.steps, attempt, request)
        return request
