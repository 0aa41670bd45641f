"""POST /availability: find when people and rooms are free."""

import asyncio
from datetime import UTC, datetime, timedelta

import azure.functions as func

from functions.http.failures import BODY, GRAPH_UNAVAILABLE, ORGANIZER_NOT_ALLOWED, SERVICE
from functions.http.requests import read_json
from functions.http.responses import json_response
from functions.http.trigger import http_trigger
from shared.access.callers import Caller
from shared.bootstrap import app
from shared.openapi.examples import AVAILABILITY_REQUEST, ORGANIZER, ROOM
from shared.openapi.operation import JSON, Example, Operation, RequestBody, Response
from shared.openapi.request_schemas import AVAILABILITY
from shared.use_cases.availability import FreeSlot, Unknown, parse_availability
from shared.validation.response_model import LocalMoment, ResponseModel
from shared.validation.time_zones import zone

blueprint = func.Blueprint()


class FreeSlotResponse(ResponseModel, frozen=True):
    """A time at which somebody is free.

    Attributes:
        start: When it starts, with the offset of the request's zone.
        end: When it ends, with the offset of the request's zone.
        organizers: The people who are free, as the request names them.
        rooms: The rooms that are free.
    """

    start: LocalMoment
    end: LocalMoment
    organizers: tuple[str, ...]
    rooms: tuple[str, ...]


class UnknownAvailabilityResponse(ResponseModel, frozen=True):
    """An address whose free times are unknown.

    Attributes:
        address: The address, as the request names it.
        code: Graph's code for the reason, or one of this app's.
        message: Why they are unknown.
    """

    address: str
    code: str
    message: str


class AvailabilityResponse(ResponseModel, frozen=True):
    """When people and rooms are free.

    Attributes:
        slots: The times at which somebody is free, in order.
        unknown: The addresses whose free times are unknown; no slot has them.
    """

    slots: tuple[FreeSlotResponse, ...]
    unknown: tuple[UnknownAvailabilityResponse, ...]

    @staticmethod
    def of(free: list[FreeSlot], unknown: list[Unknown], time_zone: str) -> "AvailabilityResponse":
        """Return the answer, in the time zone of the request."""
        where = zone(time_zone)

        def local(moment: datetime) -> str:
            shown = moment.astimezone(where)
            # Some zones had offsets with seconds, until 1972, and RFC 3339 has none.
            seconds = (shown.utcoffset() or timedelta()) % timedelta(minutes=1)
            return (moment.astimezone(UTC) if seconds else shown).isoformat()

        return AvailabilityResponse(
            slots=tuple(
                FreeSlotResponse(
                    start=local(slot.time.start), end=local(slot.time.end), organizers=slot.organizers, rooms=slot.rooms
                )
                for slot in free
            ),
            unknown=tuple(
                UnknownAvailabilityResponse(address=each.address, code=each.code, message=each.message)
                for each in unknown
            ),
        )


def _one_slot() -> AvailabilityResponse:
    slot = FreeSlotResponse(
        start="2027-01-20T09:00:00+01:00", end="2027-01-20T09:30:00+01:00", organizers=(ORGANIZER,), rooms=(ROOM,)
    )
    nobody = UnknownAvailabilityResponse(
        address="Nobody@contoso.com", code="5009", message="Unable to resolve e-mail address."
    )
    return AvailabilityResponse(slots=(slot,), unknown=(nobody,))


OPERATION = Operation(
    summary="Find when people and rooms are free",
    description="Returns the slots of a window in which somebody is free: slots of `duration` that begin at `start` and"
    " every `step` after it. Tentative and out of office count as busy, working elsewhere as free. Meetings that this"
    " app has accepted and not created yet count as busy. Stores nothing.",
    tag="Organizers",
    body=RequestBody(
        "The people, the rooms and the window.",
        {JSON: AVAILABILITY},
        {JSON: {"morning": Example("A morning", AVAILABILITY_REQUEST)}},
    ),
    responses=(
        Response(
            200,
            "The slots; the list may be empty.",
            AvailabilityResponse,
            examples={"oneSlot": Example("One slot, and an unknown address", _one_slot)},
        ),
    ),
    raises=(*BODY, ORGANIZER_NOT_ALLOWED, GRAPH_UNAVAILABLE, *SERVICE),
)


@blueprint.route("availability", methods=["POST"])
@http_trigger
async def find_availability(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:
    """Answer with the slots in which somebody is free."""
    request = parse_availability(read_json(req))
    free, unknown = await app().availability.find(request, caller)
    return await asyncio.to_thread(_answer, free, unknown, request.start.time_zone)


def _answer(free: list[FreeSlot], unknown: list[Unknown], time_zone: str) -> func.HttpResponse:
    return json_response(AvailabilityResponse.of(free, unknown, time_zone))
