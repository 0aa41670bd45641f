"""A request that comes through the queue: the delivery that records it makes it, unless its mailbox has no room."""

import asyncio
import json
from collections.abc import Sequence

import pytest

from shared.errors import ConflictError, StorageUnavailableError
from shared.meeting import Meeting, Status
from shared.meeting.ledger import Ledger
from shared.storage import Insert, Operation, Replace
from tests.app_fixture import World
from tests.examples import CALENDAR
from tests.fakes import InMemoryTable

MESSAGE = json.dumps(CALENDAR | {"idempotencyKey": "k"})


async def only(world: World) -> Meeting:
    [found] = [meeting async for meeting in world.ledger.all(lambda _: None)]
    return found


async def take(world: World, text: str = MESSAGE) -> None:
    await world.app.message_handler.handle(text, "m1", world.clock())


def world_over(table: InMemoryTable) -> World:
    world = World()
    world.table, world.ledger = table, Ledger(table)
    world.app = world.new_host()
    return world


async def test_one_delivery_makes_it() -> None:
    """In six operations, two of them transactions, of 15 rows: no message about the meeting is sent."""
    world = World()
    await take(world)
    made = await only(world)
    assert (made.status, made.attempts, made.reported) == (Status.SUCCEEDED, 1, True)
    counted = (world.table, world.mailboxes_table, world.requests, world.results)
    assert sum(each.operations for each in counted) == 6 + 16 + 1  # and this test's own look through the ledger
    assert (world.table.rows_written, world.table.transactions) == (15, 2)
    assert world.requests.operations == 0


async def test_one_whose_organizer_is_to_be_chosen() -> None:
    """A pool's meeting is recorded with its claim, too, before anybody is chosen."""
    world = World()
    pool = {"candidates": ["AlexW@contoso.com", "AdeleV@contoso.com"], "strategy": "first"}
    request = {name: value for name, value in CALENDAR.items() if name != "organizer"} | {"organizerPool": pool}
    await take(world, json.dumps(request))
    made = await only(world)
    assert (made.status, made.organizer, made.attempts) == (Status.SUCCEEDED, "AlexW@contoso.com", 1)


async def test_one_whose_mailbox_has_no_room_waits_in_the_queue() -> None:
    """Recorded, not claimed, with a message of its own; nothing is asked of Graph before its time."""
    world = World()
    world.fault({"times": 1, "action": {"status": 429, "retryAfter": "20"}})
    await take(world)
    asked, messages = len(world.tenant.requests), len(world.requests.messages)
    await take(world, json.dumps(CALENDAR | {"idempotencyKey": "another"}))
    waiting = min([each async for each in world.ledger.all(lambda _: None)], key=lambda each: each.attempts)
    assert (waiting.status, waiting.claim, waiting.attempts) == (Status.QUEUED, None, 0)
    assert waiting.progress.next_attempt_at
    assert (len(world.tenant.requests), len(world.requests.messages)) == (asked, messages + 1)
    world.clock.advance(seconds=60)
    await world.settle()
    assert (await world.ledger.read(waiting.id)).status is Status.SUCCEEDED
    assert len(world.events()) == 2


async def test_deliveries_at_once_make_one() -> None:
    """One of them records it; for the others it is there."""
    world = World()
    await asyncio.gather(*(take(world) for _ in range(6)))
    await world.settle()
    assert (await only(world)).attempts == 1
    assert len(world.events()) == 1


async def test_a_lost_answer_to_its_record_is_noticed() -> None:
    """The storage has written it, and refuses the same once more: the claim on it is this delivery's own."""

    class Forgetful(InMemoryTable):
        async def write(self, partition: str, operations: Sequence[Operation]) -> list[str]:
            etags = await super().write(partition, operations)
            if isinstance(operations[0], Insert):
                raise ConflictError("it is there")
            return etags

    world = world_over(Forgetful())
    await take(world)
    made = await only(world)
    assert (made.status, made.attempts) == (Status.SUCCEEDED, 1)


@pytest.mark.parametrize("after", [1, 61])
async def test_a_delivery_that_failed_comes_again(after: int) -> None:
    """While the claim holds the next one leaves it alone; afterwards it goes on. Either way there is one event."""

    class Troubled(InMemoryTable):
        away = False

        async def write(self, partition: str, operations: Sequence[Operation]) -> list[str]:
            if self.away and isinstance(operations[0], Replace):
                raise StorageUnavailableError("no")
            return await super().write(partition, operations)

    table = Troubled()
    world = world_over(table)
    table.away = True
    with pytest.raises(StorageUnavailableError):
        await take(world)
    table.away = False
    world.clock.advance(seconds=after)
    await take(world)
    assert (await only(world)).finished is (after > 60)
    world.clock.advance(seconds=120)
    await world.app.upkeep.run()
    await world.settle()
    assert (await only(world)).status is Status.SUCCEEDED
    assert len(world.events()) == 1


async def test_a_request_that_does_not_fit_is_refused() -> None:
    """As over HTTP: it becomes a failed meeting, and nothing is asked of Graph."""
    world = World()
    content = "\\" * 200_000
    await take(world, json.dumps(CALENDAR | {"body": {"contentType": "text", "content": content}}))
    refused = await only(world)
    assert refused.status is Status.FAILED
    assert not world.tenant.requests
