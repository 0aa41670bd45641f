"""GET /schedules: all schedules, page by page."""

from datetime import UTC, datetime

import azure.functions as func

from functions.http.caller import caller_of
from functions.http.failures import INVALID_REQUEST, SERVICE
from functions.http.responses import answers_problems, json_response
from shared.bootstrap import app
from shared.openapi.operation import Answer, Operation
from shared.openapi.parameters import CONTINUATION, TOP
from shared.schedules import ScheduleResponse
from shared.validation.response_model import ResponseModel

blueprint = func.Blueprint()


class ScheduleListResponse(ResponseModel, frozen=True):
    """Some of the schedules.

    Attributes:
        schedules: The schedules, newest first.
        continuation_token: Requests the next schedules; null after the last.
    """

    schedules: tuple[ScheduleResponse, ...]
    continuation_token: str | None


OPERATION = Operation(
    summary="List the schedules",
    description="Returns all schedules, newest first, page by page.",
    tag="Schedules",
    parameters=(TOP, CONTINUATION),
    answers=(Answer(200, "The schedules, perhaps none.", ScheduleListResponse),),
    raises=(INVALID_REQUEST, *SERVICE),
)


@blueprint.function_name("list_schedules")
@blueprint.route("schedules", methods=["GET"])
@answers_problems
async def list_schedules(req: func.HttpRequest) -> func.HttpResponse:
    """Answer with schedules, newest first."""
    page = await app().schedules.page(dict(req.params), caller_of(req))
    now = datetime.now(UTC)
    schedules = tuple(ScheduleResponse.of(each, now) for each in page.schedules)
    return json_response(ScheduleListResponse(schedules=schedules, continuation_token=page.continuation))
