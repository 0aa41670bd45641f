"""GET /openapi.json: the interface described, as OpenAPI 3.1."""

import azure.functions as func

from functions.http.failures import SERVICE
from functions.http.responses import answers_problems, json_response
from functions.http.routes import document_for
from shared.openapi.operation import Answer, Operation

blueprint = func.Blueprint()

OPERATION = Operation(
    summary="Get the OpenAPI 3.1 document",
    description="Returns the description of every operation, as OpenAPI 3.1.",
    tag="The app",
    answers=(Answer(200, "The document.", {"type": "object"}),),
    raises=SERVICE,
    visibility="internal",
)


@blueprint.function_name("get_openapi")
@blueprint.route("openapi.json", methods=["GET"])
@answers_problems
async def get_openapi(req: func.HttpRequest) -> func.HttpResponse:
    """Answer with the OpenAPI 3.1 document, which names the server that was asked."""
    return json_response(document_for(req))
