"""What a clone starts with: dev container, F5, settings of `func start`, the container image, the issue forms."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.package.build import LIBRARIES
from shared.settings import read_settings
from tests.infra.test_workflow import SERVICE

ROOT = Path(__file__).parents[2]
PYTHON = (ROOT / ".python-version").read_text().strip()
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def commented_json(path: Path) -> Any:
    """Return a file of JSON whose comments stand on lines of their own."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return json.loads("\n".join(line for line in lines if not line.lstrip().startswith("//")))


def test_the_dev_container_has_what_the_pages_ask_for() -> None:
    """The app's Python, azd, the Azure CLI with Bicep, PowerShell with the modules that the scripts require."""
    container = commented_json(ROOT / ".devcontainer/devcontainer.json")
    assert f":{PYTHON}-" in container["image"]
    features = {name.rpartition("/")[2].partition(":")[0]: options for name, options in container["features"].items()}
    assert features.keys() >= {"azd", "azure-cli", "powershell", "github-cli"}
    assert features["azure-cli"]["installBicep"] is True
    required = {
        module
        for script in (ROOT / "infra/permissions").glob("*.ps1")
        for module in re.findall(r"^#Requires -Modules (\S+)", script.read_text(), re.MULTILINE)
    }
    assert required
    assert set(features["powershell"]["modules"].split(",")) == required
    assert container["postCreateCommand"] == "make setup"
    assert set(container["forwardPorts"]) == {7071, 7072, 10000, 10001, 10002}
    assert set(container["portsAttributes"]) == {str(port) for port in container["forwardPorts"]}


def test_the_sample_of_local_settings_is_enough() -> None:
    """`func start` beside the emulator and the Graph stand-in needs no other; it holds no secret."""
    values = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    settings = read_settings(values)
    assert settings.graph.base_url == "http://127.0.0.1:7072/v1.0"
    assert values["FUNCTIONS_WORKER_RUNTIME"] == "python"
    assert values["AzureWebJobsStorage"] == values["MeetingStorage"] == "UseDevelopmentStorage=true"


@pytest.mark.parametrize("name", ["extensions", "launch", "settings", "tasks"])
def test_the_files_of_vs_code_are_kept(name: str) -> None:
    """Git has them, and not what else an editor puts there."""
    json.loads((ROOT / f".vscode/{name}.json").read_text())
    ignored = ["git", "check-ignore", "--quiet", f".vscode/{name}.json"]
    assert subprocess.run(ignored, cwd=ROOT, check=False).returncode == 1
    assert subprocess.run([*ignored[:3], ".vscode/mine.json"], cwd=ROOT, check=False).returncode == 0


def test_f5_starts_what_there_is() -> None:
    """The commands of `python -m local`, and a task for each that is started before."""
    launch = json.loads((ROOT / ".vscode/launch.json").read_text())["configurations"]
    tasks = {task["label"]: task for task in json.loads((ROOT / ".vscode/tasks.json").read_text())["tasks"]}
    assert {each["args"][0] for each in launch if each.get("module") == "local"} == {"start", "demo"}
    [attach] = [each for each in launch if each["request"] == "attach"]
    assert set(tasks[attach["preLaunchTask"]]["dependsOn"]) == set(tasks) - {attach["preLaunchTask"]}


def test_the_image_holds_the_package() -> None:
    """Of the same Python; the package's folder and nothing else; its libraries on the path, where it is."""
    [base] = re.findall(r"^FROM (\S+)$", DOCKERFILE, re.MULTILINE)
    assert base == f"mcr.microsoft.com/azure-functions/python:4-python{PYTHON}"
    [(source, target)] = re.findall(r"^COPY (\S+) (\S+)$", DOCKERFILE, re.MULTILINE)
    assert source == SERVICE[1]["dist"]
    variables = dict(re.findall(r"(\w+)=(\S+)", DOCKERFILE.split("ENV ", 1)[1].split("\n\n", 1)[0]))
    assert variables["AzureWebJobsScriptRoot"] == target
    assert variables["PYTHONPATH"] == f"{target}/{LIBRARIES.as_posix()}"
    ignored = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert ignored == ["*", f"!{source}"]


def test_every_page_that_a_file_names_is_there() -> None:
    """The Dockerfile and the policies lead to pages of this repository."""
    for name in ("Dockerfile", "SECURITY.md", "CODE_OF_CONDUCT.md", "docs/containers.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        targets = re.findall(r"\]\((?!https?:)([^)#]+)", text) or re.findall(r"\b(docs/[\w-]+\.md)", text)
        assert targets, name
        assert [target for target in targets if not (ROOT / name).parent.joinpath(target).exists()] == []


@pytest.mark.parametrize("path", sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml")), ids=lambda path: path.stem)
def test_an_issue_form_asks_what_it_labels(path: Path) -> None:
    """Each question has an id of its own and a label, and something has to be answered."""
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= form.keys()
    asked = [each for each in form["body"] if each["type"] != "markdown"]
    assert len({each["id"] for each in asked}) == len(asked)
    assert all(each["attributes"]["label"] for each in asked)
    assert any(each.get("validations", {}).get("required") for each in asked)
