"""GET /schedules/{id}: look one schedule up."""

import azure.functions as func

from functions.caller import caller_of
from functions.http import answers_problems
from functions.schedule_response import schedule_id_of, schedule_response
from shared.bootstrap import app

blueprint = func.Blueprint()


@blueprint.function_name("read_schedule")
@blueprint.route("schedules/{id}", methods=["GET"])
@answers_problems
async def read_schedule(req: func.HttpRequest) -> func.HttpResponse:
    """Answer with the schedule and its next occurrences."""
    return schedule_response(await app().schedules.read(schedule_id_of(req), caller_of(req)))
