"""The started stack that is attacked: storage, Graph stand-in and host as processes, with timers that come often."""

import os
from collections.abc import Iterator

import pytest

from local.processes import Stack, running_stack
from tests.attacks.retention import RETENTION
from tests.integration.conftest import Client, clients

_ENVIRONMENT = {
    "RETENTION": f"PT{RETENTION.total_seconds():.0f}S",
    "UPKEEP_SCHEDULE": "*/3 * * * * *",
    "SCHEDULES_SCHEDULE": "*/3 * * * * *",
}


@pytest.fixture(scope="package")
def attacked() -> Iterator[Stack]:
    """Return one stack for every attack, so that each shows that those before it did no harm."""
    with running_stack(os.environ | _ENVIRONMENT) as stack:
        yield stack


@pytest.fixture(scope="package")
def client(attacked: Stack) -> Iterator[Client]:
    """Return a client whose answers are checked against the OpenAPI document."""
    with clients(attacked) as client:
        yield client
