"""One attempt: what it writes while others change the meeting."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest

from shared.meeting import Claim, Meeting, Outcome
from shared.meeting.applied import Applied
from shared.meeting.ledger import Ledger
from shared.storage import Operation, Row
from shared.use_cases.provision.attempt import Attempt, ClaimLostError, SupersededError
from tests.app_fixture import World
from tests.examples import CALENDAR
from tests.fakes import InMemoryTable


@dataclass
class LosingTable:
    """A table at which somebody else is quicker: before each write comes one of `others`, until there are none."""

    inner: InMemoryTable
    others: list[Callable[[], Awaitable[object]]]

    async def read(self, partition: str, key: str) -> Row | None:
        return await self.inner.read(partition, key)

    async def read_range(self, partition: str, first: str, last: str, limit: int) -> list[Row]:
        return await self.inner.read_range(partition, first, last, limit)

    async def write(self, partition: str, operations: Sequence[Operation]) -> list[str]:
        if self.others:
            await self.others.pop(0)()
        return await self.inner.write(partition, operations)

    async def close(self) -> None:
        await self.inner.close()


async def claimed(world: World, others: list[Callable[[], Awaitable[object]]]) -> Attempt:
    """Return an attempt that loses a race to each of the others; it has made an event."""
    meeting = await world.accept(CALENDAR)
    claim = Claim(owner="me", expires_at=world.clock() + timedelta(seconds=60))
    meeting = await world.ledger.write(meeting, meeting.changed(claim=claim))
    ledger = Ledger(LosingTable(world.table, others))
    return Attempt(ledger, world.clock, meeting, None, Outcome(event_id="made"), Applied())


@pytest.mark.parametrize("changes", [1, 2, 3])
async def test_what_was_made_is_handed_to_the_latest_version(changes: int) -> None:
    """However many changes come before it is written down, the last one keeps its number and its request."""
    world = World()
    attempt: Attempt

    def change(number: int) -> Callable[[], Awaitable[object]]:
        return lambda: world.app.changes.patch(attempt.meeting.id, {"subject": f"change {number}"})

    attempt = await claimed(world, [change(number) for number in range(1, changes + 1)])
    with pytest.raises(SupersededError) as superseded:
        await attempt.write(claim=attempt.meeting.claim, updated_at=world.clock())
    stored = await world.ledger.read(attempt.meeting.id)
    assert superseded.value.latest == stored
    assert stored.version == 1 + changes
    assert (stored.request or {})["subject"] == f"change {changes}"
    assert (stored.claim, stored.outcome.event_id) == (None, "made")


async def test_who_notes_something_of_the_version_does_not_end_the_attempt() -> None:
    """The same version is written again, with what the other has noted."""
    world = World()
    attempt: Attempt

    async def note() -> None:
        meeting = await world.ledger.read(attempt.meeting.id)
        await world.ledger.write(meeting, meeting.changed(attempts=7))

    attempt = await claimed(world, [note, note])
    await attempt.write(updated_at=world.clock())
    assert attempt.meeting == await world.ledger.read(attempt.meeting.id)
    assert (attempt.meeting.attempts, attempt.meeting.outcome.event_id) == (7, "made")


@pytest.mark.parametrize("changed_before", [False, True])
async def test_whose_claim_was_taken_writes_nothing(changed_before: bool) -> None:  # noqa: FBT001
    """Somebody else works on the meeting, of this version or of the next."""
    world = World()
    attempt: Attempt

    async def change() -> Meeting:
        return await world.app.changes.patch(attempt.meeting.id, {"subject": "changed"})

    async def take() -> None:
        meeting = await world.ledger.read(attempt.meeting.id)
        claim = Claim(owner="another", expires_at=world.clock() + timedelta(seconds=60))
        await world.ledger.write(meeting, meeting.changed(claim=claim))

    attempt = await claimed(world, [change, take] if changed_before else [take])
    with pytest.raises(ClaimLostError):
        await attempt.write(claim=None, updated_at=world.clock())
    stored = await world.ledger.read(attempt.meeting.id)
    assert stored.claim
    assert (stored.claim.owner, stored.outcome.event_id) == ("another", None)
