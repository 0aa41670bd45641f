"""The PowerShell scripts: what can be known without running them. Their decisions are tested in test_plan.py."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

from infra.permissions.plan import plan_mailboxes
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
    assert not {name for name in commands if re.match(r"(New|Set|Grant|Remove|Add|Update|Enable|Disable)-", name)} - {
        "Enable-OrganizationCustomization"  # the next test
    }
    assert "SupportsShouldProcess" in path.read_text()
    if path.stem != "Invoke-Plan":
        assert "Invoke-Plan @plan -WhatIf:$WhatIfPreference" in path.read_text()


def test_a_tenant_is_customized_where_it_never_was_and_before_anything_is_planned() -> None:
    """Exchange refuses new scopes and assignments until then; a dry run does not customize, nor does a second run.

    https://learn.microsoft.com/powershell/module/exchange/enable-organizationcustomization
    """
    script = parse(FOLDER / "Grant-Mailboxes.ps1")
    [customize] = [node for node in nodes(script) if (node.text or b"") == b"Enable-OrganizationCustomization"
                   and node.type == "command"]  # fmt: skip
    branch = customize
    while branch.parent is not None and branch.type != "if_statement":
        branch = branch.parent
    condition = branch.child_by_field_name("condition")
    assert condition is not None
    words = " ".join((condition.text or b"").decode().split())
    assert words == (
        "(Get-OrganizationConfig).IsDehydrated -and"
        " $PSCmdlet.ShouldProcess('the organization', 'Enable-OrganizationCustomization')"
    )
    order = [name for name, _ in commands_of(FOLDER / "Grant-Mailboxes.ps1")]
    assert order.index("Enable-OrganizationCustomization") < order.index("Invoke-Plan")
    remedy, document = remedies.mailbox_access("alexw@contoso.com", None), DOCUMENT.read_text()
    assert "Enable-OrganizationCustomization" in remedy
    assert "Enable-OrganizationCustomization" in document


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


def test_remedies_scripts_and_the_document_call_the_app_alike() -> None:
    """Exchange knows it by its client id, and assigns roles by the object id of its service principal."""
    wanted = {"clientId": "client", "objectId": "object", "name": "Convene", "organizers": ["a@b.example"]}
    plan = plan_mailboxes(wanted, {"servicePrincipals": [], "scopes": [], "assignments": []})
    planned = {step.cmdlet: step.parameters for step in plan.steps}
    assert planned["New-ServicePrincipal"]["AppId"] == "client"
    assert planned["New-ServicePrincipal"]["ObjectId"] == "object"
    assert planned["New-ManagementRoleAssignment"]["App"] == "object"
    remedy = remedies.mailbox_access("a@b.example", "client")
    assert "New-ServicePrincipal -AppId 'client' -ObjectId <object id of the enterprise application>;" in remedy
    assert "New-ManagementRoleAssignment -App (Get-ServicePrincipal -Identity 'client').ObjectId -Role" in remedy
    assert "-App $CONVENE_OBJECT_ID" in DOCUMENT.read_text()


def commands_of(path: Path) -> Iterator[tuple[str, str]]:
    """Yield each command of a script with its whole text."""
    for node in nodes(parse(path)):
        if node.type == "command":
            name = next((child for child in node.children if child.type == "command_name"), None)
            if name is not None:
                yield (name.text or b"").decode(), (node.text or b"").decode()


def test_a_dry_run_connects() -> None:
    """A compiled cmdlet that takes -WhatIf itself inherits it, and would not connect: the reads after it would fail."""
    connects = {
        name: text for path in SCRIPTS for name, text in commands_of(path) if name.lower().startswith("connect-")
    }
    assert set(connects) == {"Connect-MgGraph", "Connect-ExchangeOnline", "Connect-MicrosoftTeams"}
    # Connect-MgGraph has no -WhatIf; Connect-ExchangeOnline is a function of a module, which inherits nothing.
    assert "-WhatIf:$false" in connects["Connect-MicrosoftTeams"]


def test_an_assignment_of_the_app_is_found_by_each_of_its_names() -> None:
    """Exchange shows the assignee by object id or by display name: an unscoped one must not be missed."""
    script = (FOLDER / "Grant-Mailboxes.ps1").read_text()
    assert '$names = "$($_.App)", "$($_.RoleAssignee)", "$($_.RoleAssigneeName)"' in script
    assert '$names -contains "$ObjectId" -or $names -contains $displayName' in script


def test_what_is_piped_to_python_is_ascii() -> None:
    """Windows gives Python's standard input a code page of its own: a name with an umlaut would not survive."""
    script = FOLDER / "Invoke-Plan.ps1"
    [state] = [text for name, text in commands_of(script) if name == "ConvertTo-Json" and "-Depth 10" in text]
    assert "-EscapeHandling EscapeNonAscii" in state
