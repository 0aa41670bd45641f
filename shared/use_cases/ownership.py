"""Whose a meeting in Graph is: a meeting that this app made for one caller does not exist for another.

It is checked wherever a caller's id or link leads to a meeting in Graph.
"""

from collections.abc import AsyncIterator
from contextlib import suppress

from shared.access.callers import Caller, Callers
from shared.errors import CallerNotAllowedError, MeetingNotFoundError
from shared.graph import Event
from shared.graph.refusals import event_deleted
from shared.graph.seen_event import SeenEvent
from shared.meeting import Meeting, Outcome
from shared.meeting.ledger import Field, Ledger
from shared.validation.paging import MAX_TOP


class Ownership:
    """The guard. Every call may raise StorageUnavailableError."""

    def __init__(self, ledger: Ledger, callers: Callers) -> None:
        self._ledger = ledger
        self._callers = callers

    async def meetings_of(self, outcome: Outcome, meeting_id: str | None) -> list[Meeting]:
        """Return this app's meetings that a meeting in Graph belongs to, of every caller.

        Args:
            outcome: what Graph says about it.
            meeting_id: the meeting that its event was made for, as the event says; None if it says nothing. It is
                known before the record has the event's id.
        """
        found: dict[str, Meeting] = {}
        if meeting_id:
            with suppress(MeetingNotFoundError):  # forgotten, or of another deployment
                found[meeting_id] = await self._ledger.read(meeting_id)
        if outcome.join_url:
            found |= {each.id: each async for each in self._all(Field.JOIN_URL, outcome.join_url)}
        if outcome.event_id:
            # A failed request that names the event does not own it, and is in the index too.
            by_event = self._all(Field.EVENT_ID, outcome.event_id)
            found |= {each.id: each async for each in by_event if each.outcome.event_id == outcome.event_id}
        return list(found.values())

    async def require_own(self, meeting: Meeting, event: Event | SeenEvent) -> None:
        """Refuse to touch an event for a meeting whose caller does not see the meeting that the event was made for.

        Raises:
            RejectedError: `eventDeleted`: another caller owns it; the answer is the same as for one that is deleted.
        """
        asker = self._asker(meeting.caller)
        if asker.sees_all:
            return
        outcome = Outcome(join_url=event.join_url, event_id=event.id)
        owners = await self.meetings_of(outcome, event.meeting_id)
        if not all(asker.sees(owner) for owner in owners):
            raise event_deleted()

    def _asker(self, caller_id: str | None) -> Caller:
        try:
            return self._callers.again(caller_id)
        except CallerNotAllowedError:  # the settings have changed since
            return Caller(caller_id, sees_all=False)

    async def _all(self, field: Field, value: str) -> AsyncIterator[Meeting]:
        """Yield every match: one page alone could hold only the caller's own meetings."""
        continuation = None
        while True:
            page = await self._ledger.find(field, value, MAX_TOP, continuation)
            for meeting in page.items:
                yield meeting
            if (continuation := page.continuation) is None:
                return
