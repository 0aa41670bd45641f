"""Fixtures for every test."""

import gc
from collections import defaultdict
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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what tests measured, by `record_property`: the figures of docs/reliability.md, counts added up."""
    figures: defaultdict[str, list[object]] = defaultdict(list)
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            figures[name].append(value)
    for name, values in figures.items():
        counts = [value for value in values if isinstance(value, int)]
        told = f"{sum(counts):,}" if len(counts) == len(values) else "; ".join(map(str, values))
        terminalreporter.write_line(f"{name}: {told}")


def pytest_unconfigure() -> None:
    """Let go of what importing the app has frozen, or libraries report it as leaks when the process ends."""
    gc.unfreeze()
