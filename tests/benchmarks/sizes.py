"""(f) How much is deployed."""

from collections.abc import Iterable
from pathlib import Path

from tests.benchmarks.apps import App
from tests.benchmarks.figures import Report
from tests.benchmarks.package import ARCHIVE, installed_files
from tests.benchmarks.surroundings import Surroundings

SECTION = "size"
_REQUIRED = {
    App.BASELINE: ("azure-functions", "azure-identity", "msgraph-sdk", "aiohttp"),
    App.FLOOR: ("azure-functions", "aiohttp"),
}


def measure(surroundings: Surroundings, report: Report) -> None:
    """Compare the deployment package with what pip installs for the other apps; compiled files count in ours alone."""
    packed = [path for path in surroundings.package.rglob("*") if path.is_file()]
    _add(report, App.CONVENE, packed)
    for app, names in _REQUIRED.items():
        _add(report, app, [path for path in installed_files(*names) if path.is_file()])
    report.add(SECTION, "zipped", "MB", App.CONVENE, ARCHIVE.stat().st_size / 1e6)


def _add(report: Report, app: App, files: Iterable[Path]) -> None:
    sizes = [path.stat().st_size for path in files]
    report.add(SECTION, "files", "", app, len(sizes))
    report.add(SECTION, "unpacked", "MB", app, sum(sizes) / 1e6)
