"""Forget: nothing of the meeting stays, its key is new, and a message that comes again makes nothing."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.access.callers import Caller
from shared.access.origin import Origin
from shared.errors import ChangeRefusedError, MeetingForgottenError, MeetingNotFoundError, StorageUnavailableError
from shared.ids import id_after, id_from_key
from shared.meeting import Meeting, Status
from shared.schedules import ScheduleStore
from shared.storage import Operation, Row
from shared.use_cases.backup import Backup
from tests.app_fixture import World
from tests.examples import CALENDAR, EXISTING, STANDALONE
from tests.fakes import InMemoryTable
from tests.http_client import InProcess

KEYED = CALENDAR | {"idempotencyKey": "K-1"}
EVENT = {"specversion": "1.0", "type": "meeting.requested", "source": "/booking", "id": "E-1", "data": CALENDAR}


def stored(world: World) -> list[str]:
    """Return the text of every row in the ledger's table, key and values."""
    return [f"{row.key} {row.values}" for rows in world.table.partitions.values() for row in rows.values()]


async def take(world: World, message: dict[str, Any], message_id: str, put_at: datetime) -> None:
    """Hand over a message of the queue, and what comes of it."""
    await world.app.message_handler.handle(json.dumps(message), message_id, put_at)
    await world.settle()


def raised(error: Exception) -> None:
    """Fail a test in which every record is readable."""
    raise error


async def alive(world: World) -> list[Meeting]:
    return [meeting async for meeting in world.ledger.all(raised)]


@pytest.mark.parametrize("request_", [CALENDAR | {"reference": "R-1"}, STANDALONE, EXISTING])
async def test_nothing_of_the_meeting_stays(request_: dict[str, Any]) -> None:
    """The table holds a marker with the meeting's id and two moments; Graph's own copy stays where it is."""
    world = World()
    meeting = await world.made(request_, "K-1")
    events = len(world.events())
    await world.app.forgetting.forget(meeting.id)
    rows = stored(world)
    assert len(rows) == 2
    assert all(meeting.id in row for row in rows)
    made = meeting.outcome
    words = [meeting.organizer, meeting.reference, made.join_url, made.event_id, request_.get("subject"), "K-1"]
    assert not [word for word in words if word for row in rows if word in row]
    with pytest.raises(MeetingNotFoundError):
        await world.ledger.read(meeting.id)
    with pytest.raises(MeetingNotFoundError):
        await world.app.forgetting.forget(meeting.id)
    assert await alive(world) == []
    assert len(world.events()) == events


async def test_what_has_no_end_is_not_forgotten() -> None:
    """Queued, or waiting for Graph: it would be made by nobody, or by somebody who knows nothing of it."""
    world = World()
    meeting = await world.accept(CALENDAR)
    with pytest.raises(ChangeRefusedError) as refused:
        await world.app.forgetting.forget(meeting.id)
    assert refused.value.code == "notFinished"
    await world.settle()
    assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED


TWO_SINKS = {"RESULT_TOPIC": "http://127.0.0.1:7073/api/events"}


async def test_its_result_is_sent_first(caplog: pytest.LogCaptureFixture) -> None:
    """Every finished version is told to every sink, also one that is forgotten before its result is sent."""
    world = World(TWO_SINKS)
    meeting = await world.accept(CALENDAR)
    world.results.broken = world.topic.broken = True
    await world.deliver()
    world.results.broken = world.topic.broken = False
    await world.app.forgetting.forget(meeting.id)
    for sink in (world.results, world.topic):
        assert [event["subject"] for event in sink.events()] == [meeting.id]
    assert not [line for line in caplog.messages if line.startswith("result.dropped")]


@pytest.mark.parametrize("away", [("queue",), ("topic",), ("queue", "topic")])
async def test_no_sink_prevents_it(away: tuple[str, ...], caplog: pytest.LogCaptureFixture) -> None:
    """What a sink that is away has not got is not sent, and the log says how many events that is."""
    world = World(TWO_SINKS)
    meeting = await world.accept(CALENDAR)
    world.results.broken, world.topic.broken = "queue" in away, "topic" in away
    await world.deliver()
    await world.app.forgetting.forget(meeting.id)
    assert [row for row in stored(world) if CALENDAR["subject"] in row] == []
    assert [line for line in caplog.messages if "dropped" in line] == [f"result.dropped {meeting.id} events=1"]
    await world.settle()
    await world.app.upkeep.run()


async def test_without_the_ledger_it_stays() -> None:
    """503 is an answer of the table, which has the record."""
    world = World()
    meeting = await world.made(CALENDAR)
    world.table.broken = True
    with pytest.raises(StorageUnavailableError):
        await world.app.forgetting.forget(meeting.id)
    world.table.broken = False
    assert (await world.ledger.read(meeting.id)).finished


async def test_the_key_is_new_and_leads_to_another_id() -> None:
    """Graph remembers the transaction id of the forgotten one: with the same id it would give back the old event."""
    world = World()
    ids: list[str] = []
    for _ in range(3):
        meeting = await world.made(CALENDAR, "K-1")
        again = await world.app.acceptance.accept(CALENDAR, Origin(key="K-1"))
        assert (again.meeting.id, again.replayed) == (meeting.id, True)
        ids.append(meeting.id)
        await world.app.forgetting.forget(meeting.id)
    first = id_from_key("", "K-1")
    assert ids == [first, id_after(first), id_after(id_after(first))]
    assert len(world.events()) == 3


async def test_the_key_may_bring_another_request() -> None:
    """Nobody knows any more what it came with."""
    world = World()
    await world.app.forgetting.forget((await world.made(CALENDAR, "K-1")).id)
    meeting = await world.made(CALENDAR | {"subject": "Another"}, "K-1")
    assert meeting.status is Status.SUCCEEDED


@pytest.mark.parametrize("message", [KEYED, EVENT, CALENDAR])
async def test_a_message_that_comes_again_makes_nothing(message: dict[str, Any]) -> None:
    """The host was ended before it deleted the message: it is about the meeting that was forgotten since then."""
    world = World()
    put_at = world.clock()
    await take(world, message, "1", put_at)
    [meeting] = await alive(world)
    world.clock.advance(minutes=1)
    await world.app.forgetting.forget(meeting.id)
    world.clock.advance(minutes=9)
    await take(world, message, "1", put_at)
    assert await alive(world) == []
    assert len(world.events()) == 1


@pytest.mark.parametrize("message", [KEYED, EVENT])
async def test_a_message_that_is_put_later_is_a_new_request(message: dict[str, Any]) -> None:
    """Its sender uses the key anew."""
    world = World()
    await take(world, message, "1", world.clock())
    [meeting] = await alive(world)
    await world.app.forgetting.forget(meeting.id)
    world.clock.advance(seconds=1)
    await take(world, message, "2", world.clock())
    [another] = await alive(world)
    assert (another.id, another.status) == (id_after(meeting.id), Status.SUCCEEDED)
    assert len(world.events()) == 2


async def test_other_messages_about_it_make_nothing() -> None:
    """The app's own note, a change and a cancellation that were on the queue before; later ones are faults."""
    world = World()
    meeting = await world.made(CALENDAR)
    changes = [
        EVENT | {"type": "meeting.updated", "data": {"id": meeting.id, "patch": {"subject": "Secret"}}},
        EVENT | {"type": "meeting.cancelled", "data": {"id": meeting.id}},
    ]
    put_at = world.clock()
    await world.app.forgetting.forget(meeting.id)
    world.clock.advance(seconds=1)
    for message in ({"meeting": meeting.id, "version": meeting.version}, *changes):
        await take(world, message, "1", put_at)
    assert await alive(world) == []
    await take(world, changes[0], "2", world.clock())
    [refused] = await alive(world)
    assert refused.error
    assert refused.error.errors[0].code == "unknownMeeting"


async def test_a_refused_message_is_forgotten_for_good() -> None:
    """What could not become a meeting holds words of its sender too."""
    world = World()
    put_at = world.clock()
    wrong = {"subject": "Secret"}
    await take(world, wrong, "1", put_at)
    [refused] = await alive(world)
    await world.app.forgetting.forget(refused.id)
    await take(world, wrong, "1", put_at)
    assert not [row for row in stored(world) if "Secret" in row]


async def test_what_lies_in_the_poison_queue_is_not_recorded_again() -> None:
    """The message stays there for the operator; a message that crashes the app later is recorded."""
    world = World()
    await world.set_aside(json.dumps(KEYED))
    await world.app.crash_recorder.run()
    [crashed] = await alive(world)
    world.clock.advance(minutes=1)
    await world.app.forgetting.forget(crashed.id)
    for host in (world.app, world.new_host()):
        await host.crash_recorder.run()
    assert await alive(world) == []
    world.clock.advance(minutes=1)
    await world.set_aside(json.dumps(KEYED))
    await world.app.crash_recorder.run()
    assert [meeting.id for meeting in await alive(world)] == [id_after(crashed.id)]


async def test_a_schedule_does_not_make_it_again() -> None:
    """The timer that died before it had moved its cursor asks for the same occurrence once more."""
    world = World()
    document = {
        "recurrence": "RRULE:FREQ=DAILY;COUNT=1",
        "timeZone": "Europe/Berlin",
        "start": "2026-11-23T09:00:00",
        "duration": "PT30M",
        "leadTime": "P7D",
        "request": {"organizer": CALENDAR["organizer"], "subject": "Round"},
    }
    await world.app.schedules.create(document)
    before = {partition: dict(rows) for partition, rows in world.schedules_table.partitions.items()}
    await world.app.schedule_run.run()
    await world.settle()
    [meeting] = await alive(world)
    await world.app.forgetting.forget(meeting.id)
    for partition, rows in before.items():
        world.schedules_table.partitions[partition].clear()
        world.schedules_table.partitions[partition].update(rows)
    await world.app.schedule_run.run()
    assert await alive(world) == []


async def test_a_copy_does_not_bring_it_back() -> None:
    """An import puts back what is missing, and this is not missing."""
    world = World()
    meeting = await world.made(CALENDAR)
    backup = Backup(world.ledger, ScheduleStore(world.schedules_table), world.clock)
    copy = [record async for record in backup.records(raised)]
    await world.app.forgetting.forget(meeting.id)
    assert [record async for record in backup.records(raised)] == []
    assert [await backup.put_back(record) for record in copy] == [False]


async def test_only_who_sees_it_can_forget_it() -> None:
    """The meetings of others are not there."""
    world = World()
    owner, other = (Caller(name, frozenset({"*"}), None, sees_all=False) for name in ("one", "other"))
    meeting = (await world.app.acceptance.accept(CALENDAR, Origin(caller=owner))).meeting
    await world.settle()
    with pytest.raises(MeetingNotFoundError):
        await world.app.forgetting.forget(meeting.id, caller=other)
    await world.app.forgetting.forget(meeting.id, caller=owner)


async def test_over_http() -> None:
    """204, then 404; 409 notFinished before its end; and the same key makes another meeting."""
    world = World()
    http = InProcess(world)
    first = await http.call("POST", "/meetings", CALENDAR, idempotency_key="K-1")
    early = await http.call("POST", f"/meetings/{first.json['id']}/forget")
    assert (early.status, early.code) == (409, "notFinished")
    await world.settle()
    assert (await http.call("POST", f"/meetings/{first.json['id']}/forget")).status == 204
    for method, path in (("GET", ""), ("POST", "/forget")):
        assert (await http.call(method, f"/meetings/{first.json['id']}{path}")).status == 404
    second = await http.call("POST", "/meetings", CALENDAR, idempotency_key="K-1")
    assert (second.status, second.json["id"]) == (202, id_after(first.json["id"]))


class TestMarker:
    """What is left of a forgotten meeting goes as well, once its key would be forgotten."""

    async def test_it_goes_after_the_retention(self) -> None:
        """Then the table is empty."""
        world = World({"RETENTION": "P1D"})
        await world.app.forgetting.forget((await world.made(CALENDAR, "K-1")).id)
        world.clock.advance(hours=23)
        await world.app.upkeep.run()
        assert len(stored(world)) == 2
        world.clock.advance(hours=2)
        await world.app.upkeep.run()
        assert stored(world) == []

    async def test_it_stays_while_its_key_leads_on(self) -> None:
        """Without it the key would make a second meeting beside the one that it has made since."""
        world = World({"RETENTION": "P1D", "GIVE_UP_AFTER": "P9D"})
        await world.app.forgetting.forget((await world.made(CALENDAR, "K-1")).id)
        world.clock.advance(hours=23)
        later = await world.accept(CALENDAR, "K-1")
        world.requests.take()
        world.clock.advance(hours=30)
        await world.app.upkeep.run()
        again = await world.app.acceptance.accept(CALENDAR, Origin(key="K-1"))
        assert (again.meeting.id, again.replayed) == (later.id, True)

    async def test_a_key_that_is_used_keeps_it(self) -> None:
        """Between the look at the next id and the removal somebody may use the key: the removal then fails."""
        world = World({"RETENTION": "P1D"})
        meeting = await world.made(CALENDAR, "K-1")
        await world.app.forgetting.forget(meeting.id)
        world.clock.advance(hours=30)
        table = Interrupted(world)
        await world.new_host(_wires(world, table)).upkeep.run()
        with pytest.raises(MeetingForgottenError):
            await world.ledger.read(meeting.id)
        assert [each.id for each in await alive(world)] == [id_after(meeting.id)]


class Interrupted(InMemoryTable):
    """The world's table, in which somebody uses the key just before the upkeep removes its marker."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.partitions = world.table.partitions
        self._world = world
        self._done = False

    async def write(self, partition: str, operations: Sequence[Operation]) -> list[str]:
        if not self._done:
            self._done = True
            await self._world.accept(CALENDAR, "K-1")
        return await super().write(partition, operations)


class Slow(InMemoryTable):
    """The world's table, whose every operation lets others run first."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.partitions = world.table.partitions

    async def read(self, partition: str, key: str) -> Row | None:
        await asyncio.sleep(0)
        return await super().read(partition, key)

    async def write(self, partition: str, operations: Sequence[Operation]) -> list[str]:
        await asyncio.sleep(0)
        return await super().write(partition, operations)


def _wires(world: World, table: InMemoryTable) -> Any:
    return replace(world.wires(), table=table)


@given(st.lists(st.sampled_from(["accept", "redeliver", "forget", "settle", "wait"]), min_size=3, max_size=14))
@settings(max_examples=60, deadline=None)
def test_a_key_has_one_meeting_at_a_time(steps: list[str]) -> None:
    """In whatever order, side by side: one for the first request, and one more when the key is used after a forgetting.

    A message that comes again makes none.
    """

    async def play() -> None:
        world = World()
        app = world.new_host(_wires(world, Slow(world)))
        put_at = world.clock()
        await take(world, KEYED, "1", put_at)
        forgotten, used = 0, False
        for step in steps:
            world.clock.advance(seconds=1)
            match step:
                case "accept":
                    accepted = await asyncio.gather(
                        *(app.acceptance.accept(CALENDAR, Origin(key="K-1")) for _ in range(3))
                    )
                    assert len({each.meeting.id for each in accepted}) == 1
                    used = True
                case "redeliver":
                    await app.message_handler.handle(json.dumps(KEYED), "1", put_at)
                case "forget":
                    living = [meeting for meeting in await alive(world) if meeting.finished]
                    for meeting in living:
                        await asyncio.gather(
                            *(app.forgetting.forget(meeting.id) for _ in range(2)), return_exceptions=True
                        )
                    forgotten += len(living)
                    used = used and not living
                case "settle":
                    await world.settle()
                case _:
                    world.clock.advance(hours=1)
            living = await alive(world)
            assert len(living) == (1 if used or not forgotten else 0), steps
        await world.settle()
        assert len(world.events()) == forgotten + len(await alive(world))

    asyncio.run(play())


async def test_a_quota_counts_each_meeting_once() -> None:
    """The marker costs nothing; the meeting that the key makes after it counts."""
    world = World()
    caller = Caller("one", frozenset({"*"}), 2, sees_all=False)
    for _ in range(2):
        accepted = await world.app.acceptance.accept(CALENDAR, Origin(caller=caller, key="K-1"))
        await world.settle()
        await world.app.forgetting.forget(accepted.meeting.id)
    world.clock.advance(days=1)
    await world.app.acceptance.accept(CALENDAR, Origin(caller=caller, key="K-1"))
    await world.app.acceptance.accept(CALENDAR, Origin(caller=caller))
    with pytest.raises(Exception, match="2"):
        await world.app.acceptance.accept(CALENDAR, Origin(caller=caller))


def test_the_next_id_is_an_id_of_its_own() -> None:
    """It follows from the id alone, so that every instance finds it."""
    first = id_from_key("", "K-1")
    assert id_after(first) == id_after(first) != first
