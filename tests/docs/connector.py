"""The custom connector's definition, as the app describes itself: `python -m tests.docs.connector` writes it again."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.openapi_documents import swagger

import_module("function_app")  # registers every trigger

FILE = Path(__file__).parent.parent.parent / "docs" / "recipes" / "power-automate" / "apiDefinition.swagger.json"


def definition() -> dict[str, Any]:
    """Return what belongs into the file."""
    return swagger("https://YOUR-APP.azurewebsites.net/api")


if __name__ == "__main__":
    FILE.write_text(json.dumps(definition(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
