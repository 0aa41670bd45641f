"""A message that crashes the app, on real storage: it lies in the poison queue, and its meeting has failed."""

import json
import os
from typing import Any

import pytest
from azure.storage.queue import QueueClient

from local.processes import running_stack
from tests.examples import CALENDAR
from tests.integration.conftest import Client, clients, until

# One death is enough, and the dead host's message comes back soon; the upkeep would wake the meeting, and never runs.
SETTINGS = {
    "AzureFunctionsJobHost__extensions__queues__maxDequeueCount": "1",
    "UPKEEP_SCHEDULE": "0 0 0 1 1 *",
    "CRASHES_SCHEDULE": "*/2 * * * * *",
}
OPTIONS = ("--queue-lease", "5")


@pytest.mark.timeout(400)
def test_a_message_that_crashes_the_app_stays_when_its_meeting_has_failed() -> None:
    """A peek shows it then, and after a retry that succeeds too, which it does not undo."""
    with running_stack(os.environ | SETTINGS, host_options=OPTIONS) as stack:
        with clients(stack) as client:
            client.tenant.put("/settings", json={"latencySeconds": 8}).raise_for_status()
            meeting_id = client.post(CALENDAR).json()["id"]
            until(lambda: found(client, "running"))
            stack.host.kill()
            client.tenant.put("/settings", json={"latencySeconds": 0}).raise_for_status()
        stack.start_host()
        with clients(stack) as client:
            [crashed] = until(lambda: found(client, "failed"))
            assert (crashed["id"], crashed["error"]["code"]) == (meeting_id, "crashed")
            message = {"meeting": meeting_id, "version": 1}
            assert in_poison(client) == [message]

            client.http.post(f"/meetings/{meeting_id}/retry").raise_for_status()
            assert client.finished(f"/meetings/{meeting_id}")["status"] == "succeeded"
            other = CALENDAR | {"idempotencyKey": "other"}
            with queue(client, "meeting-requests-poison") as poison:
                poison.send_message(json.dumps(other))
            # Once this one is recorded, the first was seen again.
            [second] = until(lambda: found(client, "failed"))
            assert second["error"]["code"] == "crashed"
            assert client.finished(f"/meetings/{meeting_id}")["status"] == "succeeded"
            assert in_poison(client) == [message, other]
            assert told(client) == [
                ("meeting.failed", f"{meeting_id}/1"),
                ("meeting.succeeded", f"{meeting_id}/2"),
                ("meeting.failed", f"{second['id']}/1"),
            ]


def found(client: Client, status: str) -> list[dict[str, Any]]:
    """Return the meetings with a status. Unlike a GET of a meeting, a search wakes none."""
    return client.http.get("/meetings", params={"status": status}).json()["meetings"]


def in_poison(client: Client) -> list[dict[str, Any]]:
    """Return what an operator sees in the poison queue."""
    with queue(client, "meeting-requests-poison") as poison:
        return [json.loads(message.content) for message in poison.peek_messages(32)]


def told(client: Client) -> list[tuple[str, str]]:
    with queue(client, "meeting-results") as results:
        events = [json.loads(message.content) for message in results.peek_messages(32)]
    return [(event["type"], event["id"]) for event in events]


def queue(client: Client, name: str) -> QueueClient:
    return QueueClient.from_connection_string(client.stack.connection_string, name)
