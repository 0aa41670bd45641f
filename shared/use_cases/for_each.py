"""Process many items, several at once; one that fails does not stop the others."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from shared.errors import IncompleteRunError, RowRefusedError, StorageUnavailableError, UnreadableRecordError
from shared.redaction import redacted_trace

CONCURRENCY = 16


@dataclass(frozen=True, slots=True)
class Failure[T]:
    """An item that failed, and how."""

    item: T
    error: Exception

    @property
    def fault(self) -> str:
        """Return what is logged: the message of an error that quotes no record, the redacted trace of any other."""
        known = isinstance(self.error, (StorageUnavailableError, RowRefusedError, UnreadableRecordError))
        return str(self.error) if known else redacted_trace(self.error)


@dataclass(frozen=True, slots=True)
class Outcomes[T, R]:
    """What became of the items.

    Attributes:
        results: of those that were done, in their order.
        failures: those that failed, in their order.
        skipped: how many were not begun, because the storage did not answer for as many as run at once.
    """

    results: list[R]
    failures: list[Failure[T]]
    skipped: int = 0


def raise_if_incomplete(failures: Sequence[Failure[Any]]) -> None:
    """Fail a run that has failures, once it has done all else, so that the host's metrics show it.

    Raises:
        StorageUnavailableError: the storage did not answer in one of them.
        IncompleteRunError: something else failed.
    """
    for failure in failures:
        if isinstance(failure.error, StorageUnavailableError):
            raise failure.error
    if failures:
        raise IncompleteRunError(f"{len(failures)} parts of the run failed; the log has a line for each")


async def for_each[T, R](items: Iterable[T], work: Callable[[T], Awaitable[R]]) -> Outcomes[T, R]:
    """Do `work` for each item, at most `CONCURRENCY` at once, and return the outcomes.

    An item that fails does not hold up the others. If the storage does not answer, the remaining items are skipped:
    each would wait for seconds.
    """
    slots = asyncio.Semaphore(CONCURRENCY)
    results: dict[int, R] = {}
    failures: dict[int, Failure[T]] = {}
    outages = 0

    async def do(place: int, item: T) -> None:
        nonlocal outages
        async with slots:
            if outages >= CONCURRENCY:
                return
            try:
                results[place] = await work(item)
            except Exception as error:  # noqa: BLE001 - whatever it is, the caller decides about it
                failures[place] = Failure(item, error)
                outages += isinstance(error, StorageUnavailableError)

    given = list(items)
    await asyncio.gather(*(do(place, item) for place, item in enumerate(given)))
    return Outcomes(
        [results[place] for place in sorted(results)],
        [failures[place] for place in sorted(failures)],
        len(given) - len(results) - len(failures),
    )
