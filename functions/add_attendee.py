"""POST /meetings/{id}/attendees: invite one more."""

import azure.functions as func

from functions.http.caller import caller_of
from functions.http.failures import BODY, CHANGE, NO_ATTENDEES, SERVICE
from functions.http.public_url import meeting_url
from functions.http.requests import meeting_id_of, read_json, traceparent_of
from functions.http.responses import answers_problems, meeting_response
from shared.bootstrap import app
from shared.meeting_request.people import Attendee
from shared.openapi.examples import ATTENDEE
from shared.openapi.operation import JSON, Body, Example, Operation
from shared.openapi.parameters import ACCEPTED, IF_MATCH, MEETING_ID, TRACE

blueprint = func.Blueprint()

OPERATION = Operation(
    summary="Invite one more attendee",
    description="Invites an attendee, or changes how the one with this address is invited. Nobody else is mailed.",
    tag="Attendees",
    parameters=(MEETING_ID, IF_MATCH, TRACE),
    body=Body("Whom to invite.", {JSON: Attendee}, {JSON: {"required": Example("Somebody who has to come", ATTENDEE)}}),
    answers=(ACCEPTED,),
    raises=(*BODY, *CHANGE, NO_ATTENDEES, *SERVICE),
)


@blueprint.function_name("add_attendee")
@blueprint.route("meetings/{id}/attendees", methods=["POST"])
@answers_problems
async def add_attendee(req: func.HttpRequest) -> func.HttpResponse:
    """Add an attendee, or change the one with this address, and answer 202."""
    meeting_id = meeting_id_of(req)
    meeting = await app().changes.add_attendee(
        meeting_id,
        read_json(req),
        caller=caller_of(req),
        if_match=req.headers.get("if-match"),
        traceparent=traceparent_of(req),
    )
    return meeting_response(meeting, meeting_url(req, meeting_id), accepted=True)
