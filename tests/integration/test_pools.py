"""Two hosts, one storage: requests that come at once for the same half hour and the same pool."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.integration.conftest import Client

POOL = [f"{name}@contoso.com" for name in ("AlexW", "AdeleV", "MeganB", "LidiaH", "NestorW")]
SUBJECT = "Any free nurse"
REQUEST: dict[str, Any] = {
    "organizerPool": {"candidates": POOL},
    "subject": SUBJECT,
    "start": {"dateTime": "2031-06-11T09:00:00", "timeZone": "UTC"},
    "end": {"dateTime": "2031-06-11T09:30:00", "timeZone": "UTC"},
}


def _post(url: str) -> httpx.Response:
    return httpx.post(url, json=REQUEST, timeout=60)


@pytest.mark.slow
def test_thirty_at_once_for_five_on_two_hosts(client: Client) -> None:
    """Five are made with five organizers, 25 end nobodyFree, and the tenant has five events that do not overlap."""
    first = client.stack.host
    other = client.stack.start_host()
    try:
        urls = [f"{host.url}/api/meetings" for host in (first, other)]
        with ThreadPoolExecutor(30) as threads:
            posted = threads.map(_post, urls * 15)
            ids = [answer.raise_for_status().json()["id"] for answer in posted]
        meetings = [client.finished(f"/meetings/{meeting_id}") for meeting_id in ids]
    finally:
        client.stack.host = first
        other.stop()
    ends = Counter(each["error"]["code"] if each["error"] else each["status"] for each in meetings)
    assert ends == {"succeeded": 5, "nobodyFree": 25}
    assert {each["organizer"] for each in meetings if each["status"] == "succeeded"} == {*POOL}
    mailboxes = client.state()["mailboxes"].values()
    events = [sum(event["subject"] == SUBJECT for event in mailbox["events"]) for mailbox in mailboxes]
    assert sorted(events, reverse=True)[:6] == [1, 1, 1, 1, 1, 0]
