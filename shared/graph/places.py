"""Rooms of the tenant: /places.

https://learn.microsoft.com/graph/api/place-list
"""

from kiota_abstractions.method import Method

from shared.graph.client import Call, GraphClient
from shared.graph.pages import each_item
from shared.graph.refusals import Surface
from shared.graph.resources import GraphResource, Lenient, parse_resource

MOST_ROOMS = 1_000
_PAGE = 100


class Room(GraphResource):
    """A room that can be invited.

    https://learn.microsoft.com/graph/api/resources/room
    """

    email_address: Lenient[str] = None
    display_name: Lenient[str] = None
    capacity: Lenient[int] = None
    building: Lenient[str] = None
    floor_number: Lenient[int] = None


class Places:
    """The directory of rooms. Every call may raise the GraphErrors of GraphClient.send."""

    def __init__(self, client: GraphClient) -> None:
        self._client = client

    async def rooms(self, room_list: str | None) -> list[Room]:
        """Return the rooms of the tenant, or of the room list with this address; at most `MOST_ROOMS`."""
        places = self._client.service.places
        builder = places.by_place_id(room_list).graph_room_list.rooms if room_list else places.graph_room
        call = Call(Method.GET, builder, Surface.PLACES, room_list or "", {"top": str(_PAGE)})
        found: dict[str, Room] = {}
        async for each in each_item(self._client, call):
            room = parse_resource(Room, each, uncertain=False)
            if room.email_address:
                found.setdefault(room.email_address, room)
            if len(found) == MOST_ROOMS:
                break
        return list(found.values())
