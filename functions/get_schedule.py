"""GET /schedules/{id}: look one schedule up."""

import azure.functions as func

from functions.http.caller import caller_of
from functions.http.failures import SCHEDULE_NOT_FOUND, SERVICE
from functions.http.requests import schedule_id_of
from functions.http.responses import answers_problems, schedule_response
from shared.bootstrap import app
from shared.openapi.operation import Answer, Operation
from shared.openapi.parameters import ETAG, SCHEDULE_EXAMPLES, SCHEDULE_ID
from shared.schedules import ScheduleResponse

blueprint = func.Blueprint()

OPERATION = Operation(
    summary="Look at a schedule",
    description="Returns a schedule and its next occurrences.",
    tag="Schedules",
    parameters=(SCHEDULE_ID,),
    answers=(Answer(200, "The schedule.", ScheduleResponse, (ETAG,), SCHEDULE_EXAMPLES),),
    raises=(SCHEDULE_NOT_FOUND, *SERVICE),
)


@blueprint.function_name("get_schedule")
@blueprint.route("schedules/{id}", methods=["GET"])
@answers_problems
async def get_schedule(req: func.HttpRequest) -> func.HttpResponse:
    """Answer with the schedule and its next occurrences."""
    return schedule_response(await app().schedules.read(schedule_id_of(req), caller_of(req)))
