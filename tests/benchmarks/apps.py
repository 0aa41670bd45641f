"""The apps that are measured side by side, and what they are told of their surroundings."""

import os
from enum import StrEnum
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


class App(StrEnum):
    """An app: ours, what a user would write instead, the least that does it, one that does nothing, an earlier ours."""

    CONVENE = "convene"
    BASELINE = "baseline"
    FLOOR = "floor"
    EMPTY = "empty"
    EARLIER = "earlier"

    @property
    def folder(self) -> Path:
        """Where its function_app.py is; of an earlier Convene the plan says it."""
        return ROOT if self is App.CONVENE else Path(__file__).parent / self


# What is measured side by side wherever no storage account is needed.
COMPARED = (App.CONVENE, App.BASELINE, App.FLOOR)


def environment(graph_url: str, storage: str) -> dict[str, str]:
    """Return the environment of an app in Azure: a managed identity, whose tokens come from the Graph server here.

    https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
    """
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "PATH", "TMPDIR", "VIRTUAL_ENV") if name in os.environ}
    return kept | {
        "AzureWebJobsStorage": storage,
        "GRAPH_BASE_URL": f"{graph_url}/v1.0",
        "GRAPH_CREDENTIAL": "managedIdentity",
        "IDENTITY_ENDPOINT": f"{graph_url}/msi/token",
        "IDENTITY_HEADER": "of this machine",
        "MeetingStorage": storage,
        "NO_PROXY": "127.0.0.1",
    }
