"""DELETE /meetings/{id}: want a meeting no more."""

import azure.functions as func

from functions.http.caller import caller_of
from functions.http.failures import BODY, MEETING_NOT_FOUND, SERVICE, VERSION_MISMATCH
from functions.http.public_url import meeting_url
from functions.http.requests import has_body, meeting_id_of, read_json, traceparent_of
from functions.http.responses import answers_problems, meeting_response
from shared.bootstrap import app
from shared.meeting.messages import read_comment
from shared.openapi.operation import JSON, Body, Example, Operation
from shared.openapi.parameters import ACCEPTED, FINISHED, IF_MATCH, MEETING_ID, TRACE
from shared.openapi.request_schemas import CANCELLATION

blueprint = func.Blueprint()

OPERATION = Operation(
    summary="Cancel a meeting",
    description="Has the meeting cancelled, and its attendees told. Cancelling again changes nothing.",
    tag="Meetings",
    parameters=(MEETING_ID, IF_MATCH, TRACE),
    body=Body(
        "A word to the attendees.",
        {JSON: CANCELLATION},
        {JSON: {"comment": Example("With a word to the attendees", {"comment": "The speaker is ill."})}},
        required=False,
    ),
    answers=(FINISHED, ACCEPTED),
    raises=(*BODY, MEETING_NOT_FOUND, VERSION_MISMATCH, *SERVICE),
)


@blueprint.function_name("cancel_meeting")
@blueprint.route("meetings/{id}", methods=["DELETE"])
@answers_problems
async def cancel_meeting(req: func.HttpRequest) -> func.HttpResponse:
    """Have the meeting cancelled, with an optional comment for its attendees: 202, and 200 once it is."""
    meeting_id = meeting_id_of(req)
    comment = read_comment(read_json(req)) if has_body(req) else None
    meeting = await app().changes.cancel(
        meeting_id,
        comment,
        caller=caller_of(req),
        if_match=req.headers.get("if-match"),
        traceparent=traceparent_of(req),
    )
    return meeting_response(meeting, meeting_url(req, meeting_id))
