"""GET /rooms: list the rooms of the tenant or of a room list."""

import azure.functions as func

from functions.http.failures import GRAPH_UNAVAILABLE, INVALID_REQUEST, PLACES_NOT_ALLOWED, ROOM_LIST_NOT_FOUND, SERVICE
from functions.http.requests import read_query
from functions.http.responses import json_response
from functions.http.trigger import http_trigger
from shared.access.callers import Caller
from shared.bootstrap import app
from shared.graph.places import Room
from shared.meeting_request.people import MAX_ADDRESS
from shared.openapi.examples import ROOM
from shared.openapi.operation import Example, Operation, Parameter, Response
from shared.validation.response_model import ResponseModel

blueprint = func.Blueprint()


class RoomResponse(ResponseModel, frozen=True):
    """A room that can be invited.

    Attributes:
        address: The address of the room.
        name: The name of the room.
        capacity: How many people it holds.
        building: The building that it is in.
        floor: The number of the floor that it is on.
    """

    address: str
    name: str | None
    capacity: int | None
    building: str | None
    floor: int | None


class RoomListResponse(ResponseModel, frozen=True):
    """The rooms of the tenant, or of a room list.

    Attributes:
        rooms: The rooms, at most 1,000.
    """

    rooms: tuple[RoomResponse, ...]

    @staticmethod
    def of(rooms: tuple[Room, ...]) -> "RoomListResponse":
        """Return rooms as callers see them."""
        return RoomListResponse(
            rooms=tuple(
                RoomResponse(
                    address=room.email_address or "",
                    name=room.display_name,
                    capacity=room.capacity,
                    building=room.building,
                    floor=room.floor_number,
                )
                for room in rooms
            )
        )


def _one_room() -> RoomListResponse:
    room = RoomResponse(address=ROOM, name="Conf Room Baker", capacity=6, building="1", floor=2)
    return RoomListResponse(rooms=(room,))


# Not `format: email`: the Functions host drops a parameter without a value, which is then a request for all rooms.
_LIST = {"type": "string", "maxLength": MAX_ADDRESS}
OPERATION = Operation(
    summary="List rooms",
    description="Returns the rooms of the tenant, or those of a room list, as Graph had them in the last hour. The app"
    " needs the permission Place.Read.All for this operation only.",
    tag="Organizers",
    parameters=(Parameter("list", "query", "The address of a room list.", _LIST),),
    responses=(
        Response(
            200,
            "The rooms; the list may be empty.",
            RoomListResponse,
            examples={"one": Example("One room", _one_room)},
        ),
    ),
    raises=(INVALID_REQUEST, PLACES_NOT_ALLOWED, ROOM_LIST_NOT_FOUND, GRAPH_UNAVAILABLE, *SERVICE),
)


@blueprint.route("rooms", methods=["GET"])
@http_trigger
async def list_rooms(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:  # noqa: ARG001 - every caller may
    """Answer with the rooms."""
    room_list = read_query(req, OPERATION, lambda parameters: parameters.get("list"))
    return json_response(RoomListResponse.of(await app().rooms.list(room_list)))
