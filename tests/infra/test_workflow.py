"""The GitHub Actions workflow: safe as far as zizmor can tell, and every action pinned to a commit."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / ".github/workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_zizmor_finds_nothing(path: Path) -> None:
    """Neither injection nor wide permissions nor credentials left behind."""
    zizmor = Path(sys.executable).with_name("zizmor")
    done = subprocess.run(
        [str(zizmor), "--offline", "--no-progress", "--persona", "pedantic", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_to_a_commit(path: Path) -> None:
    """A tag can be moved to other code; the version stands beside the commit."""
    used = re.findall(r"uses: (\S+)( # v[\d.]+)?", path.read_text())
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action) and version for action, version in used)


def test_there_is_no_secret() -> None:
    """Azure is entered by a federated credential: the workflow knows ids, and no password."""
    assert all("secrets." not in path.read_text() for path in WORKFLOWS)
