"""GET /console: a page for operators."""

import azure.functions as func

from functions.http.responses import page_response
from functions.http.trigger import anonymous_http_trigger

blueprint = func.Blueprint()
OPERATION = None  # a page is no operation of the documents


@blueprint.route("console", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@anonymous_http_trigger
async def get_console(req: func.HttpRequest) -> func.HttpResponse:
    """Answer with the page, which holds no data: it calls the API with the key or session of its reader."""
    from functions.pages.console import console_page

    return await page_response(req, console_page)
