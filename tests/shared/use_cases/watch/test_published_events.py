"""What is published about a meeting after it was created."""

from typing import Any

import pytest

from shared.errors import StorageUnavailableError
from shared.meeting import Meeting, Status
from tests.app_fixture import World
from tests.examples import CALENDAR
from tests.shared.use_cases.watch.outlook import LATER, Outlook

TOPIC = {"RESULT_TOPIC": "https://convene.westeurope-1.eventgrid.azure.net/api/events"}
MUCH_LATER = {name: time | {"dateTime": time["dateTime"].replace("-21T", "-28T")} for name, time in LATER.items()}
AS_BEFORE = {name: CALENDAR[name] for name in ("start", "end")}
GUEST = "AdeleV@contoso.com"


async def made(world: World) -> tuple[Meeting, Outlook]:
    """Return a meeting that was looked at once, whose result was taken."""
    meeting = await world.made(CALENDAR)
    await look(world, meeting)
    world.results.take()
    world.topic.documents.clear()
    return meeting, Outlook(world)


async def look(world: World, meeting: Meeting) -> Meeting:
    world.clock.advance(minutes=5)
    return await world.app.refreshing.refresh(meeting.id)


def ids(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(event["type"], event["id"].partition("/")[2]) for event in events]


async def test_each_change_is_one_event_in_order() -> None:
    """The numbers count what was observed of the meeting, without gaps; a look without news publishes nothing."""
    world = World()
    meeting, outlook = await made(world)
    outlook.edit(LATER)
    await look(world, meeting)
    await look(world, meeting)
    outlook.edit(MUCH_LATER)
    outlook.respond(GUEST, "accepted")
    await look(world, meeting)
    outlook.edit(AS_BEFORE)
    await look(world, meeting)
    outlook.cancel()
    await look(world, meeting)
    await look(world, meeting)
    assert ids(world.results.events()) == [
        ("meeting.changed", "1/1"),
        ("meeting.changed", "1/2"),
        ("meeting.responded", "1/3"),
        ("meeting.changed", "1/4"),
        ("meeting.removed", "1/5"),
    ]
    first, second, *_ = world.results.events()
    assert first["data"]["observed"]["changes"] == ["start", "end"]
    assert first["time"] == first["data"]["observed"]["observedAt"]
    assert second["data"]["observed"]["start"]["dateTime"] == MUCH_LATER["start"]["dateTime"]


async def test_the_numbers_go_on_across_versions() -> None:
    """A change of the caller's is no observation, and what people did in Outlook before it stays."""
    world = World()
    meeting, outlook = await made(world)
    outlook.edit(LATER)
    await look(world, meeting)
    await world.app.changes.patch(meeting.id, {"subject": "Another subject"})
    await world.settle()
    seen = await look(world, meeting)
    assert seen.observed is not None
    assert seen.observed.changes == ("start", "end"), "a change sends only what the caller changes"
    outlook.respond(GUEST, "declined")
    await look(world, meeting)
    assert ids(world.results.events()) == [
        ("meeting.changed", "1/1"),
        ("meeting.succeeded", "2"),
        ("meeting.responded", "2/2"),
    ]


async def test_answers_that_a_move_takes_back_are_no_event() -> None:
    """Only the move is published; a new answer, the same or not, is one."""
    world = World()
    meeting, outlook = await made(world)
    outlook.respond(GUEST, "accepted")
    await look(world, meeting)
    outlook.edit(LATER)
    seen = await look(world, meeting)
    assert seen.observed is not None
    assert (seen.observed.attendees[0].response, seen.observed.attendees[0].responded_at) == ("notResponded", None)
    outlook.respond(GUEST, "accepted")
    await look(world, meeting)
    slot = {name: CALENDAR[name] for name in ("start", "end")}
    outlook.respond(GUEST, "tentativelyAccepted", slot)
    await look(world, meeting)
    types = [event["type"] for event in world.results.events()]
    assert types == ["meeting.responded", "meeting.changed", "meeting.responded", "meeting.responded"]


async def test_a_meeting_that_was_moved_before_the_first_look() -> None:
    """Before that it counts as it was requested."""
    world = World()
    meeting = await world.made(CALENDAR)
    world.results.take()
    Outlook(world).edit(LATER)
    await look(world, meeting)
    assert ids(world.results.events()) == [("meeting.changed", "1/1")]


async def test_both_sinks_get_the_same_events() -> None:
    """Results and observations go to the queue and to the topic; without a queue the topic alone gets them."""
    world = World(TOPIC)
    meeting = await world.made(CALENDAR)
    Outlook(world).edit(LATER)
    await look(world, meeting)
    assert world.topic.events() == world.results.events()
    assert ids(world.topic.events()) == [("meeting.succeeded", "1"), ("meeting.changed", "1/1")]
    assert (await world.ledger.read(meeting.id)).outbox == ()
    alone = World(TOPIC | {"RESULT_QUEUE": ""})
    await alone.made(CALENDAR)
    assert ids(alone.topic.events()) == [("meeting.succeeded", "1")]
    assert alone.results.operations == 0


@pytest.mark.parametrize("away", ["results", "topic"])
async def test_neither_sink_waits_for_the_other(away: str) -> None:
    """While one is away the other gets everything, changes go on, and the one gets all of it, in order, later."""
    world = World(TOPIC)
    sinks = {"results": world.results, "topic": world.topic}
    sinks[away].broken = True
    [there] = [sink for name, sink in sinks.items() if name != away]
    meeting = await world.made(CALENDAR)
    outlook = Outlook(world)
    outlook.edit(LATER)
    await look(world, meeting)
    await world.app.changes.patch(meeting.id, {"subject": "Another subject"})
    await world.settle()
    await look(world, meeting)
    expected = [("meeting.succeeded", "1"), ("meeting.changed", "1/1"), ("meeting.succeeded", "2")]
    assert ids(there.events()) == expected
    sinks[away].broken = False
    world.clock.advance(minutes=5)
    await world.app.upkeep.run()
    assert ids(sinks[away].events()) == expected
    late = sinks[away].events()[0]
    assert (late["data"]["version"], late["data"]["status"]) == (1, "succeeded"), "the result of the version it names"
    assert ids(there.events()) == expected, "who has an event does not get it again"
    assert (await world.ledger.read(meeting.id)).outbox == ()


@pytest.mark.parametrize("away", ["results", "topic"])
async def test_a_sink_that_is_long_away_costs_the_other_nothing(away: str) -> None:
    """The other gets every event, `observed` is correct, and the one gets the latest of those beyond its bound."""
    world = World(TOPIC)
    sinks = {"results": world.results, "topic": world.topic}
    [there] = [sink for name, sink in sinks.items() if name != away]
    meeting, outlook = await made(world)
    sinks[away].broken = True
    for number in range(70):
        outlook.edit(LATER if number % 2 else MUCH_LATER)
        await look(world, meeting)
    outlook.respond(GUEST, "declined")
    latest = await look(world, meeting)
    assert (await world.ledger.read(meeting.id)).observed == latest.observed
    numbers = [int(event["id"].rpartition("/")[2]) for event in there.events()]
    assert numbers == [*range(1, 72)]
    sinks[away].broken = False
    world.clock.advance(minutes=5)
    await world.app.upkeep.run()
    late = [int(event["id"].rpartition("/")[2]) for event in sinks[away].events()]
    assert late == [*range(1, 50), 70, 71]
    assert (await world.ledger.read(meeting.id)).outbox == ()


async def change_often(world: World, meeting: Meeting, times: int) -> None:
    for number in range(times):
        await world.app.changes.patch(meeting.id, {"subject": f"Subject {number}"})
        await world.deliver()


async def test_no_sink_refuses_a_change_or_a_cancellation() -> None:
    """While one sink is away, results of many versions wait for it; all of them arrive, in order."""
    world = World(TOPIC)
    meeting, _ = await made(world)
    world.topic.broken = True
    await change_often(world, meeting, 60)
    await world.app.changes.cancel(meeting.id, None)
    await world.deliver()
    world.topic.broken = False
    world.clock.advance(minutes=5)
    await world.app.upkeep.run()
    assert [event["id"] for event in world.topic.events()] == [f"{meeting.id}/{version}" for version in range(2, 63)]


async def test_only_a_cancellation_is_accepted_beside_too_many_results(monkeypatch: pytest.MonkeyPatch) -> None:
    """The results of versions are never lost, so a record that can hold no more of them takes no other version."""
    monkeypatch.setattr("shared.meeting.results.MOST_RESULTS", 3)
    world = World(TOPIC)
    meeting, _ = await made(world)
    world.topic.broken = True
    await change_often(world, meeting, 3)
    with pytest.raises(StorageUnavailableError):
        await world.app.changes.patch(meeting.id, {"subject": "One more"})
    await world.app.changes.cancel(meeting.id, None)
    await world.deliver()
    assert (await world.ledger.read(meeting.id)).status is Status.CANCELLED


async def test_an_outbox_is_bounded() -> None:
    """While no sink takes anything, looks beyond the bound keep nothing, and the events are numbered without gaps."""
    world = World()
    meeting, outlook = await made(world)
    world.results.broken = True
    for number in range(60):
        outlook.edit(LATER if number % 2 else MUCH_LATER)
        await look(world, meeting)
    stuck = await world.ledger.read(meeting.id)
    assert len(stuck.outbox) == 50
    world.results.broken = False
    world.clock.advance(minutes=5)
    await world.app.upkeep.run()
    await look(world, meeting)
    numbers = [int(event["id"].rpartition("/")[2]) for event in world.results.events()]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_what_is_not_sent_is_not_forgotten() -> None:
    """The retention removes no meeting whose events wait for a sink."""
    world = World(TOPIC)
    meeting = await world.made(CALENDAR)
    world.topic.broken = True
    Outlook(world).edit(LATER)
    await look(world, meeting)
    world.clock.advance(days=200)
    await world.app.upkeep.run()
    assert (await world.ledger.read(meeting.id)).outbox
    world.topic.broken = False
    await world.app.upkeep.run()
    assert ids(world.topic.events())[-1] == ("meeting.changed", "1/1")
