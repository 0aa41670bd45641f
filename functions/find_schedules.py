"""GET /schedules: all schedules, page by page."""

from datetime import UTC, datetime

import azure.functions as func

from functions.caller import caller_of
from functions.http import answers_problems, json_response
from shared.bootstrap import app

blueprint = func.Blueprint()


@blueprint.function_name("find_schedules")
@blueprint.route("schedules", methods=["GET"])
@answers_problems
async def find_schedules(req: func.HttpRequest) -> func.HttpResponse:
    """Answer with schedules, newest first."""
    page = await app().schedules.page(dict(req.params), caller_of(req))
    now = datetime.now(UTC)
    return json_response(
        {"schedules": [schedule.as_json(now) for schedule in page.schedules], "continuationToken": page.continuation}
    )
