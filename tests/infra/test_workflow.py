"""The GitHub Actions workflow and the azd service: they fit together, and the workflow is safe by zizmor."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github/workflows"
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


def read(name: str) -> dict[str, Any]:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


AZURE = read("azure.yaml")
[SERVICE] = AZURE["services"].items()
JOBS = read(".github/workflows/azure-dev.yml")["jobs"]


def commands(job: str) -> str:
    return "\n".join(step.get("run", "") for step in JOBS[job]["steps"])


def test_the_service_is_the_function_app() -> None:
    """azd finds the app by the tag of its service, and sends the folder that `make package` leaves, as it is."""
    name, service = SERVICE
    assert (service["host"], service["language"], service["remoteBuild"]) == ("function", "py", False)
    assert f"'azd-service-name': '{name}'" in (ROOT / "infra/app/function.bicep").read_text()
    assert service["dist"] == "dist/package"
    assert service["hooks"]["prepackage"]["posix"]["run"] == "make package PACKAGE="
    assert "postprovision" not in AZURE.get("hooks", {})


def test_windows_packages_with_the_same_tools() -> None:
    """Without make: the versions of Python and uv are the Makefile's."""
    lines = SERVICE[1]["hooks"]["prepackage"]["windows"]["run"]
    makefile = (ROOT / "Makefile").read_text()
    assert f"uv=={re.findall(r'^UV_VERSION := (.+)$', makefile, re.MULTILINE)[0]}\n" in lines
    assert f"--python {(ROOT / '.python-version').read_text().strip()}\n" in lines
    assert "-m infra.package\n" in lines


def test_azd_is_asked_for_a_version_that_knows_the_service() -> None:
    """An older one ignores `remoteBuild` and has Azure build the package again."""
    assert AZURE["requiredVersions"]["azd"] == ">= 1.23.13"
    assert re.fullmatch(r"[\w-]+@\d+\.\d+\.\d+", AZURE["metadata"]["template"])


def test_a_deployment_is_decided_by_a_variable_of_the_repository() -> None:
    """A job's `if` knows no variable of its environment; the deployment sends the package that was tested."""
    job = JOBS["deploy"]
    assert "vars.AZURE_ENV_NAME != ''" in job["if"]
    assert job["environment"] == "production"
    assert f"azd deploy {SERVICE[0]} --from-package dist/convene.zip" in commands("deploy")
    assert "make package PACKAGE=" in commands("test")


def test_every_variable_of_the_workflow_has_its_step() -> None:
    """infra/README.md sets each as a variable of the repository, which no environment hides."""
    used = set(re.findall(r"vars\.(\w+)", (FOLDER / "azure-dev.yml").read_text()))
    readme = (ROOT / "infra/README.md").read_text(encoding="utf-8")
    section = readme.split("## Deploy from GitHub", 1)[1].split("\n## ", 1)[0]
    assert {name for name in used if not re.search(rf"\b{name}\b", section)} == set()
    assert "gh variable set" in section
    assert set(AZURE["pipeline"]["variables"]) <= used


def test_the_templates_are_compiled() -> None:
    """The Bicep compiler runs in the workflow, and without it the check fails there."""
    assert "az bicep install" in commands("test")
    assert "make infra-check" in commands("test")
    command = ["make", "--dry-run", "--assume-old=setup", "infra-check"]
    planned = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert "az bicep build --file infra/main.bicep" in planned
    assert "az bicep lint --file infra/main.bicep" in planned
    assert "exit 1" in planned
