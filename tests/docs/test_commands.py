"""The documents' commands for Azure: what a shell and the Azure CLI can know of them without Azure."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import tree_sitter_powershell
from tree_sitter import Language, Parser

from tests.docs.azure_cli import DOCUMENTS, ROOT, Used, known, used

_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
PAGES = [path for path in DOCUMENTS if path.suffix == ".md"]


def blocks(path: Path, language: str) -> Iterator[str]:
    """Yield the blocks of a page in one language, without the indentation of the list that they stand in."""
    for indent, named, block in _BLOCK.findall(path.read_text(encoding="utf-8")):
        if named == language:
            yield re.sub(rf"^{indent}", "", block, flags=re.MULTILINE)


def pages_with(language: str) -> list[Path]:
    return [path for path in PAGES if any(blocks(path, language))]


@pytest.mark.parametrize("path", pages_with(""), ids=lambda path: str(path.relative_to(ROOT)))
@pytest.mark.slow
def test_bash_can_read_them(path: Path) -> None:
    """Each block without a language can be pasted into bash."""
    for block in blocks(path, ""):
        read = subprocess.run(["/bin/bash", "-n"], input=block, check=False, capture_output=True, text=True)
        assert (read.returncode, read.stderr) == (0, ""), block


@pytest.mark.parametrize("path", pages_with("powershell"), ids=lambda path: str(path.relative_to(ROOT)))
def test_powershell_can_read_them(path: Path) -> None:
    """Each block of PowerShell has no syntax error, and gives the scripts options that they have."""
    parser = Parser(Language(tree_sitter_powershell.language()))
    for block in blocks(path, "powershell"):
        # The grammar knows no path as the name of a command, which PowerShell does.
        named = re.sub(r"^\./\S+/(\S+)\.ps1", r"\1", block, flags=re.MULTILINE)
        assert not parser.parse(named.encode()).root_node.has_error, block
        for script, rest in re.findall(r"^\./(\S+\.ps1)(.*)$", block, re.MULTILINE):
            parameters = re.findall(r"^    .*\] \$(\w+)", (ROOT / script).read_text(encoding="utf-8"), re.MULTILINE)
            options = re.findall(r"(?<=\s)-([A-Z]\w+)", re.sub(r'"[^"]*"', "", rest.partition("#")[0]))
            assert options
            assert set(options) <= {*parameters, "WhatIf"}, block


@pytest.mark.parametrize("command", used(), ids=lambda command: command.name)
def test_the_azure_cli_has_the_command(command: Used) -> None:
    """With these options, and with all that it cannot do without, where it is more than named."""
    assert command.name in known(), "see tests/docs/azure_cli.py"
    options = [(option.replace("!", "").split("|"), "!" in option) for option in known()[command.name].split()]
    assert command.options <= {name for names, _ in options for name in names}
    if command.options:
        assert [names for names, needed in options if needed and command.options.isdisjoint(names)] == []


def test_they_are_found() -> None:
    """Those inside others, over several lines, and in a sentence."""
    assert len({command.name for command in used()}) > 20
    assert Used("ad signed-in-user show", frozenset({"--query", "--output"})) in used()
