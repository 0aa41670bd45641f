"""A room of a pool that declines: the meeting moves once to another one of the pool that is free."""

from datetime import timedelta
from typing import Any

import pytest

from local.graph.attendee_responses import respond
from local.graph.records import Room
from shared.meeting import Meeting, Status
from tests.app_fixture import World
from tests.shared.use_cases.provision.test_room_pools import ROOMS, at, changed, made, meeting_in, place_of


@pytest.fixture
def world() -> World:
    world = World()
    for number, room in enumerate(ROOMS):
        world.tenant.add_user(room, f"Room {number}", room=Room(answers="wait"))
    return world


async def declined(world: World, meeting: Meeting, room: str) -> Meeting:
    """Have a room decline, and the watch see it; return the meeting once everything has come to its end."""
    [event] = [each for each in world.events() if each.immutable_id == meeting.outcome.event_id]
    respond(world.tenant, event, room, "declined")
    world.clock.now += timedelta(hours=6)
    await world.app.watch.run()
    await world.settle()
    return await world.ledger.read(meeting.id)


def types(world: World) -> list[str]:
    return [event["type"] for event in world.results.events()]


async def test_the_meeting_moves_to_another_room(world: World) -> None:
    """The decline is published, then the new version; guests and link stay, and the declined room is free again."""
    [meeting] = await made(world, meeting_in())
    moved = await declined(world, meeting, ROOMS[0])
    assert place_of(world, moved) == ("Room 1", {ROOMS[1]})
    assert (moved.version, moved.status) == (2, Status.SUCCEEDED)
    assert moved.outcome.join_url == meeting.outcome.join_url
    assert types(world) == ["meeting.succeeded", "meeting.responded", "meeting.succeeded"]
    [event] = world.events()
    addresses = [each["emailAddress"]["address"] for each in event.properties["attendees"]]
    assert addresses == ["AdeleV@contoso.com", ROOMS[1]]
    details = [entry.detail for entry in moved.history]
    assert f"Version 2 was accepted: another room, because {ROOMS[0]} declined." in details
    assert f"{ROOMS[1]} was chosen from the pool of rooms instead of {ROOMS[0]}, which declined." in details
    refreshed = await world.app.refreshing.refresh(meeting.id)
    assert refreshed.observed
    assert refreshed.observed.changes == ()
    [other] = await made(world, meeting_in(ROOMS[:1]))
    assert place_of(world, other) == ("Room 0", {ROOMS[0]})


async def test_a_second_decline_moves_nothing(world: World) -> None:
    """The caller is told, and decides."""
    [meeting] = await made(world, meeting_in())
    await declined(world, meeting, ROOMS[0])
    again = await declined(world, meeting, ROOMS[1])
    assert (again.version, place_of(world, again)) == (2, ("Room 1", {ROOMS[1]}))
    assert types(world)[-1] == "meeting.responded"


async def test_without_another_free_room_the_room_stays(world: World) -> None:
    """The meeting has succeeded all the same, and later versions do not look for a room again."""
    await made(world, meeting_in(ROOMS[1:2]))
    [meeting] = await made(world, meeting_in(ROOMS[:2]))
    kept = await declined(world, meeting, ROOMS[0])
    assert (kept.version, kept.status, place_of(world, kept)) == (2, Status.SUCCEEDED, ("Room 0", {ROOMS[0]}))
    detail = f"{ROOMS[0]} stays, which declined: no other room of the pool is free."
    assert detail in [entry.detail for entry in kept.history]
    asked = len(world.sent("POST", "getSchedule"))
    await changed(world, meeting, {"subject": "Another subject"})
    again = await declined(world, meeting, ROOMS[0])
    assert again.version == 3
    assert len(world.sent("POST", "getSchedule")) == asked
    [other] = await made(world, meeting_in(ROOMS[:1]))
    assert other.error
    assert other.error.code == "noRoomFree"


async def test_a_change_that_comes_before_the_move_does_not_prevent_it(world: World) -> None:
    """The caller's version carries it out."""
    [meeting] = await made(world, meeting_in())
    [event] = world.events()
    respond(world.tenant, event, ROOMS[0], "declined")
    await world.app.refreshing.refresh(meeting.id)
    moved = await changed(world, meeting, {"subject": "Another subject"})
    assert (moved.version, place_of(world, moved)) == (3, ("Room 1", {ROOMS[1]}))
    assert event.properties["subject"] == "Another subject"


async def test_a_new_time_may_take_the_declined_room_where_no_other_is_free(world: World) -> None:
    """It declined another time."""
    await made(world, meeting_in(ROOMS[1:2], hour=12))
    [meeting] = await made(world, meeting_in(ROOMS[:2]))
    [event] = [each for each in world.events() if each.immutable_id == meeting.outcome.event_id]
    respond(world.tenant, event, ROOMS[0], "declined")
    await world.app.refreshing.refresh(meeting.id)
    moved = await changed(world, meeting, at(12))
    assert (moved.status, place_of(world, moved)) == (Status.SUCCEEDED, ("Room 0", {ROOMS[0]}))


async def test_a_series_moves_to_a_room_that_is_free_each_time(world: World) -> None:
    """Room 1 is had by another meeting at the third occurrence."""
    recurrence = {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["wednesday"]},
        "range": {"type": "numbered", "startDate": "2027-01-20", "numberOfOccurrences": 5},
    }
    await made(world, meeting_in(ROOMS[1:2], hour=9 + 14 * 24))
    [meeting] = await made(world, meeting_in(recurrence=recurrence))
    moved = await declined(world, meeting, ROOMS[0])
    assert place_of(world, moved) == ("Room 2", {ROOMS[2]})


async def test_two_looks_at_once_move_it_once(world: World) -> None:
    """Of two observations the one counts that is kept first."""
    [meeting] = await made(world, meeting_in())
    [event] = world.events()
    respond(world.tenant, event, ROOMS[0], "declined")
    other = world.new_host()
    for app in (world.app, other):
        await app.refreshing.refresh(meeting.id)
    await world.settle()
    assert (await world.ledger.read(meeting.id)).version == 2


def _moved_in_outlook(world: World) -> None:
    [event] = world.events()
    event.properties["location"] = {"displayName": "The canteen"}


async def _without_pool(world: World, meeting: Meeting) -> None:
    room = {"emailAddress": {"address": ROOMS[0]}, "type": "resource"}
    attendees = [*meeting_in()["attendees"], room]
    await changed(world, meeting, {"roomPool": None, "attendees": attendees, "location": {"displayName": "Room 0"}})


async def _past(world: World, _: Meeting) -> None:
    world.clock.now += timedelta(days=365)


async def _elsewhere(world: World, _: Meeting) -> None:
    _moved_in_outlook(world)


async def _with_one_room(world: World, meeting: Meeting) -> None:
    await changed(world, meeting, {"roomPool": {"candidates": ROOMS[:1]}})


@pytest.mark.parametrize("change", [_without_pool, _past, _elsewhere, _with_one_room])
async def test_nothing_moves(world: World, change: Any) -> None:
    """A room that the caller names, a meeting that is over, one that people moved, and a pool of one room."""
    [meeting] = await made(world, meeting_in())
    await change(world, meeting)
    [event] = world.events()
    respond(world.tenant, event, ROOMS[0], "declined")
    version = (await world.ledger.read(meeting.id)).version
    await world.app.refreshing.refresh(meeting.id)
    await world.settle()
    assert (await world.ledger.read(meeting.id)).version == version
    assert place_of(world, meeting)[1] == {ROOMS[0]}
