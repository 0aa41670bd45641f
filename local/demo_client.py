"""The steps of `make demo`: those of a caller, of the organizer in Outlook, and failures."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

import httpx
from azure.storage.queue import QueueClient

from local.processes import Stack

_PATIENCE_SECONDS = 120.0  # the claim of a dead host holds for a minute
_PENDING = 202
_TIMEOUT = 30.0


class Surprise(Exception):  # noqa: N818 - what happened is not what the story says
    """A step ended differently than it should."""


class Client:
    """A caller of a stack; closes its connections at the end of a `with` block."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._app = httpx.Client(base_url=f"{stack.host.url}/api/", timeout=_TIMEOUT)
        self._tenant = httpx.Client(base_url=f"{stack.graph.url}/_tenant/", timeout=_TIMEOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        self._app.close()
        self._tenant.close()

    def create(self, request: Mapping[str, Any], key: str | None = None) -> str:
        """Request a meeting over HTTP; return its id."""
        headers = {"Idempotency-Key": key} if key else {}
        return self._app.post("meetings", json=dict(request), headers=headers).raise_for_status().json()["id"]

    def enqueue(self, request: Mapping[str, Any]) -> str:
        """Request a meeting by a message on the queue; return its id once it is accepted."""
        with self._queue(self._stack.environment.get("REQUEST_QUEUE", "meeting-requests")) as queue:
            queue.send_message(json.dumps(dict(request)))
        query = {"reference": request["reference"]}
        found = until(
            lambda: self._app.get("meetings", params=query).raise_for_status().json()["meetings"],
            "the message was not taken from the queue",
        )
        return found[0]["id"]

    def finished(self, meeting_id: str) -> dict[str, Any] | None:
        """Return a meeting, None while Convene works on it."""
        answer = self._app.get(f"meetings/{meeting_id}").raise_for_status()
        return None if answer.status_code == _PENDING else answer.json()

    def refresh(self, meeting_id: str) -> None:
        """Have Convene read the meeting from Graph."""
        self._app.post(f"meetings/{meeting_id}/refresh").raise_for_status()

    def change(self, meeting_id: str, patch: Mapping[str, Any]) -> None:
        """Change what is requested."""
        self._app.patch(f"meetings/{meeting_id}", json=dict(patch)).raise_for_status()

    def cancel(self, meeting_id: str, comment: str) -> None:
        """Cancel a meeting."""
        self._app.request("DELETE", f"meetings/{meeting_id}", json={"comment": comment}).raise_for_status()

    def result(self, event_type: str, meeting_id: str) -> dict[str, Any]:
        """Wait for an event of a meeting on the result queue, and return it; drop earlier messages."""
        with self._queue(self._stack.environment.get("RESULT_QUEUE", "meeting-results")) as queue:

            def take() -> dict[str, Any] | None:
                for message in queue.receive_messages():
                    event = json.loads(message.content)
                    queue.delete_message(message)
                    if (event["type"], event["subject"]) == (event_type, meeting_id):
                        return event
                return None

            return until(take, f"no event {event_type} was published")

    def events(self, meeting_ids: Sequence[str]) -> list[dict[str, Any]]:
        """Return the events of these meetings that are in the calendars of the tenant."""
        mailboxes = self._state()["mailboxes"].values()
        return [event for mailbox in mailboxes for event in mailbox["events"] if event["transactionId"] in meeting_ids]

    def invitations(self, events: Sequence[Mapping[str, Any]]) -> int:
        """Return how many mails these events sent."""
        ids = {event["id"] for event in events}
        return sum(mail["eventId"] in ids for mail in self._state()["sentMail"])

    def move(self, event: Mapping[str, Any], by: timedelta) -> None:
        """Move an event as its organizer does in Outlook."""
        moved = {name: event[name] | {"dateTime": _later(event[name], by)} for name in ("start", "end")}
        self._tenant.patch(f"events/{event['immutableId']}", json=moved).raise_for_status()

    def slow_down_graph(self, seconds: float) -> None:
        """Make each call to Graph take this long."""
        self._tenant.put("settings", json={"latencySeconds": seconds}).raise_for_status()

    def kill_host(self) -> None:
        """End the host by SIGKILL."""
        self._stack.host.kill()

    def start_host(self) -> None:
        """Start another host, and call it from then on."""
        self._stack.start_host()
        self._app.base_url = f"{self._stack.host.url}/api/"

    def _state(self) -> dict[str, Any]:
        return self._tenant.get("state").raise_for_status().json()

    def _queue(self, name: str) -> QueueClient:
        return QueueClient.from_connection_string(self._stack.connection_string, name)


def until[T](look: Callable[[], T | None], surprise: str, *, seconds: float = 0.1) -> T:
    """Call `look` every few seconds until it returns something, and return that.

    Raises:
        Surprise: it has returned nothing for two minutes.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise Surprise(f"{surprise} within {_PATIENCE_SECONDS:.0f} s")
        time.sleep(seconds)
    return seen


def calendar_request(subject: str, organizer: str = "AlexW@contoso.com") -> dict[str, Any]:
    """Return a request for an hour, a week from today; its subject is its reference as well."""
    start = (datetime.now(UTC) + timedelta(days=7)).replace(hour=13, minute=0, second=0)
    return {
        "organizer": organizer,
        "reference": subject,
        "subject": subject,
        "body": {"contentType": "html", "content": "Does this time work for you?"},
        "start": {"dateTime": f"{start:%Y-%m-%dT%H:%M:%S}", "timeZone": "Pacific Standard Time"},
        "end": {"dateTime": f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}", "timeZone": "Pacific Standard Time"},
        "attendees": [{"emailAddress": {"address": "AdeleV@contoso.com", "name": "Adele Vance"}, "type": "required"}],
    }


def standalone_request(organizer: str) -> dict[str, Any]:
    """Return a request for a meeting outside calendars."""
    return {
        "kind": "standalone",
        "organizer": organizer,
        "subject": "On-call hotline",
        "joinMeetingIdSettings": {"isPasscodeRequired": True},
    }


def _later(when: Mapping[str, str], by: timedelta) -> str:
    return (datetime.fromisoformat(when["dateTime"]) + by).isoformat()
