"""`make mutants`: prove that the tests can fail, by taking away what the promises rest on, one thing at a time.

Each mutant lives in a copy of the tree, in which only the tests that should catch it run. One that survives is a
promise that no test keeps.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import Queue

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.proofs.mutants.catalog import Mutant, read_mutants

_ROOT = Path(__file__).parents[3]
_AT_ONCE = 2
_LONGEST_SECONDS = 60
_LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "node_modules", "__pycache__", ".pytest_cache", ".ruff_cache", ".hypothesis", "dist"
)
# Of pytest's exit codes, the one that says that tests ran and that some failed: https://docs.pytest.org/en/stable/reference/exit-codes.html
_PASSED, _FAILED = 0, 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mutant: `caught_by` names the test that failed, None if none did."""

    mutant: Mutant
    caught_by: str | None
    seconds: float
    output: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the mutants; return 0 if every one is caught."""
    mutants = chosen(read_mutants(), arguments)
    console = Console()
    with copies(_AT_ONCE) as trees:
        tests = sorted({test for mutant in mutants for test in mutant.caught_by})
        console.print(f"{len(mutants)} mutants. First their {len(tests)} tests on the app as it is ...")
        with borrowed(trees) as tree:
            code, output = run(tree, tests)
        if code != _PASSED:
            console.print(output, markup=False)
            console.print("These tests fail without a mutant, so they would prove nothing.")
            return 1
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            outcomes = list(pool.map(partial(attempt, trees), mutants))
    show(console, outcomes)
    return 1 if any(outcome.caught_by is None for outcome in outcomes) else 0


def chosen(mutants: Sequence[Mutant], arguments: Sequence[str] | None) -> Sequence[Mutant]:
    """Return the mutants that the command line asks for; end with exit code 2 and the names if there are none such."""
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.mutants", description=__doc__)
    parser.add_argument("name", nargs="*", help="take only the mutants whose name contains each of these texts")
    texts: list[str] = parser.parse_args(arguments).name
    found = [mutant for mutant in mutants if all(text in mutant.name for text in texts)]
    if not found:
        names = "\n".join(f"  {mutant.name}" for mutant in mutants)
        parser.exit(2, f"No mutant's name contains {' and '.join(map(repr, texts))}. There are:\n{names}\n")
    return found


def attempt(trees: "Queue[Path]", mutant: Mutant) -> Outcome:
    """Run a mutant's tests on it."""
    with borrowed(trees) as tree:
        file = tree / mutant.file
        original = file.read_text(encoding="utf-8")
        began = time.monotonic()
        try:
            file.write_text(mutant.of(original), encoding="utf-8")
            code, output = run(tree, mutant.caught_by)
        finally:
            file.write_text(original, encoding="utf-8")
    failed = [line.split()[1] for line in output.splitlines() if line.startswith("FAILED ")]
    caught_by = failed[0] if code == _FAILED and failed else None
    return Outcome(mutant, caught_by, time.monotonic() - began, output)


def run(tree: Path, tests: Iterable[str]) -> tuple[int, str]:
    """Run tests of a tree up to the first failure; return pytest's exit code and what it wrote."""
    options = [
        "-x",
        "-n",
        "0",
        "-p",
        "no:cacheprovider",
        "--timeout",
        str(_LONGEST_SECONDS),
        "--no-header",
        "--tb=line",
    ]
    # Without bytecode, or a file that changes twice within a second could be taken for the one before.
    command = [sys.executable, "-B", "-m", "pytest", *options, *tests]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@contextmanager
def copies(count: int) -> "Generator[Queue[Path]]":
    """Copy the tree that many times; the environment and Azurite are shared."""
    trees = Queue[Path]()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        for number in range(count):
            tree = Path(folder) / f"{number}"
            shutil.copytree(_ROOT, tree, ignore=_LEFT_OUT)
            (tree / "local" / "node_modules").symlink_to(_ROOT / "local" / "node_modules")
            trees.put(tree)
        yield trees


@contextmanager
def borrowed(trees: "Queue[Path]") -> Generator[Path]:
    """Have a tree for oneself for the length of a block."""
    tree = trees.get()
    try:
        yield tree
    finally:
        trees.put(tree)


def show(console: Console, outcomes: list[Outcome]) -> None:
    """Print which test caught which mutant, and what the tests of a survivor said."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("mutant")
    table.add_column("caught by")
    table.add_column("s", justify="right")
    for outcome in outcomes:
        caught_by = escape(outcome.caught_by.rpartition("::")[2]) if outcome.caught_by else "[bold red]nobody[/]"
        table.add_row(outcome.mutant.name, caught_by, f"{outcome.seconds:.1f}")
    console.print(table)
    survivors = [outcome for outcome in outcomes if outcome.caught_by is None]
    for outcome in survivors:
        console.print(f"{outcome.mutant.name} survived:", outcome.output, sep="\n", markup=False)
    console.print(f"{len(outcomes) - len(survivors)} of {len(outcomes)} mutants caught.")


if __name__ == "__main__":
    sys.exit(main())
