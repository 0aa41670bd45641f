"""GET /docs: a page to read and try the interface."""

import asyncio

import azure.functions as func

from functions.http.failures import SERVICE
from functions.http.responses import answers_problems
from shared.openapi.operation import Answer, Operation

blueprint = func.Blueprint()

OPERATION = Operation(
    summary="Open the page to read and try",
    description="Returns a page on which every operation can be read and tried. In a browser its key goes into the"
    " address: `?code=KEY`.",
    tag="The app",
    answers=(Answer(200, "The page.", {"type": "string"}, media_type="text/html"),),
    raises=SERVICE,
    visibility="internal",
)


@blueprint.function_name("get_docs")
@blueprint.route("docs", methods=["GET"])
@answers_problems
async def get_docs(req: func.HttpRequest) -> func.HttpResponse:
    """Answer with the page, compressed for whoever takes it so."""
    from shared.openapi.page import page

    found = await asyncio.to_thread(page)
    headers = {
        "Cache-Control": "private, max-age=3600",
        "Content-Security-Policy": found.content_security_policy,
        "Content-Type": "text/html; charset=utf-8",
        "Referrer-Policy": "no-referrer",  # the address may hold a key
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
    if "gzip" not in req.headers.get("accept-encoding", ""):
        return func.HttpResponse(found.html, headers=headers)
    return func.HttpResponse(found.compressed, headers=headers | {"Content-Encoding": "gzip"})
