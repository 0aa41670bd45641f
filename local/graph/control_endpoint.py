"""Routes of the control API, whose endpoints answer a GraphError or malformed JSON as an error."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.graph.errors import GraphError

BAD_REQUEST: Final = "badRequest"


def control_route(method: str, path: str, endpoint: Callable[[Request], Awaitable[Response]]) -> Route:
    """Return a route of the control API."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except GraphError as error:
            return JSONResponse({"error": {"code": error.code, "message": error.message}}, error.status)
        except ValueError as error:
            return JSONResponse({"error": {"code": BAD_REQUEST, "message": f"The body is not JSON: {error}."}}, 400)

    return Route(path, answer, methods=[method])
