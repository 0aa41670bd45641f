"""POST /meetings/{id}/forget: remove a finished meeting from this app."""

import azure.functions as func

from functions.http.failures import MEETING_NOT_FOUND, NOT_FINISHED, ORGANIZER_NOT_ALLOWED, SERVICE
from functions.http.requests import meeting_id_of
from functions.http.trigger import http_trigger
from shared.access.callers import Caller
from shared.bootstrap import app
from shared.openapi.operation import Operation, Response
from shared.openapi.parameters import MEETING_ID

blueprint = func.Blueprint()

OPERATION = Operation(
    summary="Forget a meeting",
    description="Removes a finished meeting and its index rows from this app, at once. The event in the calendar"
    " stays. The idempotency key can be used again, and then leads to another id.",
    tag="Meetings",
    parameters=(MEETING_ID,),
    responses=(Response(204, "The meeting was forgotten.", None),),
    raises=(MEETING_NOT_FOUND, ORGANIZER_NOT_ALLOWED, NOT_FINISHED, *SERVICE),
)


@blueprint.route("meetings/{id}/forget", methods=["POST"])
@http_trigger
async def forget_meeting(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:
    """Remove the meeting and answer 204."""
    await app().forgetting.forget(meeting_id_of(req), caller)
    return func.HttpResponse(status_code=204)
