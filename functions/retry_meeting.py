"""POST /meetings/{id}/retry: try a failed meeting again."""

import azure.functions as func

from functions.caller import caller_of
from functions.http import answers_problems, meeting_id_of, meeting_response, traceparent_of
from functions.public_url import meeting_url
from shared.bootstrap import app

blueprint = func.Blueprint()


@blueprint.function_name("retry_meeting")
@blueprint.route("meetings/{id}/retry", methods=["POST"])
@answers_problems
async def retry_meeting(req: func.HttpRequest) -> func.HttpResponse:
    """Queue the failed meeting anew and answer 202."""
    meeting_id = meeting_id_of(req)
    meeting = await app().changes.retry(meeting_id, caller=caller_of(req), traceparent=traceparent_of(req))
    return meeting_response(meeting, meeting_url(req, meeting_id), accepted=True)
