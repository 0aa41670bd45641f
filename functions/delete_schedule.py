"""DELETE /schedules/{id}: end a schedule."""

import azure.functions as func

from functions.caller import caller_of
from functions.http import answers_problems
from functions.schedule_response import schedule_id_of
from shared.bootstrap import app

blueprint = func.Blueprint()


@blueprint.function_name("delete_schedule")
@blueprint.route("schedules/{id}", methods=["DELETE"])
@answers_problems
async def delete_schedule(req: func.HttpRequest) -> func.HttpResponse:
    """Forget the schedule and answer 204; meetings that are made stay."""
    await app().schedules.remove(schedule_id_of(req), req.headers.get("if-match"), caller=caller_of(req))
    return func.HttpResponse(status_code=204)
