"""The command line as `pipx install` installs it: by itself, without the app's libraries."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.examples import STANDALONE
from tests.integration.conftest import Client

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def convene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The console script in an environment of its own."""
    venv = tmp_path_factory.mktemp("client") / "venv"
    uv = Path(sys.executable).parent / "uv"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, venv], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", "--python", venv / "bin" / "python", str(ROOT)], check=True)
    return venv / "bin" / "convene"


def run(convene: Path, folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it outside the repository."""
    return subprocess.run(
        [convene, *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_it_works_over_http(convene: Path, tmp_path: Path, client: Client) -> None:
    """A file is submitted, and its meeting found again."""
    file = tmp_path / "one.csv"
    file.write_text(f"kind,organizer,subject,reference\nstandalone,{STANDALONE['organizer']},Visit,packaged\n")
    submitted = run(convene, tmp_path, "submit", file.name, "--output", file.name, CONVENE_URL=client.stack.host.url)
    assert submitted.returncode == 0, submitted.stderr
    assert "https://teams.microsoft.com/" in file.read_text()
    listed = run(convene, tmp_path, "list", "--reference", "packaged", CONVENE_URL=client.stack.host.url)
    assert listed.stdout.count("https://teams.microsoft.com/") == 1


def test_it_has_none_of_the_apps_libraries(convene: Path, tmp_path: Path) -> None:
    """What needs them says so, with what to do, and no traceback."""
    installed = {path.name for path in convene.parent.parent.glob("lib/python*/site-packages/*")}
    assert not installed & {"azure", "msgraph", "kiota_http", "aiohttp", "icalendar"}
    for arguments in (["export", "x.jsonl"], ["follow", "4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7", "--queue"]):
        done = run(convene, tmp_path, *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert "This needs the app's libraries" in done.stderr
        assert "Traceback" not in done.stderr


def test_its_versions_are_the_tested_ones() -> None:
    """Each library at the version that the requirements pin; the package has the app's version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    texts = "\n".join((ROOT / name).read_text() for name in ("requirements.txt", "requirements-dev.txt"))
    pinned = set(re.findall(r"^([\w.-]+==\S+)", texts, re.MULTILINE))
    assert set(project["dependencies"]) <= pinned
    assert f'VERSION = "{project["version"]}"' in (ROOT / "shared" / "__init__.py").read_text(encoding="utf-8")
