"""GET /swagger.json: the interface described, as OpenAPI 2.0 for Power Platform's custom connectors."""

import azure.functions as func

from functions.http.failures import SERVICE
from functions.http.responses import answers_problems, json_response
from functions.http.routes import document_for
from shared.openapi.operation import Answer, Operation

blueprint = func.Blueprint()

OPERATION = Operation(
    summary="Get the OpenAPI 2.0 document",
    description="Returns the description of every operation, as OpenAPI 2.0 for custom connectors.",
    tag="The app",
    answers=(Answer(200, "The document.", {"type": "object"}),),
    raises=SERVICE,
    visibility="internal",
)


@blueprint.function_name("get_swagger")
@blueprint.route("swagger.json", methods=["GET"])
@answers_problems
async def get_swagger(req: func.HttpRequest) -> func.HttpResponse:
    """Answer with the OpenAPI 2.0 document, which names the host that was asked."""
    from shared.openapi.power_platform import swagger_document

    return json_response(swagger_document(document_for(req)))
