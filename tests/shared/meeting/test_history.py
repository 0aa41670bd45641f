"""What has happened to a meeting, written down with the writes that happen anyway."""

import json
from typing import Any

import pytest

from shared.meeting import Meeting
from shared.meeting.history_entry import MOST_ENTRIES, HistoryEvent
from shared.meeting.ledger import Field, Ledger
from tests.app_fixture import World
from tests.examples import CALENDAR, EXISTING, NOW, STANDALONE, queued_meeting
from tests.fakes import InMemoryTable
from tests.http_client import InProcess
from tests.shared.use_cases.watch.outlook import LATER, Outlook

GUEST = "AdeleV@contoso.com"
TOPIC = {"RESULT_TOPIC": "https://convene.westeurope-1.eventgrid.azure.net/api/events"}


def told(meeting: Meeting) -> list[tuple[str, str]]:
    return [(entry.event.value, entry.detail) for entry in meeting.history]


async def lines(world: World, meeting: Meeting) -> list[tuple[str, str]]:
    return told(await world.ledger.read(meeting.id))


async def test_the_life_of_a_meeting() -> None:
    """Each thing once, in order, with a sentence; the times do not go back."""
    world = World()
    made = await world.made(CALENDAR)
    await world.app.changes.patch(made.id, {"subject": "Another subject"})
    await world.settle()
    world.clock.advance(minutes=5)
    await world.app.refreshing.refresh(made.id)
    outlook = Outlook(world)
    outlook.edit(LATER)
    outlook.respond(GUEST, "declined")
    for _ in range(3):
        world.clock.advance(minutes=5)
        await world.app.refreshing.refresh(made.id)
    await world.app.changes.cancel(made.id, None)
    await world.settle()
    times = "from 2027-01-21T13:00:00 (Pacific Standard Time) to 2027-01-21T14:00:00 (Pacific Standard Time)"
    assert await lines(world, made) == [
        ("accepted", "The request was accepted."),
        ("created", "The event was created."),
        ("published", "meeting.succeeded of version 1 was sent."),
        ("accepted", "Version 2 was accepted: a change of subject."),
        ("changed", "Version 2 succeeded."),
        ("published", "meeting.succeeded of version 2 was sent."),
        ("observed", "Microsoft 365 shows the meeting as requested. Attendees: 1 none."),
        ("observed", f"Microsoft 365 shows a change of start, end. The meeting is {times}. Attendees: 1 declined."),
        ("published", "meeting.changed of version 2 was sent."),
        ("published", "meeting.responded of version 2 was sent."),
        ("accepted", "Version 3 was accepted: a cancellation."),
        ("changed", "The meeting was cancelled."),
        ("published", "meeting.cancelled of version 3 was sent."),
    ]
    moments = [entry.at for entry in (await world.ledger.read(made.id)).history]
    assert moments == sorted(moments)


async def test_a_meeting_that_waits_says_why_once() -> None:
    """The same reason again and again is one entry; another one is the next."""
    world = World()
    world.fault(
        {"times": 4, "action": {"status": 503}},
        {"times": 2, "action": {"status": 429, "retryAfter": "30"}},
    )
    made = await world.made(CALENDAR)
    assert await lines(world, made) == [
        ("accepted", "The request was accepted."),
        ("waited", "Graph is not available."),
        ("waited", "Microsoft Graph throttles this mailbox."),
        ("created", "The event was created."),
        ("published", "meeting.succeeded of version 1 was sent."),
    ]


async def test_a_failure_and_a_retry() -> None:
    """The failure is named with its code and its message."""
    world = World()
    failed = await world.made(CALENDAR | {"organizer": "nobody@contoso.com"})
    await world.app.changes.retry(failed.id)
    await world.settle()
    assert [event for event, _ in await lines(world, failed)] == ["accepted", "changed", "published"] * 2
    details = [detail for _, detail in await lines(world, failed)]
    assert failed.error is not None
    assert details[1] == f"Version 1 failed, organizerNotFound: {failed.error.message}"
    assert details[3] == "Version 2 was accepted: a retry."


@pytest.mark.parametrize(
    ("request_of_kind", "detail"),
    [(STANDALONE, "The online meeting was created."), (EXISTING, "The event was made an online meeting.")],
    ids=["standalone", "existing"],
)
async def test_every_kind_is_created(request_of_kind: dict[str, Any], detail: str) -> None:
    """In its own words."""
    world = World()
    [event] = [
        each
        for each in world.tenant.mailboxes["alexw@contoso.com"].events.values()
        if each.properties["subject"] == "Price strategy"
    ]
    made = await world.made(request_of_kind | ({"eventId": event.immutable_id} if "eventId" in request_of_kind else {}))
    assert ("created", detail) in await lines(world, made)


async def test_a_message_that_is_no_request_was_never_accepted() -> None:
    """Its history begins with its failure."""
    world = World()
    await world.app.message_handler.handle("nonsense", "m1")
    [failed] = (await world.ledger.find(Field.STATUS, "failed", 10)).items
    assert [event for event, _ in told(failed)] == ["changed", "published"]
    assert told(failed)[0][1].startswith("Version 1 failed, invalidRequest:")


async def test_the_choice_from_a_pool() -> None:
    """Who was passed over, and why, and who was chosen."""
    world = World()
    pool = {"organizerPool": {"candidates": ["nobody@contoso.com", "MeganB@contoso.com"], "strategy": "first"}}
    request = {name: value for name, value in CALENDAR.items() if name != "organizer"} | pool
    made = await world.made(request)
    details = [detail for _, detail in await lines(world, made)]
    assert details[0] == "The request was accepted."
    assert details[1] == "nobody@contoso.com was passed over: Graph does not know the address (5009)."
    assert details[2:4] == ["MeganB@contoso.com was chosen from the pool.", "The event was created."]


async def test_an_attempt_that_died_is_in_the_history() -> None:
    """The upkeep finds its claim, and has the meeting tried again."""
    world = World()
    meeting = await world.accept(CALENDAR)
    world.requests.take()
    stored = await world.ledger.read(meeting.id)
    await world.ledger.write(stored, stored.progressed(crashes=1, next_attempt_at=world.clock()))
    assert ("waited", "An attempt ended without a report, and is repeated.") in await lines(world, meeting)


async def test_what_one_sink_alone_has_taken_is_not_published_yet() -> None:
    """The entry comes when both have it, and once."""
    world = World(TOPIC)
    world.topic.broken = True
    made = await world.made(CALENDAR, "key")
    assert "published" not in [event for event, _ in await lines(world, made)]
    world.topic.broken = False
    world.clock.advance(minutes=5)
    await world.app.upkeep.run()
    await world.app.upkeep.run()
    assert [event for event, _ in await lines(world, made)].count("published") == 1


async def test_the_history_costs_no_operation() -> None:
    """It is written with the record: a look without news adds nothing to it, and the operations are those of before."""
    world = World()
    made = await world.made(CALENDAR)
    await world.app.refreshing.refresh(made.id)
    before, operations = await lines(world, made), world.table.operations
    world.clock.advance(minutes=5)
    await world.app.refreshing.refresh(made.id)
    assert world.table.operations - operations == 2, "one read and one write"
    assert await lines(world, made) == before


async def test_it_is_bounded() -> None:
    """The last fifty entries stay, each of at most 300 characters."""
    ledger = Ledger(InMemoryTable())
    meeting = await ledger.insert(queued_meeting())
    for number in range(60):
        meeting = await ledger.write(meeting, meeting.noted(HistoryEvent.WAITED, NOW, f"{number} {'x' * 1000}"))
    assert len(meeting.history) == MOST_ENTRIES
    assert max(len(entry.detail) for entry in meeting.history) == 300
    assert meeting.history[-1].detail.startswith("59 ")
    assert meeting.history[0].detail.startswith("10 ")
    assert (await ledger.read(meeting.id)).history == meeting.history


async def test_a_copy_that_is_put_back_keeps_its_history() -> None:
    """It was accepted once."""
    world, other = World(), World()
    made = await world.made(CALENDAR)
    copy = Meeting.model_validate_json(made.model_dump_json(by_alias=True))
    assert await other.ledger.insert(copy)
    assert told(await other.ledger.read(made.id)) == told(made)
    assert [entry["event"] for entry in json.loads(made.model_dump_json(by_alias=True))["history"]] == [
        "accepted",
        "created",
        "published",
    ]


async def test_over_http() -> None:
    """The oldest first, also while the meeting is in progress; a meeting that is not there has none."""
    world = World()
    http = InProcess(world)
    path = f"/meetings/{(await world.accept(CALENDAR)).id}/history"
    accepted = {"at": "2026-11-21T08:00:00Z", "event": "accepted", "detail": "The request was accepted."}
    assert (await http.call("GET", path)).json == {"entries": [accepted]}
    await world.settle()
    entries = (await http.call("GET", path)).json["entries"]
    assert [entry["event"] for entry in entries] == ["accepted", "created", "published"]
    other = await http.call("GET", "/meetings/4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7/history")
    assert (other.status, other.code) == (404, "notFound")
