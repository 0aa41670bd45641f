"""GET /docs: the API documentation, a page to read and try the interface."""

import asyncio

import azure.functions as func

from functions.http.trigger import http_trigger
from shared.access.callers import Caller

blueprint = func.Blueprint()
OPERATION = None  # a page is no operation of the documents


@blueprint.function_name("get_docs")
@blueprint.route("docs", methods=["GET"])
@http_trigger
async def get_docs(req: func.HttpRequest, _caller: Caller) -> func.HttpResponse:
    """Answer with the page, compressed for a browser that accepts that."""
    from shared.openapi.page import page

    found = await asyncio.to_thread(page)
    headers = {
        "Cache-Control": "private, max-age=3600",
        "Content-Security-Policy": found.content_security_policy,
        "Content-Type": "text/html; charset=utf-8",
        "Referrer-Policy": "no-referrer",  # the address may hold a key
        "Vary": "Accept-Encoding",
    }
    if "gzip" not in req.headers.get("accept-encoding", ""):
        return func.HttpResponse(found.html, headers=headers)
    return func.HttpResponse(found.compressed, headers=headers | {"Content-Encoding": "gzip"})
