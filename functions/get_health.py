"""GET /health: whether the app is loaded with complete settings."""

import azure.functions as func

from functions.http.failures import SETTINGS_WRONG
from functions.http.responses import json_response
from functions.http.trigger import anonymous_http_trigger
from shared import VERSION
from shared.bootstrap import app
from shared.openapi.operation import Example, Operation, Response
from shared.use_cases.health import HealthResponse

blueprint = func.Blueprint()

_EXAMPLE = Example("A healthy app", lambda: HealthResponse(version=VERSION))
OPERATION = Operation(
    summary="Check health",
    description="Answers when the app is loaded and its settings are valid. It needs no key.",
    tag="The app",
    responses=(Response(200, "The app works.", HealthResponse, examples={"ok": _EXAMPLE}),),
    raises=(SETTINGS_WRONG,),
    visibility="internal",
)


@blueprint.route("health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@anonymous_http_trigger
async def get_health(req: func.HttpRequest) -> func.HttpResponse:
    """Report that the app is loaded with valid settings; GET /health/deep reports whether its services answer."""
    del req
    app()
    return json_response(HealthResponse(version=VERSION))
