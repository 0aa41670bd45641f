"""A host that is killed, on real storage. The test lets the minute pass in which the claims of the dead host hold."""

import asyncio
import json
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from azure.storage.queue import QueueClient

from local.processes import running_stack
from tests.examples import CALENDAR
from tests.integration.claims import expire_claims
from tests.integration.conftest import Client, clients, until

REQUESTS = 50
# Fast upkeep, so that results whose sender died come within seconds and not within five minutes.
SETTINGS = {"UPKEEP_SCHEDULE": "*/10 * * * * *"}


@pytest.mark.timeout(400)
def test_fifty_requests_survive_the_death_of_the_host() -> None:
    """Killed with 50 requests in flight and started again, the host ends with exactly 50 meetings, all succeeded."""
    with running_stack(os.environ | SETTINGS) as stack:
        with clients(stack) as client:
            client.tenant.put("/settings", json={"latencySeconds": 1}).raise_for_status()
            ids = ask_for_all(client)
            until(lambda: 5 <= len(events(client)) <= REQUESTS - 5)
            stack.host.kill()
        asyncio.run(expire_claims(stack.connection_string))
        stack.start_host()
        with clients(stack) as client:
            client.tenant.put("/settings", json={"latencySeconds": 0}).raise_for_status()
            meetings = [client.finished(f"/meetings/{meeting_id}") for meeting_id in ids]
            assert [meeting["status"] for meeting in meetings] == ["succeeded"] * REQUESTS
            assert len({meeting["joinUrl"] for meeting in meetings}) == REQUESTS
            assert sorted(event["transactionId"] for event in events(client)) == sorted(ids)
            invited = [(mail["eventId"], mail["to"]) for mail in client.state()["sentMail"]]
            assert len(invited) == len(set(invited)) == REQUESTS
            seen: set[str] = set()
            until(lambda: results(client, seen) >= set(ids))


def ask_for_all(client: Client) -> list[str]:
    def ask(number: int) -> str:
        organizer = ("AlexW", "AdeleV", "MeganB", "LidiaH", "NestorW")[number % 5]
        request = CALENDAR | {"organizer": f"{organizer}@contoso.com", "subject": f"No {number}"}
        request["attendees"] = [{"emailAddress": {"address": "guest@fabrikam.com"}}]
        return client.post(request, **{"Idempotency-Key": f"death-{number}"}).json()["id"]

    with ThreadPoolExecutor(10) as pool:
        return list(pool.map(ask, range(REQUESTS)))


def events(client: Client) -> list[dict[str, Any]]:
    mailboxes = client.state()["mailboxes"].values()
    return [event for mailbox in mailboxes for event in mailbox["events"] if event["transactionId"]]


def results(client: Client, seen: set[str]) -> set[str]:
    """Return whose results have come, added to those that were seen before."""
    with QueueClient.from_connection_string(client.stack.connection_string, "meeting-results") as queue:
        messages = queue.receive_messages(messages_per_page=32, visibility_timeout=600)
        seen |= {json.loads(message.content)["subject"] for message in messages}
    return seen
