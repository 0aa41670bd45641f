"""PATCH /meetings/{id}: want a meeting otherwise."""

import azure.functions as func

from functions.caller import caller_of
from functions.http import answers_problems, meeting_id_of, meeting_response, read_json, traceparent_of
from functions.public_url import meeting_url
from shared.bootstrap import app

blueprint = func.Blueprint()


@blueprint.function_name("patch_meeting")
@blueprint.route("meetings/{id}", methods=["PATCH"])
@answers_problems
async def patch_meeting(req: func.HttpRequest) -> func.HttpResponse:
    """Apply a JSON Merge Patch to the meeting's request and answer 202."""
    meeting_id = meeting_id_of(req)
    meeting = await app().changes.patch(
        meeting_id,
        read_json(req),
        caller=caller_of(req),
        if_match=req.headers.get("if-match"),
        traceparent=traceparent_of(req),
    )
    return meeting_response(meeting, meeting_url(req, meeting_id), accepted=True)
