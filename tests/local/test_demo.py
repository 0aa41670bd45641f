"""`make demo`, as a person sees it in a terminal of 80 columns."""

import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from local import demo

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_story() -> None:
    """It ends well, its lines fit, each link is whole on a line of its own, and each promise is shown."""
    done = subprocess.run(
        [sys.executable, "-m", "local", "demo"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=150
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    links = [line for line in lines if line.startswith("https://")]
    assert len(links) == len(set(links)) == 3
    assert all(link.startswith("https://teams.microsoft.com/l/meetup-join/") and " " not in link for link in links)
    assert max(len(line) for line in lines if line not in links) <= 80
    told = "\n".join(lines)
    for promise in (
        "the same meeting; the calendar has one event",
        "New-CsApplicationAccessPolicy",
        "noticed: start, end changed",
        "the join link is the same",
        "cancelled, organizer MeganB@contoso.com",
        "http://127.0.0.1:7071/api/console",
    ):
        assert promise in told


def test_a_surprise_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that ends differently ends the story, and the demo with it."""

    def fail(_: object) -> None:
        raise demo._Surprise("the key made a second meeting")

    class Stack:
        class host:  # noqa: N801 - stands for an attribute
            url = "http://127.0.0.1:9"

    monkeypatch.setattr(demo._Story, "play", fail)
    console = Console(record=True, quiet=False, file=sys.stderr)
    assert demo.show(Stack(), console) == 1  # pyright: ignore[reportArgumentType]
    assert "the key made a second meeting" in console.export_text()
