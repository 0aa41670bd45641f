"""Both descriptions of the interface, of the whole app."""

from typing import Any

import function_app
from functions.http.routes import described_routes
from shared.openapi.document import openapi_document
from shared.openapi.operation import Route
from shared.openapi.power_platform import swagger_document

SERVER = "https://convene.example/api"


def app_routes() -> tuple[Route, ...]:
    """Return every route of the app, which its table of contents registers."""
    assert function_app.app
    return described_routes()


def openapi(server: str = SERVER) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document."""
    return openapi_document(app_routes()) | {"servers": [{"url": server}]}


def swagger(server: str = SERVER) -> dict[str, Any]:
    """Return the OpenAPI 2.0 document."""
    return swagger_document(openapi(server))
