"""for_each: bounded, in order, and past whatever fails."""

import asyncio

import pytest

from shared.errors import IncompleteRunError, RowRefusedError, StorageUnavailableError
from shared.use_cases.for_each import CONCURRENCY, Failure, for_each, raise_if_incomplete


async def test_what_fails_keeps_no_other_from_its_turn() -> None:
    """Results and failures come in the order of the items, whatever finished first."""

    async def work(number: int) -> int:
        await asyncio.sleep(-number / 1e6)
        if number % 3 == 0:
            raise ValueError(number)
        return number * 10

    outcomes = await for_each(range(10), work)
    assert outcomes.results == [10, 20, 40, 50, 70, 80]
    assert [failure.item for failure in outcomes.failures] == [0, 3, 6, 9]
    assert outcomes.skipped == 0


async def test_at_most_so_many_at_once() -> None:
    """The concurrency is a bound, and is used."""
    running = most = 0

    async def work(_: int) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1

    await for_each(range(100), work)
    assert most == CONCURRENCY


async def test_storage_that_is_away_ends_the_run_early() -> None:
    """Each call would wait seconds: what is begun fails, the rest is left. A row that is refused is no outage."""
    begun: list[int] = []

    async def away(number: int) -> None:
        begun.append(number)
        raise StorageUnavailableError

    outcomes = await for_each(range(100), away)
    assert (len(begun), len(outcomes.failures), outcomes.skipped) == (CONCURRENCY, CONCURRENCY, 100 - CONCURRENCY)

    async def refused(_: int) -> None:
        raise RowRefusedError

    assert len((await for_each(range(100), refused)).failures) == 100


@pytest.mark.parametrize(
    ("errors", "raised"),
    [
        ([ValueError(), StorageUnavailableError()], StorageUnavailableError),
        ([ValueError(), RowRefusedError()], IncompleteRunError),
    ],
)
def test_a_run_with_failures_fails_at_its_end(errors: list[Exception], raised: type[Exception]) -> None:
    """An outage is the more telling one."""
    with pytest.raises(raised):
        raise_if_incomplete([Failure("x", error) for error in errors])
    raise_if_incomplete([])


def test_a_failure_quotes_only_what_holds_no_record() -> None:
    """The words of an unforeseen error may be somebody's address, and do not reach the log."""
    assert "alex" not in Failure("x", ValueError("alex@contoso.com")).fault
    assert Failure("x", RowRefusedError("too large")).fault == "too large"
