"""Puts the package together: install for Azure's platform, copy what is reached, compile, zip.

The zip's layout is that of a deployment without remote build: the app at the top, its libraries in
`.python_packages/lib/site-packages`
(https://learn.microsoft.com/azure/azure-functions/functions-reference-python#local-build).
"""

import py_compile
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from py_compile import PycInvalidationMode

ROOT = Path(__file__).parent.parent.parent
LIBRARIES = Path(".python_packages/lib/site-packages")
_APP = ("function_app.py", "host.json", "functions", "shared")

# Azure Functions' Python 3.13 image: Linux on x86-64, glibc of Debian 12 or later.
_PLATFORM = "x86_64-manylinux_2_28"
_PYTHON = "3.13"

_SDK = "msgraph"

# Of no use to a running app; a RECORD lists files that no longer exist.
_UNUSED_FILES = (
    *("*.pyi", "*.pyx", "*.pxd", "*.pxi", "*.c", "*.h", "py.typed", "RECORD", "REQUESTED", "direct_url.json"),
    "kiota-dom-export.txt",  # 38 MB on how msgraph was generated
    *("swagger-ui.js", "swagger-ui-standalone-preset.js"),  # of Swagger UI the app serves the bundle alone
)
_UNUSED_FOLDERS = (
    *("bin", "tests", "test", "__pycache__"),
    *("h2", "hpack", "hyperframe"),  # HTTP/2, which the app does not speak
    "dns",  # whether a mail domain exists, which the app does not ask
    "pycparser",  # cffi's, at build time
    # What flask-swagger-ui asks for, of which only the files are served; azure-functions needs werkzeug as well.
    *("blinker", "click", "flask", "itsdangerous", "jinja2"),
)
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # that a zip can say: the same content is the same zip


@dataclass(frozen=True, slots=True)
class Size:
    """How large a tree is: files, bytes unpacked, bytes of its zip."""

    files: int
    unpacked: int
    zipped: int


def install(folder: Path) -> None:
    """Install what requirements.lock holds into a folder, hash by hash, for Azure's platform whatever this one is.

    Raises:
        CalledProcessError: a package cannot be had; the installer has said why.
    """
    uv = Path(sys.executable).parent / "uv"
    target = ("--target", str(folder), "--python-platform", _PLATFORM, "--python-version", _PYTHON)
    source = ("--only-binary", ":all:", "--require-hashes", "--requirement", "requirements.lock")
    subprocess.run(
        [uv, "pip", "install", "--quiet", *target, *source],
        cwd=ROOT,
        check=True,
    )


def copy_used(installed: Path, libraries: Path, reached: frozenset[str]) -> None:
    """Copy what a running app uses: not the SDK's modules that are not reached, tests, sources of C.

    What is installed is left as it is: its files may be links into the installer's cache.
    """
    unused = shutil.ignore_patterns(*_UNUSED_FILES)

    def ignore(folder: str, names: list[str]) -> set[str]:
        where = Path(folder)
        ignored = unused(folder, names) | {name for name in names if name in _UNUSED_FOLDERS}
        if where.relative_to(installed).parts[:1] == (_SDK,):
            paths = (where / name for name in names if name.endswith(".py"))
            ignored |= {path.name for path in paths if _module_name(installed, path) not in reached}
        return ignored

    shutil.copytree(installed, libraries, ignore=ignore)
    _remove_empty_folders(libraries)


def copy_app(package: Path) -> None:
    """Put the app at the top of the package."""
    for name in _APP:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, package / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, package / name)


def compile_reached(package: Path, reached: frozenset[str]) -> None:
    """Compile the modules that are reached, never to be compared with their sources again.

    In Azure the package is mounted read-only, so what is not compiled here is compiled at every start; and a time that
    changed on the way would have it all compiled again (https://docs.python.org/3/reference/import.html#pyc-invalidation).
    """
    for top in (package, package / LIBRARIES):
        for path in top.rglob("*.py"):
            if _module_name(top, path) in reached:
                where = PurePosixPath("/home/site/wwwroot", path.relative_to(package).as_posix())
                py_compile.compile(
                    str(path), dfile=str(where), doraise=True, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH
                )


def zip_folder(folder: Path, target: Path) -> Size:
    """Write a folder as a zip, the same bytes for the same content, and return how large it is."""
    target.parent.mkdir(parents=True, exist_ok=True)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())
    return Size(len(files), sum(path.stat().st_size for path in files), target.stat().st_size)


def leave_folder(package: Path, target: Path) -> None:
    """Move the package to a folder that `azd package` takes as it is.

    Where there is no `.funcignore`, azd leaves out every `__pycache__`:
    https://github.com/Azure/azure-dev/blob/main/cli/azd/pkg/project/project_utils.go
    """
    shutil.rmtree(target, ignore_errors=True)
    shutil.move(package, target)
    (target / ".funcignore").write_text(
        "# Nothing is left out, the compiled modules in particular.\n", encoding="utf-8"
    )


def reached_modules() -> frozenset[str]:
    """Return the names of the modules that the app reaches, found out in a process of its own."""
    command = [sys.executable, "-m", "infra.package.trace"]
    found = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return frozenset(found.stdout.split())


def strip_symbols(libraries: Path) -> bool:
    """Remove the symbols of compiled libraries, a tenth of the package; return whether there is a tool for it."""
    strip = shutil.which("strip")
    if strip is None:
        return False
    for path in libraries.rglob("*.so*"):
        subprocess.run([strip, "--strip-unneeded", str(path)], check=True)
    return True


def _module_name(libraries: Path, path: Path) -> str:
    parts = path.relative_to(libraries).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _remove_empty_folders(folder: Path) -> None:
    folders: Iterable[Path] = (path for path in folder.rglob("*") if path.is_dir())
    for path in sorted(folders, key=lambda each: len(each.parts), reverse=True):
        if not any(path.iterdir()):
            path.rmdir()
