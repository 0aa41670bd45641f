"""POST /schedules: meetings from a rule."""

from datetime import UTC, datetime

import azure.functions as func

from functions.http.caller import caller_of
from functions.http.failures import BODY, KEY_REUSED, ORGANIZER_NOT_ALLOWED, SERVICE
from functions.http.idempotency_key import idempotency_key_of
from functions.http.public_url import url_of
from functions.http.requests import read_json
from functions.http.responses import answers_problems, schedule_response
from shared.bootstrap import app
from shared.openapi.examples import SCHEDULE_REQUEST as SOME_SCHEDULE
from shared.openapi.operation import JSON, Answer, Body, Example, Operation
from shared.openapi.parameters import ETAG, IDEMPOTENCY_KEY, LOCATION, REPLAYED, SCHEDULE_EXAMPLES
from shared.openapi.request_schemas import SCHEDULE_REQUEST
from shared.schedules import ScheduleResponse, parse_schedule

blueprint = func.Blueprint()

OPERATION = Operation(
    summary="Make meetings from a rule",
    description="Keeps a schedule: each occurrence of its rule becomes a meeting, its lead time ahead, exactly once.",
    tag="Schedules",
    parameters=(IDEMPOTENCY_KEY,),
    body=Body(
        "The schedule that is wanted.",
        {JSON: SCHEDULE_REQUEST},
        {JSON: {"weekly": Example("Every Monday in Berlin, made a week before", SOME_SCHEDULE)}},
    ),
    answers=(
        Answer(201, "The schedule is kept.", ScheduleResponse, (ETAG, LOCATION), SCHEDULE_EXAMPLES),
        Answer(
            200,
            "It was kept before, with this key.",
            ScheduleResponse,
            (ETAG, REPLAYED._replace(always=True)),
            SCHEDULE_EXAMPLES,
        ),
    ),
    raises=(*BODY, ORGANIZER_NOT_ALLOWED, KEY_REUSED, *SERVICE),
)


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
