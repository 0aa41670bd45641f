"""Every way in which a removal could go unnoticed: it is published, a little later."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.meeting import ObservedState, Status
from tests.app_fixture import World
from tests.examples import CALENDAR
from tests.shared.use_cases.watch.outlook import Outlook
from tests.shared.use_cases.watch.test_watch import START, TIMES, run, state

REMOVED = ["meeting.removed"]


async def watched() -> tuple[World, str]:
    """Return a world with a meeting that was looked at once, in a tenant that keeps nothing of a deleted event."""
    world = World()
    world.tenant.settings.deleted_events = "forgotten"
    meeting = await world.made(CALENDAR)
    await run(world, hours=6)
    world.results.take()
    return world, meeting.id


def published(world: World) -> list[str]:
    """Return the types of the events that came since the last call."""
    types = [event["type"] for event in world.results.events()]
    world.results.take()
    return types


@pytest.mark.parametrize(
    "fault",
    [
        {"path": "/events$", "action": {"status": 429, "retryAfter": "3600"}},
        {"path": "/events$", "action": {"status": 503, "retryAfter": "3600"}},
        {"path": "/events$", "times": 3, "action": {"status": 403}},
        {"path": r"/\$batch", "action": {"status": 504}},
    ],
)
async def test_the_proof_of_a_404_gets_no_answer(fault: Mapping[str, Any]) -> None:
    """Nothing is concluded until the search by the meeting's own property, and by its iCalUId, has found nothing."""
    world, meeting_id = await watched()
    Outlook(world).delete()
    world.fault(fault)
    assert (await run(world, hours=6)).looked == 0
    assert (published(world), state(await world.ledger.read(meeting_id))) == ([], ObservedState.AS_REQUESTED)
    world.fault()
    await run(world, hours=6)
    assert published(world) == REMOVED


class Forgetful(httpx.AsyncBaseTransport):
    """Graph, whose answer to a batch lacks its responses."""

    def __init__(self, world: World) -> None:
        self._graph = world.wires().graph

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("$batch"):
            return httpx.Response(200, content=json.dumps({"responses": []}), request=request)
        return await self._graph.handle_async_request(request)


async def test_a_batch_lacks_the_answer() -> None:
    """The next run asks again."""
    world, _ = await watched()
    Outlook(world).delete()
    world.clock.advance(hours=6)
    forgetful = world.new_host(replace(world.wires(), graph=Forgetful(world)))
    assert (await forgetful.watch.run()).looked == 0
    assert published(world) == []
    await run(world, minutes=5)
    assert published(world) == REMOVED


async def test_removed_after_the_last_look_before_the_end() -> None:
    """The look after the end sees it; where that one gets no answer, the next does."""
    world, meeting_id = await watched()
    world.clock.now = START + timedelta(minutes=59)
    assert (await run(world)).looked == 1
    Outlook(world).delete()
    world.fault({"path": "/events", "action": {"status": 429, "retryAfter": "600"}})
    assert (await run(world, minutes=5)).looked == 0
    world.fault()
    assert (await run(world, minutes=11)).looked == 1
    assert published(world) == REMOVED
    assert (await world.ledger.read(meeting_id)).look_at is None


async def test_refused_for_a_while_in_the_last_day() -> None:
    """A mailbox that Graph refuses to show is tried again after 15 minutes, not after six hours."""
    world, _ = await watched()
    world.clock.now = START - timedelta(hours=3)
    await run(world)
    Outlook(world).delete()
    world.fault({"path": "/events", "action": {"status": 403}})
    assert (await run(world, minutes=5)).looked == 0
    world.fault()
    assert (await run(world, minutes=5)).looked == 0
    assert (await run(world, minutes=10)).looked == 1
    assert published(world) == REMOVED


async def test_a_change_of_the_caller_finds_it_first() -> None:
    """The change fails with `eventDeleted`; the removal is published, too."""
    world, meeting_id = await watched()
    Outlook(world).delete()
    await world.app.changes.patch(meeting_id, {"subject": "Another subject"})
    await world.settle()
    failed = await world.ledger.read(meeting_id)
    assert (failed.status, failed.error and failed.error.code) == (Status.FAILED, "eventDeleted")
    world.results.take()
    await run(world, hours=6)
    assert published(world) == REMOVED


async def test_a_change_of_the_caller_waits_until_after_the_end() -> None:
    """Nobody looks meanwhile; the look that was due comes after the change."""
    world, meeting_id = await watched()
    world.clock.now = START + timedelta(minutes=30)
    await run(world)
    Outlook(world).cancel()
    world.fault({"path": "/events", "action": {"status": 503, "retryAfter": "3600"}})
    await world.app.changes.patch(meeting_id, {"importance": "high"})
    await world.deliver()
    assert (await run(world, minutes=31)).looked == 0
    world.fault()
    await world.settle()
    world.results.take()
    await run(world, hours=6)
    assert published(world) == REMOVED


async def test_removed_restored_and_removed_between_looks() -> None:
    """Each that outlasts a look is published; the one that was taken back between two looks is not."""
    world = World()
    await world.made(CALENDAR)
    await run(world, hours=6)
    world.results.take()
    outlook = Outlook(world)
    outlook.delete()
    outlook.restore()
    await run(world, hours=6)
    assert published(world) == []
    for act, expected in ((outlook.delete, REMOVED), (outlook.restore, ["meeting.changed"]), (outlook.delete, REMOVED)):
        act()
        await run(world, hours=6)
        assert published(world) == expected


async def test_moved_past_its_end_and_removed() -> None:
    """The organizer moves it to next week in the minute before its end, and deletes it there: the watch goes on."""
    world, _ = await watched()
    world.clock.now = START + timedelta(minutes=59)
    await run(world)
    outlook = Outlook(world)
    outlook.edit({name: at | {"dateTime": at["dateTime"].replace("-20T", "-28T")} for name, at in TIMES.items()})
    await run(world, hours=1)
    assert published(world) == ["meeting.changed"]
    outlook.delete()
    await run(world, hours=6)
    assert published(world) == REMOVED
