"""Fixtures and rules for every test.

Tests that start a process or run a simulation are `slow`, and `make quick` leaves them out. In CI no test is skipped.
"""

import gc
import os
import platform
import signal
import subprocess
from collections import defaultdict
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from local.processes import start_child
from local.storage import connection_string

pytest_plugins = ["pytester"]

platform.platform()  # asked by Azure's clients; runs `uname` the first time

# A shell that runs the suite in the background has it ignore Ctrl-C, and what it starts would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The machines that run the tests are slow at times; what a property takes says nothing of whether it holds. CI judges
# each change by the same examples; other runs try new ones.
hypothesis.settings.register_profile(
    "convene",
    deadline=None,
    derandomize="CI" in os.environ,
    max_examples=int(os.environ.get("EXAMPLES", "100")),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    print_blob=True,
)
hypothesis.settings.load_profile("convene")

# Every test in these folders is slow; others say so themselves.
_SLOW_FOLDERS = tuple(
    f"{Path(__file__).parent}/{folder}/"
    for folder in ("benchmarks", "infra", "integration", "proofs/scale", "proofs/simulation")
)


@pytest.fixture(scope="module")
def azurite() -> Iterator[str]:
    """Real storage, an Azurite of the file's own: its connection string."""
    arguments = ["storage", "--queue-port", "0", "--table-port", "0", "--blob-port", "0"]
    with start_child(arguments) as storage:
        yield connection_string(*storage.ports)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test that starts a process, itself or by a fixture of whatever scope, and is not marked `slow`."""

    def refuse(_process: object, command: object, *_: Any, **__: Any) -> None:
        raise AssertionError(f"This test starts a process ({command}): mark it with pytest.mark.slow.")

    with pytest.MonkeyPatch.context() as patch:
        if not item.get_closest_marker("slow"):
            patch.setattr(subprocess.Popen, "__init__", refuse)
        return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the slow folders, and let slow tests run first: the quick ones even out what the workers have left."""
    for item in items:
        if str(item.path).startswith(_SLOW_FOLDERS):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_collection_finish() -> None:
    """Have the garbage collector skip the modules and the tests, which stay until the end."""
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that is skipped in CI, where every tool is at hand."""
    report = yield
    return _failed_if_skipped_in_ci(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Fail a file that is skipped in CI."""
    report = yield
    return _failed_if_skipped_in_ci(report)


def _failed_if_skipped_in_ci[R: (pytest.TestReport, pytest.CollectReport)](report: R) -> R:
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"A test that is skipped in CI proves nothing. {reason}"
    return report


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
    """Let go of what is frozen, or libraries report it as leaks when the process ends."""
    gc.unfreeze()
