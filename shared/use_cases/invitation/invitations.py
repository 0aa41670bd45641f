"""The use case: the invitation file of a meeting."""

from shared.access.callers import ANYBODY, Caller
from shared.errors import NoJoinLinkError, RejectedError
from shared.graph.event_details import read_event
from shared.graph.services import GraphServices
from shared.meeting import Meeting, Status
from shared.meeting.ledger import Ledger
from shared.meeting.wanted import wanted_request
from shared.meeting_request import CalendarRequest, ExistingRequest, StandaloneRequest
from shared.throttling.directory import Directory
from shared.throttling.mailbox_gate import MailboxGate
from shared.use_cases.invitation.appointment import Appointment, of_calendar, of_event, of_standalone
from shared.use_cases.ownership import Ownership


class Invitations:
    """Makes invitation files from the request; for an existing event, Graph is asked for the times.

    May raise StorageUnavailableError, and GraphErrors where it asks Graph.
    """

    def __init__(self, ledger: Ledger, graph: GraphServices, gate: MailboxGate, ownership: Ownership) -> None:
        self._ledger = ledger
        self._graph = graph
        self._gate = gate
        self._directory = Directory(graph.organizers, gate)
        self._ownership = ownership

    async def write(self, meeting_id: str, caller: Caller = ANYBODY) -> tuple[Meeting, bytes]:
        """Return a meeting and its invitation, or the notice that it is cancelled.

        Raises:
            MeetingNotFoundError: there is none with this id that the caller may see.
            NoJoinLinkError: it has no join link yet, or never got one.
        """
        meeting = caller.require_sees(await self._ledger.read(meeting_id))
        if meeting.outcome.join_url is None:
            raise NoJoinLinkError(f"The meeting is {meeting.status} and has no join link")
        from shared.use_cases.invitation.calendar_file import (
            calendar_file,  # its library takes a sixth of a second to import
        )

        return meeting, calendar_file(meeting, await self._appointment(meeting))

    async def _appointment(self, meeting: Meeting) -> Appointment:
        organizer = meeting.organizer or ""
        match wanted_request(meeting):
            case CalendarRequest() as request:
                return of_calendar(request, await self._address(organizer))
            case StandaloneRequest() as request:
                return of_standalone(request, await self._address(organizer), meeting.created_at)
            case ExistingRequest() as request if meeting.status is Status.CANCELLED:
                # The event is gone; a cancellation needs no times: RFC 5546, section 3.2.5.
                return Appointment(None, organizer=await self._address(organizer), language=request.language)
            case ExistingRequest() as request:
                async with self._gate.access(organizer, read_only=True):
                    event_id = meeting.outcome.event_id or request.event_id
                    event = await read_event(self._graph.events, organizer, event_id)
                await self._ownership.require_own(meeting, event)
                return of_event(event, request.language)

    async def _address(self, organizer: str) -> str | None:
        """Return the address of an organizer; None for an object id that this app may not look up."""
        if "@" in organizer:
            return organizer
        try:
            async with self._gate.access(organizer, read_only=True):
                return await self._directory.address(organizer)
        except RejectedError:
            return None
