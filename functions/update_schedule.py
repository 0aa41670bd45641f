"""PATCH /schedules/{id}: update a schedule, such as pausing it."""

import azure.functions as func

from functions.http.failures import MERGE_PATCH_BODY, SCHEDULE_CHANGE, SERVICE
from functions.http.requests import merge_patch_body, origin_of, read_merge_patch, schedule_id_of
from functions.http.responses import schedule_response
from functions.http.trigger import http_trigger
from shared.access.callers import Caller
from shared.bootstrap import app
from shared.openapi.examples import SCHEDULE_PATCH as EXAMPLE_PATCH
from shared.openapi.operation import Example, Operation, Response
from shared.openapi.parameters import ETAG, IF_MATCH, SCHEDULE_EXAMPLES, SCHEDULE_ID
from shared.openapi.request_schemas import SCHEDULE_PATCH
from shared.schedules import ScheduleResponse

blueprint = func.Blueprint()

_EXAMPLES = {"paused": Example("A pause", EXAMPLE_PATCH)}
OPERATION = Operation(
    summary="Update a schedule",
    description="Applies a JSON Merge Patch (RFC 7396) to the schedule: `paused` alone pauses it. Meetings that exist"
    " stay, later ones follow the new rule. The app ignores members that only an answer has.",
    tag="Schedules",
    parameters=(SCHEDULE_ID, IF_MATCH),
    body=merge_patch_body(SCHEDULE_PATCH, _EXAMPLES),
    responses=(Response(200, "The schedule after the change.", ScheduleResponse, (ETAG,), SCHEDULE_EXAMPLES),),
    raises=(*MERGE_PATCH_BODY, *SCHEDULE_CHANGE, *SERVICE),
)


@blueprint.route("schedules/{id}", methods=["PATCH"])
@http_trigger
async def update_schedule(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:
    """Apply a JSON Merge Patch to the schedule and answer 200."""
    patch = read_merge_patch(req)
    return schedule_response(await app().schedules.patch(schedule_id_of(req), patch, origin_of(req, caller)))
