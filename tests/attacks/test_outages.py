"""A host that is killed, a storage and a Graph that freeze: nothing is lost, and nothing happens twice.

The test lets the minute pass in which the claims of a dead host hold.
"""

import asyncio
import os
import threading
import time
from collections import Counter
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx
import psutil
import pytest

from local.processes import Child, Stack, running_stack
from tests.examples import CALENDAR
from tests.integration.claims import expire_claims
from tests.integration.conftest import until

pytestmark = pytest.mark.slow

REQUESTS = 25
# Longer than all storage operations of a call may take, and longer than a call to Graph may.
STORAGE_FROZEN_SECONDS = 12
GRAPH_FROZEN_SECONDS = 14
SETTINGS = {"UPKEEP_SCHEDULE": "*/5 * * * * *"}
OPTIONS = ("--queue-lease", "15")


def _request(name: str) -> dict[str, Any]:
    organizer = ("AlexW", "AdeleV", "MeganB", "LidiaH", "NestorW")[int(name.rpartition("-")[2]) % 5]
    guests = [{"emailAddress": {"address": "guest@fabrikam.com"}}]
    return CALENDAR | {"organizer": f"{organizer}@contoso.com", "subject": name, "attendees": guests}


class _Caller:
    """Another system: it sends a request again, with the same key, until it is accepted."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        # One for all calls, for each reads certificates when it is made; without connections that a death would break.
        self._http = httpx.Client(timeout=60, limits=httpx.Limits(max_keepalive_connections=0))
        self.ids: dict[str, str] = {}
        self.answers = Counter[int]()

    def send(self, name: str) -> None:
        while name not in self.ids:
            headers = {"Idempotency-Key": name}
            url = f"{self._stack.host.url}/api/meetings"
            try:
                answer = self._http.post(url, json=_request(name), headers=headers)
            except httpx.TransportError:
                time.sleep(0.2)
                continue
            self.answers[answer.status_code] += 1
            if answer.status_code in {200, 202}:
                self.ids[name] = answer.json()["id"]
            else:
                assert answer.status_code == 503, answer.text
                time.sleep(0.5)

    def send_all(self, kind: str) -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(self.send, [f"{kind}-{number}" for number in range(REQUESTS)]))

    def end_of(self, meeting_id: str) -> str | None:
        """Return how a meeting ended, None as long as it has not."""
        answer = self._http.get(f"{self._stack.host.url}/api/meetings/{meeting_id}")
        return answer.json()["status"] if answer.status_code == 200 else None


@contextmanager
def _frozen(child: Child) -> Generator[None]:
    """Freeze a process and what it has started: it takes connections and answers nothing."""
    parent = psutil.Process(child.process.pid)
    processes = [parent, *parent.children(recursive=True)]
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            process.resume()


@pytest.mark.timeout(500)
def test_each_request_becomes_one_meeting_that_is_reported_once() -> None:
    """Killed twice between acceptance and creation, with a storage and then a Graph that freeze."""
    with running_stack(os.environ | SETTINGS, host_options=OPTIONS) as stack:
        caller = _Caller(stack)
        for kind in ("first-death", "second-death"):
            caller.send_all(kind)
            stack.host.kill()
            asyncio.run(expire_claims(stack.connection_string))
            stack.start_host()
        sender = threading.Thread(target=caller.send_all, args=("frozen-storage",))
        with _frozen(stack.storage):
            sender.start()
            time.sleep(STORAGE_FROZEN_SECONDS)
        sender.join()
        with _frozen(stack.graph):
            caller.send_all("frozen-graph")
            time.sleep(GRAPH_FROZEN_SECONDS)
        assert caller.answers[503], "the storage was not frozen"
        assert len(caller.ids) == 4 * REQUESTS
        ends = Counter(until(partial(caller.end_of, meeting_id)) for meeting_id in caller.ids.values())
        state = httpx.get(f"{stack.graph.url}/_tenant/state", timeout=60).json()
    assert ends == {"succeeded": len(caller.ids)}
    made = [event for mailbox in state["mailboxes"].values() for event in mailbox["events"] if event["transactionId"]]
    assert sorted(event["transactionId"] for event in made) == sorted(caller.ids.values())
    invited = Counter((mail["eventId"], str(mail["to"])) for mail in state["sentMail"])
    assert set(invited.values()) == {1}
    assert len(invited) == len(made)
