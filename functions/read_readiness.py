"""GET /organizers/{organizer}/readiness: can meetings be made for an organizer, and what is missing if not."""

import azure.functions as func

from functions.caller import caller_of
from functions.http import answers_problems, json_response
from shared.bootstrap import app

blueprint = func.Blueprint()


@blueprint.function_name("read_readiness")
@blueprint.route("organizers/{organizer}/readiness", methods=["GET"])
@answers_problems
async def read_readiness(req: func.HttpRequest) -> func.HttpResponse:
    """Answer with what every probe found."""
    report = await app().readiness.examine(req.route_params.get("organizer", ""), caller_of(req))
    return json_response(report.as_json())
