"""The deployment package as it is now, and what pip alone would install."""

import subprocess
import sys
import zipfile
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.benchmarks.apps import ROOT

ARCHIVE = ROOT / "dist" / "convene.zip"
_APP = ("functions/", "shared/", "function_app.py", "host.json")


def unpack_current(folder: Path) -> Path:
    """Unpack the deployment package into a folder, built anew if it holds another app or other libraries."""
    if not _is_current():
        subprocess.run([sys.executable, "-m", "infra.package"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    with zipfile.ZipFile(ARCHIVE) as archive:
        archive.extractall(folder)
    return folder


def _is_current() -> bool:
    lock = ROOT / "requirements.lock"
    if not ARCHIVE.is_file() or ARCHIVE.stat().st_mtime < lock.stat().st_mtime:
        return False
    with zipfile.ZipFile(ARCHIVE) as archive:
        packed = {name: archive.read(name) for name in archive.namelist() if name.startswith(_APP)}
    sources = {name: content for name, content in packed.items() if not name.endswith(".pyc")}
    return sources == {
        path.relative_to(ROOT).as_posix(): path.read_bytes()
        for path in (*ROOT.glob("function_app.py"), *ROOT.glob("host.json"), *_app_files())
    }


def _app_files() -> list[Path]:
    return [
        path
        for name in ("functions", "shared")
        for path in (ROOT / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]


def installed_files(*names: str) -> set[Path]:
    """Return the files of distributions and of all that they require, as pip installs them, without compiled ones."""
    found: dict[str, Distribution] = {}
    waiting = list(names)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        found[name] = distribution(name)
        waiting += [
            requirement.name
            for requirement in map(Requirement, found[name].requires or ())
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        ]
    return {
        Path(str(each.locate_file(path)))
        for each in found.values()
        for path in each.files or ()
        if path.suffix != ".pyc"
    }
