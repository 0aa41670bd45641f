"""Puts meeting requests on the queue, as another system does: `python send_request.py [--base64]`.

Needs `azure-storage-queue` and `azure-identity`, and either `MEETING_STORAGE` (a connection string, for the emulator)
or `MEETING_QUEUES` (https://ACCOUNT.queue.core.windows.net) and a sign-in with the role Storage Queue Data Message
Sender on the queue. The results come on the queue `meeting-results`; `reference` says which is whose.

Locally, `MEETING_STORAGE` is the line `storage` that `make start` prints:
`MEETING_STORAGE='...' .venv/bin/python docs/recipes/send_request.py`.
"""

import argparse
import json
import os
import sys
import uuid
from typing import Any

from azure.identity import DefaultAzureCredential
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

QUEUE = "meeting-requests"


def open_queue(*, base64: bool) -> QueueClient:
    """Return the request queue; Convene understands messages in base64 and plain ones."""
    options: dict[str, Any] = {"message_encode_policy": TextBase64EncodePolicy()} if base64 else {}
    if connection_string := os.environ.get("MEETING_STORAGE"):
        return QueueClient.from_connection_string(connection_string, QUEUE, **options)
    if account := os.environ.get("MEETING_QUEUES"):
        return QueueClient(account, QUEUE, credential=DefaultAzureCredential(), **options)
    sys.exit("Set MEETING_QUEUES to https://ACCOUNT.queue.core.windows.net, or MEETING_STORAGE to a connection string.")


def meeting_request(reference: str) -> dict[str, object]:
    """Return a request; with its key it creates one meeting, however often it is sent."""
    return {
        "idempotencyKey": reference,
        "reference": reference,
        "organizer": "AlexW@contoso.com",
        "subject": "Job interview",
        "start": {"dateTime": "2027-01-20T13:00:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2027-01-20T14:00:00", "timeZone": "Europe/Berlin"},
        "attendees": [{"emailAddress": {"address": "AdeleV@contoso.com", "name": "Adele Vance"}, "type": "required"}],
    }


def cloud_event(reference: str) -> dict[str, object]:
    """Return the same request as a CloudEvents 1.0 event; source and id together are the key."""
    request = {name: value for name, value in meeting_request(reference).items() if name != "idempotencyKey"}
    return {
        "specversion": "1.0",
        "type": "meeting.requested",
        "source": "/recruiting",
        "id": reference,
        "datacontenttype": "application/json",
        "data": request,
    }


def main() -> None:
    """Send one request plain, and one as an event."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base64", action="store_true", help="encode the messages")
    options = parser.parse_args()
    with open_queue(base64=options.base64) as queue:
        for make in (meeting_request, cloud_event):
            reference = f"interview-{uuid.uuid4()}"
            # A message that never expires, because the queue's default is seven days.
            queue.send_message(json.dumps(make(reference)), time_to_live=-1)
            print(reference)


if __name__ == "__main__":
    main()
