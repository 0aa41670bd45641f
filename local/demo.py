"""`make demo`: meetings on a local stack of their own, over HTTP and through the queue; one changed, one cancelled."""

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from azure.storage.queue import QueueClient
from rich import box
from rich.console import Console
from rich.table import Table

from local.processes import ChildError, Stack, running_stack

_PATIENCE_SECONDS = 60.0
_PENDING = 202
_WIDE = 400  # a link that is broken into lines cannot be clicked or copied


def main() -> int:
    """Show the whole path once; return the exit code."""
    console = Console(width=_WIDE)
    console.print("Starting storage, Graph stand-in and Functions host ...")
    try:
        with running_stack() as stack:
            return _show(stack, console)
    except ChildError as error:
        print(error, file=sys.stderr)
        return 1


def _show(stack: Stack, console: Console) -> int:
    with httpx.Client(base_url=f"{stack.host.url}/api", timeout=30) as http:
        asked = [
            ("calendar, over HTTP", _post(http, _calendar_request())),
            ("standalone, over HTTP", _post(http, _standalone_request())),
            ("calendar, through the queue", _enqueue(stack, http, _calendar_request(reference="demo-queue"))),
        ]
        meetings = [(how, _wait_until_finished(http, location)) for how, location in asked]
        _print_table(console, "Meetings", meetings)
        joined = sum(1 for _, meeting in meetings if meeting["status"] == "succeeded" and meeting["joinUrl"])
        console.print(f"{joined} of {len(meetings)} meetings have a join link.\n")
        changed, cancelled = _change(http, meetings[0][1]), _cancel(http, meetings[1][1])
        _print_table(console, "Afterwards", [("subject changed", changed), ("cancelled", cancelled)])
    same_link = changed["joinUrl"] == meetings[0][1]["joinUrl"]
    console.print(f"The changed meeting has {'the same' if same_link else 'ANOTHER'} join link.")
    fine = joined == len(meetings) and same_link and changed["status"] == "succeeded"
    return 0 if fine and cancelled["status"] == "cancelled" else 1


def _print_table(console: Console, title: str, rows: list[tuple[str, dict[str, Any]]]) -> None:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for column in ("how", "status", "version", "organizer", "join link"):
        table.add_column(column, no_wrap=True)
    for how, meeting in rows:
        link = meeting["joinUrl"] or str(meeting["error"])
        table.add_row(how, meeting["status"], str(meeting["version"]), meeting["organizer"], link)
    console.print(table)


def _change(http: httpx.Client, meeting: dict[str, Any]) -> dict[str, Any]:
    path = f"/meetings/{meeting['id']}"
    http.patch(path, json={"subject": "Prep for customer meeting, with new subject"}).raise_for_status()
    return _wait_until_finished(http, path)


def _cancel(http: httpx.Client, meeting: dict[str, Any]) -> dict[str, Any]:
    path = f"/meetings/{meeting['id']}"
    http.request("DELETE", path, json={"comment": "No longer needed."}).raise_for_status()
    return _wait_until_finished(http, path)


def _calendar_request(reference: str = "demo-http") -> dict[str, Any]:
    start = (datetime.now(UTC) + timedelta(days=7)).replace(hour=13, minute=0, second=0)
    return {
        "organizer": "AlexW@contoso.com",
        "reference": reference,
        "subject": "Prep for customer meeting",
        "body": {"contentType": "html", "content": "Does this time work for you?"},
        "start": {"dateTime": f"{start:%Y-%m-%dT%H:%M:%S}", "timeZone": "Pacific Standard Time"},
        "end": {"dateTime": f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}", "timeZone": "Pacific Standard Time"},
        "attendees": [{"emailAddress": {"address": "AdeleV@contoso.com", "name": "Adele Vance"}, "type": "required"}],
    }


def _standalone_request() -> dict[str, Any]:
    return {
        "kind": "standalone",
        "organizer": "MeganB@contoso.com",
        "subject": "Video visit",
        "joinMeetingIdSettings": {"isPasscodeRequired": True},
    }


def _post(http: httpx.Client, request: dict[str, Any]) -> str:
    answer = http.post("/meetings", json=request)
    answer.raise_for_status()
    return answer.headers["location"]


def _enqueue(stack: Stack, http: httpx.Client, request: dict[str, Any]) -> str:
    """Put a request on the queue, and return where the meeting is once somebody has accepted it."""
    name = stack.environment.get("REQUEST_QUEUE", "meeting-requests")
    with QueueClient.from_connection_string(stack.connection_string, name) as queue:
        queue.send_message(json.dumps(request))
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = http.get("/meetings", params={"reference": request["reference"]}).raise_for_status().json()["meetings"]
        if found:
            return f"{http.base_url}meetings/{found[0]['id']}"
        time.sleep(0.2)
    raise ChildError(f"the message was not taken from the queue; the host says:\n{stack.host.output}")


def _wait_until_finished(http: httpx.Client, location: str) -> dict[str, Any]:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        answer = http.get(location).raise_for_status()
        if answer.status_code != _PENDING or time.monotonic() > deadline:
            return answer.json()
        time.sleep(0.2)
