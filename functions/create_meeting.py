"""POST /meetings: ask for a meeting."""

import azure.functions as func

from functions.http.caller import caller_of
from functions.http.failures import BODY, KEY_REUSED, ORGANIZER_NOT_ALLOWED, QUOTA_EXCEEDED, SERVICE
from functions.http.idempotency_key import idempotency_key_of
from functions.http.prefer import preference_applied, preferred_wait
from functions.http.public_url import meeting_url
from functions.http.requests import read_json, traceparent_of
from functions.http.responses import answers_problems, json_response, meeting_response
from shared.bootstrap import app
from shared.meeting import MeetingResponse, Status
from shared.meeting_request import parse_request
from shared.openapi.examples import MEETING_REQUESTS
from shared.openapi.operation import JSON, Body, Operation
from shared.openapi.parameters import (
    ACCEPTED,
    FINISHED,
    IDEMPOTENCY_KEY,
    MADE,
    PREFER,
    PREFERENCE_APPLIED,
    REPLAYED,
    TRACE,
)
from shared.openapi.request_schemas import MEETING_REQUEST
from shared.use_cases.accept import Sender
from shared.use_cases.provision_inline import REQUEUE_MARGIN

blueprint = func.Blueprint()

OPERATION = Operation(
    summary="Ask for a meeting",
    description="Accepts a request for an online meeting and answers at once; the meeting is made in the background."
    " With `Prefer: wait=N` the answer waits for what becomes of it.",
    tag="Meetings",
    parameters=(IDEMPOTENCY_KEY, PREFER, TRACE),
    body=Body("The meeting that is wanted.", {JSON: MEETING_REQUEST}, {JSON: MEETING_REQUESTS}),
    answers=(
        ACCEPTED._replace(headers=(*ACCEPTED.headers, REPLAYED, PREFERENCE_APPLIED)),
        MADE,
        FINISHED._replace(headers=(*FINISHED.headers, REPLAYED, PREFERENCE_APPLIED)),
    ),
    raises=(*BODY, ORGANIZER_NOT_ALLOWED, KEY_REUSED, QUOTA_EXCEEDED, *SERVICE),
    visibility="important",
)


@blueprint.function_name("create_meeting")
@blueprint.route("meetings", methods=["POST"])
@answers_problems
async def create_meeting(req: func.HttpRequest) -> func.HttpResponse:
    """Accept a meeting request and answer 202 with the meeting to be; with `Prefer: wait=N`, what became of it."""
    document = read_json(req)
    key = idempotency_key_of(req, lambda: parse_request(document))
    sender = Sender(caller_of(req), key, traceparent_of(req))
    wait = preferred_wait(req)
    accepted = await app().acceptance.accept(document, sender, wait + REQUEUE_MARGIN if wait else wait)
    location = meeting_url(req, accepted.meeting.id)
    if accepted.replayed or not wait:
        return meeting_response(accepted.meeting, location, accepted=not accepted.replayed, replayed=accepted.replayed)
    meeting = await app().inline_provisioner.provision(accepted.meeting, wait)
    applied = preference_applied(wait)
    if meeting.status is Status.SUCCEEDED:
        return json_response(
            MeetingResponse.of(meeting), 201, {"Location": location, "ETag": f'"{meeting.version}"'} | applied
        )
    return meeting_response(meeting, location, headers=applied)
