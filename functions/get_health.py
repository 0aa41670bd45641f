"""GET /health: whether the app is loaded with complete settings, and whether its services answer."""

from dataclasses import asdict

import azure.functions as func

from functions.http.failures import SETTINGS_WRONG
from functions.http.problems import HttpError, Problem
from functions.http.responses import json_response
from functions.http.trigger import anonymous_http_trigger
from shared import VERSION
from shared.bootstrap import app
from shared.openapi.operation import Example, Operation, Parameter, Response
from shared.use_cases.health import HealthReport, HealthResponse

blueprint = func.Blueprint()


def _not_healthy(missing: str, report: HealthReport) -> HttpError:
    detail = f"No usable answer from: {missing}. The reason is in the service's log."
    members = asdict(report)
    return HttpError(Problem(503, "notHealthy", "Not available now", detail, retry_after=15, members=members))


def _healthy() -> HealthResponse:
    return HealthResponse(version=VERSION)


OPERATION = Operation(
    summary="Check health",
    description="Answers when the app is loaded and its settings are in order. It needs no key.",
    tag="The app",
    parameters=(
        Parameter("deep", "query", "`true` checks storage and Graph, at most every 15 seconds.", {"type": "string"}),
    ),
    responses=(Response(200, "The app works.", HealthResponse, examples={"ok": Example("A healthy app", _healthy)}),),
    raises=(SETTINGS_WRONG, _not_healthy("Graph", HealthReport(storage=True, graph=False))),
    visibility="internal",
)


@blueprint.function_name("get_health")
@blueprint.route("health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@anonymous_http_trigger
async def get_health(req: func.HttpRequest) -> func.HttpResponse:
    """Answer that the app is loaded and its settings are in order; with `deep=true`, that storage and Graph answer.

    A route has one authorization level, and the host tells a Python function neither whether a key came with the
    request nor whether it was a good one; so the deep look cannot be kept for those who have a key. Instead it tells
    two booleans and nothing else, and looks at most once in 15 seconds, however often it is asked.
    """
    health = app().health
    if req.params.get("deep", "").casefold() != "true":
        return json_response(HealthResponse(version=VERSION))
    report = await health.examine()
    if not report.healthy:
        missing = " and ".join(
            name for name, reached in (("storage", report.storage), ("Graph", report.graph)) if not reached
        )
        raise _not_healthy(missing, report)
    return json_response(HealthResponse(version=VERSION, storage=report.storage, graph=report.graph))
