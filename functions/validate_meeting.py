"""POST /meetings/validate: check a meeting request, and store nothing."""

from typing import Literal

import azure.functions as func

from functions.http.failures import BODY, ORGANIZER_NOT_ALLOWED, SERVICE
from functions.http.requests import read_json
from functions.http.responses import json_response
from functions.http.trigger import http_trigger
from shared.access.callers import Caller
from shared.bootstrap import app
from shared.errors import Fault
from shared.openapi.examples import MEETING_REQUESTS
from shared.openapi.operation import JSON, Example, Operation, RequestBody, Response
from shared.openapi.request_schemas import MEETING_REQUEST
from shared.validation.problem_details import ProblemDetail
from shared.validation.response_model import ResponseModel

blueprint = func.Blueprint()


class ValidationResultResponse(ResponseModel, frozen=True):
    """The request is valid.

    Attributes:
        valid: Always true: the answer to a request that is not valid is a problem.
        warnings: What is unusual about the request, and may be a mistake.
    """

    valid: Literal[True] = True
    warnings: tuple[ProblemDetail, ...]

    @staticmethod
    def of(warnings: list[Fault]) -> "ValidationResultResponse":
        """Return warnings as callers see them."""
        return ValidationResultResponse(warnings=tuple(map(ProblemDetail.model_validate, warnings)))


def _with_warning() -> ValidationResultResponse:
    text = "attendees[1] repeats attendees[0] and is invited once."
    return ValidationResultResponse.of([Fault("/attendees/1", "duplicateAttendee", text)])


OPERATION = Operation(
    summary="Validate a meeting request",
    description="Checks a request like the creation of a meeting, and stores nothing.",
    tag="Meetings",
    body=RequestBody("The request to check.", {JSON: MEETING_REQUEST}, {JSON: MEETING_REQUESTS}),
    responses=(
        Response(
            200,
            "The request is valid; the warnings list what is unusual about it.",
            ValidationResultResponse,
            examples={"warning": Example("A request with an attendee twice", _with_warning)},
        ),
    ),
    raises=(*BODY, ORGANIZER_NOT_ALLOWED, *SERVICE),
)


@blueprint.route("meetings/validate", methods=["POST"])
@http_trigger
async def validate_meeting(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:
    """Check a meeting request as POST /meetings does, store nothing, and answer with the warnings."""
    return json_response(ValidationResultResponse.of(app().acceptance.check(read_json(req), caller)))
