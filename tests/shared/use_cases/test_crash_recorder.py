"""The poison queue: every message there is a failed meeting too, it stays, and sending it again harms nobody."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.errors import ChangeRefusedError, StorageUnavailableError, UnreadableRecordError
from shared.meeting import Meeting, Status
from shared.meeting.ledger import Field
from shared.meeting.messages import ProvisionMeeting
from shared.meeting.rejected_message import ReceivedMessage
from shared.storage import Operation, Row
from tests.app_fixture import World
from tests.examples import CALENDAR
from tests.fakes import InMemoryTable

DELIVERIES = 5  # host.json's maxDequeueCount
KEYED = json.dumps(CALENDAR | {"idempotencyKey": "k"})
REQUESTED = json.dumps(
    {"specversion": "1.0", "type": "meeting.requested", "source": "/booking", "id": "4711", "data": CALENDAR}
)


def cloud_event(kind: str, data: dict[str, Any]) -> str:
    return json.dumps({"specversion": "1.0", "type": kind, "source": "/booking", "id": "4712", "data": data})


def updated(meeting: Meeting) -> str:
    return cloud_event("meeting.updated", {"id": meeting.id, "patch": {"subject": "New"}})


def cancelled(meeting: Meeting) -> str:
    return cloud_event("meeting.cancelled", {"id": meeting.id})


def looked_at(meeting: Meeting) -> str:
    return json.dumps({"meeting": meeting.id, "version": meeting.version})


def nonsense(_meeting: Meeting) -> str:
    return "nonsense"


async def crash_loop(world: World, text: str, message_id: str = "m1") -> str:
    """Deliver a message as often as the host would, then put it where the host would: on the poison queue."""
    for _ in range(DELIVERIES):
        with pytest.raises((AttributeError, StorageUnavailableError)):
            await world.app.message_handler.handle(text, message_id)
    await world.app.crash_recorder.record(text, f"{message_id}, poisoned")
    return text


def broken_provisioner(world: World) -> World:
    """Return the world with a host that has a fault of ours in it."""
    world.app.message_handler._provisioner._reconciler.steps.events = None  # type: ignore[assignment]
    return world


async def crashed_meetings(world: World) -> list[Meeting]:
    """Return the crashed meetings as a caller finds them."""
    found = (await world.ledger.find(Field.STATUS, "failed", 100)).items
    return [meeting for meeting in found if meeting.error and meeting.error.code == "crashed"]


def results(world: World) -> list[tuple[object, object]]:
    return sorted((event["type"], event["id"]) for event in world.results.events())


async def test_a_look_at_a_meeting_that_crashes_ends_as_that_meeting_crashed() -> None:
    """Its readers, and the result queue, are told; the remedy leads to the retry."""
    world = broken_provisioner(World())
    meeting = await world.accept(CALENDAR)
    await crash_loop(world, *world.requests.take())
    [crashed] = await crashed_meetings(world)
    assert (crashed.id, crashed.claim) == (meeting.id, None)
    assert crashed.error is not None
    assert f"POST /api/meetings/{meeting.id}/retry" in crashed.error.remedy
    assert results(world) == [("meeting.failed", f"{meeting.id}/1")]


async def crashed_by(world: World, text: str) -> Meeting:
    """Let each delivery of a message fail, and return the failed meeting that records it."""
    world.table.broken = True
    for _ in range(DELIVERIES):
        with pytest.raises(StorageUnavailableError):
            await world.app.message_handler.handle(text, "m1")
    world.table.broken = False
    await world.app.crash_recorder.record(text, "p1")
    [crashed] = await crashed_meetings(world)
    return crashed


@pytest.mark.parametrize("text", [json.dumps(CALENDAR), KEYED, REQUESTED])
async def test_a_new_request_that_crashes_ends_as_a_crashed_meeting(text: str) -> None:
    """It is found by its status and its organizer, and holds the request; a retry makes it after all."""
    world = World()
    crashed = await crashed_by(world, text)
    assert (crashed.organizer, crashed.request) == (CALENDAR["organizer"], CALENDAR)
    assert results(world) == [("meeting.failed", f"{crashed.id}/1")]
    await world.app.changes.retry(crashed.id)
    await world.settle()
    assert (await world.ledger.read(crashed.id)).status is Status.SUCCEEDED
    assert len(world.events()) == 1


@pytest.mark.parametrize("message", [updated, cancelled])
async def test_a_change_that_crashes_ends_as_a_failed_meeting_beside_its_own(message: Any) -> None:
    """The meeting that was to be changed stays as it is; that the change is lost is told all the same."""
    world = World()
    meeting = await world.made(CALENDAR)
    text = message(meeting)
    crashed = await crashed_by(world, text)
    assert crashed.id != meeting.id
    assert crashed.request is None
    assert crashed.received == ReceivedMessage(message_id="p1", source="/booking", id=json.loads(text)["id"], text=text)
    assert crashed.error is not None
    assert "send the message again" in crashed.error.remedy
    assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED
    assert results(world) == [("meeting.failed", f"{crashed.id}/1"), ("meeting.succeeded", f"{meeting.id}/1")]


@pytest.mark.parametrize("message", [updated, cancelled, looked_at, nonsense])
async def test_a_crashed_message_without_a_request_is_not_retried(message: Any) -> None:
    """There is nothing to try again: the record keeps its diagnosis, its remedy is to send the message again."""
    world = World()
    about = await World().accept(CALENDAR)  # not there (any more)
    await world.app.crash_recorder.record(message(about), "p1")
    [failed] = (await world.ledger.find(Field.STATUS, "failed", 100)).items
    with pytest.raises(ChangeRefusedError, match="send the message again") as refused:
        await world.app.changes.retry(failed.id)
    assert refused.value.code == "notAMeeting"
    await world.settle()
    assert await world.ledger.read(failed.id) == failed
    assert failed.error is not None
    assert "/retry" not in failed.error.remedy


@pytest.mark.parametrize("text", [KEYED, REQUESTED])
async def test_a_poisoned_copy_of_an_accepted_request_leaves_its_meeting_alone(text: str) -> None:
    """The meeting has messages of its own and comes to its own end, one event and one result."""
    world = World()
    await world.app.message_handler.handle(text, "m1")
    await world.app.crash_recorder.record(text, "p1")
    await world.settle()
    await world.app.crash_recorder.record(text, "p2")
    assert not await crashed_meetings(world)
    assert len(world.events()) == 1
    assert [kind for kind, _ in results(world)] == ["meeting.succeeded"]


async def test_a_finished_meeting_stays_as_it_is() -> None:
    """A late copy of a message does not undo a success."""
    world = World()
    meeting = await world.made(CALENDAR)
    await world.app.crash_recorder.record(json.dumps({"meeting": meeting.id}), "p1")
    assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED
    assert len(world.results.messages) == 1


async def test_a_retry_after_a_crash_finds_what_the_crashed_attempts_made() -> None:
    """The event of an attempt that died unseen is found again, however often and by however many it is retried."""
    world = World()
    meeting = await world.accept(CALENDAR)
    world.tenant.settings.transaction_id_memory = False
    world.fault({"method": "POST", "path": "/events", "times": 1, "when": "after", "action": "reset"})
    [text] = world.requests.take()
    await world.app.message_handler.handle(text, "m1")
    await world.app.crash_recorder.record(text, "p1")
    assert len(world.events()) == 1
    outcomes = await asyncio.gather(*(world.app.changes.retry(meeting.id) for _ in range(5)), return_exceptions=True)
    refused = [each for each in outcomes if isinstance(each, ChangeRefusedError)]
    assert [error.code for error in refused] == ["notFailed"] * 4
    await world.settle()
    done = await world.ledger.read(meeting.id)
    assert (done.status, done.version) == (Status.SUCCEEDED, 2)
    assert len(world.events()) == len(world.tenant.sent_mail) == 1
    assert results(world) == [("meeting.failed", f"{meeting.id}/1"), ("meeting.succeeded", f"{meeting.id}/2")]


@pytest.mark.parametrize("text", [KEYED, REQUESTED])
async def test_a_poison_message_that_is_sent_again_is_the_same_crashed_meeting(text: str) -> None:
    """Sent again twice it is no other meeting and no other result, as with any repeated key; a retry makes it once."""
    world = World()
    await world.app.crash_recorder.record(text, "p1")
    for number in range(2):
        await world.app.message_handler.handle(text, f"again {number}")
    await world.settle()
    [crashed] = await crashed_meetings(world)
    assert [kind for kind, _ in results(world)] == ["meeting.failed"]
    await world.app.changes.retry(crashed.id)
    for number in range(2):
        await world.app.message_handler.handle(text, f"later {number}")
        await world.app.crash_recorder.record(text, f"late copy {number}")
    await world.settle()
    assert len(world.events()) == 1
    assert results(world) == [("meeting.failed", f"{crashed.id}/1"), ("meeting.succeeded", f"{crashed.id}/2")]


async def test_a_poisoned_look_that_is_sent_again_does_nothing() -> None:
    """The meeting has failed; only a retry tries it again."""
    world = World()
    meeting = await world.accept(CALENDAR)
    [text] = world.requests.take()
    await world.app.crash_recorder.record(text, "p1")
    for number in range(2):
        await world.app.message_handler.handle(text, f"again {number}")
        await world.app.crash_recorder.record(text, f"p{number}")
    assert not world.requests.messages
    assert not world.tenant.requests
    assert results(world) == [("meeting.failed", f"{meeting.id}/1")]


async def test_a_poisoned_change_that_is_sent_again_counts_once() -> None:
    """An event's source and id tell that it is the same: the second copy does not undo what came in between."""
    world = World()
    meeting = await world.made(CALENDAR)
    text = updated(meeting)
    await world.app.crash_recorder.record(text, "p1")
    await world.app.message_handler.handle(text, "again 1")
    await world.app.changes.patch(meeting.id, {"subject": "Last"})
    await world.app.message_handler.handle(text, "again 2")
    await world.settle()
    [event] = world.events()
    assert event.properties["subject"] == "Last"
    assert (await world.ledger.read(meeting.id)).version == 3


async def test_an_invalid_poison_message_does_not_use_its_key_up() -> None:
    """A corrected message with the same key makes the meeting."""
    world = World()
    await world.app.crash_recorder.record(json.dumps({"organizer": "AlexW@contoso.com", "idempotencyKey": "k"}), "p1")
    await world.app.message_handler.handle(KEYED, "m2")
    await world.settle()
    assert len(world.events()) == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (json.dumps(CALENDAR), "crashed"),
        (KEYED, "crashed"),
        ("nonsense", "invalidRequest"),
        (json.dumps({"meeting": "4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7"}), "crashed"),
    ],
)
async def test_a_message_that_never_became_a_meeting_becomes_a_failed_one(text: str, code: str) -> None:
    """Once, even when the poison message is delivered again."""
    world = World()
    for _ in range(2):
        await world.app.crash_recorder.record(text, "p1")
    [event] = world.results.events()
    data = event["data"]
    assert isinstance(data, dict)
    assert data["error"]["code"] == code


async def test_a_record_that_cannot_be_read_does_not_crash_the_recorder() -> None:
    """No poison queue stands behind it: what crashed the app here, too, becomes a failed meeting of its own."""
    world = World()
    meeting = await world.accept(CALENDAR)
    world.table.partitions[meeting.id[0]][f"meeting.{meeting.id}"].values["document0"] = '{"status": "imagined"}'
    with pytest.raises(UnreadableRecordError):
        await world.ledger.read(meeting.id)
    for _ in range(2):
        await world.app.crash_recorder.record(json.dumps({"meeting": meeting.id}), "p1")
    [event] = world.results.events()
    data = event["data"]
    assert isinstance(data, dict)
    assert (data["id"] != meeting.id, data["error"]["code"]) == (True, "crashed")


async def test_a_result_queue_that_is_away_does_not_hold_the_recorder_up() -> None:
    """The crash is recorded at once, and told when the queue is back."""
    world = World()
    meeting = await world.accept(CALENDAR)
    world.requests.take()
    world.results.broken = True
    await world.app.crash_recorder.record(json.dumps({"meeting": meeting.id}), "p1")
    assert (await world.ledger.read(meeting.id)).status is Status.FAILED
    world.results.broken = False
    await world.settle()
    assert results(world) == [("meeting.failed", f"{meeting.id}/1")]


class FailingTable(InMemoryTable):
    """A table that one partition of cannot be reached."""

    out_of_reach = ""

    async def read(self, partition: str, key: str) -> Row | None:
        self._reach(partition)
        return await super().read(partition, key)

    async def write(self, partition: str, operations: Sequence[Operation]) -> list[str]:
        self._reach(partition)
        return await super().write(partition, operations)

    def _reach(self, partition: str) -> None:
        if partition == self.out_of_reach:
            raise StorageUnavailableError("the partition does not answer")


class Death(BaseException):
    """The process ends here: nothing catches it."""


class DeadlyTable(InMemoryTable):
    """A table whose user dies at one of its writes, before or after that takes effect."""

    def __init__(self, write: int, *, after: bool) -> None:
        super().__init__()
        self.left, self.after = write, after

    async def write(self, partition: str, operations: Sequence[Operation]) -> list[str]:
        self.left -= 1
        if self.left != 0:
            return await super().write(partition, operations)
        if self.after:
            await super().write(partition, operations)
        raise Death


async def look_again(world: World, *, times: int = 3) -> None:
    """Let the timer come some times more, each time on a host that knows nothing of the last one's work."""
    for _ in range(times):
        world.clock.advance(seconds=30)
        await world.app.crash_recorder.run()
        await world.new_host().crash_recorder.run()


def lying(world: World) -> list[str]:
    """Return what an operator sees in the poison queue."""
    return [message.text for message in world.poison.messages if message.visible_at <= world.clock()]


class TestWhatStaysInTheQueue:
    async def test_a_crashed_meetings_message_stays(self) -> None:
        """The meeting has failed, and the message lies there as before, in sight, not even delivered once."""
        world = World()
        meeting = await world.accept(CALENDAR)
        await world.set_aside(*world.requests.take())
        await world.app.crash_recorder.run()
        [crashed] = await crashed_meetings(world)
        assert crashed.id == meeting.id
        assert lying(world) == [ProvisionMeeting.of(meeting).encode()]
        await look_again(world)
        assert [message.dequeue_count for message in world.poison.messages] == [0]
        assert results(world) == [("meeting.failed", f"{meeting.id}/1")]

    @pytest.mark.parametrize("counted_by", ["host", "app"])
    async def test_it_is_gone_after_a_week(self, counted_by: str) -> None:
        """Whoever has counted the crashes: the queue does not grow for ever."""
        world = World()
        meeting = await world.accept(CALENDAR)
        if counted_by == "app":
            await world.app.acceptance._requests.poison(meeting)
        else:
            await world.set_aside(ProvisionMeeting.of(meeting).encode())
        await world.app.crash_recorder.run()
        world.clock.advance(days=6, hours=23)
        assert await world.poison.oldest()
        world.clock.advance(hours=2)
        assert await world.poison.oldest() is None

    @pytest.mark.parametrize("skew", [-30, -1, 0, 1, 30])
    async def test_a_meeting_that_is_tried_again_is_not_called_crashed(self, skew: int) -> None:
        """The old message is about the version that crashed, whatever the clocks say."""
        world = World()
        meeting = await world.accept(CALENDAR)
        await world.set_aside(*world.requests.take())
        await world.app.crash_recorder.run()
        await world.app.changes.retry(meeting.id)
        world.poison.messages[0].put_at = world.clock() + timedelta(seconds=skew)
        await look_again(world)
        assert (await world.ledger.read(meeting.id)).status is Status.QUEUED
        await world.settle()
        await look_again(world)
        assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED
        assert len(lying(world)) == len(world.events()) == 1
        assert results(world) == [("meeting.failed", f"{meeting.id}/1"), ("meeting.succeeded", f"{meeting.id}/2")]

    @pytest.mark.parametrize("change", ["patch", "cancel"])
    async def test_a_meeting_that_was_changed_is_not_called_crashed(self, change: str) -> None:
        """What crashed is not wanted any more; what is wanted now has a message of its own."""
        world = World()
        meeting = await world.accept(CALENDAR)
        await world.set_aside(*world.requests.take())
        if change == "patch":
            await world.app.changes.patch(meeting.id, {"subject": "New"})
        else:
            await world.app.changes.cancel(meeting.id, None)
        await look_again(world)
        assert (await world.ledger.read(meeting.id)).status is Status.QUEUED
        await world.settle()
        assert not await crashed_meetings(world)

    async def test_a_retry_that_crashes_again_is_crashed_again(self) -> None:
        """Its own message is set aside beside the first; both stay, each version is told of once."""
        world = World()
        meeting = await world.accept(CALENDAR)
        await world.set_aside(*world.requests.take())
        await world.app.crash_recorder.run()
        await world.app.changes.retry(meeting.id)
        await world.set_aside(*world.requests.take())
        await look_again(world)
        assert [each.version for each in await crashed_meetings(world)] == [2]
        assert len(lying(world)) == 2
        assert results(world) == [("meeting.failed", f"{meeting.id}/1"), ("meeting.failed", f"{meeting.id}/2")]

    async def test_a_message_without_a_version_is_about_the_first(self) -> None:
        """So that it can call no later version crashed."""
        world = World()
        first, second = await world.accept(CALENDAR), await world.accept(CALENDAR)
        await world.app.changes.patch(second.id, {"subject": "New"})
        await world.set_aside(*(json.dumps({"meeting": each.id}) for each in (first, second)))
        await look_again(world)
        assert [each.id for each in await crashed_meetings(world)] == [first.id]

    async def test_nameless_messages_are_a_failed_meeting_each(self, caplog: pytest.LogCaptureFixture) -> None:
        """Exactly one, logged and told once, however often and by however many the message is seen."""
        caplog.set_level("INFO", "shared")
        world = World()
        texts = [json.dumps(CALENDAR), json.dumps(CALENDAR), "nonsense", "", "\x00\ud800", "[" * 5000, '{"meeting": 1}']
        await world.set_aside(*texts)
        await asyncio.gather(*(world.new_host().crash_recorder.run() for _ in range(3)))
        await look_again(world)
        found = (await world.ledger.find(Field.STATUS, "failed", 100)).items
        assert len(found) == len(texts)
        assert {each.error.code for each in found if each.error} == {"crashed", "invalidRequest"}
        assert results(world) == sorted(("meeting.failed", f"{each.id}/1") for each in found)
        assert len([line for line in caplog.messages if line.startswith("meeting.refused ")]) == len(texts)
        assert lying(world) == texts

    async def test_a_nameless_meeting_that_is_retried_is_made_once(self) -> None:
        """The message it came from is seen again meanwhile, and after."""
        world = World()
        await world.set_aside(json.dumps(CALENDAR))
        await world.app.crash_recorder.run()
        [crashed] = await crashed_meetings(world)
        await world.app.changes.retry(crashed.id)
        await look_again(world)
        await world.settle()
        await look_again(world)
        assert (await world.ledger.read(crashed.id)).status is Status.SUCCEEDED
        assert len(world.events()) == 1
        assert not await crashed_meetings(world)

    @pytest.mark.parametrize("after", [False, True])
    @pytest.mark.parametrize("write", [1, 2, 3, 4])
    async def test_a_death_while_it_is_recorded_loses_nothing(self, write: int, after: bool) -> None:  # noqa: FBT001
        """Another process sees the message again: one end for each, told at least once, always by the same id."""
        world = World()
        meeting = await world.accept(CALENDAR)
        world.requests.take()
        deadly = DeadlyTable(write, after=after)
        deadly.partitions = world.table.partitions
        await world.set_aside(ProvisionMeeting.of(meeting).encode(), json.dumps(CALENDAR))
        with pytest.raises(Death):
            await world.new_host(replace(world.wires(), table=deadly)).crash_recorder.run()
        await look_again(world)
        world.clock.advance(minutes=1)
        await world.app.upkeep.run()
        crashed = await crashed_meetings(world)
        assert len(crashed) == len(lying(world)) == 2
        assert set(results(world)) == {("meeting.failed", f"{each.id}/1") for each in crashed}

    async def test_what_an_operator_deletes_is_gone(self) -> None:
        """The meeting stays as it is, with the way to retry it."""
        world = World()
        meeting = await world.accept(CALENDAR)
        await world.set_aside(*world.requests.take(), "nonsense")
        await world.app.crash_recorder.run()
        world.poison.messages.clear()
        await look_again(world)
        assert [each.id for each in await crashed_meetings(world)] == [meeting.id]
        await world.app.changes.retry(meeting.id)
        await world.settle()
        assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED

    @pytest.mark.parametrize("text", [KEYED, REQUESTED, json.dumps({"meeting": "looks"})])
    async def test_moving_it_back_twice_is_safe(self, text: str) -> None:
        """Sent again, and set aside again, it is the same crashed meeting: nothing is made, nothing told twice."""
        world = World()
        if "looks" in text:
            text = ProvisionMeeting.of(await world.accept(CALENDAR)).encode()
            world.requests.take()
        await world.set_aside(text)
        await world.app.crash_recorder.run()
        for number in range(2):
            await world.app.message_handler.handle(text, f"again {number}")
            await world.set_aside(text)
            await look_again(world)
        [crashed] = await crashed_meetings(world)
        assert not world.events()
        assert results(world) == [("meeting.failed", f"{crashed.id}/1")]

    async def test_what_is_forgotten_is_not_recorded_again(self) -> None:
        """Where meetings are forgotten sooner than messages expire: an old message brings no meeting back."""
        world = World({"RETENTION": "P1D"})
        await world.set_aside(json.dumps(CALENDAR), KEYED, "nonsense")
        world.clock.advance(seconds=20)
        await world.app.crash_recorder.run()
        world.clock.advance(days=1, seconds=1)
        assert (await world.app.upkeep.run()).forgotten == 3
        await look_again(world)
        assert len(results(world)) == 3
        assert not (await world.ledger.find(Field.STATUS, "failed", 100)).items

    @pytest.mark.parametrize("count", [31, 32, 33, 500])
    async def test_all_of_hundreds_are_reached(self, count: int) -> None:
        """In one run, and a new one behind hundreds that were there before as well."""
        world = World()
        keys = [json.dumps(CALENDAR | {"idempotencyKey": str(number)}) for number in range(count + 1)]
        await world.set_aside(*keys[:count])
        await world.app.crash_recorder.run()
        assert len(results(world)) == count
        world.clock.advance(seconds=30)
        assert len(lying(world)) == count
        await world.set_aside(keys[count])
        await world.app.crash_recorder.run()
        assert len(results(world)) == count + 1

    async def test_one_that_cannot_be_recorded_stops_no_other(self) -> None:
        """Storage that fails it is told to the host; the others are recorded, and it is when storage is back."""
        world = World()
        world.table = FailingTable()
        world.app = world.new_host()
        texts = [f"nonsense {number}" for number in range(100)]
        await world.set_aside(*texts)
        world.table.out_of_reach = "0"
        with pytest.raises(StorageUnavailableError):
            await world.app.crash_recorder.run()
        done = len(results(world))
        assert 80 < done < 100
        world.table.out_of_reach = ""
        await look_again(world, times=1)
        assert len(results(world)) == 100

    async def test_in_an_outage_it_does_not_ask_for_all(self) -> None:
        """Each call waits seconds for its answer; the next run goes on."""
        world = World()
        await world.set_aside(*(f"nonsense {number}" for number in range(500)))
        world.table.broken = True
        before = world.table.operations
        with pytest.raises(StorageUnavailableError):
            await world.app.crash_recorder.run()
        assert world.table.operations - before < 50


class TestCost:
    async def cost(self, world: World) -> int:
        """Return how many storage operations a run takes."""
        before = world.table.operations + world.poison.operations
        await world.app.crash_recorder.run()
        return world.table.operations + world.poison.operations - before

    async def test_an_empty_queue_costs_one_operation(self) -> None:
        """A peek; the ledger is not asked, however much is in it."""
        world = World()
        await world.made(CALENDAR)
        assert await self.cost(world) == 1

    async def test_what_is_recorded_costs_no_more(self) -> None:
        """It is known while the process lives."""
        world = World()
        await world.set_aside(*(f"nonsense {number}" for number in range(31)))
        assert await self.cost(world) > 31
        assert await self.cost(world) == 1
