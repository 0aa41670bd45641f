"""infra/README.md and docs/permissions.md: the commands that can be run without Azure are, as they stand.

`az` and `azd` are played, as far as the commands ask them; the app is the local stack with a function key.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from local.processes import Stack, running_stack
from tests.docs.test_commands import blocks
from tests.integration.conftest import clients

ROOT = Path(__file__).parents[2]
KEY = "the-function-key"
PLAYED = """#!{python}
import json, pathlib, sys
state = pathlib.Path({state!r})
tenant = json.loads(state.read_text())
name, arguments = pathlib.Path(sys.argv[0]).name, sys.argv[1:]
tenant["calls"].append([name, *arguments])
words = " ".join([name, *[word for word in arguments if not word.startswith("-")][:4]])
answer = next((text for start, text in tenant["answers"].items() if words.startswith(start)), None)
if "--body" in arguments:
    # https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/1395
    body = json.loads(arguments[arguments.index("--body") + 1])
    scopes = {{scope["id"] for scope in tenant["api"]["oauth2PermissionScopes"]}}
    for client in body["api"].get("preAuthorizedApplications", ()):
        if not set(client["delegatedPermissionIds"]) <= scopes:
            sys.exit("Permission Id cannot be found in the AppPermissions sets")
    tenant["api"] |= body.pop("api")
    tenant |= body
    answer = ""
state.write_text(json.dumps(tenant))
sys.exit("nothing is played for this") if answer is None else print(answer)
"""
APPLICATION = "4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7"
AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"

pytestmark = pytest.mark.skipif(not shutil.which("curl") and not os.environ.get("CI"), reason="curl is not here")


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running_stack(host_options=["--function-key", KEY]) as stack:
        yield stack


class Shell:
    """A bash in which `az` and `azd` answer what they are told to."""

    def __init__(self, folder: Path, answers: Mapping[str, str]) -> None:
        self._folder = folder
        self._state = folder / "state.json"
        self._state.write_text(
            json.dumps({"calls": [], "answers": dict(answers), "api": {"oauth2PermissionScopes": []}})
        )
        for name in ("az", "azd"):
            (folder / name).write_text(PLAYED.format(python=sys.executable, state=str(self._state)))
            (folder / name).chmod(0o755)

    @property
    def state(self) -> dict[str, Any]:
        return json.loads(self._state.read_text())

    def run(self, *pieces: str) -> str:
        """Return what the pieces print, one after the other; a failure ends them."""
        environment = os.environ | {"PATH": f"{self._folder}{os.pathsep}{os.environ['PATH']}"}
        script = "\n".join(["set -eu", *pieces])
        ran = subprocess.run(
            ["/bin/bash", "-c", script], cwd=ROOT, env=environment, check=False, capture_output=True, text=True
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout


def piece(page: str, start: str) -> str:
    """Return the one block of a page that has this text."""
    [found] = [block for block in blocks(ROOT / page, "") if start in block]
    return found


def test_from_the_deployment_to_the_first_meeting(stack: Stack, tmp_path: Path) -> None:
    """Steps 4, 6 and 7: the app is up, an organizer ready; a meeting is made that invites nobody, and taken away."""
    values = f'AZURE_RESOURCE_GROUP="rg"\nAZURE_FUNCTION_NAME="func"\nCONVENE_URL="{stack.host.url}/api"'
    shell = Shell(tmp_path, {"azd env get-values": values, "az functionapp keys list": KEY})
    starts = ("$CONVENE_URL/health", "/readiness", "first-meeting", "--request DELETE")
    steps = [piece("infra/README.md", text) for text in starts]
    lines = shell.run(*(f"{step}\necho" for step in steps)).splitlines()
    health, ready, made, gone = (json.loads(line) for line in lines if line.startswith("{"))
    assert health["status"] == "ok"
    assert ready["ready"] is True
    assert made["status"] == "succeeded"
    assert made["joinUrl"]
    assert gone["id"] == made["id"]
    with clients(stack, KEY) as client:
        assert client.finished(f"/meetings/{made['id']}")["status"] == "cancelled"
        state = client.state()
    assert "First meeting" not in json.dumps(state["mailboxes"])
    assert state["sentMail"] == []


def test_the_registration_for_callers(tmp_path: Path) -> None:
    """The scope is there before the Azure CLI is let in by it; tokens are of version 2, for the app's identifier."""
    answers = {
        "az ad app create": APPLICATION,
        "az ad sp create": "",
        "az account get-access-token": "token",
        "azd": "",
    }
    shell = Shell(tmp_path, answers)
    shell.run(piece("docs/permissions.md", "user_impersonation"))
    state = shell.state
    assert state["identifierUris"] == [f"api://{APPLICATION}"]
    assert state["api"]["requestedAccessTokenVersion"] == 2
    [scope] = state["api"]["oauth2PermissionScopes"]
    assert (scope["value"], scope["isEnabled"]) == ("user_impersonation", True)
    assert state["api"]["preAuthorizedApplications"] == [{"appId": AZURE_CLI, "delegatedPermissionIds": [scope["id"]]}]
    assert ["azd", "env", "set", "AUTH_CLIENT_ID", APPLICATION] in state["calls"]
    assert ["az", "ad", "sp", "create", "--id", APPLICATION] in state["calls"]


def test_the_action_group_is_handed_on(tmp_path: Path) -> None:
    """Its id is what the alerts are told."""
    shell = Shell(tmp_path, {"az monitor action-group create": "/the/group", "azd": ""})
    shell.run("AZURE_RESOURCE_GROUP=rg", piece("infra/README.md", "action-group create"))
    assert shell.state["calls"][-2:] == [["azd", "env", "set", "ACTION_GROUP_ID", "/the/group"], ["azd", "provision"]]


def test_the_names_of_operations(tmp_path: Path) -> None:
    """The storage account's name out of the address of its queues; a query out of its file."""
    values = 'AZURE_RESOURCE_GROUP="rg"\nAZURE_FUNCTION_NAME="func"\nCONVENE_QUEUE_SERVICE_URI="https://stx1.queue.core.windows.net/"'
    answers = {"azd env get-values": values, "az functionapp keys list": KEY, "az monitor": "the-workspace"}
    shell = Shell(tmp_path, answers)
    names, query = (piece("docs/operations.md", text) for text in ("alias convene=", "log-analytics query"))
    assert shell.run(names, query, 'echo "$ACCOUNT $KEY"').splitlines()[-1] == f"stx1 {KEY}"
    [asked] = [call for call in shell.state["calls"] if "query" in call]
    assert asked[asked.index("--workspace") + 1] == "the-workspace"
    [file] = [each[1:] for each in asked if each.startswith("@")]
    assert (ROOT / file).is_file()
