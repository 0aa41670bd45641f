"""POST /meetings/{id}/attendees: add an attendee."""

import azure.functions as func

from functions.http.failures import BODY, CHANGE, NO_ATTENDEES, SERVICE
from functions.http.public_url import meeting_url
from functions.http.requests import meeting_id_of, origin_of, read_json
from functions.http.responses import meeting_response
from functions.http.trigger import http_trigger
from shared.access.callers import Caller
from shared.bootstrap import app
from shared.meeting_request.people import Attendee
from shared.openapi.examples import ATTENDEE
from shared.openapi.operation import JSON, Example, Operation, RequestBody
from shared.openapi.parameters import ACCEPTED, IF_MATCH, MEETING_ID, TRACE

blueprint = func.Blueprint()

OPERATION = Operation(
    summary="Add an attendee",
    description="Invites an attendee, or changes the invitation of the attendee with this address. Nobody else gets"
    " mail. An attendee whom somebody removed in Outlook is invited again once `observed` shows the removal.",
    tag="Attendees",
    parameters=(MEETING_ID, IF_MATCH, TRACE),
    body=RequestBody("The attendee.", {JSON: Attendee}, {JSON: {"required": Example("A required attendee", ATTENDEE)}}),
    responses=(ACCEPTED,),
    raises=(*BODY, *CHANGE, NO_ATTENDEES, *SERVICE),
)


@blueprint.route("meetings/{id}/attendees", methods=["POST"])
@http_trigger
async def add_attendee(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:
    """Add an attendee, or change the one with this address, and answer 202."""
    document = read_json(req)
    meeting_id = meeting_id_of(req)
    meeting = await app().changes.add_attendee(meeting_id, document, origin_of(req, caller))
    return meeting_response(meeting, meeting_url(req, meeting_id), accepted=True)
