"""The custom connector's definition, as the app describes itself: `python -m tests.docs.connector` writes it anew."""

import json
from pathlib import Path
from typing import Any

from functions.http.routes import described_routes
from shared.openapi.document import openapi_document
from shared.openapi.power_platform import swagger_document

FILE = Path(__file__).parent.parent.parent / "docs" / "recipes" / "power-automate" / "apiDefinition.swagger.json"
_SERVER = "https://YOUR-APP.azurewebsites.net/api"


def definition() -> dict[str, Any]:
    """Return what belongs into the file."""
    return swagger_document({**openapi_document(described_routes()), "servers": [{"url": _SERVER}]})


if __name__ == "__main__":
    FILE.write_text(json.dumps(definition(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
