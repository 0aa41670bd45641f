"""The API documentation: Swagger UI in one file, which loads nothing but the document beside it."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from shared.pages.page import Page, make_page, read_asset

# Its package is not imported: that would load Flask.
_ASSETS = "flask_swagger_ui"


@cache
def docs_page() -> Page:
    """Return the page; the first call reads some 2 MB from the disk and compresses them.

    Raises:
        ModuleNotFoundError: Swagger UI is not installed.
    """
    return make_page(
        read_asset("docs", "index.html"),
        {"library": _library("swagger-ui-bundle.js"), "start": read_asset("docs", "docs.js")},
        {"style": _library("swagger-ui.css")},
    )


def _library(name: str) -> str:
    spec = find_spec(_ASSETS)
    if spec is None or spec.submodule_search_locations is None:
        message = f"{_ASSETS} is not installed: install requirements.txt"
        raise ModuleNotFoundError(message)
    return (Path(spec.submodule_search_locations[0]) / "dist" / name).read_text(encoding="utf-8")
