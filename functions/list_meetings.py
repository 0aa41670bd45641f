"""GET /meetings: list meetings by organizer, reference, link, id, schedule, status or start."""

import azure.functions as func

from functions.http.failures import GRAPH_SEARCH, INVALID_REQUEST, ORGANIZER_NOT_ALLOWED, SERVICE
from functions.http.requests import read_query
from functions.http.responses import json_response
from functions.http.trigger import http_trigger
from shared.access.callers import Caller
from shared.bootstrap import app
from shared.meeting import FoundMeetingResponse, Meeting, MeetingResponse
from shared.openapi.examples import succeeded_meeting
from shared.openapi.operation import Example, Operation, Parameter, Response
from shared.openapi.parameters import CONTINUATION, TOP
from shared.openapi.request_schemas import MEETING_STATUS
from shared.use_cases.finder import LONGEST_VALUE, parse_filter
from shared.validation.response_model import ResponseModel

blueprint = func.Blueprint()


class MeetingListResponse(ResponseModel, frozen=True):
    """Some of the meetings that a search found.

    Attributes:
        meetings: The meetings, newest first; by their start, where the search names one. A page may be short.
        continuation_token: Requests the next meetings; null after the last.
    """

    meetings: tuple[FoundMeetingResponse, ...]
    continuation_token: str | None


_EXAMPLE = Example("One meeting", lambda: MeetingListResponse(meetings=(succeeded_meeting(),), continuation_token=None))
_TEXT = {"type": "string", "minLength": 1, "maxLength": LONGEST_VALUE}
_TIME = {"type": "string", "minLength": 10, "maxLength": 64}
_INSTANT = "an RFC 3339 time with an offset, or a date, which begins in UTC. An event starts by the clock of its zone."
_DAY = "2027-01-20"
OPERATION = Operation(
    summary="List meetings",
    description="Returns the meetings with an organizer, reference, link, id or schedule, newest first. One of these"
    " filters is allowed; `status`, `from` and `to` narrow it, or stand alone. With `from` or `to` the meetings are in"
    " the order of their start. An organizer may accompany a link or id: a meeting that this app did not create is then"
    " read from Graph, unless the search is narrowed. A narrowed page may be short or empty and still have a"
    " continuation token.",
    tag="Meetings",
    parameters=(
        Parameter("organizer", "query", "The organizer, as the requests name them.", _TEXT, "AlexW@contoso.com"),
        Parameter("reference", "query", "The caller's own reference.", _TEXT),
        Parameter("joinUrl", "query", "A join link of Teams or Skype.", _TEXT | {"format": "uri"}),
        Parameter("joinMeetingId", "query", "The number to join with.", _TEXT),
        Parameter("eventId", "query", "The id of the event in the organizer's calendar.", _TEXT),
        Parameter("schedule", "query", "The id of the schedule that made the meetings.", _TEXT),
        Parameter("status", "query", "The status of the meetings.", MEETING_STATUS),
        Parameter("from", "query", f"Meetings that are requested to start then or later: {_INSTANT}", _TIME, _DAY),
        Parameter("to", "query", f"Meetings that are requested to start before: {_INSTANT}", _TIME, _DAY),
        TOP,
        CONTINUATION,
    ),
    responses=(Response(200, "The meetings; the list may be empty.", MeetingListResponse, examples={"one": _EXAMPLE}),),
    raises=(INVALID_REQUEST, ORGANIZER_NOT_ALLOWED, *GRAPH_SEARCH, *SERVICE),
)


@blueprint.route("meetings", methods=["GET"])
@http_trigger
async def list_meetings(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:
    """Answer with the meetings that a filter describes."""
    page = await app().finder.find(read_query(req, OPERATION, parse_filter), caller)
    meetings = tuple(
        MeetingResponse.of(each) if isinstance(each, Meeting) else each.as_response() for each in page.items
    )
    return json_response(MeetingListResponse(meetings=meetings, continuation_token=page.continuation))
