"""`forget`: which meetings, before anybody is asked."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shared.cli.__main__ import commands

NOBODY = "http://127.0.0.1:1"
ID = "4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7"


def copy(folder: Path) -> Path:
    """Return a file of export with one meeting and one schedule in it."""
    moment = "2026-11-21T08:00:00Z"
    meeting = {
        "id": ID,
        "kind": "calendar",
        "organizer": "a@b.example",
        "reference": None,
        "request": {},
        "fingerprint": "f",
        "status": "succeeded",
        "version": 1,
        "createdAt": moment,
        "updatedAt": moment,
        "progress": {"versionStartedAt": moment},
    }
    file = folder / "person.jsonl"
    file.write_text("\n".join(map(json.dumps, ({"form": 1}, {"meeting": meeting}, {"records": 1}))))
    return file


@pytest.mark.parametrize("arguments", [[], [ID, "--file", "some.jsonl"], ["no-id"], ["--file", "no-such-file.jsonl"]])
def test_what_is_not_said(arguments: list[str]) -> None:
    """Exit code 2: neither ids nor a file, both, what is no id, and a file that is not there."""
    done = CliRunner().invoke(commands, ["forget", "--url", NOBODY, *arguments])
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr


def test_a_dry_run_shows_the_meetings_of_a_file(tmp_path: Path) -> None:
    """Nobody is asked."""
    done = CliRunner().invoke(commands, ["forget", "--url", NOBODY, "--file", str(copy(tmp_path)), "--dry-run"])
    assert (done.exit_code, done.stdout) == (0, f"{ID}\n0 forgotten, 0 refused\n")
