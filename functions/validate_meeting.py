"""POST /meetings/validate: would this be accepted."""

from typing import Literal

import azure.functions as func

from functions.http.caller import caller_of
from functions.http.failures import BODY, ORGANIZER_NOT_ALLOWED, SERVICE
from functions.http.requests import read_json
from functions.http.responses import answers_problems, json_response
from shared.bootstrap import app
from shared.openapi.examples import MEETING_REQUESTS
from shared.openapi.operation import JSON, Answer, Body, Operation
from shared.openapi.request_schemas import MEETING_REQUEST
from shared.validation.problem_details import ProblemDetail
from shared.validation.response_model import ResponseModel

blueprint = func.Blueprint()


class ValidationResultResponse(ResponseModel, frozen=True):
    """The request is valid.

    Attributes:
        valid: Always true: a request that is not valid is answered with a problem.
        warnings: What is unusual about the request, yet may be meant.
    """

    valid: Literal[True] = True
    warnings: tuple[ProblemDetail, ...]


OPERATION = Operation(
    summary="Check a request for a meeting",
    description="Checks a request as asking for the meeting would, and stores nothing.",
    tag="Meetings",
    body=Body("The request to check.", {JSON: MEETING_REQUEST}, {JSON: MEETING_REQUESTS}),
    answers=(Answer(200, "The request would be accepted; what is odd about it is listed.", ValidationResultResponse),),
    raises=(*BODY, ORGANIZER_NOT_ALLOWED, *SERVICE),
)


@blueprint.function_name("validate_meeting")
@blueprint.route("meetings/validate", methods=["POST"])
@answers_problems
async def validate_meeting(req: func.HttpRequest) -> func.HttpResponse:
    """Check a meeting request as POST /meetings does, store nothing, and tell what is odd about it."""
    warnings = app().acceptance.check(read_json(req), caller_of(req))
    return json_response(ValidationResultResponse(warnings=tuple(map(ProblemDetail.of, warnings))))
