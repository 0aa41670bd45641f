"""Receives result events from the queue `meeting-results`: `python take_results.py`, as a service would, until Ctrl-C.

Needs `azure-storage-queue` and `azure-identity`, and either `MEETING_STORAGE` (a connection string, for the emulator)
or `MEETING_QUEUES` (https://ACCOUNT.queue.core.windows.net) and a sign-in with the role Storage Queue Data Message
Processor on the queue. An event may come more than once: its `id` says which were seen.

Locally, `MEETING_STORAGE` is the line `storage` that `make start` prints:
`MEETING_STORAGE='...' .venv/bin/python docs/recipes/take_results.py`.
"""

import contextlib
import json
import os
import sys
import time
from typing import Any

from azure.identity import DefaultAzureCredential
from azure.storage.queue import QueueClient

QUEUE = "meeting-results"


def open_queue() -> QueueClient:
    """Return the result queue.

    Raises:
        SystemExit: neither variable is set.
    """
    if connection_string := os.environ.get("MEETING_STORAGE"):
        return QueueClient.from_connection_string(connection_string, QUEUE)
    if account := os.environ.get("MEETING_QUEUES"):
        return QueueClient(account, QUEUE, credential=DefaultAzureCredential())
    sys.exit("Set MEETING_QUEUES to https://ACCOUNT.queue.core.windows.net, or MEETING_STORAGE to a connection string.")


def handle(event: dict[str, Any]) -> None:
    """Do what your system does with a result; here, print it."""
    meeting = event["data"]
    print(event["type"], meeting["reference"], meeting["joinUrl"] or (meeting["error"] or {}).get("code"), flush=True)


def main() -> None:
    """Handle each event, and delete its message afterwards: a message that fails in between is delivered again."""
    seen: set[str] = set()  # a service keeps these in its database
    with open_queue() as queue:
        while True:
            for message in queue.receive_messages(max_messages=32, visibility_timeout=60):
                event = json.loads(message.content)
                if event["id"] not in seen:
                    handle(event)
                    seen.add(event["id"])
                queue.delete_message(message)
            time.sleep(2)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
