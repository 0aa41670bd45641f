"""GET /openapi.json: the interface described, as OpenAPI 3.1."""

import azure.functions as func

from functions.http.responses import json_response
from functions.http.routes import document_for
from functions.http.trigger import http_trigger
from shared.access.callers import Caller

blueprint = func.Blueprint()
OPERATION = None  # the document itself is no operation of it


@blueprint.route("openapi.json", methods=["GET"])
@http_trigger
async def get_openapi(req: func.HttpRequest, _caller: Caller) -> func.HttpResponse:
    """Answer with the OpenAPI 3.1 document, which names the server of the request."""
    return json_response(document_for(req))
