"""GET /schedules: all schedules, page by page."""

from datetime import UTC, datetime

import azure.functions as func

from functions.http.caller import caller_of
from functions.http.failures import INVALID_REQUEST, SERVICE
from functions.http.responses import answers_problems, json_response
from shared.bootstrap import app
from shared.openapi.answer_schemas import SCHEDULES
from shared.openapi.operation import Answer, Operation
from shared.openapi.parameters import CONTINUATION, TOP

blueprint = func.Blueprint()

OPERATION = Operation(
    summary="List the schedules",
    description="Returns all schedules, newest first, page by page.",
    tag="Schedules",
    parameters=(TOP, CONTINUATION),
    answers=(Answer(200, "The schedules, perhaps none.", SCHEDULES),),
    raises=(INVALID_REQUEST, *SERVICE),
)


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
