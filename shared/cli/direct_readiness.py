"""The readiness of organizers, checked in Graph with the app's settings: no app has to run."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from rich.progress import Progress

from shared.cli.output import in_turn
from shared.errors import GraphError, InvalidRequestError
from shared.graph import GraphClient
from shared.graph.services import GraphServices
from shared.settings import Settings
from shared.throttling.mailbox_gate import MailboxGate
from shared.use_cases.admission import Admission
from shared.use_cases.readiness.readiness import Readiness


async def examine(settings: Settings, organizers: Sequence[str], progress: Progress) -> list[dict[str, Any]]:
    """Return a report for each organizer, as `GET /organizers/{organizer}/readiness` answers it."""
    client = GraphClient(settings.graph)
    graph = GraphServices.over(client)
    gate = MailboxGate(settings.graph_calls_per_mailbox, lambda: datetime.now(UTC))
    admission = Admission(settings.allowed_organizers, settings.graph.cloud)
    readiness = Readiness(graph, gate, admission, settings.artifacts)
    try:
        return await in_turn(progress, "checked", organizers, partial(_report, readiness))
    finally:
        await client.close()


async def _report(readiness: Readiness, organizer: str) -> dict[str, Any]:
    try:
        return (await readiness.examine(organizer)).as_json()
    except InvalidRequestError as error:
        return _not_examined(organizer, "organizer", error.faults[0].message, "Correct the argument.")
    except GraphError as error:
        return _not_examined(organizer, "Graph", f"{error}.", "Check network and credential, then try again.")


def _not_examined(organizer: str, name: str, detail: str, remedy: str) -> dict[str, Any]:
    check = {"name": name, "ok": False, "detail": detail, "remedy": remedy}
    return {
        "organizer": organizer,
        "ready": False,
        "allowedOnlineMeetingProviders": [],
        "defaultOnlineMeetingProvider": None,
        "checks": [check],
    }
