"""`python -m shared.cli.readiness ORGANIZER ...`: the readiness of organizers as a table, for administrators.

The settings come from the environment, as the app's own do. Exit code 0: all are ready, 1: at least one is not,
2: the settings or the arguments are wrong.
"""

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from shared.errors import GraphError, InvalidRequestError, SettingsError
from shared.graph import CalendarEvents, GraphClient, OnlineMeetings, Organizers
from shared.graph.services import GraphServices
from shared.settings import Settings, read_environment
from shared.throttling.mailbox_gate import MailboxGate
from shared.use_cases.admission import Admission
from shared.use_cases.readiness.probes import Readiness
from shared.use_cases.readiness.report import Check, ReadinessReport


def main(arguments: Sequence[str] | None = None) -> int:
    """Show the readiness of the organizers that the arguments name; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m shared.cli.readiness", description=__doc__)
    parser.add_argument("organizers", nargs="+", metavar="ORGANIZER", help="user principal name or object id")
    organizers: list[str] = parser.parse_args(arguments).organizers
    logging.getLogger("shared").addHandler(logging.NullHandler())  # what fails is in the table
    try:
        settings = read_environment()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    reports = asyncio.run(_examine(settings, organizers))
    _show(reports)
    return 0 if all(report.ready for report in reports) else 1


async def _examine(settings: Settings, organizers: list[str]) -> list[ReadinessReport]:
    client = GraphClient(settings.graph)
    graph = GraphServices(CalendarEvents(client), OnlineMeetings(client), Organizers(client))
    gate = MailboxGate(settings.graph_calls_per_mailbox, lambda: datetime.now(UTC))
    readiness = Readiness(graph, gate, Admission(settings.allowed_organizers, settings.graph.cloud))
    try:
        return [await _report(readiness, organizer) for organizer in organizers]
    finally:
        await client.close()


async def _report(readiness: Readiness, organizer: str) -> ReadinessReport:
    try:
        return await readiness.examine(organizer)
    except InvalidRequestError as error:
        check = Check("organizer", ok=False, detail=error.faults[0].message, remedy="Correct the argument.")
    except GraphError as error:
        check = Check("Graph", ok=False, detail=f"{error}.", remedy="Check network and credential, then ask again.")
    return ReadinessReport(organizer, (), None, (check,))


def _show(reports: list[ReadinessReport]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    table = Table(box=box.SIMPLE_HEAD)
    for column in ("organizer", "check", "", "detail"):
        table.add_column(column, overflow="fold")
    for report in reports:
        for check in report.checks:
            cells = (report.organizer, check.name, "ok" if check.ok else "NOT OK", check.detail)
            table.add_row(*map(Text, cells))
    console.print(table)
    for report in reports:
        for check in report.checks:
            if check.remedy:  # beside the table, because a command that is broken into cells cannot be copied
                console.print(f"{report.organizer}, {check.name}:\n  {check.remedy}", markup=False, soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
