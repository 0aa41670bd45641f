"""The Azure CLI's commands that the documents use: `python -m tests.docs.azure_cli AZ` writes the sample anew.

AZ is an Azure CLI to ask; `.venv/bin/uv tool run --from azure-cli az` is one that needs no installation.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = tuple(
    ROOT / name
    for name in (
        "README.md",
        "infra/README.md",
        "docs/operations.md",
        "docs/permissions.md",
        "docs/national-clouds.md",
        "docs/recipes/event-grid/deploy.sh",
    )
)
FILE = ROOT / "tests/samples/azure_cli.json"
# Extensions are fetched from elsewhere: https://learn.microsoft.com/cli/azure/monitor/log-analytics#az-monitor-log-analytics-query
_OF_EXTENSIONS = {
    "monitor log-analytics query": "--analytics-query! --workspace!|-w --timespan|-t --workspaces --output|-o --query",
}
_CODE = re.compile(r"^ *```\w*\n(?P<block>.*?)^ *```$|`(?P<words>[^`\n]+)`", re.MULTILINE | re.DOTALL)
_INNERMOST = re.compile(r"\$\(([^()]*)\)")
_COMMENT = re.compile(r"(?:^|\s)#.*")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_COMMAND = re.compile(r"(?:^|[\s(;=|])az ((?:[a-z][a-z-]* ?)+)([^;|\n]*)")
_OPTION = re.compile(r"^    ((?:--?[\w-]+ )+) *((?:\[\w+\] *)*):", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Used:
    """A command as a document has it: `name` without `az`, the options that it is given."""

    name: str
    options: frozenset[str]


def code_in(path: Path) -> Iterator[str]:
    """Yield the code of a document: its blocks, and what stands between backticks; a script is all code."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".sh":
        yield text
    else:
        yield from (found["block"] or found["words"] for found in _CODE.finditer(text))


def commands_in(code: str) -> Iterator[Used]:
    """Yield the commands of the Azure CLI in a piece of shell, those inside others first."""
    code = _COMMENT.sub("", re.sub(r" *\\\n *", " ", code))
    while inner := _INNERMOST.search(code):
        yield from commands_in(inner[1])
        code = code.replace(inner[0], "VALUE")
    for name, rest in _COMMAND.findall(_QUOTED.sub("VALUE", code)):
        yield Used(name.strip(), frozenset(re.findall(r"(?<![\w-])--?[a-z][\w-]*", rest)))


def used() -> list[Used]:
    """Return every command of the documents."""
    return [command for path in DOCUMENTS for code in code_in(path) for command in commands_in(code)]


def known() -> dict[str, str]:
    """Return the options of each command, each with its other names; `!` marks what a command cannot do without."""
    return json.loads(FILE.read_text(encoding="utf-8"))["commands"]


def _ask(az: list[str], name: str) -> str:
    told = subprocess.run([*az, *name.split(), "--help"], check=True, capture_output=True, text=True).stdout
    options = [(names.split(), "!" * ("[Required]" in marks)) for names, marks in _OPTION.findall(told)]
    return " ".join("|".join([names[0] + needed, *names[1:]]) for names, needed in options)


def _write(az: list[str]) -> None:
    names = sorted({command.name for command in used()})
    version = json.loads(subprocess.run([*az, "version"], check=True, capture_output=True).stdout)["azure-cli"]
    commands = {name: _OF_EXTENSIONS.get(name) or _ask(az, name) for name in names}
    FILE.write_text(json.dumps({"version": version, "commands": commands}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _write(sys.argv[1:])
