"""Grant the app its application permissions of Microsoft Graph, by the Azure CLI: `az login` first.

    python3 infra/permissions/grant_app_roles.py --object-id ID [--object-ids-only | --read-all-users]
        [--calendar-only] [--rooms] [--artifacts attendance,transcripts,recordings] [--dry-run]

Grant-AppRoles.ps1 does the same by Microsoft Graph PowerShell. Needs a Privileged Role Administrator, Python 3.10, az.
"""

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from plan import plan_app_roles

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
ONLINE_MEETINGS = "OnlineMeetings.ReadWrite.All"
ROOMS = "Place.Read.All"
ARTIFACTS = {
    "attendance": "OnlineMeetingArtifact.Read.All",
    "transcripts": "OnlineMeetingTranscript.Read.All",
    "recordings": "OnlineMeetingRecording.Read.All",
}
USERS = {False: "User.ReadBasic.All", True: "User.Read.All"}


class AzError(Exception):
    """The Azure CLI refused."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Grant what is missing; return the exit code: 0 done, 1 the Azure CLI refused."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--object-id", required=True, help="object id of the app's service principal")
    parser.add_argument("--graph", default="https://graph.microsoft.com", help="Graph's root in a national cloud")
    parser.add_argument("--object-ids-only", action="store_true", help="organizers are always named by object id")
    parser.add_argument(
        "--read-all-users", action="store_true", help="User.Read.All, where User.ReadBasic.All is refused"
    )
    parser.add_argument("--calendar-only", action="store_true", help="no standalone meetings, options, language")
    parser.add_argument("--rooms", action="store_true", help="GET /rooms lists rooms: Place.Read.All")
    parser.add_argument(
        "--artifacts",
        default="",
        type=_artifacts,
        help=f"what the setting ARTIFACTS has, of {', '.join(ARTIFACTS)}, separated by commas",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")
    asked = parser.parse_args(arguments)
    users = USERS[asked.read_all_users]
    roles = [ONLINE_MEETINGS] * (not asked.calendar_only) + [users] * (not asked.object_ids_only)
    roles += [ROOMS] * asked.rooms + [ARTIFACTS[artifact] for artifact in asked.artifacts]
    try:
        _grant(f"{asked.graph}/v1.0/servicePrincipals", asked.object_id, roles, dry_run=asked.dry_run)
    except AzError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _artifacts(text: str) -> list[str]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    if unknown := [word for word in words if word not in ARTIFACTS]:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: choose from {', '.join(ARTIFACTS)}")
    return words


def _grant(principals: str, object_id: str, roles: list[str], *, dry_run: bool) -> None:
    present = {
        "graph": _az("GET", f"{principals}(appId='{GRAPH_APP_ID}')?$select=id,appRoles"),
        "assignments": _az("GET", f"{principals}/{object_id}/appRoleAssignments?$top=999")["value"],
    }
    plan = plan_app_roles({"objectId": object_id, "roles": roles}, present)
    for warning in plan.warnings:
        sys.stderr.write(f"WARNING: {warning}\n")
    for step in plan.steps:
        sys.stdout.write(f"{'would do' if dry_run else 'doing'}: {step.cmdlet}, because {step.why}\n")
        if not dry_run:
            body = {name: step.parameters[key] for name, key in _BODY.items()}
            _az("POST", f"{principals}/{object_id}/appRoleAssignments", body)
    if not plan.steps:
        sys.stdout.write("nothing to do\n")


_BODY = {"principalId": "PrincipalId", "resourceId": "ResourceId", "appRoleId": "AppRoleId"}


def _az(method: str, url: str, body: dict[str, str] | None = None) -> Any:
    az = shutil.which("az")
    if az is None:
        raise AzError("The Azure CLI (az) is not on the PATH.")
    # Without the resource it finds no token for a Graph that its cloud does not name, such as US Government L5's.
    resource = url.partition("/v1.0")[0]
    command = [az, "rest", "--only-show-errors", "--method", method, "--url", url, "--resource", resource]
    if body:
        command += ["--headers", "Content-Type=application/json", "--body", json.dumps(body)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AzError(f"az rest {method} {url} failed:\n{done.stderr.strip()}")
    return json.loads(done.stdout or "{}")


if __name__ == "__main__":
    sys.exit(main())
