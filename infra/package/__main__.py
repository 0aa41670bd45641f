"""`make package`: builds the deployment package; --compare shows what everything that pip installs would cost."""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from infra.package.build import (
    LIBRARIES,
    ROOT,
    Size,
    compile_reached,
    copy_app,
    copy_used,
    install,
    leave_folder,
    reached_modules,
    strip_symbols,
    zip_folder,
)

_LARGEST = 20_000_000  # of the zip: a cold start unpacks it
_STARTS = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, compare, and return the exit code: 1 if the package is larger than it may be."""
    parser = argparse.ArgumentParser(prog="python -m infra.package", description=__doc__)
    parser.add_argument(
        "--target",
        type=Path,
        default=ROOT / "dist" / "convene.zip",
        help="where the zip goes; its content goes into the folder `package` beside it",
    )
    parser.add_argument("--compare", action="store_true", help="show everything that pip installs beside it")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        whole, package = Path(temporary) / "whole", Path(temporary) / "package"
        install(whole / LIBRARIES)
        reached = reached_modules()
        copy_used(whole / LIBRARIES, package / LIBRARIES, reached)
        copy_app(package)
        compile_reached(package, reached)
        if not strip_symbols(package / LIBRARIES):
            print("Without binutils (`strip`) the package is a tenth larger.", file=sys.stderr)
        size = zip_folder(package, options.target)
        if options.compare:
            copy_app(whole)
            _compare(whole, package, size)
        leave_folder(package, options.target.parent / "package")
    shown = options.target.relative_to(Path.cwd()) if options.target.is_relative_to(Path.cwd()) else options.target
    print(f"{shown}: {size.files} files, {size.zipped / 1e6:.1f} MB")
    if size.zipped > _LARGEST:
        print(f"That is more than {_LARGEST / 1e6:.0f} MB: see what has come in.", file=sys.stderr)
        return 1
    return 0


def _compare(whole: Path, package: Path, size: Size) -> None:
    """Show the package beside everything that pip installs; the starts are taken in turn."""
    compile_command = [sys.executable, "-m", "compileall", "-q", "-j0", str(whole)]
    subprocess.run(compile_command, check=False, stderr=subprocess.DEVNULL)
    all_of_it = zip_folder(whole, package.parent / "whole.zip")
    rows = (("package", package, True), ("everything", whole, True), ("everything, not compiled", whole, False))
    starts: dict[str, list[float]] = {name: [] for name, _, _ in rows}
    for _ in range(_STARTS):
        for name, folder, compiled in rows:
            starts[name].append(_start_seconds(folder, compiled=compiled))
    medians = {name: statistics.median(taken) for name, taken in starts.items()}
    table = Table(title=f"Median of {_STARTS} imports of the app", title_justify="left", box=box.SIMPLE_HEAD)
    for column in ("", "files", "MB unpacked", "MB zipped", "import", "ratio to everything"):
        table.add_column(column, justify="right" if column else "left")
    for name, folder, compiled in rows:
        of = size if folder is package else all_of_it
        sizes = (f"{of.files}", f"{of.unpacked / 1e6:.0f}", f"{of.zipped / 1e6:.1f}") if compiled else ("", "", "")
        ratio = f"zip {of.zipped / all_of_it.zipped:.2f}, import {medians[name] / medians['everything']:.2f}"
        table.add_row(name, *sizes, f"{medians[name]:.2f} s", ratio)
    Console().print(table)


def _start_seconds(folder: Path, *, compiled: bool) -> float:
    """Return how long a fresh process takes to import the app with nothing but the folder's own libraries."""
    environment = {"PYTHONPATH": f"{folder}:{folder / LIBRARIES}", "PYTHONDONTWRITEBYTECODE": "1"}
    if not compiled:
        environment["PYTHONPYCACHEPREFIX"] = str(folder.parent / "nothing-is-here")
    command = [sys.executable, "-S", "-P", "-c", "import function_app, shared.bootstrap"]
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
