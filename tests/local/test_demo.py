"""`make demo`, as a person sees it in a terminal of 80 columns."""

import io
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from rich.console import Console

from local import demo
from local.demo_client import Surprise
from local.processes import running_stack
from tests.integration.claims import expiring_claims

LINK = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0?context=" + 150 * "y"
_ESCAPES = re.compile(r"\x1b(\[[0-9;]*m|\]8;[^\x1b]*\x1b\\)")


@pytest.mark.slow
def test_the_story() -> None:
    """It ends well, its lines fit, each link is whole on a line of its own, and each promise is shown.

    The claims of the killed host end early, or the test would take the minute that a person waits.
    """
    shown = io.StringIO()
    with running_stack() as stack, expiring_claims(stack.connection_string, timedelta(seconds=5)):
        code = demo.show(stack, Console(file=shown, width=80, highlight=False))
    told = shown.getvalue()
    assert code == 0, told
    assert "\x1b" not in told
    lines = told.splitlines()
    links = [line for line in lines if line.startswith("https://")]
    assert len(links) == len(set(links)) == 3
    assert all(link.startswith("https://teams.microsoft.com/l/meetup-join/") and " " not in link for link in links)
    assert max(len(line) for line in lines if line not in links) <= 80
    for promise in (
        "the same meeting; the calendar has one event",
        "killed; it had accepted 12",
        "New-CsApplicationAccessPolicy",
        "the event meeting.changed arrives",
        "start and end changed",
        "the join link is the same",
        "cancelled, organizer MeganB@contoso.com",
        "12 requests, 12 meetings, 12 invitations",
        "none lost, none made twice",
    ):
        assert promise in told


class Caller:
    """A caller for whom each meeting succeeds with a link."""

    def create(self, _request: object, key: str | None = None) -> str:
        return f"meeting-{key}"

    def finished(self, meeting_id: str) -> dict[str, Any]:
        return {
            "id": meeting_id,
            "status": "succeeded",
            "organizer": "AlexW@contoso.com",
            "joinUrl": LINK,
            "error": None,
        }


def shown(console: Console, step: Callable[[demo._Story], object]) -> str:
    """Return what a step of the story writes, escape sequences included."""
    step(demo._Story(Caller(), console))  # pyright: ignore[reportArgumentType]
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_link_can_be_clicked_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a hyperlink (OSC 8) whose text is whole, and the state has a colour; with NO_COLOR it has none."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = Console(file=io.StringIO(), width=80, force_terminal=True, color_system="standard")
    text = shown(terminal, lambda story: story._created_over_http())
    assert re.search(r"\x1b\]8;[^;]*;" + re.escape(LINK), text)
    assert LINK in _ESCAPES.sub("", text).splitlines()
    assert "\x1b[32m" in text
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Console(file=io.StringIO(), width=80, force_terminal=True, color_system="standard")
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", shown(plain, lambda story: story._created_over_http()))


def test_a_surprise_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that ends differently ends the story, and the demo with it."""

    def fail(_: object) -> None:
        raise Surprise("the key made a second meeting")

    class Stack:
        class host:  # noqa: N801 - stands for an attribute
            url = "http://127.0.0.1:9"

        graph = host

    monkeypatch.setattr(demo._Story, "play", fail)
    console = Console(file=io.StringIO(), width=80)
    assert demo.show(Stack(), console) == 1  # pyright: ignore[reportArgumentType]
    assert isinstance(console.file, io.StringIO)
    assert "the key made a second meeting" in console.file.getvalue()


def test_it_ends_with_what_to_try_next(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """After a story that ended well; after another one it only says by its exit code that something is wrong."""

    @contextmanager
    def no_stack() -> Generator[None]:
        yield

    monkeypatch.setattr(demo, "running_stack", no_stack)
    for code in (0, 1):

        def show(_stack: object, _console: Console, code: int = code) -> int:
            return code

        monkeypatch.setattr(demo, "show", show)
        assert demo.main() == code
        told = capsys.readouterr().out
        for next_step in ("make start", "http://127.0.0.1:7071/api/console", "http://127.0.0.1:7071/api/docs"):
            assert (next_step in told) is (code == 0)
        assert all(len(line) <= 80 for line in told.splitlines())
