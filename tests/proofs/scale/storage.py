"""The storage, as light as it can be: it counts what is asked of it, and lets each operation take its time.

A million meetings have to fit into memory: one that is accepted and untouched is no more than its moment, one that is
finished and told no more than a mark.
"""

import asyncio
import heapq
import random
from array import array
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from math import ceil
from typing import override

from shared.errors import ConflictError, MeetingNotFoundError
from shared.meeting import Meeting, Progress, Status
from shared.meeting.ledger import Ledger
from shared.meeting.ledger_rows import due_at
from shared.storage import Operation, QueuedMessage, Row
from shared.storage.records import PARTITIONS, IndexRow
from tests.fakes import InMemoryTable
from tests.proofs.scale.processor import work


@dataclass(slots=True)
class Wire:
    """The way to the storage account.

    Attributes:
        seconds: that an operation takes: one of these, by chance.
        operations: how many of each name were sent.
        chance: which one.
    """

    seconds: Sequence[float]
    operations: Counter[str]
    chance: random.Random

    async def send(self, operation: str) -> None:
        """Count an operation and let it take its time."""
        self.operations[operation] += 1
        await work(operation)
        await asyncio.sleep(self.chance.choice(self.seconds))


class LightQueue:
    """A queue: the app's side of it, and the host's, whose messages are gone once they are received."""

    def __init__(self, name: str, wire: Wire, clock: Callable[[], datetime], *, kept: bool = True) -> None:
        """Make a queue.

        Args:
            name: of its operations in the count.
            wire: the way to it.
            clock: returns the time.
            kept: messages are kept until they are received; a queue of results needs no more than their number.
        """
        self.sent = 0
        self.name = name
        self._wire = wire
        self._clock = clock
        self._kept = kept
        self._visible = deque[tuple[datetime, str]]()
        self._hidden: list[tuple[datetime, int, datetime, str]] = []
        self._numbers = count()

    async def send(
        self,
        text: str,
        delay: timedelta = timedelta(0),
        life: timedelta | None = None,  # noqa: ARG002 - every message is received in time
    ) -> None:
        await self._wire.send(f"put {self.name}")
        self.put(text, timedelta(seconds=ceil(delay.total_seconds())))

    async def oldest(self) -> datetime | None:
        await self._wire.send(f"peek {self.name}")
        self._show()
        return self._visible[0][0] if self._visible else None

    async def count(self) -> int:
        await self._wire.send(f"count {self.name}")
        return len(self._visible) + len(self._hidden)

    async def create(self) -> None:
        raise AssertionError("no queue is missing here")

    async def look_through(self, limit: int) -> list[QueuedMessage]:  # noqa: ARG002 - nothing crashes here
        await self._wire.send(f"look {self.name}")
        return []

    async def close(self) -> None:
        pass

    async def receive(self, most: int) -> list[str]:
        """Take up to `most` messages."""
        await self._wire.send(f"receive {self.name}")
        self._show()
        return [self._visible.popleft()[1] for _ in range(min(most, len(self._visible)))]

    async def delete(self) -> None:
        """Settle a message that was received."""
        await self._wire.send(f"delete {self.name}")

    def put(self, text: str, delay: timedelta = timedelta(0)) -> None:
        """Put a message, at no cost."""
        self.sent += 1
        if not self._kept:
            return
        self._show()
        now = self._clock()
        if delay:
            heapq.heappush(self._hidden, (now + delay, next(self._numbers), now, text))
        else:
            self._visible.append((now, text))

    def _show(self) -> None:
        now = self._clock()
        while self._hidden and self._hidden[0][0] <= now:
            _, _, put_at, text = heapq.heappop(self._hidden)
            self._visible.append((put_at, text))


class LightTable(InMemoryTable):
    """The real in-memory table behind the wire: it holds what instances tell each other of mailboxes."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    @override
    async def read(self, partition: str, key: str) -> Row | None:
        await self._wire.send("read Mailboxes")
        return await super().read(partition, key)

    @override
    async def read_range(self, partition: str, first: str, last: str, limit: int) -> list[Row]:
        await self._wire.send("read Mailboxes")
        return await super().read_range(partition, first, last, limit)

    @override
    async def write(self, partition: str, operations: Sequence[Operation]) -> list[str]:
        await self._wire.send("write Mailboxes")
        return await super().write(partition, operations)


_TOLD = "told"


class LightLedger(Ledger):
    """The ledger without its table: records with etags, and what is due; nothing is found by anything else.

    Attributes:
        waits: how long each meeting took from its acceptance to its end, in seconds.
        ends: when that was.
        all_ended: is done when all have.
    """

    def __init__(self, wire: Wire, template: Meeting, organizers: array[int], clock: Callable[[], datetime]) -> None:
        """Make a ledger for so many meetings as there are organizers of theirs.

        Args:
            wire: the way to it.
            template: a meeting as it is when it was accepted.
            organizers: the number of each meeting's organizer.
            clock: returns the time.
        """
        self.waits = array("d", bytes(8 * len(organizers)))
        self.ends = array("d", bytes(8 * len(organizers)))
        self.all_ended = asyncio.get_running_loop().create_future()
        self._left = len(organizers)
        self._wire = wire
        self._template = template
        self._organizers = organizers
        self._clock = clock
        self._states: list[Meeting | datetime | str | None] = [None] * len(organizers)
        self._due: list[tuple[datetime, str]] = []
        self._etags = count(1)

    def accepted(self, number: int) -> Meeting:
        """Return a meeting to be, as `shared.use_cases.acceptance` makes it."""
        return self._untouched(number, self._clock())

    def place(self, meeting: Meeting) -> None:
        """Put a new meeting there, at no cost."""
        number = number_of(meeting.id)
        if self._states[number] is not None:
            raise ConflictError("there is one")
        self._states[number] = meeting.created_at
        self._note_due(meeting)

    @override
    async def insert(self, record: Meeting) -> Meeting:
        await self._wire.send("insert Meetings")
        self.place(record)
        if record.claim is None and record.progress.next_attempt_at is None:
            return record
        record = record.changed(etag=str(next(self._etags)))
        self._states[number_of(record.id)] = record
        return record

    @override
    async def read(self, record_id: str) -> Meeting:
        await self._wire.send("read Meetings")
        number = number_of(record_id)
        state = self._states[number]
        match state:
            case Meeting():
                return state
            case datetime():
                return self._untouched(number, state)
            case None:
                raise MeetingNotFoundError(record_id)
            case _:
                return self._template.changed(id=record_id, status=Status.SUCCEEDED, reported=True)

    @override
    async def write(self, before: Meeting, after: Meeting) -> Meeting:
        await self._wire.send(f"{_kind_of_write(before, after)} Meetings")
        number = number_of(after.id)
        state = self._states[number]
        etag = state.etag if isinstance(state, Meeting) else "" if isinstance(state, datetime) else _TOLD
        if before.etag != etag:
            raise ConflictError("it is not as it was read")
        if after.finished and not before.finished:
            self.waits[number] = (self._clock() - after.created_at).total_seconds()
            self.ends[number] = asyncio.get_running_loop().time()
        after = after.changed(etag=str(next(self._etags)))
        if after.finished and after.reported:
            await self._wire.send("delete Meetings")  # the wake-up row, by itself
            self._states[number] = _TOLD
            self._left -= 1
            if not self._left:
                self.all_ended.set_result(None)
        else:
            self._states[number] = after
        self._note_due(after)
        return after

    @override
    async def led_to(self, row: IndexRow) -> Meeting | None:
        return await self.read(row.record_id)

    @override
    async def due(self, now: datetime, limit: int) -> list[IndexRow]:
        found: list[IndexRow] = []
        while self._due and self._due[0][0] < now and len(found) < limit:
            due, meeting_id = heapq.heappop(self._due)
            number = number_of(meeting_id)
            state = self._states[number]
            now_due = self._untouched(number, state) if isinstance(state, datetime) else state
            if isinstance(now_due, Meeting) and due_at(now_due) == due:
                found.append(IndexRow(meeting_id))
        await self._ask_every_partition()
        return found

    @override
    async def unsent(self, now: datetime, limit: int, sink: str | None = None) -> list[IndexRow]:
        for _ in range(1 if sink is None else 2):
            await self._ask_every_partition()
        return []

    @override
    async def finished_before(self, cutoff: datetime, limit: int) -> list[IndexRow]:
        await self._ask_every_partition()
        return []

    async def _ask_every_partition(self) -> None:
        await asyncio.gather(*(self._wire.send("read Meetings") for _ in PARTITIONS))

    def _note_due(self, meeting: Meeting) -> None:
        if not meeting.finished and (due := due_at(meeting)) is not None:
            heapq.heappush(self._due, (due, meeting.id))

    def _untouched(self, number: int, moment: datetime) -> Meeting:
        return self._template.changed(
            id=meeting_id(number),
            organizer=f"user{self._organizers[number]}@contoso.com",
            created_at=moment,
            updated_at=moment,
            progress=Progress(version_started_at=moment),
        )


def _kind_of_write(before: Meeting, after: Meeting) -> str:
    """Return what costs differently: a change of the status moves rows that lead to the record."""
    if after.status == before.status:
        return "replace"
    return "end" if after.finished else "claim"


def meeting_id(number: int) -> str:
    """Return the id of a meeting by its number."""
    return f"{number:08x}-0000-4000-8000-000000000000"


def number_of(meeting_id: str) -> int:
    """Return the number of a meeting by its id."""
    return int(meeting_id[:8], 16)
