"""Requests for places.

https://learn.microsoft.com/graph/api/place-list
"""

from typing import Final

from local.graph.errors import GraphError, JsonObject, bad_request, privileges_missing
from local.graph.http_messages import GraphAnswer, GraphRequest
from local.graph.records import User
from local.graph.tenant import Tenant

_NAMESPACE: Final = "microsoft."  # `graph.room` is the same: an alias of the metadata
_ROOM: Final = "microsoft.graph.room"
_ROOM_LIST: Final = "microsoft.graph.roomlist"
_PAGE: Final = 100
_CONTEXT: Final = "https://graph.microsoft.com/v1.0/$metadata#places"


def answer_places(tenant: Tenant, segments: list[str], request: GraphRequest) -> GraphAnswer:
    """Answer GET of the rooms, the room lists, and the rooms of a list."""
    if not tenant.settings.may_read_places:
        raise privileges_missing()
    rooms = [user for user in tenant.users if user.room is not None]
    lists = {
        user.room.list_address.casefold(): user.room.list_address
        for user in rooms
        if user.room and user.room.list_address
    }
    match [segment.casefold().removeprefix(_NAMESPACE) for segment in segments]:
        case ["graph.room"]:
            return _page(tenant, [_room(user) for user in rooms], _ROOM, request)
        case ["graph.roomlist"]:
            return _page(tenant, [_room_list(address) for address in lists.values()], _ROOM_LIST, request)
        case [address, "graph.roomlist", "rooms"]:
            if address not in lists:
                raise GraphError(404, "ErrorItemNotFound", "The specified place was not found.")
            inside = [user for user in rooms if user.room and (user.room.list_address or "").casefold() == address]
            return _page(tenant, [_room(user) for user in inside], _ROOM, request)
        case _:
            raise bad_request(f"Resource not found for the segment '{segments[-1]}'.")


def _page(tenant: Tenant, values: list[JsonObject], kind: str, request: GraphRequest) -> GraphAnswer:
    query = request.query()
    top = min(int(query.get("$top", _PAGE)), tenant.settings.items_a_page)
    skip = int(query.get("$skip", 0))
    following = f"$top={top}&$skip={skip + top}" if skip + top < len(values) else None
    return request.page(f"{_CONTEXT}/{kind}", values[skip : skip + top], following)


def _room(user: User) -> JsonObject:
    room = user.room
    return {
        "id": user.id,
        "emailAddress": user.user_principal_name,
        "displayName": user.display_name,
        "nickname": user.display_name,
        "capacity": room and room.capacity,
        "building": room and room.building,
        "floorNumber": room and room.floor_number,
        "bookingType": "standard",
        "isWheelChairAccessible": None,
    }


def _room_list(address: str) -> JsonObject:
    return {"id": address, "emailAddress": address, "displayName": address.partition("@")[0]}
