"""`make demo`: what Convene does, as a story on a separate local stack."""

import sys
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from rich.console import Console
from rich.text import Text

from local.demo_client import Client, Surprise, calendar_request, standalone_request, until
from local.processes import ChildError, Stack, running_stack

_WIDTH = 80
_INDENT = " " * 9
_COLOURS = {"succeeded": "green", "failed": "red", "cancelled": "yellow"}
_WARD = ("AlexW", "MeganB", "LidiaH", "NestorW")
_ROUNDS = 12


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
        _say_what_next(console)
    return code


def show(stack: Stack, console: Console) -> int:
    """Play the story on a running stack; return the exit code."""
    with Client(stack) as client:
        try:
            _Story(client, console).play()
        except Surprise as surprise:
            console.print(f"\nThis should not have happened: {surprise}", style="bold red")
            return 1
    return 0


class _Story:
    def __init__(self, client: Client, console: Console) -> None:
        self._client = client
        self._console = console
        self._started = time.monotonic()

    def play(self) -> None:
        """Show each step and its result.

        Raises:
            Surprise: a step ended differently.
        """
        self._say("It takes a little more than a minute.", "dim")
        self._say("The links look like Teams' own. They are made up, and lead nowhere.", "dim")
        visit = self._created_over_http()
        self._created_once(visit)
        hotline = self._standalone()
        self._through_the_queue()
        rounds = self._killed()
        self._refused()
        self._moved_in_outlook(visit)
        self._changed(visit)
        self._cancelled(hotline)
        self._nothing_lost(rounds)

    def _created_over_http(self) -> dict[str, Any]:
        self._step("A calendar event with an online meeting, over HTTP")
        return self._finished(self._client.create(calendar_request("Video visit"), key="visit-4711"))

    def _created_once(self, visit: Mapping[str, Any]) -> None:
        self._step("The same request again, with the same Idempotency-Key")
        again = self._client.create(calendar_request("Video visit"), key="visit-4711")
        _expect(again == visit["id"], "the key made a second meeting")
        _expect(len(self._client.events([again])) == 1, "the calendar has not exactly one event")
        self._say("the same meeting; the calendar has one event", "green")

    def _standalone(self) -> dict[str, Any]:
        self._step("A meeting outside calendars, with a passcode")
        return self._finished(self._client.create(standalone_request("MeganB@contoso.com")))

    def _through_the_queue(self) -> None:
        self._step("A calendar event, requested by a message on a queue")
        self._finished(self._client.enqueue(calendar_request("Oncology board")))

    def _killed(self) -> Sequence[str]:
        """Kill the host while it works; return the ids of the requested meetings."""
        self._step(f"{_ROUNDS} requests; the host is killed (SIGKILL) while it works on them")
        self._client.slow_down_graph(0.2)
        organizers = (f"{_WARD[number % len(_WARD)]}@contoso.com" for number in range(_ROUNDS))
        requests = (calendar_request(f"Ward round {number}", each) for number, each in enumerate(organizers, 1))
        rounds = [self._client.create(request) for request in requests]
        until(lambda: self._client.events(rounds), "the host made no event")
        self._client.kill_host()
        made = len(self._client.events(rounds))
        self._say(f"killed; it had accepted {_ROUNDS}, of which {made} had an event", "red")
        self._client.slow_down_graph(0)
        self._client.start_host()
        self._say("a new host runs; the story continues while it catches up")
        return rounds

    def _refused(self) -> None:
        self._step("An organizer who lacks a policy")
        meeting = self._finished(self._client.create(standalone_request("NoPolicy@contoso.com")), "failed")
        self._say(meeting["error"]["message"])
        self._say(meeting["error"]["remedy"], "cyan")

    def _moved_in_outlook(self, visit: Mapping[str, Any]) -> None:
        self._step("The organizer moves the first meeting in Outlook")
        [event] = self._client.events([visit["id"]])
        self._client.move(event, timedelta(hours=1))
        self._client.refresh(visit["id"])
        observed = self._client.result("meeting.changed", visit["id"])["data"]["observed"]
        self._say("the event meeting.changed arrives on the queue meeting-results:", "green")
        self._say(f"{' and '.join(observed['changes'])} changed, now {observed['start']['dateTime'][:16]}")

    def _changed(self, visit: Mapping[str, Any]) -> None:
        self._step("A new subject for it")
        self._client.change(visit["id"], {"subject": "Video visit, with a new subject"})
        changed = self._finished(visit["id"], link=False)
        _expect(changed["joinUrl"] == visit["joinUrl"], "the join link is another")
        self._say("the join link is the same", "green")

    def _cancelled(self, meeting: Mapping[str, Any]) -> None:
        self._step("A cancellation")
        self._client.cancel(meeting["id"], "No longer needed.")
        self._finished(meeting["id"], "cancelled", link=False)

    def _nothing_lost(self, rounds: Sequence[str]) -> None:
        self._step("The requests that the killed host worked on")
        self._say("Its claims end after a minute. Then the new host reads what Graph has, and creates what is missing.")
        with self._console.status("", spinner_style="dim") as status:

            def all_succeeded() -> bool:
                meetings = [self._client.finished(each) for each in rounds]
                done = sum(meeting is not None and meeting["status"] == "succeeded" for meeting in meetings)
                status.update(Text(f"{done} of {_ROUNDS} meetings", "dim"))
                return done == _ROUNDS

            until(all_succeeded, "a meeting of the killed host did not succeed", seconds=1)
        events = self._client.events(rounds)
        _expect(len(events) == _ROUNDS, f"{_ROUNDS} requests made {len(events)} events")
        invitations = self._client.invitations(events)
        _expect(invitations == _ROUNDS, f"{_ROUNDS} requests sent {invitations} invitations")
        self._step(f"{_ROUNDS} requests, {_ROUNDS} meetings, {_ROUNDS} invitations")
        self._say("none lost, none made twice", "green")

    def _step(self, text: str) -> None:
        self._console.print(f"\n{time.monotonic() - self._started:5.1f} s  {text}", style="bold")

    def _say(self, text: str, style: str = "") -> None:
        for line in Text(text, style).wrap(self._console, _WIDTH - len(_INDENT)):
            line.rstrip()
            self._console.print(Text(_INDENT) + line)

    def _finished(self, meeting_id: str, status: str = "succeeded", *, link: bool = True) -> dict[str, Any]:
        """Wait until a meeting is finished, show it, and return it."""
        meeting = until(lambda: self._client.finished(meeting_id), "a meeting is not finished")
        self._say(f"{meeting['status']}, organizer {meeting['organizer']}", _COLOURS.get(meeting["status"], ""))
        _expect(meeting["status"] == status, f"it should be {status}: {meeting['error']}")
        if link and meeting["joinUrl"]:
            # On one line: nobody can click or copy a broken link.
            self._console.print(Text(meeting["joinUrl"], f"link {meeting['joinUrl']}"), soft_wrap=True)
        return meeting


def _say_what_next(console: Console) -> None:
    console.print("\nEverything is stopped. Next:", style="bold")
    console.print("  make start    the same stack, until Ctrl-C; then open")
    for page in ("http://127.0.0.1:7071/api/console", "http://127.0.0.1:7071/api/docs", "http://127.0.0.1:7072/"):
        console.print(f"                {page}")
    console.print("  README.md     your own first call, and further pages")


def _expect(holds: bool, surprise: str) -> None:  # noqa: FBT001 - reads as an assertion
    if not holds:
        raise Surprise(surprise)
