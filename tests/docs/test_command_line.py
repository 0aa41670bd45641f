"""docs/command-line.md: its commands are those that there are, and so are their options."""

import re
from pathlib import Path

import typer.main

from shared.cli.__main__ import commands

PAGE = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text(encoding="utf-8")
KNOWN = typer.main.get_group(commands).commands


def test_every_command_is_described_and_no_other() -> None:
    """A row of the table each."""
    rows = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `convene")]
    assert {name for row in rows for name in re.findall(r"`convene (\w+)`", row)} == KNOWN.keys()


def test_every_option_is_there() -> None:
    """Each option that the page names belongs to a command."""
    options = {
        option
        for command in KNOWN.values()
        for parameter in command.params
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE))
    assert named
    assert named <= options
