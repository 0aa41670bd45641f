"""GET /organizers/{organizer}/readiness: check the readiness of an organizer."""

import azure.functions as func

from functions.http.failures import GRAPH_UNAVAILABLE, INVALID_REQUEST, ORGANIZER_NOT_ALLOWED, SERVICE
from functions.http.requests import path_value
from functions.http.responses import json_response
from functions.http.trigger import http_trigger
from shared.access.callers import Caller
from shared.bootstrap import app
from shared.openapi.examples import ORGANIZER
from shared.openapi.operation import Example, Operation, Parameter, Response
from shared.use_cases.readiness.report import OrganizerReadinessResponse, failed, passed

blueprint = func.Blueprint()


def _not_ready() -> OrganizerReadinessResponse:
    checks = (
        passed("organizerAllowed", "The setting ALLOWED_ORGANIZERS allows the organizer."),
        passed("user", "The object id is 4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7."),
        failed("mailbox", "The app may not use the calendar.", "An administrator has to act."),
        failed(
            "onlineMeetingProvider", "Not known, because the calendar was not read.", "Follow the remedy of mailbox."
        ),
        passed("applicationAccessPolicy", "The app may use the organizer's online meetings."),
    )
    return OrganizerReadinessResponse(
        organizer=ORGANIZER,
        ready=False,
        allowed_online_meeting_providers=(),
        default_online_meeting_provider=None,
        checks=checks,
    )


_ORGANIZER = Parameter(
    "organizer", "path", "A user principal name or object id.", {"type": "string"}, ORGANIZER, "important"
)
OPERATION = Operation(
    summary="Check the readiness of an organizer",
    description="Checks whether the app can create meetings for an organizer, with read-only calls to Graph. A check"
    " that failed names the command that is missing.",
    tag="Organizers",
    parameters=(_ORGANIZER,),
    responses=(
        Response(
            200,
            "Every check; a failed one has a remedy.",
            OrganizerReadinessResponse,
            examples={"notReady": Example("An organizer whose calendar the app may not use", _not_ready)},
        ),
    ),
    raises=(INVALID_REQUEST, ORGANIZER_NOT_ALLOWED, GRAPH_UNAVAILABLE, *SERVICE),
)


@blueprint.route("organizers/{organizer}/readiness", methods=["GET"])
@http_trigger
async def get_readiness(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:
    """Answer with the result of every check."""
    return json_response(await app().readiness.examine(path_value(req, "organizer"), caller))
