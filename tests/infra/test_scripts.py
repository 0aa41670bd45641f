"""The PowerShell scripts: what can be known without running them. Their decisions are tested in test_plan.py."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

from shared.graph import remedies

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "infra/permissions"
SCRIPTS = sorted(FOLDER.glob("*.ps1"))
DOCUMENT = ROOT / "docs/permissions.md"

CMDLET = re.compile(r"\b(?:New|Set|Get|Grant|Test|Remove)-(?!Item|Object)[A-Z]\w+")


def nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from nodes(child)


def parse(path: Path) -> Node:
    return Parser(Language(tree_sitter_powershell.language())).parse(path.read_bytes()).root_node


def cmdlets(text: str) -> set[str]:
    return set(CMDLET.findall(text))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_is_powershell(path: Path) -> None:
    """It has no syntax error."""
    wrong = [(node.start_point.row + 1, node.type) for node in nodes(parse(path)) if node.is_error or node.is_missing]
    assert wrong == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_changes_nothing_but_by_the_plan(path: Path) -> None:
    """Only what plan.py says is carried out, behind ShouldProcess: no other command changes the tenant."""
    commands = {(node.text or b"").decode() for node in nodes(parse(path)) if node.type == "command_name" and node.text}
    assert not {name for name in commands if re.match(r"(New|Set|Grant|Remove|Add|Update)-", name)}
    assert "SupportsShouldProcess" in path.read_text()
    if path.stem != "Invoke-Plan":
        assert "Invoke-Plan @plan -WhatIf:$WhatIfPreference" in path.read_text()


def test_every_step_of_a_plan_is_explained() -> None:
    """docs/permissions.md names each cmdlet that the scripts may run, for those who run it by hand."""
    planned = set(re.findall(r'plan\.do\(\s*"([\w-]+)"', (FOLDER / "plan.py").read_text()))
    assert len(planned) >= 8
    assert planned <= cmdlets(DOCUMENT.read_text())


def test_remedies_and_the_document_name_the_same_cmdlets() -> None:
    """An administrator who follows a remedy finds each of its cmdlets explained."""
    told = cmdlets(
        " ".join(
            (
                remedies.mailbox_access("alexw@contoso.com", None),
                remedies.application_access_policy("alexw@contoso.com", None),
                remedies.application_permission("User.ReadBasic.All", None),
            )
        )
    )
    assert told
    assert told <= cmdlets(DOCUMENT.read_text())
