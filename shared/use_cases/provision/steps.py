"""The steps that several kinds of meetings share."""

from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import batched
from typing import Any

from cachetools import LRUCache, TTLCache

from shared.errors import RejectedError, UnavailableError
from shared.graph import Event, OnlineMeeting, remedies
from shared.graph.online_meetings import by_join_url
from shared.graph.organizers import MOST_AT_ONCE
from shared.graph.refusals import event_deleted
from shared.graph.services import GraphServices
from shared.meeting_request import CalendarRequest, ExistingRequest, NewMeetingRequest, option_properties
from shared.meeting_request.people import is_object_id
from shared.meeting_request.standalone_request import USUAL_LENGTH
from shared.throttling.directory import Directory
from shared.throttling.mailbox_gate import MailboxGate
from shared.throttling.shared_mailbox_states import PROVIDERS_TTL, AllowedProviders
from shared.use_cases.ownership import Ownership
from shared.use_cases.provision.attempt import Attempt
from shared.use_cases.provision.options import TIMES, half_named, require_set, with_both_names
from shared.validation.addresses import mailbox_key
from shared.validation.join_links import organizer_in

_MOST_REFUSED_ETAGS = 3  # more in a row than changes by others explain
# What is read right after a change may be older than the change.
_LOOKS_AT_OPTIONS = 2
_REMEMBERED = 10_000
_REMEMBERED_SECONDS = 600


class Steps:
    """Calls to Graph, with a cache of some answers."""

    def __init__(
        self, graph: GraphServices, gate: MailboxGate, ownership: Ownership, clock: Callable[[], datetime]
    ) -> None:
        self.events = graph.events
        self.online_meetings = graph.online_meetings
        self._directory = Directory(graph.organizers, gate)
        self.ownership = ownership
        self._gate = gate
        self._clock = clock
        self._allowed = LRUCache[str, AllowedProviders](_REMEMBERED)
        self._object_ids = TTLCache[str, str](_REMEMBERED, _REMEMBERED_SECONDS)
        # Whether createOrGet makes a passcode for an organizer, where that was not what somebody asked for.
        self.passcodes = TTLCache[str, bool](_REMEMBERED, _REMEMBERED_SECONDS)

    async def require_provider(self, attempt: Attempt, provider: str) -> None:
        """Refuse to make an event that Graph would make without a link.

        Graph answers 201, gives no link and still sends the invitations when the calendar does not allow the
        provider, so it is asked first. Only a yes is remembered, here and by the other instances: a no is asked again,
        an administrator may have acted. A calendar that names none refuses nothing; the link is verified afterwards
        in any case.
        """
        organizer, asked_at = attempt.mailbox, self._clock()
        if self._knows(attempt, provider):
            return
        names = (await self.events.providers(organizer)).allowed_online_meeting_providers
        if names is None:
            return
        news = not self._knows(attempt, provider)  # another meeting of the organizer may have asked meanwhile
        allowed = self._allowed[mailbox_key(organizer)] = AllowedProviders(names, asked_at + PROVIDERS_TTL)
        if provider not in names:
            raise RejectedError(
                "providerNotAllowed",
                f"The calendar of {organizer} does not allow {provider} (it allows: {', '.join(names) or 'none'}).",
                remedies.provider(organizer, provider),
            )
        if news:
            await self._gate.publish_providers(organizer, allowed, attempt.mailbox_state)

    async def require_organizer(self, attempt: Attempt, request: NewMeetingRequest) -> None:
        """Refuse an organizer for whom Graph would not make a meeting, before anything is made or anybody invited."""
        if isinstance(request, CalendarRequest):
            await self.require_provider(attempt, request.online_meeting_provider)
        if not isinstance(request, CalendarRequest) or option_properties(request) or request.language:
            await self.online_meetings.require_access(await self.organizer_id(attempt))

    def _knows(self, attempt: Attempt, provider: str) -> bool:
        """Return whether a provider is known to be allowed, from this instance's own questions or from another's."""
        asked = self._allowed.get(mailbox_key(attempt.mailbox))
        shared = attempt.mailbox_state and attempt.mailbox_state.allowed
        return any(known.names(provider, self._clock()) for known in (asked, shared) if known)

    async def organizer_id(self, attempt: Attempt) -> str:
        """Return the organizer's object id, which is looked up unless it was given or is in the meeting's link."""
        organizer = attempt.mailbox
        if is_object_id(organizer):
            return organizer
        key = mailbox_key(organizer)
        if key not in self._object_ids:
            in_link = organizer_in(attempt.outcome.join_url or "")
            self._object_ids[key] = in_link or await self._directory.object_id(organizer)
            self._gate.alias(organizer, self._object_ids[key])
        attempt.organizer_id = self._object_ids[key]
        return attempt.organizer_id

    async def read_event(self, organizer: str, event_id: str, *, with_body: bool = False) -> Event:
        """Return an event that is not cancelled.

        Raises:
            RejectedError: `eventDeleted`: it is deleted or cancelled, although its immutable id still reads.
        """
        event = await self.events.read(organizer, event_id, with_body=with_body)
        if event.is_cancelled:
            raise event_deleted()
        return event

    async def read_existing_event(self, attempt: Attempt, request: ExistingRequest) -> Event:
        """Return the event that a request names, neither cancelled nor another caller's.

        Raises:
            RejectedError: `eventDeleted`: it is one or the other.
        """
        event = await self.events.read(attempt.mailbox, request.event_id, with_meeting_id=True)
        if event.is_cancelled:
            raise event_deleted()
        await self.ownership.require_own(attempt.meeting, event)
        return event

    async def require_in_calendar(self, organizer: str, event: Event) -> None:
        """Refuse to change an event that is in Deleted Items; one with attendees would be cancelled."""
        if event.attendees == () and not await self.events.is_in_calendar(organizer, event.id, event.start, event.end):
            raise event_deleted()

    async def change_event(self, attempt: Attempt, event: Event, changes: dict[str, Any]) -> Event:
        """Change an event only as it was read.

        A change whose answer did not come may take effect long after: with the etag that it was meant for, it cannot
        undo what was changed since. It is not documented what Graph makes of If-Match here. Where it ignores it, the
        etag does no harm; where it refuses an etag that the event still has, or one after the other, the change goes
        without.
        """
        refused = attempt.applied.refused_etags
        etag = None if event.etag in refused or len(refused) >= _MOST_REFUSED_ETAGS else event.etag
        try:
            return await self.events.change(attempt.mailbox, event.id, changes, etag)
        except UnavailableError as error:
            if etag and error.answer and error.answer.status == HTTPStatus.PRECONDITION_FAILED:
                attempt.applied = attempt.applied.changed(refused_etags=refused | {etag})
            raise

    def usual_times(self) -> dict[str, Any]:
        """Return the next hour: the default of createOrGet, which create lacks."""
        start = self._clock().astimezone(UTC).replace(microsecond=0, tzinfo=None)
        return {"startDateTime": f"{start.isoformat()}Z", "endDateTime": f"{(start + USUAL_LENGTH).isoformat()}Z"}

    async def finish_online_meeting(self, attempt: Attempt, options: dict[str, Any]) -> None:
        """Set those options that differ on the online meeting behind a join link, and note what is known of it then.

        https://learn.microsoft.com/graph/api/onlinemeeting-update. The join information comes in the request's
        language.
        """
        organizer_id = await self.organizer_id(attempt)
        changes = attempt.applied.online_meeting.diff(options)
        found = await self._online_meeting(attempt, organizer_id)
        attempt.outcome = found.added_to(attempt.outcome)
        if changes:
            attempt.applied = attempt.applied.changed(online_meeting=attempt.applied.online_meeting.in_doubt(changes))
            await attempt.checkpoint()
            await self.online_meetings.change(organizer_id, found.id, await self._complete(attempt, changes, options))
        if changes or (attempt.language and found.invitation is None):
            found = await self.online_meetings.read(organizer_id, found.id, attempt.language)
            attempt.outcome = found.added_to(attempt.outcome)
        try:
            require_set(changes, found.raw)
        except RejectedError as error:
            raise attempt.not_shown("Teams does not show the options yet", error, looks=_LOOKS_AT_OPTIONS) from error
        confirmed = attempt.applied.online_meeting.confirmed(options)
        attempt.applied = attempt.applied.changed(online_meeting=confirmed, language=attempt.language)

    async def _complete(self, attempt: Attempt, changes: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
        """Return changes with start and end together, as Graph requires, and with people named in both ways."""
        if changes.keys() & TIMES:
            changes = changes | {name: options[name] for name in TIMES & options.keys()}
        if "participants" in changes and (names := half_named(changes["participants"])):
            users = await self._users(attempt, names)
            changes = changes | {"participants": with_both_names(changes["participants"], users)}
        return changes

    async def _users(self, attempt: Attempt, names: list[str]) -> dict[str, tuple[str, str]]:
        """Return object id and user principal name of users, by either; those who cannot be looked up are left out."""
        found: dict[str, tuple[str, str]] = {}
        for batch in batched(dict.fromkeys(names), MOST_AT_ONCE, strict=False):
            await attempt.stretch()
            try:
                users = await self._directory.find(attempt.mailbox, batch)
            except RejectedError:  # without the permission the change is sent as it is, and its answer verified
                break
            found |= {mailbox_key(name): user for user in users for name in user}
        return found

    async def _online_meeting(self, attempt: Attempt, organizer_id: str) -> OnlineMeeting:
        outcome = attempt.outcome
        if outcome.online_meeting_id:
            return await self.online_meetings.read(organizer_id, outcome.online_meeting_id, attempt.language)
        found = await self.online_meetings.find(organizer_id, by_join_url(outcome.join_url or ""), attempt.language)
        if found:
            return found
        raise attempt.not_shown(
            "Teams does not know the online meeting of the event yet",
            RejectedError(
                "onlineMeetingMissing",
                "The event is there, and Teams does not know its online meeting.",
                remedies.ONLINE_MEETING_MISSING,
            ),
        )
