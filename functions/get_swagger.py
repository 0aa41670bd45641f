"""GET /swagger.json: the interface described, as OpenAPI 2.0 for Power Platform's custom connectors."""

import azure.functions as func

from functions.http.responses import json_response
from functions.http.routes import document_for
from functions.http.trigger import http_trigger
from shared.access.callers import Caller

blueprint = func.Blueprint()
OPERATION = None  # the document itself is no operation of it


@blueprint.route("swagger.json", methods=["GET"])
@http_trigger
async def get_swagger(req: func.HttpRequest, _caller: Caller) -> func.HttpResponse:
    """Answer with the OpenAPI 2.0 document, which names the host of the request."""
    from shared.openapi.power_platform import swagger_document

    return json_response(swagger_document(document_for(req)))
