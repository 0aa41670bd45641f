"""PUT /schedules/{id}: want a schedule otherwise, paused too."""

import azure.functions as func

from functions.http.caller import caller_of
from functions.http.failures import BODY, ORGANIZER_NOT_ALLOWED, SCHEDULE_NOT_FOUND, SERVICE, VERSION_MISMATCH
from functions.http.requests import read_json, schedule_id_of
from functions.http.responses import answers_problems, schedule_response
from shared.bootstrap import app
from shared.openapi.examples import SCHEDULE_REQUEST as SOME_SCHEDULE
from shared.openapi.operation import JSON, Answer, Body, Example, Operation
from shared.openapi.parameters import ETAG, IF_MATCH, SCHEDULE_EXAMPLES, SCHEDULE_ID
from shared.openapi.request_schemas import SCHEDULE_REQUEST
from shared.schedules import ScheduleResponse

blueprint = func.Blueprint()

OPERATION = Operation(
    summary="Change a schedule",
    description="Puts the schedule in the place of the former one, paused too. Meetings that are made stay, those to"
    " come follow the new rule. Members that only an answer has are ignored.",
    tag="Schedules",
    parameters=(SCHEDULE_ID, IF_MATCH),
    body=Body(
        "The schedule that is wanted.",
        {JSON: SCHEDULE_REQUEST},
        {JSON: {"weekly": Example("Every Monday in Berlin, made a week before", SOME_SCHEDULE)}},
    ),
    answers=(
        Answer(
            200,
            "The schedule as it is now.",
            ScheduleResponse,
            (ETAG,),
            SCHEDULE_EXAMPLES,
        ),
    ),
    raises=(*BODY, ORGANIZER_NOT_ALLOWED, SCHEDULE_NOT_FOUND, VERSION_MISMATCH, *SERVICE),
)


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
