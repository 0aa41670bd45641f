"""POST /schedules: meetings from a rule."""

from datetime import UTC, datetime

import azure.functions as func

from functions.caller import caller_of
from functions.http import answers_problems, read_json
from functions.idempotency_key import idempotency_key_of
from functions.public_url import url_of
from functions.schedule_response import schedule_response
from shared.bootstrap import app
from shared.schedules import parse_schedule

blueprint = func.Blueprint()


@blueprint.function_name("create_schedule")
@blueprint.route("schedules", methods=["POST"])
@answers_problems
async def create_schedule(req: func.HttpRequest) -> func.HttpResponse:
    """Keep the schedule and answer 201; a repetition with the same key is answered like a look."""
    document = read_json(req)
    key = idempotency_key_of(req, lambda: parse_schedule(document, datetime.now(UTC)))
    created = await app().schedules.create(document, caller_of(req), key)
    if created.replayed:
        return schedule_response(created.schedule, 200, {"Idempotency-Replayed": "true"})
    return schedule_response(created.schedule, 201, {"Location": f"{url_of(req)}/{created.schedule.id}"})
