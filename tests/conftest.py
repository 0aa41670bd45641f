"""Fixtures for every test."""

from collections.abc import Iterator

import hypothesis
import pytest

from local.processes import start_child
from local.storage import connection_string

# The machines that run the tests are slow at times; what a property takes says nothing of whether it holds.
hypothesis.settings.register_profile(
    "convene", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
)
hypothesis.settings.load_profile("convene")


@pytest.fixture(scope="session")
def azurite() -> Iterator[str]:
    """Real storage, an Azurite of this test process's own: its connection string."""
    arguments = ["storage", "--queue-port", "0", "--table-port", "0", "--blob-port", "0"]
    with start_child(arguments) as storage:
        yield connection_string(*storage.ports)
