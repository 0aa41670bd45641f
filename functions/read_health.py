"""GET /health: is the app there, with settings that it can work with."""

import azure.functions as func

from functions.http import answers_problems, json_response
from shared.bootstrap import app
from shared.version import VERSION

blueprint = func.Blueprint()


@blueprint.function_name("read_health")
@blueprint.route("health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_problems
async def read_health(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - a handler like the others
    """Answer that the app is loaded and its settings are in order; otherwise the problem says that they are not."""
    app()
    return json_response({"status": "ok", "version": VERSION})
