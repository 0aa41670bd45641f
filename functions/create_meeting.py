"""POST /meetings: create a meeting."""

import azure.functions as func

from functions.http.failures import BODY, KEY_REUSED, ORGANIZER_NOT_ALLOWED, QUOTA_EXCEEDED, SERVICE
from functions.http.idempotency_key import idempotency_key_of
from functions.http.prefer import preference_applied, preferred_wait
from functions.http.public_url import meeting_url
from functions.http.requests import origin_of, read_json
from functions.http.responses import etag, json_response, meeting_response
from functions.http.trigger import http_trigger
from shared.access.callers import Caller
from shared.bootstrap import app
from shared.meeting import MeetingResponse, Status
from shared.meeting_request import parse_request
from shared.openapi.examples import MEETING_REQUESTS
from shared.openapi.operation import JSON, Operation, RequestBody
from shared.openapi.parameters import (
    ACCEPTED,
    CREATED,
    FINISHED,
    IDEMPOTENCY_KEY,
    PREFER,
    PREFERENCE_APPLIED,
    REPLAYED,
    TRACE,
)
from shared.openapi.request_schemas import MEETING_REQUEST
from shared.use_cases.inline_provisioner import REQUEUE_MARGIN

blueprint = func.Blueprint()

OPERATION = Operation(
    summary="Create a meeting",
    description="Accepts a request for an online meeting and answers at once; the app creates the meeting in the"
    " background. With `Prefer: wait=N` the answer waits for the outcome.",
    tag="Meetings",
    parameters=(IDEMPOTENCY_KEY, PREFER, TRACE),
    body=RequestBody("The meeting to create.", {JSON: MEETING_REQUEST}, {JSON: MEETING_REQUESTS}),
    responses=(
        ACCEPTED.with_headers(REPLAYED, PREFERENCE_APPLIED),
        CREATED,
        FINISHED.with_headers(REPLAYED, PREFERENCE_APPLIED),
    ),
    raises=(*BODY, ORGANIZER_NOT_ALLOWED, KEY_REUSED, QUOTA_EXCEEDED, *SERVICE),
    visibility="important",
)


@blueprint.route("meetings", methods=["POST"])
@http_trigger
async def create_meeting(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:
    """Accept a meeting request and answer 202 with the meeting; with `Prefer: wait=N`, answer with the outcome."""
    document = read_json(req)
    key = idempotency_key_of(req, lambda: parse_request(document))
    wait = preferred_wait(req)
    accepted = await app().acceptance.accept(
        document, origin_of(req, caller, key), wait + REQUEUE_MARGIN if wait else wait
    )
    location = meeting_url(req, accepted.meeting.id)
    if accepted.replayed or not wait:
        return meeting_response(accepted.meeting, location, accepted=not accepted.replayed, replayed=accepted.replayed)
    meeting = await app().inline_provisioner.provision(accepted.meeting, wait)
    applied = preference_applied(wait)
    if meeting.status is Status.SUCCEEDED:
        headers = {"Location": location, "ETag": etag(meeting), **applied}
        return json_response(MeetingResponse.of(meeting), 201, headers)
    return meeting_response(meeting, location, headers=applied)
