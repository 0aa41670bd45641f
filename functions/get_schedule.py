"""GET /schedules/{id}: get a schedule."""

import azure.functions as func

from functions.http.failures import SCHEDULE_NOT_FOUND, SERVICE
from functions.http.requests import schedule_id_of
from functions.http.responses import schedule_response
from functions.http.trigger import http_trigger
from shared.access.callers import Caller
from shared.bootstrap import app
from shared.openapi.operation import Operation, Response
from shared.openapi.parameters import ETAG, SCHEDULE_EXAMPLES, SCHEDULE_ID
from shared.schedules import ScheduleResponse

blueprint = func.Blueprint()

OPERATION = Operation(
    summary="Get a schedule",
    description="Returns a schedule and its next occurrences.",
    tag="Schedules",
    parameters=(SCHEDULE_ID,),
    responses=(Response(200, "The schedule.", ScheduleResponse, (ETAG,), SCHEDULE_EXAMPLES),),
    raises=(SCHEDULE_NOT_FOUND, *SERVICE),
)


@blueprint.route("schedules/{id}", methods=["GET"])
@http_trigger
async def get_schedule(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:
    """Answer with the schedule and its next occurrences."""
    return schedule_response(await app().schedules.read(schedule_id_of(req), caller))
