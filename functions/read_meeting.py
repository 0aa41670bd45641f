"""GET /meetings/{id}: look one meeting up."""

import azure.functions as func

from functions.caller import caller_of
from functions.http import answers_problems, meeting_id_of, meeting_response
from functions.public_url import url_of
from shared.bootstrap import app

blueprint = func.Blueprint()


@blueprint.function_name("read_meeting")
@blueprint.route("meetings/{id}", methods=["GET"])
@answers_problems
async def read_meeting(req: func.HttpRequest) -> func.HttpResponse:
    """Answer with the meeting: 202 as long as something is still to be done for it, 200 when it is finished."""
    meeting = await app().finder.read(meeting_id_of(req), caller_of(req))
    await app().upkeep.look_after(meeting)
    return meeting_response(meeting, url_of(req))
