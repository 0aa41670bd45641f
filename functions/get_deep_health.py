"""GET /health/deep: whether storage and Graph answer."""

from dataclasses import asdict

import azure.functions as func

from functions.http.failures import SERVICE
from functions.http.problems import HttpError
from functions.http.responses import json_response
from functions.http.trigger import http_trigger
from shared import VERSION
from shared.access.callers import Caller
from shared.bootstrap import app
from shared.openapi.operation import Example, Operation, Response
from shared.use_cases.health import DeepHealthResponse, HealthReport
from shared.validation.problem_details import Problem

blueprint = func.Blueprint()


def _not_healthy(missing: str, report: HealthReport) -> HttpError:
    detail = f"No usable answer from: {missing}. The reason is in the service's log."
    return HttpError(Problem(503, "notHealthy", "Not available now", detail, retry_after=15, members=asdict(report)))


OPERATION = Operation(
    summary="Check health with storage and Graph",
    description="Answers when storage and Microsoft Graph answer the app. It asks them at most every 15 seconds.",
    tag="The app",
    responses=(
        Response(
            200,
            "Storage and Graph answer.",
            DeepHealthResponse,
            examples={"ok": Example("Everything answers", lambda: DeepHealthResponse(version=VERSION))},
        ),
    ),
    raises=(*SERVICE, _not_healthy("Graph", HealthReport(storage=True, graph=False))),
    visibility="internal",
)


@blueprint.route("health/deep", methods=["GET"])
@http_trigger
async def get_deep_health(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:
    """Report whether storage and Graph answer; the log has the reason for each that does not."""
    del req, caller
    report = await app().health.examine()
    if not report.healthy:
        missing = " and ".join(
            name for name, reached in (("storage", report.storage), ("Graph", report.graph)) if not reached
        )
        raise _not_healthy(missing, report)
    return json_response(DeepHealthResponse(version=VERSION))
