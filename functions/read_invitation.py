"""GET /meetings/{id}/invitation.ics: the meeting as an iCalendar file."""

import azure.functions as func

from functions.caller import caller_of
from functions.http import answers_problems, meeting_id_of
from shared.bootstrap import app

blueprint = func.Blueprint()


@blueprint.function_name("read_invitation")
@blueprint.route("meetings/{id}/invitation.ics", methods=["GET"])
@answers_problems
async def read_invitation(req: func.HttpRequest) -> func.HttpResponse:
    """Answer with the invitation, or after a cancellation with the notice of it."""
    meeting, content = await app().invitations.write(meeting_id_of(req), caller_of(req))
    headers = {
        "Content-Disposition": 'attachment; filename="invitation.ics"',
        "Content-Type": "text/calendar; charset=utf-8",
        "ETag": f'"{meeting.version}"',
    }
    return func.HttpResponse(content, headers=headers)
