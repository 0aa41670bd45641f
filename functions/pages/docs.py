"""The API documentation: Swagger UI in one file, which loads nothing but the document beside it.

Unlike its alternatives it works under a policy without inline styles; what it lacks for screen readers, the keyboard,
dark schemes and narrow windows is in accessibility.js and docs.css (docs/console.md compares them).
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from functions.pages.page import Page, make_page, read_asset

# The package is not imported, because that would load Flask.
_ASSETS = "flask_swagger_ui"


@cache
def docs_page() -> Page:
    """Return the page; the first call reads some 2 MB from the disk and compresses them.

    Raises:
        ModuleNotFoundError: Swagger UI is not installed.
    """
    own = {name: read_asset("docs", name) for name in ("accessibility.js", "docs.js", "docs.css")}
    return make_page(
        read_asset("docs", "index.html"),
        {
            "library.js": _library("swagger-ui-bundle.js"),
            **{name: own[name] for name in ("accessibility.js", "docs.js")},
        },
        {"library.css": _library("swagger-ui.css"), "docs.css": own["docs.css"]},
    )


def _library(name: str) -> str:
    spec = find_spec(_ASSETS)
    if spec is None or spec.submodule_search_locations is None:
        message = f"{_ASSETS} is not installed: install requirements.txt"
        raise ModuleNotFoundError(message)
    return (Path(spec.submodule_search_locations[0]) / "dist" / name).read_text(encoding="utf-8")
