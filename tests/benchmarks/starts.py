"""(a) From the start of a process until its app is indexed, and until the first meeting is made."""

import os
import sysconfig
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.package.build import LIBRARIES
from tests.benchmarks.apps import ROOT, App
from tests.benchmarks.commands import run_python
from tests.benchmarks.figures import Report
from tests.benchmarks.meetings import queue_message
from tests.benchmarks.surroundings import Surroundings, in_turn

SECTION = "start"
FULL, PACKAGE = "everything pip installs", "the package"
WARM, DROPPED = "warm page cache", "dropped page cache"

CAN_DROP = hasattr(os, "posix_fadvise")

_SITE_PACKAGES = Path(sysconfig.get_path("purelib"))
_WORKER_LIBRARIES = ("azure_functions_runtime",)
_SUBJECT = Path(__file__).parent / "subjects" / "first_meeting.py"


@dataclass(frozen=True, slots=True)
class _Installed:
    """An app with its libraries; `cases` are what its samples are of."""

    app: App
    folder: Path
    libraries: Path
    environment: Mapping[str, str]
    cases: Sequence[str]


def first_meeting(installation: str, cache: str) -> str:
    """Return the row of the first meeting."""
    return f"first meeting made: {installation}, {cache}"


def _indexed(installation: str, cache: str) -> str:
    return f"app indexed: {installation}, {cache}"


def measure(surroundings: Surroundings, report: Report) -> None:
    """Start each app again and again; Convene as everything that pip installs and as the deployment package."""
    installed = [
        _Installed(App.CONVENE, ROOT, _SITE_PACKAGES, surroundings.on_emulator(App.CONVENE), (FULL,)),
        _Installed(
            App.CONVENE,
            surroundings.package,
            surroundings.package / LIBRARIES,
            surroundings.on_emulator(App.CONVENE),
            (PACKAGE,),
        ),
        *(
            _Installed(app, app.folder, _SITE_PACKAGES, surroundings.in_memory, (FULL, PACKAGE))
            for app in (App.BASELINE, App.FLOOR)
        ),
    ]
    numbers = count()
    with TemporaryDirectory() as folder:
        worker = _worker_libraries(Path(folder))
        for each in installed:  # once for the tables, and for what Python compiles
            _start(each, worker, next(numbers))
        drops = surroundings.plan.drops_cache and CAN_DROP
        for cache in (WARM, DROPPED) if drops else (WARM,):
            for number in range(surroundings.plan.rounds):
                for each in in_turn(installed, number):
                    if cache == DROPPED:
                        drop_from_page_cache([each.folder / "functions", each.folder / "shared", each.libraries])
                    indexed, made = _start(each, worker, next(numbers))
                    for case in each.cases:
                        report.add(SECTION, _indexed(case, cache), "s", each.app, indexed)
                        report.add(SECTION, first_meeting(case, cache), "s", each.app, made)


def _worker_libraries(folder: Path) -> Path:
    """Return a folder with nothing but the worker's own libraries, and the bridge to them."""
    (folder / "local").symlink_to(ROOT / "local")
    for name in _WORKER_LIBRARIES:
        (folder / name).symlink_to(_SITE_PACKAGES / name)
    return folder


def _start(installed: _Installed, worker: Path, number: int) -> tuple[float, float]:
    """Start an app; return after how many seconds it was indexed, and after how many the meeting was made."""
    path = os.pathsep.join(map(str, (installed.folder, installed.libraries, worker)))
    message = queue_message(number).replace("bench-", f"start-{time.time_ns()}-")
    began = time.monotonic()
    moments = run_python(
        ["-S", "-P", str(_SUBJECT), str(installed.folder), message],
        {**installed.environment, "PYTHONPATH": path},
        installed.folder,
    )
    return moments["indexed"] - began, moments["made"] - began


def drop_from_page_cache(folders: Iterable[Path]) -> int:
    """Have the kernel forget what it holds of the files below some folders, and return how many they are.

    No other file's pages are touched, so this needs no rights and disturbs nobody else; what a process has mapped, and
    the directories themselves, stay. Python and its standard library are those of the machine's image, and stay too.
    """
    files = 0
    os.sync()  # a page that is not yet written cannot be forgotten
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file():
                descriptor = os.open(path, os.O_RDONLY)
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
                os.close(descriptor)
                files += 1
    return files
