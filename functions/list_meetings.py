"""GET /meetings: find meetings by organizer, reference, link, id or status."""

import azure.functions as func

from functions.http.caller import caller_of
from functions.http.failures import GRAPH, INVALID_REQUEST, ORGANIZER_NOT_ALLOWED, SERVICE
from functions.http.responses import answers_problems, json_response
from shared.bootstrap import app
from shared.meeting import FoundMeetingResponse, Meeting, MeetingResponse, Status
from shared.openapi.operation import Answer, Operation, Parameter
from shared.openapi.parameters import CONTINUATION, TOP
from shared.use_cases.find import LONGEST_VALUE, parse_filter
from shared.validation.response_model import ResponseModel

blueprint = func.Blueprint()


class MeetingListResponse(ResponseModel, frozen=True):
    """Some of the meetings that a search found.

    Attributes:
        meetings: The meetings, newest first.
        continuation_token: Requests the next meetings; null after the last.
    """

    meetings: tuple[FoundMeetingResponse, ...]
    continuation_token: str | None


_TEXT = {"type": "string", "minLength": 1, "maxLength": LONGEST_VALUE}
_STATUS = {"type": "string", "enum": [status.value for status in Status]}
OPERATION = Operation(
    summary="Find meetings",
    description="Returns the meetings with an organizer, reference, link, id or status, newest first. Exactly one of"
    " these filters is given; an organizer may go with a link or id, and then a meeting that was not made here is read"
    " from Graph.",
    tag="Meetings",
    parameters=(
        Parameter("organizer", "query", "The organizer, as the requests named them.", _TEXT, "AlexW@contoso.com"),
        Parameter("reference", "query", "The caller's own reference.", _TEXT),
        Parameter("joinUrl", "query", "A join link of Teams or Skype.", _TEXT | {"format": "uri"}),
        Parameter("joinMeetingId", "query", "The number to join with.", _TEXT),
        Parameter("eventId", "query", "The event in the organizer's calendar.", _TEXT),
        Parameter("status", "query", "Where the meetings stand.", _STATUS),
        TOP,
        CONTINUATION,
    ),
    answers=(Answer(200, "The meetings that were found, perhaps none.", MeetingListResponse),),
    raises=(INVALID_REQUEST, ORGANIZER_NOT_ALLOWED, *GRAPH, *SERVICE),
)


@blueprint.function_name("list_meetings")
@blueprint.route("meetings", methods=["GET"])
@answers_problems
async def list_meetings(req: func.HttpRequest) -> func.HttpResponse:
    """Answer with the meetings found, newest first."""
    page = await app().finder.find(parse_filter(dict(req.params)), caller_of(req))
    meetings = tuple(
        MeetingResponse.of(each) if isinstance(each, Meeting) else each.as_response() for each in page.meetings
    )
    return json_response(MeetingListResponse(meetings=meetings, continuation_token=page.continuation))
