"""A pool of rooms: the first that is free is invited, becomes the location, and is never had twice at once."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.graph.records import Room
from shared.meeting import Meeting, MeetingResponse, Status
from tests.app_fixture import World
from tests.examples import CALENDAR

ROOMS = [f"Room{number}@contoso.com" for number in range(3)]


def meeting_in(rooms: list[str] = ROOMS, hour: float = 9, **more: Any) -> dict[str, Any]:
    """Return a request for an hour of one day."""
    start = datetime(2027, 1, 20, tzinfo=UTC) + timedelta(hours=hour)
    times = {
        name: {"dateTime": moment.replace(tzinfo=None).isoformat(), "timeZone": "UTC"}
        for name, moment in (("start", start), ("end", start + timedelta(hours=1)))
    }
    return CALENDAR | times | {"roomPool": {"candidates": rooms}} | more


def at(hour: float) -> dict[str, Any]:
    return {name: meeting_in(hour=hour)[name] for name in ("start", "end")}


@pytest.fixture
def world() -> World:
    world = World()
    for number, room in enumerate(ROOMS):
        world.tenant.add_user(room, f"Room {number}", room=Room())
    return world


async def made(world: World, *requests: dict[str, Any]) -> list[Meeting]:
    """Return the meetings of requests that come at once, when all are at their end."""
    meetings = [await world.accept(request) for request in requests]
    await world.settle()
    return [await world.ledger.read(meeting.id) for meeting in meetings]


async def changed(world: World, meeting: Meeting, patch: dict[str, Any]) -> Meeting:
    await world.app.changes.patch(meeting.id, patch)
    await world.settle()
    return await world.ledger.read(meeting.id)


def place_of(world: World, meeting: Meeting) -> tuple[str, set[str]]:
    """Return where the event is, and which rooms it invites."""
    [event] = [each for each in world.events() if each.immutable_id == meeting.outcome.event_id]
    invited = {each["emailAddress"]["address"] for each in event.properties["attendees"]}
    return event.properties["location"]["displayName"], invited & set(ROOMS)


async def test_the_first_free_room_is_invited_and_becomes_the_location(world: World) -> None:
    """As a resource, with its name; what the app chose is no change, and stands in the invitation."""
    [meeting] = await made(world, meeting_in())
    assert place_of(world, meeting) == ("Room 0", {ROOMS[0]})
    [event] = world.events()
    assert [each["type"] for each in event.properties["attendees"]] == ["required", "resource"]
    refreshed = await world.app.refreshing.refresh(meeting.id)
    assert refreshed.observed
    assert refreshed.observed.changes == ()
    _, invitation = await world.app.invitations.write(meeting.id)
    assert "LOCATION:Room 0" in invitation.decode()
    assert (meeting.request or {}).get("location") is None


async def test_the_answer_names_the_room_and_until_when_calendars_were_looked_at(world: World) -> None:
    """Nothing before one is chosen; of a series the end of the last occurrence in 62 days, of one meeting its day."""
    accepted = await world.accept(meeting_in())
    queued = MeetingResponse.of(accepted).as_json()
    assert (queued["room"], queued["availabilityCheckedUntil"]) == (None, None)
    await world.settle()
    made_once = MeetingResponse.of(await world.ledger.read(accepted.id)).as_json()
    assert made_once["room"] == {"address": ROOMS[0], "name": "Room 0"}
    assert made_once["availabilityCheckedUntil"] == "2027-01-21T00:00:00Z"
    recurrence = {"pattern": {"type": "daily", "interval": 1}, "range": {"type": "noEnd", "startDate": "2027-01-20"}}
    pool = {"organizer": None, "organizerPool": {"candidates": ["AlexW@contoso.com", "MeganB@contoso.com"]}}
    [series] = await made(world, meeting_in(hour=12, recurrence=recurrence) | pool)
    assert MeetingResponse.of(series).as_json()["availabilityCheckedUntil"] == "2027-03-22T13:00:00Z"


async def test_a_room_without_a_known_name_is_shown_by_its_address(world: World) -> None:
    """The list of rooms takes a permission of its own."""
    world.tenant.settings.may_read_places = False
    [meeting] = await made(world, meeting_in())
    assert place_of(world, meeting) == (ROOMS[0], {ROOMS[0]})


async def test_ten_at_once_for_three_rooms(world: World) -> None:
    """Three are made in three rooms; the others end noRoomFree, say which are busy, and are tried again."""
    for number in range(10):
        world.tenant.add_user(f"host{number}@contoso.com", "Host")
    requests = [meeting_in(organizer=f"host{number}@contoso.com") for number in range(10)]
    meetings = await made(world, *requests)
    rooms = [meeting.room.mailbox for meeting in meetings if meeting.room]
    assert sorted(rooms) == ROOMS
    failed = [meeting for meeting in meetings if meeting.status is Status.FAILED]
    assert {meeting.error.code for meeting in failed if meeting.error} == {"noRoomFree"}
    assert all(meeting.error and f"{ROOMS[2]} is busy" in meeting.error.message for meeting in failed)
    assert sum(len(world.events(str(request["organizer"]))) for request in requests) == 3
    [first] = [meeting for meeting in meetings if meeting.room and meeting.room.mailbox == ROOMS[0]]
    await world.app.changes.cancel(first.id, None)
    await world.app.changes.retry(failed[0].id)
    await world.settle()
    again = await world.ledger.read(failed[0].id)
    assert again.room
    assert again.room.mailbox == ROOMS[0]


async def test_a_move_keeps_the_room_when_it_is_free_and_takes_another_when_not(world: World) -> None:
    """The former room is free once the event has moved."""
    [other] = await made(world, meeting_in(hour=12))
    [meeting] = await made(world, meeting_in(hour=9))
    moved = await changed(world, meeting, at(9.5))
    assert place_of(world, moved) == ("Room 0", {ROOMS[0]})
    moved = await changed(world, meeting, at(12.5))
    assert place_of(world, moved) == ("Room 1", {ROOMS[1]})
    assert moved.room
    assert (moved.room.former, moved.room.moved) == ((), False)
    [third] = await made(world, meeting_in(hour=9))
    assert place_of(world, third) == ("Room 0", {ROOMS[0]})
    assert place_of(world, other) == ("Room 0", {ROOMS[0]})


async def test_a_move_without_a_free_room_fails_and_the_room_stays(world: World) -> None:
    """Also reserved, at the old time."""
    [meeting, _] = await made(world, meeting_in(ROOMS[:1]), meeting_in(ROOMS[:1], hour=12))
    moved = await changed(world, meeting, at(12.5))
    assert (moved.status, moved.error and moved.error.code) == (Status.FAILED, "noRoomFree")
    [late] = await made(world, meeting_in(ROOMS[:1]))
    assert late.error
    assert late.error.code == "noRoomFree"


async def test_another_pool_chooses_again(world: World) -> None:
    """Unless the room is in it; without a pool there is no room."""
    [meeting] = await made(world, meeting_in(ROOMS[:2]))
    meeting = await changed(world, meeting, {"roomPool": {"candidates": ROOMS[::-1]}})
    assert place_of(world, meeting) == ("Room 0", {ROOMS[0]})
    meeting = await changed(world, meeting, {"roomPool": {"candidates": ROOMS[2:]}})
    assert place_of(world, meeting) == ("Room 2", {ROOMS[2]})
    meeting = await changed(world, meeting, {"roomPool": None})
    assert place_of(world, meeting) == ("", set())
    assert meeting.room is None
    assert meeting.id not in str(world.mailboxes_table.partitions)


async def test_a_death_before_the_room_is_chosen_leaves_nothing_in_doubt(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing can be made before the room is written down: without a free room, nobody's time is held."""

    async def dies(*_: object) -> None:
        raise asyncio.CancelledError

    await made(world, meeting_in(ROOMS[:1]))
    pool = {"organizer": None, "organizerPool": {"candidates": ["LidiaH@contoso.com", "MeganB@contoso.com"]}}
    meeting = await world.accept(meeting_in(ROOMS[:1]) | pool)
    monkeypatch.setattr(world.app.message_handler._provisioner._reconciler._room_pools, "choose", dies)
    with pytest.raises(asyncio.CancelledError):
        await world.deliver()
    monkeypatch.undo()
    assert (await world.ledger.read(meeting.id)).organizer
    world.clock.now += timedelta(minutes=2)
    await world.app.upkeep.run()
    await world.settle()
    failed = await world.ledger.read(meeting.id)
    assert failed.error
    assert (failed.error.code, failed.organizer, failed.doubt.in_doubt_since) == ("noRoomFree", None, None)
    assert meeting.id not in str(world.mailboxes_table.partitions)


async def test_a_cancellation_frees_the_room(world: World) -> None:
    """And what the organizer was chosen from a pool for, frees both."""
    pool = {"organizer": None, "organizerPool": {"candidates": ["AlexW@contoso.com", "MeganB@contoso.com"]}}
    [meeting] = await made(world, meeting_in() | pool)
    assert meeting.room
    assert meeting.organizer
    await world.app.changes.cancel(meeting.id, None)
    await world.settle()
    assert meeting.id not in str(world.mailboxes_table.partitions)
