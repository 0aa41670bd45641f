"""Meetings that this app did not make, read straight from Graph by their link or id."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from shared.access.callers import ANYBODY, Caller
from shared.errors import Fault, InvalidRequestError, RejectedError
from shared.graph import OnlineMeeting
from shared.graph.event_details import EventDetails, read_event
from shared.graph.online_meetings import by_join_meeting_id, by_join_url
from shared.graph.refusals import OtherOrganizerError
from shared.graph.services import GraphServices
from shared.meeting import FoundMeetingResponse, Outcome
from shared.meeting.ledger import Field
from shared.meeting_request.people import is_object_id, require_organizer
from shared.throttling.directory import Directory
from shared.throttling.mailbox_gate import MailboxGate
from shared.use_cases.admission import Admission
from shared.validation.join_links import meeting_id_in


@dataclass(frozen=True, slots=True)
class ExternalMeeting:
    """A meeting as Graph has it.

    Attributes:
        kind: `calendar` for an event; None where Graph does not say whether an event is behind the meeting.
        made_for: the meeting that this app made the event for, as the event says.
    """

    kind: str | None
    organizer: str
    created_at: datetime | None
    updated_at: datetime | None
    outcome: Outcome
    made_for: str | None = None

    @property
    def id(self) -> None:
        """Return None: it has no id here."""
        return

    def as_response(self) -> FoundMeetingResponse:
        """Return what callers see of the meeting: null is what this app has not done."""
        return FoundMeetingResponse.model_validate(
            dict(self.outcome)
            | {
                "id": None,
                "status": "external",
                "kind": self.kind,
                "version": 0,
                "organizer": self.organizer,
                "reference": None,
                "created_at": self.created_at,
                "updated_at": self.updated_at or self.created_at,
                "attempts": 0,
                "next_attempt_at": None,
                "observed": None,
                "room": None,
                "availability_checked_until": None,
                "schedule": None,
                "received": None,
                "error": None,
                "request": None,
            }
        )


class UnknownOrganizerError(RejectedError):
    """Graph does not know the organizer that a search names, or has no mailbox for them."""


def of_search(error: RejectedError) -> RejectedError:
    """Return what a refusal means where the caller has named the organizer."""
    if error.code not in {"organizerNotFound", "organizerHasNoMailbox"}:
        return error
    return UnknownOrganizerError(error.code, error.message, error.remedy, error.answer)


class ExternalMeetings:
    """What Graph knows of an organizer's meetings. Every call may raise GraphErrors."""

    def __init__(self, graph: GraphServices, gate: MailboxGate, admission: Admission) -> None:
        self._graph = graph
        self._gate = gate
        self._directory = Directory(graph.organizers, gate)
        self._admission = admission

    async def find(self, organizer: str, field: Field, value: str, caller: Caller = ANYBODY) -> ExternalMeeting | None:
        """Return the meeting of this organizer that has the link or id, or None.

        A meeting to which the organizer is only invited is not found.

        Raises:
            InvalidRequestError: the organizer is neither an object id nor a user principal name, or Graph has no
                online meetings in this cloud.
            OrganizerNotAllowedError: the settings do not let this app, or this caller, act for the organizer.
            UnknownOrganizerError: Graph has no such organizer.
        """
        require_organizer(organizer)
        self._admission.require_allowed((organizer,), caller)
        if field is not Field.EVENT_ID and not (cloud := self._admission.cloud).online_meetings:
            message = f"Microsoft Graph has no onlineMeetings in {cloud.name}: search by eventId, or without organizer."
            raise InvalidRequestError([Fault(f"/{field}", "notInThisCloud", message)])
        try:
            async with self._gate.access(organizer, read_only=True):
                if field is Field.EVENT_ID:
                    return await self._event(organizer, value)
                return await self._online_meeting(organizer, field, value)
        except RejectedError as error:
            raise of_search(error) from error

    async def _event(self, organizer: str, event_id: str) -> ExternalMeeting | None:
        try:
            event = await read_event(self._graph.events, organizer, event_id)
        except RejectedError as error:
            malformed = error.answer is None or error.answer.status == HTTPStatus.BAD_REQUEST
            if error.code == "eventDeleted" or (error.code == "graphRejected" and malformed):
                return None
            raise
        return None if event.is_organizer is False else _of_event(organizer, event)

    async def _online_meeting(self, organizer: str, field: Field, value: str) -> ExternalMeeting | None:
        """Search the online meetings; a short link is searched for by the join meeting id that it contains."""
        organizer_id = organizer
        if not is_object_id(organizer):
            organizer_id = await self._directory.object_id(organizer)
        join_meeting_id = meeting_id_in(value) if field is Field.JOIN_URL else "".join(value.split())
        condition = by_join_meeting_id(join_meeting_id) if join_meeting_id else by_join_url(value)
        try:
            found = await self._graph.online_meetings.find(organizer_id, condition, None)
        except OtherOrganizerError:
            # Another organizer's meeting; or a policy that covers other organizers only, which has to be reported.
            await self._graph.online_meetings.require_access(organizer_id)
            return None
        if found is None or found.organizer_id not in {None, organizer_id.lower()}:
            return None
        return _of_online_meeting(organizer, found)


def _of_event(organizer: str, event: EventDetails) -> ExternalMeeting:
    online = {"is_online_meeting": bool(event.is_online_meeting)}  # as Graph says, with or without a link
    outcome = event.added_to(Outcome()).model_copy(update=online)
    created_at, changed_at = event.created_date_time, event.last_modified_date_time
    return ExternalMeeting("calendar", organizer, created_at, changed_at, outcome, event.meeting_id)


def _of_online_meeting(organizer: str, found: OnlineMeeting) -> ExternalMeeting:
    return ExternalMeeting(None, organizer, found.created_at, None, found.added_to(Outcome()))
