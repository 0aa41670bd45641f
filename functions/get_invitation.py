"""GET /meetings/{id}/invitation.ics: the meeting as an iCalendar file."""

import azure.functions as func

from functions.http.caller import caller_of
from functions.http.failures import GRAPH, MEETING_NOT_FOUND, NO_JOIN_LINK, SERVICE
from functions.http.requests import meeting_id_of
from functions.http.responses import answers_problems
from shared.bootstrap import app
from shared.openapi.operation import Answer, Header, Operation
from shared.openapi.parameters import ETAG, MEETING_ID

blueprint = func.Blueprint()

_DISPOSITION = Header("Content-Disposition", "A name for the file.", {"type": "string"})
OPERATION = Operation(
    summary="Get an invitation file",
    description="Returns the meeting as an iCalendar file (RFC 5545) with its join link, for whoever invites by other"
    " means. After a cancellation it is the notice of it.",
    tag="Meetings",
    parameters=(MEETING_ID,),
    answers=(Answer(200, "The iCalendar file.", {"type": "string"}, (ETAG, _DISPOSITION), media_type="text/calendar"),),
    raises=(MEETING_NOT_FOUND, NO_JOIN_LINK, *GRAPH, *SERVICE),
)


@blueprint.function_name("get_invitation")
@blueprint.route("meetings/{id}/invitation.ics", methods=["GET"])
@answers_problems
async def get_invitation(req: func.HttpRequest) -> func.HttpResponse:
    """Answer with the invitation, or after a cancellation with the notice of it."""
    meeting, content = await app().invitations.write(meeting_id_of(req), caller_of(req))
    headers = {
        "Content-Disposition": 'attachment; filename="invitation.ics"',
        "Content-Type": "text/calendar; charset=utf-8",
        "ETag": f'"{meeting.version}"',
    }
    return func.HttpResponse(content, headers=headers)
