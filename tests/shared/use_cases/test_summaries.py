"""The summary: exact counts, of what the caller sees, at a bounded cost."""

from datetime import timedelta

import pytest

from shared.access.callers import ANYBODY, Caller
from shared.meeting import MeetingError, Status
from shared.meeting.ledger import Ledger
from shared.use_cases.summaries import MOST, Summaries
from tests.app_fixture import World
from tests.examples import CALENDAR, NOW, STANDALONE, queued_meeting
from tests.fakes import InMemoryTable


async def failed(ledger: Ledger, number: int, code: str, caller: str | None = None, partitions: int = 16) -> None:
    error = MeetingError(code=code, message="", remedy="")
    await ledger.insert(
        queued_meeting(
            id=f"{number % partitions:x}0000000-0000-5000-8000-{number:012x}",
            status=Status.FAILED,
            error=error,
            caller=caller,
            reported=True,
            created_at=NOW + timedelta(seconds=number),
        )
    )


async def test_every_meeting_counts_where_it_stands() -> None:
    """By status, and by reason."""
    world = World()
    await world.made(CALENDAR)
    await world.accept(STANDALONE)
    for _ in range(2):
        await world.settle()
    missing = await world.accept(CALENDAR | {"organizer": "Nobody@contoso.com"})
    await world.settle()
    summary = await world.app.summaries.summarize(ANYBODY)
    reason = (await world.ledger.read(missing.id)).error
    assert reason is not None
    assert summary.by_status == dict.fromkeys(Status, 0) | {Status.SUCCEEDED: 2, Status.FAILED: 1}
    assert summary.by_error_code == {reason.code: 1}
    await world.app.changes.cancel(missing.id, None)
    await world.settle()
    summary = await world.app.summaries.summarize(ANYBODY)
    assert (summary.by_status[Status.CANCELLED], summary.by_error_code) == (1, {})


async def test_a_caller_counts_its_own() -> None:
    """Whoever does not see all meetings gets no number of theirs."""
    ledger = Ledger(InMemoryTable())
    for number in range(5):
        await failed(ledger, number, "gaveUp" if number < 3 else "crashed", "a" if number % 2 else "b")
    mine = await Summaries(ledger).summarize(Caller("a", sees_all=False))
    assert (mine.by_status[Status.FAILED], mine.by_error_code) == (2, {"gaveUp": 1, "crashed": 1})


@pytest.mark.parametrize("partitions", [1, 16])
async def test_the_cost_does_not_grow_with_the_ledger(partitions: int) -> None:
    """Of 3,000 that failed for one reason a bounded number of rows is read; a rare reason behind them is found."""
    table = InMemoryTable()
    ledger = Ledger(table)
    for number in range(3000):
        await failed(ledger, number, "crashed", partitions=partitions)
    await failed(ledger, 3000, "gaveUp", partitions=partitions)
    table.rows_read = 0
    summary = await Summaries(ledger).summarize(ANYBODY)
    assert summary.by_status[Status.FAILED] == MOST
    assert summary.by_error_code == {"crashed": MOST, "gaveUp": 1}
    assert table.rows_read < 6000
