"""Forget a meeting on demand: delete the record of a finished meeting and every row that leads to it.

The event in the calendar stays. A marker under the meeting's id is left, without content of the meeting: it
distinguishes a redelivered message from a new request with the same key, and is deleted after the retention. It is
written in the same transaction in which the meeting is deleted.

Personal data also ends without a request: upkeep.py deletes meetings past their RETENTION, and what other records have
of them. docs/data-protection.md lists what is kept where, and until when.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from shared.access.callers import ANYBODY, Caller
from shared.errors import ConflictError, StorageUnavailableError, TopicUnavailableError
from shared.meeting.ledger import Ledger
from shared.meeting.reserved import reservations_of
from shared.meeting.results import Results
from shared.use_cases.provision.reserving import Reserving
from shared.use_cases.refused_changes import not_finished

_logger = logging.getLogger(__name__)


class Forgetting:
    """The use case. It may raise StorageUnavailableError: the meeting may be forgotten or not."""

    def __init__(self, ledger: Ledger, results: Results, reserving: Reserving, clock: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._reserving = reserving
        self._results = results
        self._clock = clock

    async def forget(self, meeting_id: str, caller: Caller = ANYBODY) -> None:
        """Remove a finished meeting. Its unsent events are sent first, to the sinks that are available.

        Raises:
            MeetingNotFoundError: there is no such meeting, or none that this caller sees.
            OrganizerNotAllowedError: it is another caller's, and this one may not name its organizer.
            ChangeRefusedError: `notFinished`: it is in progress.
        """
        while True:
            meeting = caller.require_sees(await self._ledger.read(meeting_id))
            caller.require_may_end(meeting)
            if not meeting.finished:
                raise not_finished(meeting.status)
            with suppress(StorageUnavailableError, TopicUnavailableError):  # no sink prevents an erasure
                meeting = await self._results.report(meeting)
            try:
                await self._ledger.forget_on_demand(meeting, self._clock())
            except ConflictError:  # a retry, a change or a result came between: read again
                continue
            await self._reserving.release_all(meeting, *reservations_of(meeting.reserved, meeting.room))
            _logger.info("meeting.forgotten %s by %s", meeting_id, caller.digest, extra={"meeting_id": meeting_id})
            if unsent := len(self._results.owed(meeting)):
                _logger.warning("result.dropped %s events=%d", meeting_id, unsent, extra={"meeting_id": meeting_id})
            return
