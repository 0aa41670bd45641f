"""Claim a meeting for one attempt, and count the attempts that died."""

import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime

from shared.errors import ConflictError
from shared.meeting import Claim, Doubt, Meeting, Status
from shared.meeting.ledger import Ledger
from shared.use_cases.provision.attempt import CLAIM, LATEST_EFFECT, Attempt
from shared.use_cases.provision.organizer_pools import is_undecided

# How often a meeting may crash the app while it runs alone, as often as a message: maxDequeueCount in host.json.
MAX_CRASHES = 5

# Updates or inserts a record, and returns it with its etag.
type Write = Callable[[Meeting], Awaitable[Meeting]]


async def claim(ledger: Ledger, meeting: Meeting, clock: Callable[[], datetime], write: Write) -> Attempt | None:
    """Claim a meeting as it was read, and return the attempt; None if another instance was quicker.

    A meeting that is not recorded yet has no etag; then `write` inserts it.

    Raises:
        ConflictError: `write` is to record a new meeting, and there is one with its id.
        StorageUnavailableError: the ledger does not answer.
    """
    owner, doubt, now = str(uuid.uuid4()), meeting.doubt, clock()
    claimed = meeting.changed(
        status=Status.RUNNING,
        attempts=meeting.attempts + 1,
        progress=meeting.progress.changed(crashes=deaths(meeting), next_attempt_at=None),
        claim=Claim(owner=owner, expires_at=now + CLAIM),
        # until this attempt ends in order
        doubt=Doubt(
            in_doubt_since=meeting.version if doubt.in_doubt_since is None else doubt.in_doubt_since,
            late_effect_until=_late_effect_until(meeting),
        ),
        updated_at=now,
    )
    try:
        claimed = await write(claimed)
    except ConflictError:
        claimed = await ledger.read(meeting.id)
        if claimed.claim is None or claimed.claim.owner != owner:
            if not meeting.etag:
                raise
            return None  # another instance was quicker; if not, only the answer to our write was lost
    undecided = is_undecided(meeting)
    return Attempt(
        ledger,
        clock,
        claimed,
        in_doubt_since=None if undecided else doubt.in_doubt_since,
        outcome=meeting.outcome,
        applied=meeting.applied,
        organizer=meeting.organizer,
        organizer_id=meeting.organizer_id,
        reserved=meeting.reserved,
        room=meeting.room,
        passed_over=meeting.passed_over,
        undecided=undecided,
    )


def deaths(meeting: Meeting) -> int:
    """Return how many attempts in a row have died, of a meeting that no attempt works on.

    The first may have run beside others; it makes the meeting a suspect. Each later one ran alone.
    """
    return meeting.progress.crashes + bool(meeting.claim)


def has_crashed(meeting: Meeting) -> bool:
    """Return whether attempts at a meeting have died alone as often as they may."""
    return deaths(meeting) > MAX_CRASHES


def _late_effect_until(meeting: Meeting) -> datetime | None:
    """Return the latest time at which Graph may still carry out an abandoned creation."""
    if meeting.doubt.in_doubt_since is None or meeting.outcome.made or meeting.cancellation:
        return meeting.doubt.late_effect_until
    asked_until = meeting.claim.expires_at if meeting.claim else meeting.updated_at
    return asked_until + LATEST_EFFECT
