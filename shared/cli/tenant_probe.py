"""The report of the first tenant, as a table to paste into an issue."""

from collections.abc import Sequence
from datetime import UTC, datetime

from shared.graph import GraphClient
from shared.graph.services import GraphServices
from shared.settings import Settings
from shared.use_cases.first_tenant import FirstTenant, Subjects, TenantAnswer


async def probe(settings: Settings, subjects: Subjects) -> list[TenantAnswer]:
    """Probe the tenant that the settings name."""
    client = GraphClient(settings.graph)
    graph = GraphServices.over(client)
    try:
        return await FirstTenant(graph, subjects, lambda: datetime.now(UTC)).run()
    finally:
        await client.close()


def report(answers: Sequence[TenantAnswer]) -> str:
    """Return the answers as a table in Markdown."""
    differing = sum(not answer.agrees for answer in answers)
    rows = [
        f"| {each.probe or '-'} | {each.question} | {each.assumed} | {each.answered} | {mark} |"
        for each in answers
        for mark in ("" if each.agrees else "differs",)
    ]
    head = ["| probe | question | Convene assumes | this tenant answers | |", "|---|---|---|---|---|"]
    return "\n".join([*head, *rows, "", f"{len(answers)} answers, {differing} of which differ."])
