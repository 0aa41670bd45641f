"""POST /schedules: create a schedule, meetings from a rule."""

from datetime import UTC, datetime

import azure.functions as func

from functions.http.failures import BODY, KEY_REUSED, ORGANIZER_NOT_ALLOWED, SERVICE
from functions.http.idempotency_key import idempotency_key_of
from functions.http.public_url import url_of
from functions.http.requests import origin_of, read_json
from functions.http.responses import schedule_response
from functions.http.trigger import http_trigger
from shared.access.callers import Caller
from shared.bootstrap import app
from shared.openapi.operation import JSON, Operation, RequestBody, Response
from shared.openapi.parameters import (
    ALWAYS_REPLAYED,
    ETAG,
    IDEMPOTENCY_KEY,
    LOCATION,
    SCHEDULE_EXAMPLES,
    SCHEDULE_REQUEST_EXAMPLES,
)
from shared.openapi.request_schemas import SCHEDULE_REQUEST
from shared.schedules import ScheduleResponse, parse_schedule

blueprint = func.Blueprint()

OPERATION = Operation(
    summary="Create a schedule",
    description="Creates a schedule: each occurrence of its rule becomes a meeting, its lead time ahead, exactly once.",
    tag="Schedules",
    parameters=(IDEMPOTENCY_KEY,),
    body=RequestBody("The schedule to create.", {JSON: SCHEDULE_REQUEST}, {JSON: SCHEDULE_REQUEST_EXAMPLES}),
    responses=(
        Response(201, "The schedule was created.", ScheduleResponse, (ETAG, LOCATION), SCHEDULE_EXAMPLES),
        Response(
            200,
            "The schedule was created before, with this key.",
            ScheduleResponse,
            (ETAG, ALWAYS_REPLAYED),
            SCHEDULE_EXAMPLES,
        ),
    ),
    raises=(*BODY, ORGANIZER_NOT_ALLOWED, KEY_REUSED, *SERVICE),
)


@blueprint.route("schedules", methods=["POST"])
@http_trigger
async def create_schedule(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:
    """Store the schedule and answer 201; answer a repetition with the same key like GET on the schedule."""
    document = read_json(req)
    key = idempotency_key_of(req, lambda: parse_schedule(document, datetime.now(UTC)))
    created = await app().schedules.create(document, origin_of(req, caller, key))
    if created.replayed:
        return schedule_response(created.schedule, 200, {"Idempotency-Replayed": "true"})
    return schedule_response(created.schedule, 201, {"Location": f"{url_of(req)}/{created.schedule.id}"})
