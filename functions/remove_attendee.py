"""DELETE /meetings/{id}/attendees/{address}: remove an attendee."""

import azure.functions as func

from functions.http.failures import ATTENDEE_NOT_FOUND, CHANGE, INVALID_REQUEST, NO_ATTENDEES, SERVICE
from functions.http.public_url import meeting_url
from functions.http.requests import meeting_id_of, origin_of, path_value
from functions.http.responses import meeting_response
from functions.http.trigger import http_trigger
from shared.access.callers import Caller
from shared.bootstrap import app
from shared.openapi.operation import Operation, Parameter
from shared.openapi.parameters import ACCEPTED, IF_MATCH, MEETING_ID, TRACE

blueprint = func.Blueprint()

_ADDRESS = Parameter(
    "address", "path", "The attendee's mail address.", {"type": "string"}, "AdeleV@contoso.com", "important"
)
OPERATION = Operation(
    summary="Remove an attendee",
    description="Removes an attendee of the request, or one who was invited in Outlook and is among the meeting's"
    " `observed.attendees`. Who is removed gets a cancellation; nobody else gets mail.",
    tag="Attendees",
    parameters=(MEETING_ID, _ADDRESS, IF_MATCH, TRACE),
    responses=(ACCEPTED,),
    raises=(INVALID_REQUEST, *CHANGE, ATTENDEE_NOT_FOUND, NO_ATTENDEES, *SERVICE),
)


@blueprint.route("meetings/{id}/attendees/{address}", methods=["DELETE"])
@http_trigger
async def remove_attendee(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:
    """Remove the attendee with this address and answer 202; no other attendee gets mail."""
    meeting_id, address = meeting_id_of(req), path_value(req, "address")
    meeting = await app().changes.remove_attendee(meeting_id, address, origin_of(req, caller))
    return meeting_response(meeting, meeting_url(req, meeting_id), accepted=True)
