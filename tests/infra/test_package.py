"""The deployment package, used as Azure would: unpacked, alone, with nothing but its own libraries."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import override

import pytest
from rich.console import Console

from infra.package.build import LIBRARIES, ROOT, zip_folder
from local.demo import show
from local.processes import Child, Stack, create_queues, start_child
from tests.integration.claims import expiring_claims

# The local host's own needs, in a virtual environment that has nothing else.
_HOST_NEEDS = ("azure-functions-runtime", "azure-storage-queue", "tzdata")
_UNCHECKED_HASH = 1

pytestmark = pytest.mark.timeout(600)  # 36,000 files are installed, and most of them removed again


@dataclass(frozen=True)
class Package:
    """The zip, where it was unpacked, and a Python that has what the local host needs."""

    archive: Path
    folder: Path
    python: Path

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"PYTHONPATH": str(self.folder / LIBRARIES), "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    temporary = tmp_path_factory.mktemp("package")
    archive, folder, venv = temporary / "convene.zip", temporary / "app", temporary / "venv"
    subprocess.run([sys.executable, "-m", "infra.package", "--target", str(archive)], cwd=ROOT, check=True)
    with zipfile.ZipFile(archive) as content:
        content.extractall(folder)
    uv = Path(sys.executable).parent / "uv"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(venv)], check=True)
    python = venv / "bin" / "python"
    install = [uv, "pip", "install", "--quiet", "--python", str(python), "-c", "constraints.txt", *_HOST_NEEDS]
    subprocess.run(install, cwd=ROOT, check=True)
    return Package(archive, folder, python)


class PackageStack(Stack):
    """A stack whose hosts run the package, each with nothing but the package's libraries and the host's own."""

    def __init__(self, storage: Child, graph: Child, package: Package) -> None:
        super().__init__(storage, graph, package.environment)
        self._package = package

    @override
    def start_host(self) -> Child:
        folder, python = self._package.folder, str(self._package.python)
        host = Child(["host", "--port", "0"], self.environment, show_log=False, folder=folder, python=python)
        self.host = host.wait_until_ready()
        return host


@pytest.fixture
def stack(package: Package) -> Iterator[Stack]:
    (package.folder / "local").symlink_to(ROOT / "local")
    free_ports = ["--queue-port", "0", "--table-port", "0", "--blob-port", "0"]
    with start_child(["storage", *free_ports]) as storage, start_child(["graph", "--port", "0"]) as graph:
        stack = PackageStack(storage, graph, package)
        create_queues(stack.connection_string, stack.environment)
        stack.start_host()
        yield stack
        stack.stop_host()
    (package.folder / "local").unlink()


def test_the_package_passes_the_demo(stack: Stack) -> None:
    """The packaged app makes, changes and cancels meetings over HTTP and through the queue.

    The claims of the killed host end early, or the test would take the minute that a person waits.
    """
    with expiring_claims(stack.connection_string, timedelta(seconds=5)):
        assert show(stack, Console(quiet=True)) == 0, stack.host.output


def test_the_package_starts_with_nothing_but_itself(package: Package) -> None:
    """What the app imports is in the package: not even the host's own libraries help."""
    command = [str(package.python), "-S", "-P", "-c", "import function_app, shared.bootstrap"]
    environment = package.environment | {"PYTHONPATH": f"{package.folder}:{package.folder / LIBRARIES}"}
    ran = subprocess.run(command, cwd=package.folder, env=environment, check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


def test_every_graph_path_is_in_the_package(package: Package) -> None:
    """Every public method of the Graph services, and every module of the app, finds what it needs in the package."""
    environment = package.environment | {"PYTHONPATH": f"{package.folder}:{package.folder / LIBRARIES}:{ROOT}"}
    show_where = (
        "import msgraph, shared; from infra.package.trace import main; main(); print(msgraph.__file__, shared.__file__)"
    )
    command = [str(package.python), "-S", "-P", "-c", show_where]
    ran = subprocess.run(command, cwd=package.folder, env=environment, check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    *reached, where = ran.stdout.splitlines()
    assert all(path.startswith(str(package.folder)) for path in where.split())
    assert "msgraph.generated.users.item.online_meetings.create_or_get.create_or_get_request_builder" in reached
    assert "msgraph.generated.models.o_data_errors.o_data_error" in reached


def test_a_path_that_was_cut_away_is_seen(package: Package, tmp_path: Path) -> None:
    """The test above would fail if a module of the SDK that the app reaches were missing."""
    hidden = package.folder / LIBRARIES / "msgraph/generated/users/item/events/item/cancel"
    hidden.rename(tmp_path / "cancel")
    try:
        environment = package.environment | {"PYTHONPATH": f"{package.folder}:{package.folder / LIBRARIES}:{ROOT}"}
        command = [str(package.python), "-S", "-P", "-m", "infra.package.trace"]
        ran = subprocess.run(command, cwd=package.folder, env=environment, check=False, capture_output=True, text=True)
    finally:
        (tmp_path / "cancel").rename(hidden)
    assert ran.returncode != 0
    assert "No module named 'msgraph.generated.users.item.events.item.cancel'" in ran.stderr


def test_the_package_holds_the_app_and_nothing_of_ours_besides(package: Package) -> None:
    """The top of the zip is the app: no tests, no local stack, no infrastructure, no command line's libraries."""
    with zipfile.ZipFile(package.archive) as content:
        names = content.namelist()
    assert {name.split("/")[0] for name in names} == {
        ".python_packages",
        "function_app.py",
        "__pycache__",
        "functions",
        "host.json",
        "shared",
    }
    libraries = {name.split("/")[3] for name in names if name.startswith(str(LIBRARIES))}
    assert libraries.isdisjoint({"pytest", "rich", "typer", "starlette", "uvicorn", "ruff", "hypothesis", "h2", "dns"})


def test_the_package_is_compiled_for_good(package: Package) -> None:
    """The compiled modules are never compared with their sources, whose times an unpacked zip does not keep."""
    compiled = list((package.folder / "shared").rglob("*.pyc"))
    assert compiled
    flags = {int.from_bytes(path.read_bytes()[4:8], "little") for path in compiled}
    assert flags == {_UNCHECKED_HASH}


def test_a_deployment_only_builds() -> None:
    """`make package` compares with a whole installation; `azd` and the workflow have no time for that."""
    for options, compared in (([], 1), (["PACKAGE="], 0)):
        command = ["make", "--dry-run", "--always-make", "package", *options]
        planned = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        assert planned.count("-m infra.package") == 1
        assert planned.count("--compare") == compared
    for file in ("azure.yaml", ".github/workflows/azure-dev.yml"):
        assert "make package PACKAGE=\n" in (ROOT / file).read_text()


def test_the_folder_is_what_the_zip_holds(package: Package) -> None:
    """`azd package` takes the folder beside the zip: the same files, and a .funcignore that leaves nothing out."""
    folder = package.archive.with_name("package")
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    with zipfile.ZipFile(package.archive) as content:
        assert files == {*content.namelist(), ".funcignore"}
    lines = (folder / ".funcignore").read_text().splitlines()
    assert lines
    assert all(line.startswith("#") for line in lines)


def test_the_package_brings_the_workers_library(package: Package) -> None:
    """Azure's image has a version of its own; the app runs with the one that the tests ran with."""
    library = package.folder / LIBRARIES / "azure_functions_runtime"
    assert library.is_dir()
    assert list(library.rglob("*.pyc"))


def test_the_same_content_is_the_same_zip(tmp_path: Path) -> None:
    """Two builds of one commit can be compared byte by byte."""
    for name in ("a", "b"):
        (tmp_path / name / "inner").mkdir(parents=True)
        (tmp_path / name / "inner" / "file").write_text("content")
        os.utime(tmp_path / name / "inner" / "file", (len(name), ord(name)))
        zip_folder(tmp_path / name, tmp_path / f"{name}.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
