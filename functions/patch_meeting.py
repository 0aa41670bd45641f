"""PATCH /meetings/{id}: want a meeting otherwise."""

import azure.functions as func

from functions.caller import caller_of
from functions.failures import BODY, CHANGE, IMMUTABLE_FIELD, SERVICE
from functions.http import answers_problems, meeting_id_of, meeting_response, read_json, traceparent_of
from functions.public_url import meeting_url
from shared.bootstrap import app
from shared.openapi.examples import MEETING_PATCH as SOME_PATCH
from shared.openapi.operation import JSON, Body, Example, Operation
from shared.openapi.parameters import ACCEPTED, IF_MATCH, MEETING_ID, TRACE
from shared.openapi.request_schemas import MEETING_PATCH

blueprint = func.Blueprint()

OPERATION = Operation(
    summary="Change a meeting",
    description="Applies a JSON Merge Patch (RFC 7396) to the meeting's request. The join link stays as it is.",
    tag="Meetings",
    parameters=(MEETING_ID, IF_MATCH, TRACE),
    body=Body(
        "What is to be otherwise.",
        {JSON: MEETING_PATCH},
        {JSON: {"moved": Example("Another subject, another day, no place", SOME_PATCH)}},
    ),
    answers=(ACCEPTED,),
    raises=(*BODY, *CHANGE, IMMUTABLE_FIELD, *SERVICE),
)


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
