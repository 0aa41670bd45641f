"""PUT /schedules/{id}: replace a schedule."""

import azure.functions as func

from functions.http.failures import BODY, SCHEDULE_CHANGE, SERVICE
from functions.http.requests import origin_of, read_json, schedule_id_of
from functions.http.responses import schedule_response
from functions.http.trigger import http_trigger
from shared.access.callers import Caller
from shared.bootstrap import app
from shared.openapi.operation import JSON, Operation, RequestBody, Response
from shared.openapi.parameters import ETAG, IF_MATCH, SCHEDULE_EXAMPLES, SCHEDULE_ID, SCHEDULE_REQUEST_EXAMPLES
from shared.openapi.request_schemas import SCHEDULE_REQUEST
from shared.schedules import ScheduleResponse

blueprint = func.Blueprint()

OPERATION = Operation(
    summary="Replace a schedule",
    description="Replaces the schedule. Existing meetings stay, later ones follow the new rule. The app"
    " ignores members that only an answer has.",
    tag="Schedules",
    parameters=(SCHEDULE_ID, IF_MATCH),
    body=RequestBody("The new schedule.", {JSON: SCHEDULE_REQUEST}, {JSON: SCHEDULE_REQUEST_EXAMPLES}),
    responses=(Response(200, "The schedule after the change.", ScheduleResponse, (ETAG,), SCHEDULE_EXAMPLES),),
    raises=(*BODY, *SCHEDULE_CHANGE, *SERVICE),
)


@blueprint.route("schedules/{id}", methods=["PUT"])
@http_trigger
async def replace_schedule(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:
    """Replace the schedule; existing meetings stay."""
    document = read_json(req)
    return schedule_response(await app().schedules.replace(schedule_id_of(req), document, origin_of(req, caller)))
