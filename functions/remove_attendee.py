"""DELETE /meetings/{id}/attendees/{address}: invite one no more."""

import azure.functions as func

from functions.http.caller import caller_of
from functions.http.failures import ATTENDEE_NOT_FOUND, CHANGE, INVALID_REQUEST, NO_ATTENDEES, SERVICE
from functions.http.public_url import meeting_url
from functions.http.requests import meeting_id_of, traceparent_of
from functions.http.responses import answers_problems, meeting_response
from shared.bootstrap import app
from shared.openapi.operation import Operation, Parameter
from shared.openapi.parameters import ACCEPTED, IF_MATCH, MEETING_ID, TRACE

blueprint = func.Blueprint()

_ADDRESS = Parameter(
    "address", "path", "The attendee's mail address.", {"type": "string"}, "AdeleV@contoso.com", "important"
)
OPERATION = Operation(
    summary="Invite an attendee no more",
    description="Takes an attendee off the meeting, who is told. Nobody else is mailed.",
    tag="Attendees",
    parameters=(MEETING_ID, _ADDRESS, IF_MATCH, TRACE),
    answers=(ACCEPTED,),
    raises=(INVALID_REQUEST, *CHANGE, ATTENDEE_NOT_FOUND, NO_ATTENDEES, *SERVICE),
)


@blueprint.function_name("remove_attendee")
@blueprint.route("meetings/{id}/attendees/{address}", methods=["DELETE"])
@answers_problems
async def remove_attendee(req: func.HttpRequest) -> func.HttpResponse:
    """Remove the attendee with this address and answer 202; nobody else is mailed."""
    meeting_id, address = meeting_id_of(req), req.route_params.get("address", "")
    meeting = await app().changes.remove_attendee(
        meeting_id,
        address,
        caller=caller_of(req),
        if_match=req.headers.get("if-match"),
        traceparent=traceparent_of(req),
    )
    return meeting_response(meeting, meeting_url(req, meeting_id), accepted=True)
