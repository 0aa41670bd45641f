"""GET /meetings: find meetings by organizer, reference, link, id or status."""

import azure.functions as func

from functions.caller import caller_of
from functions.http import answers_problems, json_response
from shared.bootstrap import app
from shared.find import parse_filter

blueprint = func.Blueprint()


@blueprint.function_name("find_meetings")
@blueprint.route("meetings", methods=["GET"])
@answers_problems
async def find_meetings(req: func.HttpRequest) -> func.HttpResponse:
    """Answer with the meetings found, newest first."""
    page = await app().finder.find(parse_filter(dict(req.params)), caller_of(req))
    return json_response(
        {"meetings": [meeting.as_json() for meeting in page.meetings], "continuationToken": page.continuation}
    )
