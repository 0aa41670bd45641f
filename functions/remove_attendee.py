"""DELETE /meetings/{id}/attendees/{address}: invite one no more."""

import azure.functions as func

from functions.caller import caller_of
from functions.http import answers_problems, meeting_id_of, meeting_response, traceparent_of
from functions.public_url import meeting_url
from shared.bootstrap import app

blueprint = func.Blueprint()


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
