"""What lies in the poison queue is tried alone once more: what only ran beside the one that kills is done after all."""

import json
import sys
from datetime import timedelta
from typing import Any

import pytest

from shared.access.origin import Origin
from shared.errors import StorageUnavailableError
from shared.meeting import Meeting, Status
from shared.meeting.ledger import Field
from shared.meeting.messages import ProvisionMeeting
from shared.use_cases import isolation
from shared.use_cases.provision.claiming import MAX_CRASHES
from tests.app_fixture import World
from tests.examples import CALENDAR

KEYED = json.dumps(CALENDAR | {"idempotencyKey": "k"})
REQUESTED = json.dumps(
    {"specversion": "1.0", "type": "meeting.requested", "source": "/booking", "id": "4711", "data": CALENDAR}
)


class Death(BaseException):
    """The process ends here: nothing catches it, and nothing of it runs any more."""


def counted(world: World) -> list[int]:
    """Return the deaths of the messages that are counted."""
    rows = (row for partition in world.table.partitions.values() for row in partition.values())
    return [int(row.values["deaths"]) for row in rows if "deaths" in row.values]


async def failed(world: World) -> list[Meeting]:
    return list((await world.ledger.find(Field.STATUS, "failed", 100)).items)


def set_aside(world: World, text: str) -> None:
    """Put a message where the host puts it after its deaths, alone or not."""
    world.poison.put(text, life=timedelta(days=7))


async def die_at(world: World, text: str, times: int) -> None:
    """Run the timer that tries messages on so many hosts that die when they read this one."""
    for _ in range(times):
        host = world.new_host()
        handle = host.message_handler.receive

        async def deadly(given: str, *rest: Any, handle: Any = handle) -> str | None:
            if given == text:
                raise Death
            return await handle(given, *rest)

        host.message_handler.receive = deadly  # type: ignore[method-assign]
        end = host.crash_recorder._poisoned.end
        host.crash_recorder._poisoned.end = _unless_dead(end)  # type: ignore[method-assign]
        try:
            await host.crash_recorder.run()
        except Death:
            continue


def _unless_dead(end: Any) -> Any:
    """Return an `end` that a process does not reach that has died."""

    async def ended(*given: Any, **named: Any) -> None:
        if not isinstance(sys.exception(), Death):
            await end(*given, **named)

    return ended


@pytest.mark.parametrize("text", [json.dumps(CALENDAR), KEYED, REQUESTED])
async def test_a_request_is_accepted_after_all(text: str) -> None:
    """Once, however often and by however many the message is seen; it stays in the queue."""
    world = World()
    set_aside(world, text)
    for host in (world.app, world.new_host(), world.new_host()):
        await host.crash_recorder.run()
    await world.settle()
    await world.new_host().crash_recorder.run()
    assert len(world.events()) == 1
    assert not await failed(world)
    assert len(world.poison.messages) == 1
    assert not counted(world)


async def test_a_meeting_is_asked_for_again() -> None:
    """Its message was set aside beside the one that kills; it has never died itself."""
    world = World()
    meeting = await world.accept(CALENDAR)
    [text] = world.requests.take()
    set_aside(world, text)
    await world.app.crash_recorder.run()
    await world.settle()
    await world.new_host().crash_recorder.run()
    assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED
    assert not world.requests.messages


async def test_a_meeting_that_died_alone_has_crashed() -> None:
    """It is not asked for again: the record of the meeting has its deaths."""
    world = World()
    meeting = await world.accept(CALENDAR)
    world.requests.take()
    record = await world.ledger.read(meeting.id)
    await world.ledger.write(record, record.progressed(crashes=MAX_CRASHES + 1))
    set_aside(world, ProvisionMeeting.of(meeting).encode())
    await world.app.crash_recorder.run()
    [crashed] = await failed(world)
    assert crashed.error is not None
    assert (crashed.id, crashed.error.code) == (meeting.id, "crashed")


@pytest.mark.parametrize("kind", ["meeting.updated", "meeting.cancelled"])
async def test_a_change_is_made_after_all(kind: str) -> None:
    """A patch and a cancellation, with nothing failed beside them."""
    world = World()
    meeting = await world.made(CALENDAR)
    data = {"id": meeting.id} | ({"patch": {"subject": "New"}} if kind == "meeting.updated" else {})
    set_aside(world, json.dumps({"specversion": "1.0", "type": kind, "source": "/b", "id": "1", "data": data}))
    for host in (world.app, world.new_host()):
        await host.crash_recorder.run()
        await world.settle()
    changed = await world.ledger.read(meeting.id)
    assert changed.version == 2
    assert changed.status is (Status.CANCELLED if kind == "meeting.cancelled" else Status.SUCCEEDED)
    assert not await failed(world)


async def test_a_request_without_a_key_that_was_accepted_is_not_accepted_again() -> None:
    """Set aside it has another id: what asks for the same is the same."""
    world = World()
    text = json.dumps(CALENDAR)
    await world.app.message_handler.handle(text, "m1", world.clock())
    world.clock.advance(minutes=1)
    set_aside(world, text)
    await world.app.crash_recorder.run()
    await world.settle()
    assert len(world.events()) == 1
    assert not await failed(world)


async def test_what_kills_alone_as_often_as_it_may_has_crashed() -> None:
    """And not before; what lies beside it is done. Nobody tries it again after that."""
    world = World()
    other = json.dumps(CALENDAR | {"idempotencyKey": "other"})
    set_aside(world, KEYED)
    set_aside(world, other)
    await die_at(world, KEYED, MAX_CRASHES)
    assert counted(world) == [MAX_CRASHES]
    assert not await failed(world)
    await die_at(world, KEYED, 3)
    [crashed] = await failed(world)
    assert crashed.error is not None
    assert (crashed.error.code, crashed.request) == ("crashed", CALENDAR)
    await world.settle()
    [meeting] = (await world.ledger.find(Field.STATUS, "succeeded", 10)).items
    assert meeting.id == Origin(key="other").meeting_id


async def test_what_kills_its_own_recording_is_recorded_without_a_word_of_it() -> None:
    """It cannot even be read: a failed meeting says so, and the timer lives."""
    world = World()
    await world.set_aside(KEYED)
    for _ in range(3):
        host = world.new_host()

        async def deadly(*_: Any) -> None:
            raise Death

        host.crash_recorder.record = deadly  # type: ignore[method-assign]
        host.crash_recorder._poisoned.end = _unless_dead(host.crash_recorder._poisoned.end)  # type: ignore[method-assign]
        with pytest.raises(Death):
            await host.crash_recorder.run()
    await world.app.crash_recorder.run()
    [crashed] = await failed(world)
    assert crashed.error is not None
    assert (crashed.error.code, crashed.request, crashed.organizer) == ("crashed", None, None)


async def test_an_outage_is_no_death() -> None:
    """However often the storage does not answer while a message is tried, it is tried again."""
    world = World()
    set_aside(world, KEYED)
    for _ in range(2 * MAX_CRASHES):
        world.requests.broken = True
        with pytest.raises(StorageUnavailableError):
            await world.new_host().crash_recorder.run()
        world.requests.broken = False
    assert not counted(world)
    await world.app.crash_recorder.run()
    await world.settle()
    assert not await failed(world)
    assert len(world.events()) == 1


async def test_a_fault_of_ours_is_its_own(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing else ran that could have raised it: the message has crashed, and its words are not in the log."""
    world = World()
    set_aside(world, KEYED)

    async def broken(*_: Any) -> None:
        raise KeyError("Prep for customer meeting")

    world.app.message_handler.receive = broken  # type: ignore[method-assign,assignment]
    await world.app.crash_recorder.run()
    [crashed] = await failed(world)
    assert crashed.error is not None
    assert crashed.error.code == "crashed"
    assert "crash.raised builtins.KeyError" in caplog.text
    assert "Prep" not in caplog.text


async def test_where_others_do_not_end_the_next_run_tries_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is tried beside them, and the timer waits once, not for each message."""
    monkeypatch.setattr(isolation, "LONGEST_DRAIN_SECONDS", 0.01)
    world = World()
    set_aside(world, KEYED)
    set_aside(world, REQUESTED)
    async with world.app.message_handler._isolation.beside_others():
        await world.app.crash_recorder.run()
    assert not world.requests.messages
    await world.app.crash_recorder.run()
    assert len(world.requests.messages) == 2


async def test_the_count_is_forgotten_after_the_message() -> None:
    """The queue drops a message after seven days; its count follows when the next one is set aside."""
    world = World()
    await world.set_aside("nonsense")
    await world.app.crash_recorder.run()
    assert counted(world) == [MAX_CRASHES]
    world.clock.advance(days=8, seconds=1)
    set_aside(world, KEYED)
    await world.app.crash_recorder.run()
    assert not counted(world)
