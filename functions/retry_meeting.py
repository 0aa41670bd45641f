"""POST /meetings/{id}/retry: retry a failed meeting."""

import azure.functions as func

from functions.http.failures import (
    MEETING_NOT_FOUND,
    NOT_A_MEETING,
    NOT_FAILED,
    ORGANIZER_NOT_ALLOWED,
    QUOTA_EXCEEDED,
    SERVICE,
    VERSION_MISMATCH,
)
from functions.http.public_url import meeting_url
from functions.http.requests import meeting_id_of, origin_of
from functions.http.responses import meeting_response
from functions.http.trigger import http_trigger
from shared.access.callers import Caller
from shared.bootstrap import app
from shared.openapi.operation import Operation
from shared.openapi.parameters import ACCEPTED, IF_MATCH, MEETING_ID, TRACE

blueprint = func.Blueprint()

OPERATION = Operation(
    summary="Retry a failed meeting",
    description="Tries to create a failed meeting again, once the cause that its error names is corrected. A"
    " queue message that could not become a meeting has to be sent again instead.",
    tag="Meetings",
    parameters=(MEETING_ID, IF_MATCH, TRACE),
    responses=(ACCEPTED,),
    raises=(
        MEETING_NOT_FOUND,
        NOT_A_MEETING,
        NOT_FAILED,
        VERSION_MISMATCH,
        ORGANIZER_NOT_ALLOWED,
        QUOTA_EXCEEDED,
        *SERVICE,
    ),
)


@blueprint.route("meetings/{id}/retry", methods=["POST"])
@http_trigger
async def retry_meeting(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:
    """Queue the failed meeting again and answer 202."""
    meeting_id = meeting_id_of(req)
    meeting = await app().changes.retry(meeting_id, origin_of(req, caller))
    return meeting_response(meeting, meeting_url(req, meeting_id), accepted=True)
