"""POST /meetings/{id}/retry: try a failed meeting again."""

import azure.functions as func

from functions.http.caller import caller_of
from functions.http.failures import MEETING_NOT_FOUND, NOT_A_MEETING, NOT_FAILED, ORGANIZER_NOT_ALLOWED, SERVICE
from functions.http.public_url import meeting_url
from functions.http.requests import meeting_id_of, traceparent_of
from functions.http.responses import answers_problems, meeting_response
from shared.bootstrap import app
from shared.openapi.operation import Operation
from shared.openapi.parameters import ACCEPTED, MEETING_ID, TRACE

blueprint = func.Blueprint()

OPERATION = Operation(
    summary="Try a failed meeting again",
    description="Has a meeting that failed tried once more, after what its error names was mended. A failed message"
    " that cannot become a meeting is sent again instead.",
    tag="Meetings",
    parameters=(MEETING_ID, TRACE),
    answers=(ACCEPTED,),
    raises=(MEETING_NOT_FOUND, NOT_A_MEETING, NOT_FAILED, ORGANIZER_NOT_ALLOWED, *SERVICE),
)


@blueprint.function_name("retry_meeting")
@blueprint.route("meetings/{id}/retry", methods=["POST"])
@answers_problems
async def retry_meeting(req: func.HttpRequest) -> func.HttpResponse:
    """Queue the failed meeting anew and answer 202."""
    meeting_id = meeting_id_of(req)
    meeting = await app().changes.retry(meeting_id, caller=caller_of(req), traceparent=traceparent_of(req))
    return meeting_response(meeting, meeting_url(req, meeting_id), accepted=True)
