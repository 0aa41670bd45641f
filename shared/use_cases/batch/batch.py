"""The use case: accept or reject each item of a batch by itself, several at a time."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from shared.access.origin import Origin
from shared.errors import InvalidRequestError, RequestTooLargeError, StorageUnavailableError
from shared.meeting_request import LARGEST_REQUEST
from shared.use_cases.acceptance import Acceptance, Accepted
from shared.use_cases.batch.csv_rows import in_row
from shared.use_cases.batch.items import TOO_LARGE, BatchItem, raise_faults
from shared.use_cases.for_each import for_each

# Azure's load balancer gives up after 230 s (https://learn.microsoft.com/azure/azure-functions/functions-scale#timeout);
# if the storage is slow, the caller gets the outcomes before that.
_LONGEST_SECONDS = 90.0

# An answer to invalid requests has at most 256 KiB: this for the faults of all items, as much for the words that repeat
# the first of each, and the rest for what every item has.
_ROOM_FOR_FAULTS = 96 * 1024
# How many faults of each item are listed, and how long each may be in UTF-16 code units, where all have no room.
_FEWER_FAULTS = ((10, 300), (1, 300), (1, 64))


class Batch:
    """Accepts items. It raises nothing: the error of an item is its outcome."""

    def __init__(self, acceptance: Acceptance, longest_seconds: float = _LONGEST_SECONDS) -> None:
        self._acceptance = acceptance
        self._longest_seconds = longest_seconds
        self._turn = asyncio.Lock()

    async def accept(self, items: Sequence[BatchItem], origin: Origin) -> list[Accepted | Exception]:
        """Return the outcome of each item, in order: accepted, or the error that a single request would raise.

        Items with the same key are accepted one after the other, so that the first one counts.
        """
        outcomes: dict[int, Accepted | Exception] = {}
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + self._longest_seconds

        async def in_turn(indexes: list[int]) -> None:
            for index in indexes:
                if loop.time() < ends_at:
                    outcomes[index] = await self._outcome(items[index], origin)
                else:
                    late = "the batch took too long, and this item was not started"
                    outcomes[index] = StorageUnavailableError(late)

        turns: defaultdict[str | int, list[int]] = defaultdict(list)
        for index, item in enumerate(items):
            turns[index if item.key is None else item.key].append(index)
        await for_each(turns.values(), in_turn)
        return _in_one_answer([outcomes[index] for index in range(len(items))])

    async def _outcome(self, item: BatchItem, origin: Origin) -> Accepted | Exception:
        async with self._turn:  # items are checked one at a time, and other requests get a turn in between
            await asyncio.sleep(0)
        try:
            return await self._accept(item, origin)
        except Exception as error:  # noqa: BLE001 - the trigger answers the caller, and logs unexpected errors
            return error

    async def _accept(self, item: BatchItem, origin: Origin) -> Accepted:
        if any(fault.code == TOO_LARGE for fault in item.faults) or _size(item) > LARGEST_REQUEST:
            raise RequestTooLargeError(f"A request of a batch has at most {LARGEST_REQUEST} bytes")
        try:
            if item.faults:
                raise_faults(item)
            return await self._acceptance.accept(item.document, replace(origin, key=item.key))
        except InvalidRequestError as error:
            raise error.placed(lambda fault: in_row(item, fault)) from error


def _in_one_answer(outcomes: list[Accepted | Exception]) -> list[Accepted | Exception]:
    """Return outcomes whose faults fit into one answer: only the first ones of each item, if there are too many."""
    fitting = outcomes
    for most, longest in _FEWER_FAULTS:
        if sum(each.size for each in fitting if isinstance(each, InvalidRequestError)) <= _ROOM_FOR_FAULTS:
            break
        fitting = [each.first(most, longest) if isinstance(each, InvalidRequestError) else each for each in outcomes]
    return fitting


def _size(item: BatchItem) -> int:
    text = json.dumps(item.document, ensure_ascii=False, separators=(",", ":"))
    return len(text.encode(errors="surrogatepass"))
