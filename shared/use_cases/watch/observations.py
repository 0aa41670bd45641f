"""Keeps what was observed with the meeting, together with the notices of what is to be published about it."""

import logging
from contextlib import suppress
from datetime import datetime
from itertools import count

from shared.errors import ConflictError, StorageUnavailableError, TopicUnavailableError
from shared.meeting import Meeting, Observed, ObservedState, Status
from shared.meeting.ledger import Ledger
from shared.meeting.notice import MOST_NOTICES, Notice
from shared.meeting.results import Results
from shared.meeting_request import parse_request
from shared.use_cases.watch.events import events_between, with_unapplied
from shared.use_cases.watch.next_look import next_look

_logger = logging.getLogger(__name__)


class Observations:
    """The observations of every meeting. Every call may raise StorageUnavailableError.

    Attributes:
        ledger: where they are kept.
    """

    def __init__(self, ledger: Ledger, results: Results, *, watched: bool) -> None:
        """Keep observations.

        Args:
            ledger: where they are kept.
            results: publishes what they cause.
            watched: whether the watch looks at meetings by itself.
        """
        self.ledger = ledger
        self._watched = watched
        self._results = results

    async def keep(self, looked_at: Meeting, observed: Observed) -> Meeting:
        """Write an observation down with what is to be published about it, publish that, and return the meeting.

        If the meeting is another since it was looked at, or is in progress, the observation is only returned with it.
        Of two looks at once the one counts that is kept first: which of them has seen the later state is not known.
        """
        meeting = looked_at
        while meeting.version == looked_at.version and meeting.finished and not meeting.cancellation:
            if meeting.observed != looked_at.observed:
                return meeting  # somebody else has looked meanwhile
            if len(meeting.outbox) >= MOST_NOTICES:  # the next look sees the same, once a sink has taken some
                break
            try:
                kept = await self.ledger.write(meeting, self._with_notices(meeting, observed))
            except ConflictError:
                meeting = await self.ledger.read(meeting.id)
                continue
            return await self._publish(kept) if kept.outbox != meeting.outbox else kept
        return _with(meeting, observed)

    def _with_notices(self, meeting: Meeting, observed: Observed) -> Meeting:
        request = parse_request(meeting.request)
        if meeting.status is Status.FAILED:
            observed = with_unapplied(meeting, request, observed)
        if observed.state is ObservedState.REMOVED:
            known = meeting.observed.removed_at if meeting.observed else None
            observed = observed.changed(removed_at=known or observed.observed_at)
        types, number = events_between(meeting.observed, observed), count(meeting.observations + 1)
        sinks = self._results.sinks
        notices = tuple(
            Notice(type=each, version=meeting.version, number=next(number), at=observed.observed_at, sinks=sinks)
            for each in types
        )
        look_at = next_look(request, observed, observed.observed_at) if self._watched else None
        return _with(meeting, observed).changed(
            look_at=look_at,
            observations=meeting.observations + len(types),
            outbox=(*meeting.outbox, *(notices if sinks else ())),
        )

    async def postpone(self, meeting: Meeting, until: datetime) -> None:
        """Have the watch look at a meeting later, because Graph refuses to show it."""
        with suppress(ConflictError):  # it is another since
            await self.ledger.write(meeting, meeting.changed(look_at=until))

    async def _publish(self, meeting: Meeting) -> Meeting:
        """Send what is due; a sink that is away is left to the upkeep."""
        for notice in meeting.outbox:
            _logger.info("%s %s", notice.type, meeting.id, extra={"meeting_id": meeting.id})
        try:
            return await self._results.report(meeting)
        except (StorageUnavailableError, TopicUnavailableError) as error:
            _logger.warning("result.waits %s: %s", meeting.id, error, extra={"meeting_id": meeting.id})
            return meeting


def _with(meeting: Meeting, observed: Observed) -> Meeting:
    outcome = meeting.outcome.changed(event_id=observed.event_id) if observed.event_id else meeting.outcome
    return meeting.changed(outcome=outcome, observed=observed.changed(event_id=None))
