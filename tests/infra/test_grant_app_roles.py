"""The script for the Azure CLI, run as an administrator runs it, with an `az` that plays a tenant."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OBJECT = "22222222-aaaa-4000-8000-000000000002"
AZ = """#!{python}
import json, pathlib, sys, urllib.parse
state = pathlib.Path({state!r})
tenant = json.loads(state.read_text())
named = dict(zip(sys.argv[1::1], sys.argv[2::1]))
url = urllib.parse.urlsplit(named["--url"])
tenant["calls"].append([named["--method"], url.path])
if tenant["refuses"] and named["--method"] == "POST":
    sys.exit("Forbidden: Insufficient privileges to complete the operation.")
if named["--method"] == "POST":
    body = json.loads(named["--body"])
    tenant["assignments"].append({{"id": str(len(tenant["assignments"])), **body}})
    answer = body
elif url.path.endswith("/appRoleAssignments"):
    answer = {{"value": tenant["assignments"]}}
else:
    answer = {{"id": "graph", "appRoles": tenant["appRoles"]}}
state.write_text(json.dumps(tenant))
print(json.dumps(answer))
"""


class Tenant:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "tenant.json"
        self.write(refuses=False)
        az = folder / "az"
        az.write_text(AZ.format(python=sys.executable, state=str(self.state)))
        az.chmod(0o755)

    def write(self, *, refuses: bool) -> None:
        roles = [
            "OnlineMeetings.ReadWrite.All",
            "User.ReadBasic.All",
            "Calendars.ReadWrite",
            "User.Read.All",
            "Place.Read.All",
            "OnlineMeetingArtifact.Read.All",
            "OnlineMeetingTranscript.Read.All",
            "OnlineMeetingRecording.Read.All",
        ]
        app_roles = [{"id": f"id of {role}", "value": role} for role in roles]
        self.state.write_text(json.dumps({"appRoles": app_roles, "assignments": [], "calls": [], "refuses": refuses}))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(ROOT / "infra/permissions/grant_app_roles.py"), "--object-id", OBJECT, *arguments],
            env={**os.environ, "PATH": f"{self.folder}{os.pathsep}{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )

    def posts(self) -> int:
        return sum(method == "POST" for method, _ in json.loads(self.state.read_text())["calls"])

    def granted(self) -> list[str]:
        assignments = json.loads(self.state.read_text())["assignments"]
        assert all(each["principalId"] == OBJECT and each["resourceId"] == "graph" for each in assignments)
        return sorted(each["appRoleId"].removeprefix("id of ") for each in assignments)


@pytest.fixture
def tenant(tmp_path: Path) -> Tenant:
    return Tenant(tmp_path)


def test_the_least_set_is_granted_once(tenant: Tenant) -> None:
    """Two permissions and no calendar; the second run changes nothing."""
    assert tenant.run().returncode == 0
    assert tenant.granted() == ["OnlineMeetings.ReadWrite.All", "User.ReadBasic.All"]
    second = tenant.run()
    assert (second.returncode, second.stdout) == (0, "nothing to do\n")
    assert tenant.posts() == 2


def test_a_dry_run_changes_nothing(tenant: Tenant) -> None:
    """It says what it would do, and only reads."""
    run = tenant.run("--dry-run")
    assert run.stdout.count("would do: New-MgServicePrincipalAppRoleAssignment") == 2
    assert (tenant.posts(), tenant.granted()) == (0, [])


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("--read-all-users", ["OnlineMeetings.ReadWrite.All", "User.Read.All"]),
        ("--object-ids-only", ["OnlineMeetings.ReadWrite.All"]),
        ("--calendar-only", ["User.ReadBasic.All"]),
        ("--rooms", ["OnlineMeetings.ReadWrite.All", "Place.Read.All", "User.ReadBasic.All"]),
        (
            "--artifacts=attendance",
            ["OnlineMeetingArtifact.Read.All", "OnlineMeetings.ReadWrite.All", "User.ReadBasic.All"],
        ),
        (
            "--artifacts=transcripts, recordings",
            [
                *("OnlineMeetingRecording.Read.All", "OnlineMeetingTranscript.Read.All"),
                *("OnlineMeetings.ReadWrite.All", "User.ReadBasic.All"),
            ],
        ),
    ],
)
def test_each_option_grants_what_it_names(tenant: Tenant, option: str, expected: list[str]) -> None:
    """Object ids need no lookup of users; calendar meetings without options no online meetings; rooms are listed."""
    assert tenant.run(option).returncode == 0
    assert tenant.granted() == expected


def test_an_artifact_that_is_none_is_refused(tenant: Tenant) -> None:
    """With the words that there are, and before anything is asked."""
    run = tenant.run("--artifacts", "attendance,speech")
    assert run.returncode == 2
    assert "speech: choose from attendance, transcripts, recordings" in run.stderr
    assert tenant.posts() == 0


def test_what_the_cli_refuses_is_told(tenant: Tenant) -> None:
    """Without the directory role the exit code is 1, and the answer is shown."""
    tenant.write(refuses=True)
    run = tenant.run()
    assert run.returncode == 1
    assert "Insufficient privileges" in run.stderr
