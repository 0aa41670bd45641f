"""A quota: exact, whatever fails or runs at once."""

import asyncio
import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.access.callers import Caller
from shared.errors import ConflictError, QuotaExceededError, StorageUnavailableError
from shared.storage import Operation
from shared.use_cases.quotas import Quotas
from tests.fakes import Clock, InMemoryTable


def caller(caller_id: str, limit: int) -> Caller:
    return Caller(caller_id, meetings_per_day=limit, sees_all=False)


class LosingAnswers(InMemoryTable):
    """A table whose first answer to a write is lost, after which the SDK sends it again."""

    lost = False

    async def write(self, partition: str, operations: Sequence[Operation]) -> list[str]:
        etags = await super().write(partition, operations)
        if not self.lost:
            self.lost = True
            raise ConflictError("the row is as the lost write left it")
        return etags


async def test_each_caller_has_a_counter_of_its_own() -> None:
    """What one has had is not another's."""
    quotas = Quotas(InMemoryTable(), Clock())
    await quotas.count(caller("a", 1), "m1")
    await quotas.count(caller("b", 1), "m2")
    with pytest.raises(QuotaExceededError):
        await quotas.count(caller("a", 1), "m3")


async def test_a_meeting_is_counted_once() -> None:
    """Told twice, because a request came again after its record could not be written."""
    quotas = Quotas(InMemoryTable(), Clock())
    for _ in range(5):
        await quotas.count(caller("a", 2), "m1")
    await quotas.count(caller("a", 2), "m2")
    with pytest.raises(QuotaExceededError):
        await quotas.count(caller("a", 2), "m3")


async def test_a_lost_answer_of_the_storage_costs_nothing() -> None:
    """The count that was written without a word is found, and not made again."""
    quotas = Quotas(LosingAnswers(), Clock())
    await quotas.count(caller("a", 2), "m1")
    await quotas.count(caller("a", 2), "m2")
    with pytest.raises(QuotaExceededError):
        await quotas.count(caller("a", 2), "m3")


async def test_without_storage_nothing_is_accepted() -> None:
    """A quota that cannot be counted is not a quota that is open."""
    table = InMemoryTable()
    table.broken = True
    with pytest.raises(StorageUnavailableError):
        await Quotas(table, Clock()).count(caller("a", 2), "m1")


async def test_one_row_for_a_caller_whatever_the_day() -> None:
    """The storage does not grow with the days, nor with the meetings."""
    table, clock = InMemoryTable(), Clock()
    quotas = Quotas(table, clock)
    for number in range(1000):
        await quotas.count(caller("a", 1000), f"{number:036}")
    clock.advance(days=1)
    await quotas.count(caller("a", 1000), "m")
    [row] = [row for rows in table.partitions.values() for row in rows.values()]
    assert (row.values["count"], json.loads(str(row.values["document0"]))["latest"]) == (1, ["m"])


@given(st.lists(st.integers(0, 12), max_size=40), st.integers(1, 8), st.integers(1, 3))
async def test_never_more_and_never_less(meetings: list[int], limit: int, instances: int) -> None:
    """Any meetings in any order over any instances: as many different ones as the limit has, or all of them."""
    table, clock = InMemoryTable(), Clock()
    quotas = [Quotas(table, clock) for _ in range(instances)]
    counts = (quotas[n % instances].count(caller("a", limit), f"m{meeting}") for n, meeting in enumerate(meetings))
    done = await asyncio.gather(*counts, return_exceptions=True)
    let_in = {meeting for meeting, outcome in zip(meetings, done, strict=True) if outcome is None}
    assert len(let_in) == min(limit, len(set(meetings)))
