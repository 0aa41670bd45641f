"""GET /docs: the API documentation, a page to read and try the interface."""

import azure.functions as func

from functions.http.responses import page_response
from functions.http.trigger import http_trigger
from shared.access.callers import Caller

blueprint = func.Blueprint()
OPERATION = None  # a page is no operation of the documents


@blueprint.route("docs", methods=["GET"])
@http_trigger
async def get_docs(req: func.HttpRequest, _caller: Caller) -> func.HttpResponse:
    """Answer with the page."""
    from functions.pages.docs import docs_page

    return await page_response(req, docs_page)
