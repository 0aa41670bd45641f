"""The poison queue: every message there is a failed meeting too."""

import json

import pytest

from shared.meeting import Status
from tests.world import CALENDAR, World


async def test_the_meeting_of_a_poison_message_has_crashed() -> None:
    """Its readers, and the result queue, are told."""
    world = World()
    meeting = await world.accept(CALENDAR)
    await world.app.crashes.record(json.dumps({"meeting": meeting.id}), "p1")
    crashed = await world.ledger.read(meeting.id)
    assert crashed.error is not None
    assert crashed.error.code == "crashed"
    assert meeting.id in crashed.error.remedy
    assert [event["type"] for event in world.results.events()] == ["meeting.failed"]


async def test_a_finished_meeting_stays_as_it_is() -> None:
    """A late copy of a message does not undo a success."""
    world = World()
    meeting = await world.made(CALENDAR)
    await world.app.crashes.record(json.dumps({"meeting": meeting.id}), "p1")
    assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED
    assert len(world.results.messages) == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (json.dumps(CALENDAR), "crashed"),
        (json.dumps(CALENDAR | {"idempotencyKey": "k"}), "crashed"),
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
