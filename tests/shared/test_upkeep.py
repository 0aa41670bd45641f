"""Upkeep: what stalled moves again, what was not told is told, what is old is forgotten."""

from datetime import timedelta

import pytest

from shared.errors import MeetingNotFoundError, StorageUnavailableError
from shared.meeting import Claim, Status
from shared.upkeep import UpkeepReport
from tests.world import CALENDAR, World


async def test_a_lost_message_is_sent_again() -> None:
    """A meeting whose message vanished is woken, and made."""
    world = World()
    meeting = await world.accept(CALENDAR)
    world.requests.take()
    assert await world.app.upkeep.run() == UpkeepReport(0, 0, 0)
    world.clock.advance(seconds=31)
    assert await world.app.upkeep.run() == UpkeepReport(1, 0, 0)
    await world.settle()
    assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED


async def test_a_backlog_is_not_a_loss() -> None:
    """While older messages wait, a waiting meeting is left alone: sending more would only lengthen the queue."""
    world = World()
    for _ in range(10):
        await world.accept(CALENDAR)
    world.clock.advance(minutes=2)
    assert (await world.app.upkeep.run()).woken == 0
    world.clock.advance(minutes=9)
    assert (await world.app.upkeep.run()).woken == 10


async def test_a_dead_claim_is_taken_away() -> None:
    """A meeting whose worker died is queued again once the claim has run out, and the death is counted."""
    world = World()
    meeting = await world.accept(CALENDAR)
    world.requests.take()
    claim = Claim(owner="dead", expires_at=world.clock() + timedelta(seconds=60))
    stored = await world.ledger.read(meeting.id)
    await world.ledger.write(stored, stored.changed(status=Status.RUNNING, claim=claim, uncertain_since=1))
    world.clock.advance(seconds=59)
    assert (await world.app.upkeep.run()).woken == 0
    world.clock.advance(seconds=2)
    assert (await world.app.upkeep.run()).woken == 1
    woken = await world.ledger.read(meeting.id)
    assert (woken.status, woken.claim, woken.crashes) == (Status.QUEUED, None, 1)


async def test_who_looks_at_a_stalled_meeting_wakes_it() -> None:
    """A meeting whose message or worker is gone need not wait for the next run; one that is in order is left alone."""
    world = World()
    meeting = await world.accept(CALENDAR)
    world.requests.take()
    await world.app.upkeep.look_after(await world.ledger.read(meeting.id))
    assert not world.requests.messages
    world.clock.advance(seconds=31)
    for _ in range(3):
        await world.app.upkeep.look_after(await world.ledger.read(meeting.id))
    assert len(world.requests.messages) == 1
    await world.settle()
    done = await world.ledger.read(meeting.id)
    assert done.status is Status.SUCCEEDED
    world.clock.advance(days=1)
    await world.app.upkeep.look_after(done)
    assert not world.requests.messages


async def test_an_unsent_result_is_sent() -> None:
    """A death between the record and the result loses nothing."""
    world = World()
    meeting = await world.accept(CALENDAR)
    world.results.broken = True
    [text] = world.requests.take()
    with pytest.raises(StorageUnavailableError):
        await world.app.intake.take(text, None)
    assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED
    world.results.broken = False
    world.clock.advance(seconds=31)
    assert await world.app.upkeep.run() == UpkeepReport(0, 1, 0)
    assert await world.app.upkeep.run() == UpkeepReport(0, 0, 0)
    assert len(world.results.messages) == 1


async def test_retention_forgets_only_what_is_finished() -> None:
    """A finished meeting is forgotten after RETENTION with all that led to it; an unfinished one never."""
    world = World({"RETENTION": "P1D", "GIVE_UP_AFTER": "P365D"})
    done = await world.made(CALENDAR)
    waiting = await world.accept(CALENDAR)
    world.clock.advance(hours=23)
    assert (await world.app.upkeep.run()).forgotten == 0
    world.clock.advance(hours=2)
    assert (await world.app.upkeep.run()).forgotten == 1
    with pytest.raises(MeetingNotFoundError):
        await world.ledger.read(done.id)
    assert not [key for rows in world.table.partitions.values() for key in rows if done.id in key]
    assert (await world.ledger.read(waiting.id)).status is Status.QUEUED


async def test_the_work_does_not_grow_with_the_finished_meetings() -> None:
    """A run costs the same number of storage operations however many meetings are finished."""
    world = World()
    await world.app.upkeep.run()
    before = world.table.operations
    await world.app.upkeep.run()
    empty = world.table.operations - before
    for _ in range(30):
        await world.made(CALENDAR)
    before = world.table.operations
    await world.app.upkeep.run()
    assert world.table.operations - before == empty


async def test_the_log_tells_how_long_things_wait(caplog: pytest.LogCaptureFixture) -> None:
    """The figures that alerts and workbook read: the oldest message, the oldest one set aside, the oldest meeting."""
    caplog.set_level("INFO", "shared.upkeep")
    world = World()
    await world.accept(CALENDAR)
    await world.poison.send("set aside")
    world.clock.advance(seconds=40)
    await world.app.upkeep.run()
    assert caplog.messages == [
        "upkeep.done woken=0 reported=0 forgotten=0 backlogSeconds=40 poisonSeconds=40 stalledSeconds=40"
    ]
    caplog.clear()
    await World().app.upkeep.run()
    assert caplog.messages[0].endswith("backlogSeconds=0 poisonSeconds=0 stalledSeconds=0")
