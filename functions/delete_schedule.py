"""DELETE /schedules/{id}: delete a schedule."""

import azure.functions as func

from functions.http.failures import SCHEDULE_NOT_FOUND, SERVICE, VERSION_MISMATCH
from functions.http.requests import origin_of, schedule_id_of
from functions.http.trigger import http_trigger
from shared.access.callers import Caller
from shared.bootstrap import app
from shared.openapi.operation import Operation, Response
from shared.openapi.parameters import IF_MATCH, SCHEDULE_ID

blueprint = func.Blueprint()

OPERATION = Operation(
    summary="Delete a schedule",
    description="Deletes the schedule. Existing meetings stay.",
    tag="Schedules",
    parameters=(SCHEDULE_ID, IF_MATCH),
    responses=(Response(204, "The schedule was deleted.", None),),
    raises=(SCHEDULE_NOT_FOUND, VERSION_MISMATCH, *SERVICE),
)


@blueprint.route("schedules/{id}", methods=["DELETE"])
@http_trigger
async def delete_schedule(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:
    """Delete the schedule and answer 204; existing meetings stay."""
    await app().schedules.remove(schedule_id_of(req), origin_of(req, caller))
    return func.HttpResponse(status_code=204)
