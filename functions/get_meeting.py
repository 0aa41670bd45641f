"""GET /meetings/{id}: get a meeting."""

import azure.functions as func

from functions.http.failures import MEETING_NOT_FOUND, SERVICE
from functions.http.public_url import meeting_url
from functions.http.requests import meeting_id_of
from functions.http.responses import meeting_response
from functions.http.trigger import http_trigger
from shared.access.callers import Caller
from shared.bootstrap import app
from shared.openapi.operation import Operation
from shared.openapi.parameters import ACCEPTED, FINISHED, MEETING_ID

blueprint = func.Blueprint()

OPERATION = Operation(
    summary="Get a meeting",
    description="Returns a meeting: 202 with Location and Retry-After while it is in progress, 200 when it is finished,"
    " also when it has failed.",
    tag="Meetings",
    parameters=(MEETING_ID,),
    responses=(FINISHED, ACCEPTED),
    raises=(MEETING_NOT_FOUND, *SERVICE),
    visibility="important",
)


@blueprint.route("meetings/{id}", methods=["GET"])
@http_trigger
async def get_meeting(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:
    """Answer with the meeting: 202 while it is in progress, 200 when it is finished."""
    meeting = await app().finder.read(meeting_id_of(req), caller)
    await app().upkeep.wake_if_stalled(meeting)
    return meeting_response(meeting, meeting_url(req, meeting.id))
