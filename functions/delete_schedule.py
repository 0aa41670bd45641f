"""DELETE /schedules/{id}: end a schedule."""

import azure.functions as func

from functions.http.caller import caller_of
from functions.http.failures import SCHEDULE_NOT_FOUND, SERVICE, VERSION_MISMATCH
from functions.http.requests import schedule_id_of
from functions.http.responses import answers_problems
from shared.bootstrap import app
from shared.openapi.operation import Answer, Operation
from shared.openapi.parameters import IF_MATCH, SCHEDULE_ID

blueprint = func.Blueprint()

OPERATION = Operation(
    summary="End a schedule",
    description="Forgets the schedule. Meetings that are made stay.",
    tag="Schedules",
    parameters=(SCHEDULE_ID, IF_MATCH),
    answers=(Answer(204, "The schedule is no more.", None),),
    raises=(SCHEDULE_NOT_FOUND, VERSION_MISMATCH, *SERVICE),
)


@blueprint.function_name("delete_schedule")
@blueprint.route("schedules/{id}", methods=["DELETE"])
@answers_problems
async def delete_schedule(req: func.HttpRequest) -> func.HttpResponse:
    """Forget the schedule and answer 204; meetings that are made stay."""
    await app().schedules.remove(schedule_id_of(req), req.headers.get("if-match"), caller=caller_of(req))
    return func.HttpResponse(status_code=204)
