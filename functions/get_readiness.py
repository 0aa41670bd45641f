"""GET /organizers/{organizer}/readiness: can meetings be made for an organizer, and what is missing if not."""

import azure.functions as func

from functions.http.caller import caller_of
from functions.http.failures import GRAPH_UNAVAILABLE, INVALID_REQUEST, ORGANIZER_NOT_ALLOWED, SERVICE
from functions.http.responses import answers_problems, json_response
from shared.bootstrap import app
from shared.openapi.operation import Answer, Operation, Parameter
from shared.use_cases.readiness.report import OrganizerReadinessResponse

blueprint = func.Blueprint()

_ORGANIZER = Parameter(
    "organizer",
    "path",
    "A user principal name or object id.",
    {"type": "string", "format": "organizer"},
    "AlexW@contoso.com",
    "important",
)
OPERATION = Operation(
    summary="Look whether an organizer is ready",
    description="Tells whether meetings can be made for an organizer, by calls to Graph that only read, and names the"
    " command that is missing where they cannot.",
    tag="Organizers",
    parameters=(_ORGANIZER,),
    answers=(Answer(200, "Every check, with its remedy where it is not in order.", OrganizerReadinessResponse),),
    raises=(INVALID_REQUEST, ORGANIZER_NOT_ALLOWED, GRAPH_UNAVAILABLE, *SERVICE),
)


@blueprint.function_name("get_readiness")
@blueprint.route("organizers/{organizer}/readiness", methods=["GET"])
@answers_problems
async def get_readiness(req: func.HttpRequest) -> func.HttpResponse:
    """Answer with what every probe found."""
    report = await app().readiness.examine(req.route_params.get("organizer", ""), caller_of(req))
    return json_response(OrganizerReadinessResponse.of(report))
