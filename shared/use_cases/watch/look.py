"""One look at a meeting in Graph: it reads and concludes, and changes nothing."""

from collections.abc import Callable, Sequence
from datetime import datetime

from shared.errors import GraphError, RejectedError
from shared.graph.online_meetings import by_join_url
from shared.graph.refusals import NothingFoundError
from shared.graph.seen_event import SeenEvent, search_event, see_event, see_events
from shared.graph.services import GraphServices
from shared.meeting import Meeting, Observed, ObservedState
from shared.meeting.wanted import wanted_request
from shared.meeting_request import ExistingRequest, StandaloneRequest
from shared.use_cases.online_meeting_lookup import OnlineMeetingLookup
from shared.use_cases.ownership import Ownership
from shared.use_cases.watch.comparison import EventRequest, as_removed, compare_event, compare_online_meeting


class Look:
    """What Graph has of a meeting. Every call may raise GraphErrors; the caller holds the mailbox's gate."""

    def __init__(
        self, graph: GraphServices, ownership: Ownership, lookup: OnlineMeetingLookup, clock: Callable[[], datetime]
    ) -> None:
        self._graph = graph
        self._ownership = ownership
        self._lookup = lookup
        self._clock = clock

    async def observe(self, meeting: Meeting) -> Observed:
        """Return the observation of a meeting that was created in Graph."""
        request = wanted_request(meeting)
        if isinstance(request, StandaloneRequest):
            return await self._online_meeting(meeting, request)
        try:
            event = await see_event(self._graph.events, meeting.organizer or "", meeting.outcome.event_id or "")
        except RejectedError as error:
            return await self._without_event(meeting, request, error)
        return await self._with_event(meeting, request, event)

    async def events_of(self, meetings: Sequence[Meeting]) -> list[SeenEvent | GraphError]:
        """Return the event of each of at most 20 meetings, read in one request, or the error of each.

        Raises:
            GraphError: there is no answer to the whole request.
        """
        places = [(meeting.organizer or "", meeting.outcome.event_id or "") for meeting in meetings]
        return await see_events(self._graph.events, places)

    def needs_another_call(self, meeting: Meeting, event: SeenEvent | GraphError) -> bool:
        """Return whether a conclusion needs another call to Graph."""
        if isinstance(event, GraphError):
            return True
        known = meeting.observed
        unchanged = known is not None and bool(event.etag) and known.etag == event.etag
        return not (event.is_cancelled or event.attendees or unchanged)

    async def conclude(self, meeting: Meeting, event: SeenEvent | GraphError) -> Observed:
        """Return the observation of a meeting whose event was read, or not found, by its id.

        Raises:
            GraphError: the error itself, where it does not say that the event is gone.
        """
        request = wanted_request(meeting)
        if isinstance(request, StandaloneRequest):
            return await self._online_meeting(meeting, request)
        match event:
            case RejectedError():
                return await self._without_event(meeting, request, event)
            case GraphError():
                raise event
            case SeenEvent():
                return await self._with_event(meeting, request, event)

    async def _with_event(self, meeting: Meeting, request: EventRequest, event: SeenEvent) -> Observed:
        """Return the observation of an event that was read.

        An event without attendees is not cancelled when it is deleted, and may still be read by its id. So the
        calendar is searched for it, if it has changed since the last look.
        """
        if isinstance(request, ExistingRequest):
            await self._ownership.require_own(meeting, event)
        known, organizer = meeting.observed, meeting.organizer or ""
        if event.is_cancelled:
            removed = True
        elif event.attendees:
            removed = False
        elif known and event.etag and known.etag == event.etag:
            removed = known.state is ObservedState.REMOVED
        else:
            removed = not await self._graph.events.is_in_calendar(organizer, event.id, event.start, event.end)
        return compare_event(meeting, request, event, self._clock(), removed=removed)

    async def _without_event(self, meeting: Meeting, request: EventRequest, error: RejectedError) -> Observed:
        """Return the observation of a meeting whose event was not found by its id: it may have a new id.

        Raises:
            RejectedError: the error itself, where it does not say that the event is gone.
        """
        if error.code != "eventDeleted":
            raise error
        outcome = meeting.outcome
        event = await search_event(self._graph.events, meeting.organizer or "", meeting.id, outcome.i_cal_u_id)
        if event is None:
            return as_removed(meeting, self._clock())
        observed = await self._with_event(meeting, request, event)
        return observed.changed(event_id=event.id)

    async def _online_meeting(self, meeting: Meeting, request: StandaloneRequest) -> Observed:
        meetings, outcome = self._graph.online_meetings, meeting.outcome
        organizer_id = await self._lookup.organizer_id(meeting)
        try:
            found = await meetings.read(organizer_id, outcome.online_meeting_id or "", None)
        except NothingFoundError:
            found = await meetings.find(organizer_id, by_join_url(outcome.join_url or ""), None)
        if found is None:
            return as_removed(meeting, self._clock())
        return compare_online_meeting(meeting, request, found, self._clock())
