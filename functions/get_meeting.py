"""GET /meetings/{id}: look one meeting up."""

import azure.functions as func

from functions.http.caller import caller_of
from functions.http.failures import MEETING_NOT_FOUND, SERVICE
from functions.http.public_url import meeting_url
from functions.http.requests import meeting_id_of
from functions.http.responses import answers_problems, meeting_response
from shared.bootstrap import app
from shared.openapi.operation import Operation
from shared.openapi.parameters import ACCEPTED, FINISHED, MEETING_ID

blueprint = func.Blueprint()

OPERATION = Operation(
    summary="Look at a meeting",
    description="Returns a meeting: 202 with Location and Retry-After as long as something is still to be done for it,"
    " 200 when it is finished, also when it has failed.",
    tag="Meetings",
    parameters=(MEETING_ID,),
    answers=(FINISHED, ACCEPTED),
    raises=(MEETING_NOT_FOUND, *SERVICE),
    visibility="important",
)


@blueprint.function_name("get_meeting")
@blueprint.route("meetings/{id}", methods=["GET"])
@answers_problems
async def get_meeting(req: func.HttpRequest) -> func.HttpResponse:
    """Answer with the meeting: 202 as long as something is still to be done for it, 200 when it is finished."""
    meeting = await app().finder.read(meeting_id_of(req), caller_of(req))
    await app().upkeep.look_after(meeting)
    return meeting_response(meeting, meeting_url(req, meeting.id))
