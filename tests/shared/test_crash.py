"""The poison queue: every message there is a failed meeting too, and sending it again harms nobody."""

import asyncio
import json
from typing import Any

import pytest

from shared.errors import ChangeRefusedError, StorageUnavailableError
from shared.ledger import Field
from shared.meeting import Meeting, Status
from tests.world import CALENDAR, World

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


async def crash_loop(world: World, text: str, message_id: str = "m1") -> str:
    """Deliver a message as often as the host would, then put it where the host would: on the poison queue."""
    for _ in range(DELIVERIES):
        with pytest.raises((AttributeError, StorageUnavailableError)):
            await world.app.intake.take(text, message_id)
    await world.app.crashes.record(text, f"{message_id}, poisoned")
    return text


def broken_provisioner(world: World) -> World:
    """Return the world with a host that has a fault of ours in it."""
    world.app.intake._provisioner._steps.events = None  # type: ignore[assignment]
    return world


async def crashed_meetings(world: World) -> list[Meeting]:
    """Return the crashed meetings as a caller finds them."""
    found = (await world.ledger.find(Field.STATUS, "failed", 100)).meetings
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


@pytest.mark.parametrize("text", [json.dumps(CALENDAR), KEYED, REQUESTED])
async def test_a_new_request_that_crashes_ends_as_a_crashed_meeting(text: str) -> None:
    """It is found by its status and its organizer, and holds the request; a retry makes it after all."""
    world = World()
    world.table.broken = True
    for _ in range(DELIVERIES):
        with pytest.raises(StorageUnavailableError):
            await world.app.intake.take(text, "m1")
    world.table.broken = False
    await world.app.crashes.record(text, "p1")
    [crashed] = await crashed_meetings(world)
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
    world.table.broken = True
    for _ in range(DELIVERIES):
        with pytest.raises(StorageUnavailableError):
            await world.app.intake.take(text, "m1")
    world.table.broken = False
    await world.app.crashes.record(text, "p1")
    [crashed] = await crashed_meetings(world)
    assert crashed.id != meeting.id
    assert crashed.request == json.loads(text)["data"]
    assert crashed.error is not None
    assert "send the message again" in crashed.error.remedy
    assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED
    assert results(world) == [("meeting.failed", f"{crashed.id}/1"), ("meeting.succeeded", f"{meeting.id}/1")]


@pytest.mark.parametrize("text", [KEYED, REQUESTED])
async def test_a_poisoned_copy_of_an_accepted_request_leaves_its_meeting_alone(text: str) -> None:
    """The meeting has messages of its own and comes to its own end, one event and one result."""
    world = World()
    await world.app.intake.take(text, "m1")
    await world.app.crashes.record(text, "p1")
    await world.settle()
    await world.app.crashes.record(text, "p2")
    assert not await crashed_meetings(world)
    assert len(world.events()) == 1
    assert [kind for kind, _ in results(world)] == ["meeting.succeeded"]


async def test_a_finished_meeting_stays_as_it_is() -> None:
    """A late copy of a message does not undo a success."""
    world = World()
    meeting = await world.made(CALENDAR)
    await world.app.crashes.record(json.dumps({"meeting": meeting.id}), "p1")
    assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED
    assert len(world.results.messages) == 1


async def test_a_retry_after_a_crash_finds_what_the_crashed_attempts_made() -> None:
    """The event of an attempt that died unseen is found again, however often and by however many it is retried."""
    world = World()
    meeting = await world.accept(CALENDAR)
    world.tenant.settings.transaction_id_memory = False
    world.fault({"method": "POST", "path": "/events", "times": 1, "when": "after", "action": "reset"})
    [text] = world.requests.take()
    await world.app.intake.take(text, "m1")
    await world.app.crashes.record(text, "p1")
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
    await world.app.crashes.record(text, "p1")
    for number in range(2):
        await world.app.intake.take(text, f"again {number}")
    await world.settle()
    [crashed] = await crashed_meetings(world)
    assert [kind for kind, _ in results(world)] == ["meeting.failed"]
    await world.app.changes.retry(crashed.id)
    for number in range(2):
        await world.app.intake.take(text, f"later {number}")
        await world.app.crashes.record(text, f"late copy {number}")
    await world.settle()
    assert len(world.events()) == 1
    assert results(world) == [("meeting.failed", f"{crashed.id}/1"), ("meeting.succeeded", f"{crashed.id}/2")]


async def test_a_poisoned_look_that_is_sent_again_does_nothing() -> None:
    """The meeting has failed; only a retry tries it again."""
    world = World()
    meeting = await world.accept(CALENDAR)
    [text] = world.requests.take()
    await world.app.crashes.record(text, "p1")
    for number in range(2):
        await world.app.intake.take(text, f"again {number}")
        await world.app.crashes.record(text, f"p{number}")
    assert not world.requests.messages
    assert not world.tenant.requests
    assert results(world) == [("meeting.failed", f"{meeting.id}/1")]


async def test_a_poisoned_change_that_is_sent_again_counts_once() -> None:
    """An event's source and id tell that it is the same: the second copy does not undo what came in between."""
    world = World()
    meeting = await world.made(CALENDAR)
    text = updated(meeting)
    await world.app.crashes.record(text, "p1")
    await world.app.intake.take(text, "again 1")
    await world.app.changes.patch(meeting.id, {"subject": "Last"})
    await world.app.intake.take(text, "again 2")
    await world.settle()
    [event] = world.events()
    assert event.properties["subject"] == "Last"
    assert (await world.ledger.read(meeting.id)).version == 3


async def test_an_invalid_poison_message_does_not_use_its_key_up() -> None:
    """A corrected message with the same key makes the meeting."""
    world = World()
    await world.app.crashes.record(json.dumps({"organizer": "AlexW@contoso.com", "idempotencyKey": "k"}), "p1")
    await world.app.intake.take(KEYED, "m2")
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
        await world.app.crashes.record(text, "p1")
    [event] = world.results.events()
    data = event["data"]
    assert isinstance(data, dict)
    assert data["error"]["code"] == code


async def test_a_record_that_cannot_be_read_does_not_crash_the_recorder() -> None:
    """No poison queue stands behind it: what crashed the app here, too, becomes a failed meeting of its own."""
    world = World()
    meeting = await world.accept(CALENDAR)
    world.table.partitions[meeting.id[0]][f"meeting.{meeting.id}"].values["document0"] = '{"status": "imagined"}'
    with pytest.raises(ValueError, match="status"):
        await world.ledger.read(meeting.id)
    for _ in range(2):
        await world.app.crashes.record(json.dumps({"meeting": meeting.id}), "p1")
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
    await world.app.crashes.record(json.dumps({"meeting": meeting.id}), "p1")
    assert (await world.ledger.read(meeting.id)).status is Status.FAILED
    world.results.broken = False
    await world.settle()
    assert results(world) == [("meeting.failed", f"{meeting.id}/1")]
