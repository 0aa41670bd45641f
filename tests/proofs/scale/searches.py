"""What a page of a search costs in a small ledger and in a large one: `python -m tests.proofs.scale.searches SIZE ...`.

The ledger's own index keys, sorted; a record is made when it is read. So a million meetings fit into a gigabyte.
"""

import asyncio
import sys
import uuid
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import override

from shared.access.callers import ANYBODY
from shared.meeting import Meeting, Progress, Status
from shared.meeting.criteria import Criteria, Field
from shared.meeting.ledger import Ledger
from shared.meeting.ledger_rows import index_keys
from shared.meeting.requested_start import parse_instant
from shared.storage import Row
from shared.storage.records import PARTITIONS
from shared.use_cases.summaries import Summaries
from tests.fakes import InMemoryTable

_FIRST = datetime(2027, 1, 1, tzinfo=UTC)
_MEETINGS_OF_AN_ORGANIZER = 100
_YEAR = 365 * 24 * 4  # quarters of an hour
_DAY = (parse_instant("2027-06-01"), parse_instant("2027-06-02"))
ORGANIZER = "user0@contoso.com"
SEARCHES = {
    "`organizer`": Criteria(Field.ORGANIZER, ORGANIZER),
    "`status=failed`": Criteria(status=Status.FAILED),
    "`status=queued`, of which there is none": Criteria(status=Status.QUEUED),
    "a day": Criteria(starts_from=_DAY[0], starts_before=_DAY[1]),
    "`organizer` and `status=failed`": Criteria(Field.ORGANIZER, ORGANIZER, Status.FAILED),
    "a day and `status=failed`": Criteria(status=Status.FAILED, starts_from=_DAY[0], starts_before=_DAY[1]),
    "`organizer` and a day": Criteria(Field.ORGANIZER, ORGANIZER, None, *_DAY),
}


def meeting(number: int) -> Meeting:
    """Return one of the meetings: a hundred of each organizer, one in ten failed, over the quarters of a year."""
    start = _FIRST + timedelta(minutes=15 * (number * 7919 % _YEAR))
    times = {"dateTime": start.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"}
    organizer = f"user{number // _MEETINGS_OF_AN_ORGANIZER}@contoso.com"
    return Meeting(
        id=str(uuid.UUID(int=(number * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2**128, version=4)),
        kind="calendar",
        organizer=organizer,
        reference=None,
        request={"organizer": organizer, "subject": "Prep", "start": times, "end": times},
        fingerprint="f",
        status=Status.SUCCEEDED if number % 10 else Status.FAILED,
        version=1,
        created_at=_FIRST + timedelta(seconds=number),
        updated_at=_FIRST,
        progress=Progress(version_started_at=_FIRST),
        reported=True,
    )


class SortedKeys(InMemoryTable):
    """The table of a ledger with so many meetings."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._numbers: dict[str, int] = {}
        self._keys: dict[str, list[str]] = {partition: [] for partition in PARTITIONS}
        for number in range(size):
            each = meeting(number)
            self._numbers[each.id] = number
            self._keys[each.id[0]] += index_keys(each)
        for keys in self._keys.values():
            keys.sort()

    @override
    async def read(self, partition: str, key: str) -> Row | None:
        made = InMemoryTable()
        await Ledger(made).insert(meeting(self._numbers[key.rpartition(".")[2]]))
        await super().read(partition, key)
        return await made.read(partition, key)

    @override
    async def read_range(self, partition: str, first: str, last: str, limit: int) -> list[Row]:
        await super().read_range(partition, first, last, limit)
        keys = self._keys[partition]
        start = bisect_right(keys, first)
        found = keys[start : min(bisect_left(keys, last), start + limit)]
        self.rows_read += len(found)
        return [Row(key) for key in found]


async def costs(size: int) -> dict[str, int]:
    """Return how many operations of the storage a page of each search takes, and the summary."""
    table = SortedKeys(size)
    ledger = Ledger(table)
    counts: dict[str, int] = {}
    for name, criteria in SEARCHES.items():
        before = table.operations
        await ledger.search(criteria, 25)
        counts[name] = table.operations - before
    before = table.operations
    await Summaries(ledger).summarize(ANYBODY)
    return counts | {"the summary": table.operations - before}


def main(sizes: Sequence[int]) -> None:
    """Print a row of the table for each search."""
    measured = [asyncio.run(costs(size)) for size in sizes]
    for name in measured[0]:
        figures = " | ".join(f"{each[name]:,}" for each in measured)
        sys.stdout.write(f"| {name} | {figures} |\n")


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]])
