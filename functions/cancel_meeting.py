"""DELETE /meetings/{id}: want a meeting no more."""

import azure.functions as func

from functions.caller import caller_of
from functions.http import answers_problems, meeting_id_of, meeting_response, read_json, traceparent_of
from functions.public_url import meeting_url
from shared.bootstrap import app
from shared.message import read_comment

blueprint = func.Blueprint()


@blueprint.function_name("cancel_meeting")
@blueprint.route("meetings/{id}", methods=["DELETE"])
@answers_problems
async def cancel_meeting(req: func.HttpRequest) -> func.HttpResponse:
    """Have the meeting cancelled, with an optional comment for its attendees: 202, and 200 once it is."""
    meeting_id = meeting_id_of(req)
    comment = read_comment(read_json(req)) if req.get_body().strip() else None
    meeting = await app().changes.cancel(
        meeting_id,
        comment,
        caller=caller_of(req),
        if_match=req.headers.get("if-match"),
        traceparent=traceparent_of(req),
    )
    return meeting_response(meeting, meeting_url(req, meeting_id))
