"""POST /meetings/{id}/refresh: read a meeting from Microsoft Graph now."""

import azure.functions as func

from functions.http.failures import GRAPH, MEETING_NOT_FOUND, NOT_MADE, SERVICE
from functions.http.requests import meeting_id_of
from functions.http.responses import etag, json_response
from functions.http.trigger import http_trigger
from shared.access.callers import Caller
from shared.bootstrap import app
from shared.meeting import MeetingResponse
from shared.openapi.operation import Operation
from shared.openapi.parameters import MEETING_ID, OBSERVED

blueprint = func.Blueprint()

OPERATION = Operation(
    summary="Refresh a meeting",
    description="Reads the meeting from Microsoft Graph and returns it with a fresh `observed`: whether it was moved,"
    " edited or removed in Outlook, and who has responded. Nothing changes in Outlook.",
    tag="Meetings",
    parameters=(MEETING_ID,),
    responses=(OBSERVED,),
    raises=(MEETING_NOT_FOUND, NOT_MADE, *GRAPH, *SERVICE),
)


@blueprint.route("meetings/{id}/refresh", methods=["POST"])
@http_trigger
async def refresh_meeting(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:
    """Read the meeting from Graph and answer with it."""
    meeting = await app().refreshing.refresh(meeting_id_of(req), caller)
    return json_response(MeetingResponse.of(meeting), 200, {"ETag": etag(meeting)})
