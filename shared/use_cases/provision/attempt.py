"""One attempt to provision a meeting: the claim on its record, and what is recorded so far."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.errors import ConflictError, ConveneError, RejectedError, UnavailableError
from shared.meeting import Claim, Meeting, Outcome
from shared.meeting.applied import Applied
from shared.meeting.history_entry import HistoryEvent
from shared.meeting.ledger import Ledger
from shared.meeting.reserved import PassedOver, Reserved, ReservedRoom, reservations_of
from shared.throttling.shared_mailbox_states import MailboxState

# Longer than the longest time between two checkpoints: at most four calls to Graph, 12 s each at the most (see
# CALL_TIMEOUT_SECONDS of shared.graph.client), and a write.
CLAIM = timedelta(seconds=60)
# Graph may carry out a request long after we gave up waiting for its answer. It documents no bound; this is ours.
LATEST_EFFECT = timedelta(seconds=90)
_LOOKS_BEFORE_GIVING_UP = 6


class ClaimLostError(ConveneError):
    """Another attempt has the claim on the meeting; it finds out what this one knows."""


class NotYetThereError(UnavailableError):
    """Graph does not show yet what it made a moment ago."""

    def __init__(self, message: str) -> None:
        super().__init__(message, uncertain=False)


class SupersededError(ConveneError):
    """A newer version is requested, `latest`; its record has what this attempt made."""

    def __init__(self, latest: Meeting) -> None:
        super().__init__("another version is wanted")
        self.latest = latest


# What an attempt has found out about Graph is kept for the next version; how it would have ended is not.
_EFFECTS = ("outcome", "applied", "doubt", "organizer", "organizer_id", "reserved", "room", "passed_over")


@dataclass(slots=True)
class Attempt:
    """A claimed meeting.

    Attributes:
        meeting: as it was written last.
        in_doubt_since: the version of an earlier attempt that may have made something that is not recorded, and is
            searched for first; None if there is none.
        outcome: what Graph has made so far.
        applied: which properties Graph has.
        organizer: who organizes, None until one of a pool is chosen.
        organizer_id: the organizer's object id, once it was looked up.
        reserved: the reservation of an organizer who was chosen.
        room: the room that was chosen of a pool.
        passed_over: the candidates of a pool whom Graph has refused.
        undecided: one of a pool is to be chosen.
        mailbox_state: what other instances shared about the mailbox when the attempt began; None if that is not known.
    """

    ledger: Ledger
    clock: Callable[[], datetime]
    meeting: Meeting
    in_doubt_since: int | None
    outcome: Outcome
    applied: Applied
    organizer: str | None = None
    organizer_id: str | None = None
    reserved: Reserved | None = None
    room: ReservedRoom | None = None
    passed_over: tuple[PassedOver, ...] = ()
    undecided: bool = False
    mailbox_state: MailboxState | None = None

    @property
    def mailbox(self) -> str:
        """Return the name of the organizer, in whose mailbox the meeting is; empty until one is chosen."""
        return self.organizer or ""

    @property
    def language(self) -> str | None:
        """Return the requested language of the join information."""
        return (self.meeting.request or {}).get("language")

    @property
    def reservations(self) -> tuple[Reserved, ...]:
        """Every reservation for the meeting, former rooms included."""
        return reservations_of(self.reserved, self.room)

    @property
    def may_be_in_graph(self) -> bool:
        """Return whether Graph has something of the meeting, or may have."""
        return self.outcome.made or self.in_doubt_since is not None

    def note_passed_over(self, passed_over: Iterable[PassedOver]) -> None:
        """Note candidates whom Graph refuses in the history, once for each reason."""
        for each in passed_over:
            detail = f"{each.candidate} was passed over: {each.reason}."
            if all(entry.detail != detail for entry in self.meeting.history):
                self.meeting = self.meeting.noted(HistoryEvent.WAITED, self.clock(), detail)

    def forget_choices(self) -> None:
        """Clear what was chosen from pools, so that the next attempt chooses again."""
        if self.reserved:
            self.organizer = self.organizer_id = None
        self.reserved, self.room, self.passed_over = None, None, ()

    def not_shown(
        self, problem: str, missing: RejectedError, looks: int = _LOOKS_BEFORE_GIVING_UP
    ) -> NotYetThereError | RejectedError:
        """Return how an attempt ends to which Graph does not show what it made: a later one looks, or it is missing.

        Args:
            problem: what is not shown.
            missing: how the meeting fails when it stays so.
            looks: how many later attempts look again.
        """
        gives_up = self.meeting.progress.not_found_yet >= looks
        return missing if gives_up else NotYetThereError(problem)

    async def checkpoint(self) -> None:
        """Record what Graph has made, if the record lacks it, and extend the claim. Raises as `write`."""
        if (self.outcome, self.applied) != (self.meeting.outcome, self.meeting.applied):
            await self.stretch()

    async def stretch(self) -> None:
        """Extend the claim for the next step. Raises as `write`."""
        now = self.clock()
        await self.write(claim=Claim(owner=self._owner, expires_at=now + CLAIM), updated_at=now)

    async def write(self, **update: Any) -> None:
        """Update the record, if the claim on it is still ours and its version still the one that was claimed.

        Raises:
            ClaimLostError: another attempt has the claim.
            SupersededError: a newer version is requested; the claim is released.
        """
        owner, version = self._owner, self.meeting.version
        update |= {
            "outcome": self.outcome,
            "applied": self.applied,
            "organizer": self.organizer,
            "organizer_id": self.organizer_id,
            "reserved": self.reserved,
            "room": self.room,
            "passed_over": self.passed_over,
        }

        async def change(latest: Meeting) -> Meeting:
            if latest.claim is None or latest.claim.owner != owner:
                raise ClaimLostError("another attempt has the claim on the meeting")
            if latest.version == version:
                return latest.changed(**update)
            effects = {name: update[name] for name in _EFFECTS if name in update}
            return latest.changed(**effects, claim=None)

        try:
            self.meeting = await self.ledger.write(self.meeting, self.meeting.changed(**update))
        except ConflictError:
            _, self.meeting = await self.ledger.update(self.meeting.id, change)
        if self.meeting.version != version:
            raise SupersededError(self.meeting)

    @property
    def _owner(self) -> str:
        return self.meeting.claim.owner if self.meeting.claim else ""
