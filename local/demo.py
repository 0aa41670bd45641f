"""`make demo`: what Convene is for, as a story on a local stack of its own."""

import json
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from azure.storage.queue import QueueClient
from rich.console import Console
from rich.text import Text

from local.processes import ChildError, Stack, running_stack

_PATIENCE_SECONDS = 60.0
_PENDING = 202
_WIDTH = 80
_COLOURS = {"succeeded": "green", "failed": "red", "cancelled": "yellow"}


class _Surprise(Exception):  # noqa: N818 - what happened is not what the story says
    """A step ended differently than it should."""


def main() -> int:
    """Show the story once; return the exit code."""
    console = Console(width=_WIDTH, highlight=False)
    console.print("Starting storage, a Graph stand-in and the Functions host ...", style="dim")
    try:
        with running_stack() as stack:
            code = show(stack, console)
    except ChildError as error:
        print(error, file=sys.stderr)
        return 1
    if code == 0:
        console.print("\nEverything is stopped. Next:", style="bold")
        console.print("  make start    the same stack, until Ctrl-C; then open")
        for page in ("http://127.0.0.1:7071/api/console", "http://127.0.0.1:7071/api/docs", "http://127.0.0.1:7072/"):
            console.print(f"                {page}")
        console.print("  README.md     the first call of your own, and where to read on")
    return code


def show(stack: Stack, console: Console) -> int:
    """Play the story on a stack that runs; return the exit code."""
    with httpx.Client(base_url=f"{stack.host.url}/api", timeout=30) as http:
        try:
            _Story(stack, console, http).play()
        except _Surprise as surprise:
            console.print(f"\nThis should not have happened: {surprise}", style="bold red")
            return 1
    return 0


class _Story:
    def __init__(self, stack: Stack, console: Console, http: httpx.Client) -> None:
        self._stack = stack
        self._console = console
        self._http = http
        self._started = time.monotonic()

    def play(self) -> None:
        """Show each step, and what came of it.

        Raises:
            _Surprise: a step ended differently.
        """
        self._say("The links look like Teams' own. They are made up, and lead nowhere.", "dim")
        visit = self._made_over_http()
        self._made_once(visit)
        hotline = self._standalone()
        self._through_the_queue()
        self._refused()
        self._moved_in_outlook(visit)
        self._changed(visit)
        self._cancelled(hotline)

    def _made_over_http(self) -> dict[str, Any]:
        self._step("A calendar event with an online meeting, over HTTP")
        return self._finished(self._post(_calendar_request(), key="visit-4711").headers["location"])

    def _made_once(self, visit: Mapping[str, Any]) -> None:
        self._step("The same request again, with the same Idempotency-Key")
        again = self._post(_calendar_request(), key="visit-4711")
        _expect(again.json()["id"] == visit["id"], "the key made a second meeting")
        _expect(len(self._events(visit["request"]["subject"])) == 1, "the calendar has not exactly one event")
        self._say("the same meeting; the calendar has one event", "green")

    def _standalone(self) -> dict[str, Any]:
        self._step("A meeting outside calendars, with a passcode")
        return self._finished(self._post(_standalone_request("MeganB@contoso.com")).headers["location"])

    def _through_the_queue(self) -> None:
        self._step("A calendar event, requested by a message on a queue")
        self._finished(self._enqueue(_calendar_request(reference="demo-queue")))

    def _refused(self) -> None:
        self._step("An organizer whom a policy is missing for")
        meeting = self._finished(self._post(_standalone_request("NoPolicy@contoso.com")).headers["location"], "failed")
        self._say(meeting["error"]["message"])
        self._say(meeting["error"]["remedy"], "cyan")

    def _moved_in_outlook(self, visit: Mapping[str, Any]) -> None:
        self._step("The organizer moves the first meeting in Outlook")
        [event] = self._events(visit["request"]["subject"])
        moved = {
            name: visit["request"][name] | {"dateTime": _later(visit["request"][name])} for name in ("start", "end")
        }
        url = f"{self._stack.graph.url}/_tenant/events/{event['immutableId']}"
        httpx.patch(url, json=moved, timeout=30).raise_for_status()
        observed = self._http.post(f"/meetings/{visit['id']}/refresh").raise_for_status().json()["observed"]
        _expect(observed["state"] == "changed", "the move was not noticed")
        self._say(
            f"noticed: {', '.join(observed['changes'])} changed, now {observed['start']['dateTime'][:16]}", "green"
        )

    def _changed(self, visit: Mapping[str, Any]) -> None:
        self._step("A new subject for it")
        path = f"/meetings/{visit['id']}"
        self._http.patch(path, json={"subject": "Video visit, with a new subject"}).raise_for_status()
        changed = self._finished(path, link=False)
        _expect(changed["joinUrl"] == visit["joinUrl"], "the join link is another")
        self._say("the join link is the same", "green")

    def _cancelled(self, meeting: Mapping[str, Any]) -> None:
        self._step("A cancellation")
        path = f"/meetings/{meeting['id']}"
        self._http.request("DELETE", path, json={"comment": "No longer needed."}).raise_for_status()
        self._finished(path, "cancelled", link=False)

    def _step(self, text: str) -> None:
        self._console.print(f"\n{time.monotonic() - self._started:5.1f} s  {text}", style="bold")

    def _say(self, text: str, style: str = "") -> None:
        for line in Text(text, style).wrap(self._console, _WIDTH - 9):
            line.rstrip()
            self._console.print(Text(" " * 9) + line)

    def _finished(self, location: str, status: str = "succeeded", *, link: bool = True) -> dict[str, Any]:
        """Wait until a meeting is finished, show it, and return it."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while (answer := self._http.get(location).raise_for_status()).status_code == _PENDING:
            _expect(time.monotonic() < deadline, f"a meeting is not finished after {_PATIENCE_SECONDS:.0f} s")
            time.sleep(0.2)
        meeting = answer.json()
        self._say(f"{meeting['status']}, organizer {meeting['organizer']}", _COLOURS.get(meeting["status"], ""))
        _expect(meeting["status"] == status, f"it should be {status}: {meeting['error']}")
        if link and meeting["joinUrl"]:
            # Whole, on a line of its own: a broken link cannot be clicked or copied.
            self._console.print(Text(meeting["joinUrl"], f"link {meeting['joinUrl']}"), soft_wrap=True)
        return meeting

    def _post(self, request: Mapping[str, Any], key: str | None = None) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        return self._http.post("/meetings", json=dict(request), headers=headers).raise_for_status()

    def _enqueue(self, request: Mapping[str, Any]) -> str:
        """Put a request on the queue, and return where the meeting is once it is accepted."""
        name = self._stack.environment.get("REQUEST_QUEUE", "meeting-requests")
        with QueueClient.from_connection_string(self._stack.connection_string, name) as queue:
            queue.send_message(json.dumps(dict(request)))
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            answer = self._http.get("/meetings", params={"reference": request["reference"]}).raise_for_status()
            if found := answer.json()["meetings"]:
                return f"/meetings/{found[0]['id']}"
            time.sleep(0.2)
        raise ChildError(f"the message was not taken from the queue; the host says:\n{self._stack.host.output}")

    def _events(self, subject: str) -> list[dict[str, Any]]:
        """Return the events of a subject that lie in the first organizer's calendar."""
        state = httpx.get(f"{self._stack.graph.url}/_tenant/state", timeout=30).raise_for_status().json()
        events = state["mailboxes"]["AlexW@contoso.com"]["events"]
        return [event for event in events if event["subject"] == subject]


def _expect(holds: bool, surprise: str) -> None:  # noqa: FBT001 - reads as an assertion
    if not holds:
        raise _Surprise(surprise)


def _later(when: Mapping[str, str]) -> str:
    return (datetime.fromisoformat(when["dateTime"]) + timedelta(hours=1)).isoformat()


def _calendar_request(reference: str = "demo-http") -> dict[str, Any]:
    start = (datetime.now(UTC) + timedelta(days=7)).replace(hour=13, minute=0, second=0)
    return {
        "organizer": "AlexW@contoso.com",
        "reference": reference,
        "subject": "Video visit" if reference == "demo-http" else "Oncology board",
        "body": {"contentType": "html", "content": "Does this time work for you?"},
        "start": {"dateTime": f"{start:%Y-%m-%dT%H:%M:%S}", "timeZone": "Pacific Standard Time"},
        "end": {"dateTime": f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}", "timeZone": "Pacific Standard Time"},
        "attendees": [{"emailAddress": {"address": "AdeleV@contoso.com", "name": "Adele Vance"}, "type": "required"}],
    }


def _standalone_request(organizer: str) -> dict[str, Any]:
    return {
        "kind": "standalone",
        "organizer": organizer,
        "subject": "On-call hotline",
        "joinMeetingIdSettings": {"isPasscodeRequired": True},
    }
