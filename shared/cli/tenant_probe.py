"""The report of the first tenant, as a table to paste into an issue."""

from collections.abc import Sequence
from datetime import UTC, datetime

from shared.graph import GraphClient
from shared.graph.services import GraphServices
from shared.settings import Settings
from shared.use_cases.first_tenant import Finding, FirstTenant, Subjects


async def probe(settings: Settings, subjects: Subjects) -> list[Finding]:
    """Probe the tenant that the settings name."""
    client = GraphClient(settings.graph)
    graph = GraphServices.over(client)
    try:
        return await FirstTenant(graph, subjects, lambda: datetime.now(UTC)).run()
    finally:
        await client.close()


def report(findings: Sequence[Finding]) -> str:
    """Return the findings as a table in Markdown."""
    differing = sum(not finding.agrees for finding in findings)
    rows = [
        f"| {each.probe or '-'} | {each.question} | {each.assumed} | {each.answered} | {mark} |"
        for each in findings
        for mark in ("" if each.agrees else "differs",)
    ]
    head = ["| probe | question | Convene assumes | this tenant answers | |", "|---|---|---|---|---|"]
    return "\n".join([*head, *rows, "", f"{len(findings)} answers, {differing} of which differ."])
