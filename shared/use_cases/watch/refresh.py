"""The use case: look at a meeting in Graph now, because somebody asks."""

from shared.access.callers import ANYBODY, Caller
from shared.errors import ConflictError
from shared.meeting import Meeting, Observed, Status
from shared.meeting.ledger import Ledger
from shared.throttling.mailbox_gate import MailboxGate
from shared.use_cases.refused_changes import not_made
from shared.use_cases.watch.look import Look


class Refreshing:
    """Looks at one meeting. May raise StorageUnavailableError, and GraphErrors: what was observed stays then."""

    def __init__(self, ledger: Ledger, look: Look, gate: MailboxGate) -> None:
        self._ledger = ledger
        self._look = look
        self._gate = gate

    async def refresh(self, meeting_id: str, caller: Caller = ANYBODY) -> Meeting:
        """Return a meeting with a fresh observation.

        It is kept if the meeting has succeeded. While a change is under way, and after one that failed, it is only
        returned: what is there differs from the request without anybody having changed it in Outlook.

        Raises:
            MeetingNotFoundError: there is none with this id, or it is somebody else's.
            ChangeRefusedError: `notMade`: Graph has nothing of the meeting.
        """
        meeting = caller.require_sees(await self._ledger.read(meeting_id))
        if meeting.cancellation:
            raise not_made(Status.CANCELLED)
        if not (meeting.outcome.event_id or meeting.outcome.online_meeting_id):
            raise not_made(meeting.status)
        async with self._gate.access(meeting.organizer or "", read_only=True):
            observed = await self._look.observe(meeting)
        return await keep(self._ledger, meeting, observed)


async def keep(ledger: Ledger, looked_at: Meeting, observed: Observed) -> Meeting:
    """Write an observation down, unless the meeting is another since it was looked at, and return the meeting."""
    meeting = looked_at
    while meeting.version == looked_at.version and meeting.status is Status.SUCCEEDED:
        if meeting.observed and meeting.observed.observed_at >= observed.observed_at:
            return meeting  # somebody else has looked since
        try:
            return await ledger.write(meeting, _with(meeting, observed))
        except ConflictError:
            meeting = await ledger.read(meeting.id)
    return _with(meeting, observed)


def _with(meeting: Meeting, observed: Observed) -> Meeting:
    outcome = meeting.outcome.changed(event_id=observed.event_id) if observed.event_id else meeting.outcome
    return meeting.changed(outcome=outcome, observed=observed.changed(event_id=None))
