"""The documents of the app."""

from importlib import import_module
from typing import Any

import pytest

from tests import openapi_documents

import_module("function_app")  # registers every trigger


@pytest.fixture(scope="session")
def openapi() -> dict[str, Any]:
    return openapi_documents.openapi()


@pytest.fixture(scope="session")
def swagger() -> dict[str, Any]:
    return openapi_documents.swagger()
