"""The KQL of alerts and workbook, run over what the app really logs."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import duckdb_kql
import pytest

from tests.app_fixture import World
from tests.examples import CALENDAR

ROOT = Path(__file__).parents[2]
QUERIES = {path.stem: path for path in (ROOT / "infra/queries").glob("*.kql")}


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "shared")


class Workspace:
    """A Log Analytics workspace with the table that the Functions host writes the app's log to."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC).replace(tzinfo=None)
        self.connection = duckdb.connect()
        self.connection.execute("create table AppTraces (TimeGenerated timestamp, Message varchar)")

    def write(self, messages: list[str], minutes_ago: float = 0) -> None:
        when = self.now - timedelta(minutes=minutes_ago)
        for message in messages:
            self.connection.execute("insert into AppTraces values (?, ?)", [when, message])

    def ask(self, name: str) -> list[dict[str, Any]]:
        answer = duckdb_kql.kql(self.connection, QUERIES[name].read_text(), query_now=self.now)
        return [dict(zip(answer.columns, row, strict=True)) for row in answer.fetchall()]


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    workspace = Workspace()
    yield workspace
    workspace.connection.close()


@pytest.mark.parametrize("name", QUERIES)
def test_the_app_logs_every_event_that_a_query_names(name: str) -> None:
    """An event that is renamed in the code would silence an alert: each is found in a log call of shared/."""
    named = set(re.findall(r'startswith "((?:\w+\.)\w*)', QUERIES[name].read_text()))
    listed = re.findall(r"event !?in \(([^)]*)\)", QUERIES[name].read_text())
    named |= {f"meeting.{word}" for words in listed for word in re.findall(r"\w+", words)} - {"meeting."}
    assert named
    calls = "\n".join(path.read_text() for path in (ROOT / "shared").rglob("*.py"))
    logged = set(re.findall(r'_logger\.\w+\(\s*"([\w.%]+)', calls))
    ends = {"meeting.succeeded", "meeting.failed", "meeting.cancelled"} if "meeting.%s" in logged else set[str]()
    assert {event for event in named if event != "meeting."} <= logged | ends


def test_every_query_is_used() -> None:
    """A file that no template loads would be dead."""
    templates = "".join(path.read_text() for path in (ROOT / "infra/app").glob("*.bicep"))
    assert set(re.findall(r"loadTextContent\('\.\./queries/([\w-]+)\.kql'\)", templates)) == set(QUERIES)


async def test_a_meeting_that_succeeds(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    """It counts as an outcome with its latency and its one attempt, and no alert has a reason."""
    world = World()
    await world.accept(CALENDAR)
    workspace.write([record.getMessage() for record in caplog.records], minutes_ago=50)
    caplog.clear()
    await world.settle()
    workspace.write([record.getMessage() for record in caplog.records], minutes_ago=49)
    assert [(row["outcome"], row["meetings"]) for row in workspace.ask("outcomes")] == [("succeeded", 1)]
    assert [(row["p50"], row["p99"]) for row in workspace.ask("latency")] == [(60, 60)]
    assert workspace.ask("attempts") == [{"attempts": 1, "meetings": 1}]
    assert workspace.ask("pending") == []
    assert not [row for row in workspace.ask("alert-pending") if row["value"]]


async def test_a_meeting_that_waits(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    """A throttled meeting is pending with its reason, and the alert's figure is its age in minutes."""
    world = World()
    meeting = await world.accept(CALENDAR)
    world.fault({"path": "/events", "action": {"status": 429, "retryAfter": "60"}})
    await world.deliver()
    workspace.write([record.getMessage() for record in caplog.records], minutes_ago=45)
    [row] = workspace.ask("pending")
    assert (row["id"], row["minutes"]) == (meeting.id, 45)
    assert workspace.ask("alert-pending") == [{"value": 45}]
    assert [(row["status"], row["answers"]) for row in workspace.ask("throttling")] == [("429", 1)]


async def test_meetings_that_fail(workspace: Workspace) -> None:
    """The rate counts what ended; four ends are too few for one."""
    lost = [f"meeting.failed 0a{digit} mailboxAccessDenied" for digit in range(3)]
    workspace.write([*lost, "meeting.succeeded 0b1 "])
    assert workspace.ask("alert-failures") == []
    workspace.write(["meeting.refused 0c1: invalidRequest", "meeting.cancelled 0d1 "])
    assert workspace.ask("alert-failures") == [{"value": 80}]
    assert {row["code"]: row["meetings"] for row in workspace.ask("failures")} == {
        "mailboxAccessDenied": 3,
        "invalidRequest": 1,
    }


async def test_what_lies_in_the_poison_queue(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    """The upkeep tells of a message that was set aside, recorded or not, until somebody takes it away."""
    world = World()
    await world.app.upkeep.run()
    workspace.write([record.getMessage() for record in caplog.records])
    assert workspace.ask("alert-poison") == [{"value": 0}]
    await world.poison.send("anything")
    await world.app.crashes.run()
    world.clock.advance(minutes=3)
    caplog.clear()
    await world.app.upkeep.run()
    workspace.write([record.getMessage() for record in caplog.records])
    assert workspace.ask("alert-poison") == [{"value": 1}]
    assert [row["poisonSeconds"] for row in workspace.ask("upkeep")] == [180]


async def test_a_crash(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    """A meeting that crashed the app is one reason more, and a failure with its code."""
    world = World()
    meeting = await world.accept(CALENDAR)
    await world.app.crashes.record(f'{{"meeting": "{meeting.id}"}}', None)
    workspace.write([record.getMessage() for record in caplog.records])
    assert workspace.ask("alert-poison") == [{"value": 1}]
    assert [row["code"] for row in workspace.ask("failures")] == ["crashed"]
