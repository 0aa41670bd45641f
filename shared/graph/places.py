"""Rooms of the tenant: /places.

https://learn.microsoft.com/graph/api/place-list
"""

from kiota_abstractions.method import Method

from shared.errors import UnavailableError
from shared.graph.client import Call, GraphClient
from shared.graph.refusals import Addressee, Surface
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
        places = self._client.places
        builder = places.by_place_id(room_list).graph_room_list.rooms if room_list else places.graph_room
        addressee = Addressee(Surface.PLACES, room_list or "", self._client.client_id)
        found: list[Room] = []
        for skip in range(0, MOST_ROOMS, _PAGE):
            query = {"top": str(_PAGE), "skip": str(skip)}
            value = (await self._client.send(Call(Method.GET, builder, addressee, query=query))).get("value")
            if not isinstance(value, list):
                raise UnavailableError("Graph's answer has no list of rooms", uncertain=False)
            found += [parse_resource(Room, each, uncertain=False) for each in value]
            if len(value) < _PAGE:
                break
        return [room for room in found if room.email_address]
