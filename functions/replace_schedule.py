"""PUT /schedules/{id}: want a schedule otherwise, paused too."""

import azure.functions as func

from functions.caller import caller_of
from functions.http import answers_problems, read_json
from functions.schedule_response import schedule_id_of, schedule_response
from shared.bootstrap import app

blueprint = func.Blueprint()


@blueprint.function_name("replace_schedule")
@blueprint.route("schedules/{id}", methods=["PUT"])
@answers_problems
async def replace_schedule(req: func.HttpRequest) -> func.HttpResponse:
    """Put the schedule in the place of the former one; meetings that are made stay."""
    schedule_id = schedule_id_of(req)
    schedule = await app().schedules.replace(
        schedule_id, read_json(req), req.headers.get("if-match"), caller=caller_of(req)
    )
    return schedule_response(schedule)
