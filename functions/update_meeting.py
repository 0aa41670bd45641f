"""PATCH /meetings/{id}: update a meeting."""

import azure.functions as func

from functions.http.failures import CHANGE, IMMUTABLE_FIELD, MERGE_PATCH_BODY, SERVICE
from functions.http.public_url import meeting_url
from functions.http.requests import meeting_id_of, merge_patch_body, origin_of, read_merge_patch
from functions.http.responses import meeting_response
from functions.http.trigger import http_trigger
from shared.access.callers import Caller
from shared.bootstrap import app
from shared.openapi.examples import MEETING_PATCH as EXAMPLE_PATCH
from shared.openapi.operation import Example, Operation
from shared.openapi.parameters import ACCEPTED, IF_MATCH, MEETING_ID, TRACE
from shared.openapi.request_schemas import MEETING_PATCH

blueprint = func.Blueprint()

_EXAMPLES = {"moved": Example("Another subject, another day, no location", EXAMPLE_PATCH)}

OPERATION = Operation(
    summary="Update a meeting",
    description="Applies a JSON Merge Patch (RFC 7396) to the meeting's request. The join link stays the same.",
    tag="Meetings",
    parameters=(MEETING_ID, IF_MATCH, TRACE),
    body=merge_patch_body(MEETING_PATCH, _EXAMPLES),
    responses=(ACCEPTED,),
    raises=(*MERGE_PATCH_BODY, *CHANGE, IMMUTABLE_FIELD, *SERVICE),
)


@blueprint.route("meetings/{id}", methods=["PATCH"])
@http_trigger
async def update_meeting(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:
    """Apply a JSON Merge Patch to the meeting's request and answer 202."""
    patch = read_merge_patch(req)
    meeting_id = meeting_id_of(req)
    meeting = await app().changes.patch(meeting_id, patch, origin_of(req, caller))
    return meeting_response(meeting, meeting_url(req, meeting_id), accepted=True)
