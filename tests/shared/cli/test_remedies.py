"""The app's remedies at a terminal."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from shared.cli.__main__ import commands
from shared.cli.remedies import with_commands

SHARED = Path(__file__).parents[3] / "shared"
ID = "4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7"
# Of these there is no command.
WITHOUT = {"GET /api/rooms"}


def texts_with_calls() -> Iterator[str]:
    """Yield every text of the app's own code that names a call of the interface; what it fills in is `{x}`."""
    for folder in ("graph", "use_cases", "meeting"):
        for file in (SHARED / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                match node:
                    case ast.JoinedStr(values=parts):
                        text = "".join(str(each.value) if isinstance(each, ast.Constant) else "{x}" for each in parts)
                    case ast.Constant(value=str(text)):
                        pass
                    case _:
                        continue
                if re.search(r"[A-Z]{3,6} /api/[a-z/{}]*[a-z}](?![a-z/{}])", text):
                    yield text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Then send POST /api/meetings/{id}/retry.", f"Then run `convene retry {ID}`."),
        (f"Fix the cause, then send POST /api/meetings/{ID}/retry.", f"Fix the cause, then run `convene retry {ID}`."),
        (
            "Find a time with POST /api/availability and PATCH it.",
            "Find a time with `convene availability` and PATCH it.",
        ),
        (
            "Send GET /api/organizers/{organizer}/readiness for each candidate",
            "Run `convene readiness {organizer}` for each candidate",
        ),
        ("Compare the addresses with GET /api/rooms", "Compare the addresses with GET /api/rooms"),
        ("send the message again", "send the message again"),
    ],
)
def test_a_call_is_its_command(text: str, shown: str) -> None:
    """Where there is one; with the id of the meeting."""
    assert with_commands(text, ID) == shown


def test_every_call_of_a_remedy_is_a_command_that_exists() -> None:
    """Or one of those that have none."""
    texts = {*texts_with_calls()}
    assert len(texts) > 5
    shown = " ".join(map(with_commands, texts))
    assert {*re.findall(r"[A-Z]+ /api/[a-z/{}]+", shown)} == WITHOUT
    named = {*re.findall(r"convene (\w+)", shown)}
    assert named == {"retry", "availability", "readiness"}
    assert named <= typer.main.get_group(commands).commands.keys()
