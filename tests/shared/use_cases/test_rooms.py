"""The rooms of the tenant, as the stand-in has them."""

import pytest

from local.graph.records import Room
from shared.errors import InvalidRequestError, RejectedError, ThrottledError
from tests.app_fixture import World

ROOMS, LIST = ["Baker@contoso.com", "Able@contoso.com"], "Rooms@contoso.com"


def calls(world: World) -> int:
    return sum("/places/" in seen.path for seen in world.tenant.requests)


async def test_every_page_of_the_rooms() -> None:
    """Each with what the directory knows of it; in pages of a hundred, up to a thousand."""
    world = World()
    for number in range(204):
        world.tenant.add_user(f"room{number}@contoso.com", f"Room {number}", room=Room(capacity=number))
    rooms = await world.app.rooms.list(None)
    assert len(rooms) == 206
    last = rooms[-1]
    assert (last.email_address, last.display_name, last.capacity) == ("room203@contoso.com", "Room 203", 203)
    assert calls(world) == 3
    for number in range(204, 1_100):
        world.tenant.add_user(f"room{number}@contoso.com", f"Room {number}", room=Room())
    world.clock.advance(hours=2)
    assert len(await world.app.rooms.list(None)) == 1_000


async def test_pages_that_are_shorter_than_asked_for() -> None:
    """The list goes on where Graph says so."""
    world = World()
    world.tenant.settings.items_a_page = 2
    for number in range(4):
        world.tenant.add_user(f"room{number}@contoso.com", f"Room {number}", room=Room())
    assert len(await world.app.rooms.list(None)) == 6
    assert calls(world) == 3


async def test_the_type_is_named_as_documented() -> None:
    """With its namespace, where the SDK has an alias."""
    world = World()
    await world.app.rooms.list(None)
    await world.app.rooms.list(LIST)
    paths = [seen.path for seen in world.tenant.requests if "/places/" in seen.path]
    assert [path.rpartition("/places/")[2].partition("?")[0] for path in paths] == [
        "microsoft.graph.room",
        "Rooms%40contoso.com/microsoft.graph.roomList/rooms",
    ]


async def test_the_rooms_of_a_list() -> None:
    """By the address of the list, in any case; another list has none of them."""
    world = World()
    world.tenant.add_user("other@contoso.com", "Other", room=Room())
    assert [room.email_address for room in await world.app.rooms.list(LIST)] == ROOMS
    assert len(await world.app.rooms.list(None)) == 3
    with pytest.raises(RejectedError) as raised:
        await world.app.rooms.list("none@contoso.com")
    assert raised.value.code == "roomListNotFound"


async def test_they_are_known_for_an_hour() -> None:
    """A second question within the hour asks nobody; a refusal is not kept."""
    world = World()
    world.tenant.settings.may_read_places = False
    with pytest.raises(RejectedError):
        await world.app.rooms.list(LIST)
    world.tenant.settings.may_read_places = True
    first = await world.app.rooms.list(LIST)
    assert await world.app.rooms.list(LIST.lower()) == first
    assert calls(world) == 2
    world.clock.advance(minutes=61)
    await world.app.rooms.list(LIST)
    assert calls(world) == 3


async def test_without_the_permission() -> None:
    """The refusal has the command that grants it."""
    world = World()
    world.tenant.settings.may_read_places = False
    with pytest.raises(RejectedError) as raised:
        await world.app.rooms.list(None)
    assert raised.value.code == "applicationPermissionMissing"
    assert "Place.Read.All" in raised.value.message
    assert "Value -eq 'Place.Read.All'" in raised.value.remedy


@pytest.mark.parametrize("room_list", ["", "x", "../users", "a@x/y"])
async def test_what_is_no_list(room_list: str) -> None:
    """It is refused before Graph is asked."""
    world = World()
    with pytest.raises(InvalidRequestError) as raised:
        await world.app.rooms.list(room_list)
    assert [fault.pointer for fault in raised.value.faults] == ["/list"]
    assert not calls(world)


async def test_graph_is_busy() -> None:
    """Its Retry-After holds for the next question too."""
    world = World()
    world.fault({"path": "/places/", "times": 1, "action": {"status": 429, "code": "x", "retryAfter": "30"}})
    for _ in range(2):
        with pytest.raises(ThrottledError):
            await world.app.rooms.list(None)
    assert calls(world) == 1
    world.clock.advance(seconds=31)
    assert await world.app.rooms.list(None)
