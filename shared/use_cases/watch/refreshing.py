"""The use case: look at a meeting in Graph on demand."""

from shared.access.callers import ANYBODY, Caller
from shared.meeting import Meeting, Status
from shared.throttling.mailbox_gate import MailboxGate
from shared.use_cases.refused_changes import not_made, nothing_to_compare
from shared.use_cases.watch.look import Look
from shared.use_cases.watch.observations import Observations


class Refreshing:
    """Looks at one meeting. May raise StorageUnavailableError, and GraphErrors: the former observation stays then."""

    def __init__(self, observations: Observations, look: Look, gate: MailboxGate) -> None:
        self._observations = observations
        self._look = look
        self._gate = gate

    async def refresh(self, meeting_id: str, caller: Caller = ANYBODY) -> Meeting:
        """Return a meeting with a fresh observation.

        It is stored and published if the meeting is finished. While the meeting is in progress it is only returned: the
        attempt in progress may be about to change what it shows.

        Raises:
            MeetingNotFoundError: there is none with this id that the caller may see.
            ChangeRefusedError: `notMade`: Graph has nothing of the meeting, or its request was too large to be kept.
        """
        meeting = caller.require_sees(await self._observations.ledger.read(meeting_id))
        if meeting.cancellation:
            raise not_made(Status.CANCELLED)
        if not meeting.outcome.made:
            raise not_made(meeting.status)
        if meeting.request is None:
            raise nothing_to_compare()
        async with self._gate.access(meeting.organizer or "", read_only=True):
            observed = await self._look.observe(meeting)
        return await self._observations.keep(meeting, observed)
