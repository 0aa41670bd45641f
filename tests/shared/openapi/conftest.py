"""The documents of the app."""

from typing import Any

import pytest

from functions.http.routes import described_routes
from shared.openapi.document import openapi_document
from shared.openapi.power_platform import swagger_document


@pytest.fixture(scope="session")
def openapi() -> dict[str, Any]:
    return openapi_document(described_routes()) | {"servers": [{"url": "https://convene.example/api"}]}


@pytest.fixture(scope="session")
def swagger(openapi: dict[str, Any]) -> dict[str, Any]:
    return swagger_document(openapi)
