"""`convene` over HTTP and over the queue, in the test's own process where no test is about the process."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from local.processes import running_stack
from shared.cli.__main__ import commands
from shared.cli.polling import KEY_OF_ROW
from tests.examples import STANDALONE
from tests.integration.conftest import Client, clients

ROOT = Path(__file__).parent.parent.parent
CONVENE = Path(sys.executable).parent / "convene"
ROWS = 12


def run(client: Client, *arguments: str) -> Result:
    return CliRunner().invoke(commands, arguments, env=client.stack.environment, catch_exceptions=False)


def run_as_a_person(client: Client, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it as a process."""
    environment = os.environ | client.stack.environment
    command = [CONVENE, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=150)


def door(client: Client, name: str) -> list[str]:
    return ["--queue"] if name == "queue" else ["--url", client.stack.host.url]


def visits(folder: Path, name: str, *more: str) -> Path:
    """Write a spreadsheet of visits, with rows more."""
    file = folder / f"{name}.csv"
    rows = [f"AlexW@contoso.com;{name} {number};2027-01-20 13:00;2027-01-20 13:30;UTC" for number in range(ROWS)]
    file.write_text("\n".join(["organizer;subject;start;end;timeZone", *rows, *more]), encoding="utf-8-sig")
    return file


def events(client: Client, name: str) -> int:
    subjects = [event["subject"] for event in client.state()["mailboxes"]["AlexW@contoso.com"]["events"]]
    return sum(subject.startswith(f"{name} ") for subject in subjects)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", ["http", "queue"])
def test_a_spreadsheet_becomes_join_links(client: Client, tmp_path: Path, name: str) -> None:
    """Every row has its link in the table; run again, nothing is made twice; a row that is added is made alone."""
    file, where = visits(tmp_path, f"cli-{name}"), door(client, name)
    first = run_as_a_person(client, "submit", str(file), *where)
    assert first.returncode == 0, first.stderr
    assert first.stdout.count("https://teams.microsoft.com/") == ROWS
    assert f"{ROWS} succeeded" in first.stdout
    assert f"{ROWS}/{ROWS}" in first.stderr
    again = run(client, "submit", str(file), *where)
    assert (again.exit_code, again.stdout) == (0, first.stdout)
    assert events(client, f"cli-{name}") == ROWS
    links = tmp_path / "links.csv"
    assert run(client, "submit", str(file), "--output", str(links), *where).exit_code == 0
    assert links.read_text(encoding="utf-8-sig").count("https://teams.microsoft.com/") == ROWS
    assert run(client, "submit", str(links), *where).exit_code == 0
    assert events(client, f"cli-{name}") == ROWS
    added = visits(tmp_path, f"cli-{name}", f"AlexW@contoso.com;cli-{name} more;2027-01-21 13:00;2027-01-21 14:00;UTC")
    assert run(client, "submit", str(added), *where).exit_code == 0
    assert events(client, f"cli-{name}") == ROWS + 1


@pytest.mark.parametrize("name", ["http", "queue"])
def test_rows_that_fail(client: Client, tmp_path: Path, name: str) -> None:
    """Exit code 1, with the reason of each; the others are made. A key that was used before is not followed."""
    client.post(STANDALONE, **{"Idempotency-Key": f"cli-used-{name}"}).raise_for_status()
    requests: list[dict[str, Any]] = [
        STANDALONE | {"reference": f"cli-{name}"},
        STANDALONE | {"organizer": "NoPolicy@contoso.com"},
        STANDALONE | {"color": 1},
        STANDALONE | {"subject": "Other", "idempotencyKey": f"cli-used-{name}"},
    ]
    file = tmp_path / f"failing-{name}.json"
    file.write_text(json.dumps(requests), encoding="utf-8")
    done = run(client, "submit", str(file), "--json", *door(client, name))
    assert done.exit_code == 1, done.stderr
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    assert [(row["row"], row["status"]) for row in rows] == [
        (1, "succeeded"),
        (2, "failed"),
        (3, "refused"),
        (4, "refused"),
    ]
    assert rows[0]["joinUrl"]
    codes = [row["error"].partition(":")[0] for row in rows[1:]]
    assert codes == ["applicationAccessPolicyMissing", "invalidRequest", "keyReused"]
    assert rows[3]["error"].endswith(KEY_OF_ROW)
    followed = run(client, "follow", rows[0]["id"], rows[1]["id"], "--json", *door(client, name))
    assert followed.exit_code == 1
    assert [row["status"] for row in json.loads(followed.stdout)] == ["succeeded", "failed"]


def test_who_does_not_wait_gets_the_ids(client: Client, tmp_path: Path) -> None:
    """Exit code 0 when all were accepted."""
    file = tmp_path / "later.json"
    file.write_text(json.dumps([STANDALONE]), encoding="utf-8")
    done = run(client, "submit", str(file), "--no-wait", "--json", *door(client, "http"))
    assert done.exit_code == 0, done.stderr
    [row] = json.loads(done.stdout)
    assert row["status"] == "queued"
    assert run(client, "follow", row["id"], *door(client, "http")).exit_code == 0


@pytest.mark.parametrize("name", ["http", "queue"])
def test_an_id_that_nobody_has(client: Client, name: str) -> None:
    """Exit code 2: there is nothing to follow."""
    unknown = ["4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7", "4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d8"]
    done = run(client, "follow", *unknown, *door(client, name))
    assert (done.exit_code, done.stdout) == (2, "")
    assert "There is no meeting" in done.stderr
    assert "Traceback" not in done.stderr
    assert run(client, "follow", "x", *door(client, name)).exit_code == 2


@pytest.mark.parametrize(
    ("content", "arguments", "part"),
    [
        (None, ["--queue"], "cannot be read"),
        ("organizer,Betreff\nx,y\n", ["--queue"], "/columns/Betreff"),
        ("kind,organizer\nstandalone,AlexW@contoso.com\n", [], "--url URL or --queue"),
        ("kind,organizer\nstandalone,AlexW@contoso.com\n", ["--queue", "--url", "http://127.0.0.1:1"], "--url URL"),
        ("kind,organizer\nstandalone,AlexW@contoso.com\n", ["--url", "nowhere"], "is not the app's address"),
    ],
)
def test_what_cannot_be_begun(
    client: Client, tmp_path: Path, content: str | None, arguments: list[str], part: str
) -> None:
    """Exit code 2, with what to do about it, and nothing on standard output."""
    file = tmp_path / "visits.csv"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    done = run(client, "submit", str(file), *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert part in done.stderr
    assert "Traceback" not in done.stderr


def test_a_message_that_the_app_refuses_is_followed_too(tmp_path: Path) -> None:
    """It becomes a failed meeting under another id than the one that was expected."""
    file = tmp_path / "refused.json"
    file.write_text(json.dumps([STANDALONE, STANDALONE | {"organizer": "MeganB@contoso.com"}]), encoding="utf-8")
    with running_stack(os.environ | {"ALLOWED_ORGANIZERS": "alexw@contoso.com"}) as stack, clients(stack) as client:
        done = run(client, "submit", str(file), "--queue", "--json")
    assert done.exit_code == 1, done.stderr
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    assert [row["status"] for row in rows] == ["succeeded", "failed"]
    assert rows[1]["error"].startswith("organizerNotAllowed")


def test_settings_that_are_missing(tmp_path: Path) -> None:
    """The message of the settings, and no traceback."""
    file = tmp_path / "one.json"
    file.write_text(json.dumps(STANDALONE), encoding="utf-8")
    command = [CONVENE, "submit", str(file), "--queue"]
    done = subprocess.run(
        command, cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert "MeetingStorage is missing" in done.stderr
    assert "Traceback" not in done.stderr
