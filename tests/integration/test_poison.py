"""A meeting that kills its host each time Graph is asked about it, beside others, on real storage."""

import asyncio
import json
import os
import time
from typing import Any

import pytest
from azure.storage.queue import QueueClient

from local.processes import running_stack
from shared.access.origin import Origin
from tests.examples import CALENDAR
from tests.integration.claims import expire_claims
from tests.integration.conftest import Client, clients, until

OTHERS = 11
MOST_DEATHS = 15
KILLER = "AlexW@contoso.com"
ORGANIZERS = [f"{name}@contoso.com" for name in ("AdeleV", "MeganB", "LidiaH", "NestorW")]
# A dead host's messages come back soon, and the timers come every other second instead of every few minutes.
SETTINGS = {"UPKEEP_SCHEDULE": "*/2 * * * * *", "CRASHES_SCHEDULE": "1-59/2 * * * * *"}
OPTIONS = ("--queue-lease", "5")
_LONGEST_SECONDS = 480.0


@pytest.mark.timeout(600)
def test_what_runs_beside_a_meeting_that_kills_succeeds() -> None:
    """Eleven succeed, one has crashed, nothing is made twice, in at most 15 deaths; and the message stays.

    After a retry that succeeds it stays too, and does not undo it; what is put beside it is processed.
    """
    with running_stack(os.environ | SETTINGS, host_options=OPTIONS) as stack:
        with clients(stack) as client:
            client.tenant.put("/settings", json={"latencySeconds": 1}).raise_for_status()
            client.tenant.post("/faults", json=[{"user": KILLER, "action": {"hang": 60}}]).raise_for_status()
            for name, organizer in requested().items():
                request = CALENDAR | {
                    "organizer": organizer,
                    "subject": name,
                    "reference": name,
                    "idempotencyKey": name,
                }
                client.enqueue(json.dumps(request))
        deaths, deadline = 0, time.monotonic() + _LONGEST_SECONDS
        while True:
            with clients(stack) as client:
                until(lambda client=client, deaths=deaths: asks_graph_again(client, deaths) or ended(client))
                if ended(client):
                    break
            stack.host.kill()
            deaths += 1
            assert deaths <= MOST_DEATHS
            assert time.monotonic() < deadline
            asyncio.run(expire_claims(stack.connection_string))
            stack.start_host()
        print(f"deaths of the host: {deaths}")  # noqa: T201 - the figure of docs/reliability.md
        with clients(stack) as client:
            killer = Origin(key="killer").meeting_id
            assert {each["reference"]: each["error"]["code"] for each in found(client, "failed")} == {
                "killer": "crashed"
            }
            [crashed] = found(client, "failed")
            assert (crashed["id"], crashed["error"]["code"]) == (killer, "crashed")
            made = [(event["subject"], mail) for mail, event in events(client)]
            assert sorted(made) == sorted((name, of) for name, of in requested().items() if of != KILLER)
            # at least once each: a host may die between a result and its note
            assert {*told(client)} == {
                ("meeting.failed" if of == KILLER else "meeting.succeeded", f"{Origin(key=name).meeting_id}/1")
                for name, of in requested().items()
            }
            assert {"meeting": killer, "version": 1} in in_poison(client)

            client.tenant.delete("/faults").raise_for_status()
            client.http.post(f"/meetings/{killer}/retry").raise_for_status()
            assert client.finished(f"/meetings/{killer}")["status"] == "succeeded"
            with queue(client, "meeting-requests-poison") as poison:
                poison.send_message(json.dumps(CALENDAR | {"idempotencyKey": "beside"}))
            beside = f"/meetings/{Origin(key='beside').meeting_id}"
            until(lambda: client.http.get(beside).status_code == 200)
            assert client.finished(beside)["status"] == "succeeded"
            # Once that one was seen, the first was seen again.
            assert client.finished(f"/meetings/{killer}")["status"] == "succeeded"
            assert {"meeting": killer, "version": 1} in in_poison(client)


def requested() -> dict[str, str]:
    """Return the organizer of each meeting."""
    return {f"other-{number}": ORGANIZERS[number % 4] for number in range(OTHERS)} | {"killer": KILLER}


def asks_graph_again(client: Client, attempts: int) -> bool:
    """Return whether the meeting that kills is attempted once more. Unlike a GET of a meeting, a search wakes none."""
    return any(each["organizer"] == KILLER and each["attempts"] > attempts for each in found(client, "running"))


def ended(client: Client) -> bool:
    return not found(client, "queued") and not found(client, "running") and len(told(client)) > OTHERS


def events(client: Client) -> list[tuple[str, dict[str, Any]]]:
    mailboxes = client.state()["mailboxes"].items()
    return [(name, event) for name, mailbox in mailboxes for event in mailbox["events"] if event["transactionId"]]


def found(client: Client, status: str) -> list[dict[str, Any]]:
    return client.http.get("/meetings", params={"status": status, "top": 100}).json()["meetings"]


def in_poison(client: Client) -> list[dict[str, Any]]:
    """Return what an operator sees in the poison queue."""
    with queue(client, "meeting-requests-poison") as poison:
        return [json.loads(message.content) for message in poison.peek_messages(32)]


def told(client: Client) -> list[tuple[str, str]]:
    with queue(client, "meeting-results") as results:
        sent = [json.loads(message.content) for message in results.peek_messages(32)]
    return [(event["type"], event["id"]) for event in sent]


def queue(client: Client, name: str) -> QueueClient:
    return QueueClient.from_connection_string(client.stack.connection_string, name)
