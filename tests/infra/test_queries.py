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
        self.connection.execute(
            "create table AppTraces (TimeGenerated timestamp, Message varchar, AppRoleInstance varchar)"
        )
        self.connection.execute("create table AppRequests (TimeGenerated timestamp, ResultCode varchar)")
        self.connection.execute("create table AppAvailabilityResults (TimeGenerated timestamp, Success boolean)")

    def write(self, messages: list[str], minutes_ago: float = 0, instance: str = "one") -> None:
        when = self.now - timedelta(minutes=minutes_ago)
        for message in messages:
            self.connection.execute("insert into AppTraces values (?, ?, ?)", [when, message, instance])

    def answer(self, *statuses: str) -> None:
        """Note answers of the app's HTTP triggers."""
        for status in statuses:
            self.connection.execute("insert into AppRequests values (?, ?)", [self.now, status])

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
    """An event that is renamed in the code would silence an alert: each is found in a log call of the app."""
    named = set(re.findall(r'startswith "((?:\w+\.)\w*)', QUERIES[name].read_text()))
    listed = re.findall(r"event !?in \(([^)]*)\)", QUERIES[name].read_text())
    named |= {f"meeting.{word}" for words in listed for word in re.findall(r"\w+", words)} - {"meeting."}
    assert named or "AppTraces" not in QUERIES[name].read_text()
    calls = "\n".join(path.read_text() for folder in ("shared", "functions") for path in (ROOT / folder).rglob("*.py"))
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
    assert workspace.ask("throttled") == []


async def test_an_end_that_the_host_did_not_log(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    """The message about a finished meeting says how it ended: once for each meeting, whatever else was logged."""
    world = World()
    meeting = await world.accept(CALENDAR)
    workspace.write(caplog.messages, minutes_ago=50)
    late = world.requests.take()
    await world.app.message_handler.handle(late[0], None)
    ended = [message for message in caplog.messages if message.startswith("meeting.succeeded ")]
    caplog.clear()
    for _ in range(2):
        await world.app.message_handler.handle(late[0], None)
    assert [message.strip() for message in caplog.messages] == [f"meeting.ended {meeting.id} succeeded"] * 2
    workspace.write(caplog.messages, minutes_ago=40)
    assert [(row["outcome"], row["meetings"]) for row in workspace.ask("outcomes")] == [("succeeded", 1)]
    assert [row["p50"] for row in workspace.ask("latency")] == [600]
    assert workspace.ask("pending") == []
    workspace.write(ended, minutes_ago=45)
    assert [(row["outcome"], row["meetings"]) for row in workspace.ask("outcomes")] == [("succeeded", 1)]


async def test_the_age_of_a_pending_meeting_is_the_ledgers(
    workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    """The alert's figure, in minutes, comes from the upkeep, and so from no line that the host may drop."""
    world = World()
    await world.accept(CALENDAR)
    world.requests.take()
    caplog.clear()
    world.clock.advance(minutes=45)
    await world.app.upkeep.run()
    workspace.write(caplog.messages)
    assert workspace.ask("alert-pending") == [{"value": 45}]
    [status] = workspace.ask("status")
    assert (status["minutesAgo"], status["pendingMinutes"], status["poisonMinutes"]) == (0, 45, 0)


async def test_a_meeting_that_waits(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    """A throttled meeting is pending with its reason, and among those that Graph throttles."""
    world = World()
    meeting = await world.accept(CALENDAR)
    world.fault({"path": "/events", "action": {"status": 429, "retryAfter": "60"}})
    await world.deliver()
    workspace.write([record.getMessage() for record in caplog.records], minutes_ago=45)
    [row] = workspace.ask("pending")
    assert (row["id"], row["minutes"]) == (meeting.id, 45)
    assert [(row["id"], row["waits"]) for row in workspace.ask("throttled")] == [(meeting.id, 1)]
    assert [(row["status"], row["answers"]) for row in workspace.ask("throttling")] == [("429", 1)]


async def test_meetings_that_fail(workspace: Workspace) -> None:
    """The rate counts what ended; four ends are too few for one."""
    lost = [f"meeting.failed 0a{digit} mailboxAccessDenied" for digit in range(3)]
    workspace.write([*lost, "meeting.succeeded 0b1 "])
    assert workspace.ask("alert-failures") == []
    workspace.write(["meeting.refused 0c1: invalidRequest", "meeting.cancelled 0d1 ", "meeting.ended 0d1 cancelled "])
    assert workspace.ask("alert-failures") == [{"value": 80}]
    workspace.write(["meeting.ended 0a1 failed mailboxAccessDenied", "meeting.ended 0b1 succeeded "])
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
    await world.app.crash_recorder.run()
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
    await world.app.crash_recorder.record(f'{{"meeting": "{meeting.id}"}}', None)
    workspace.write([record.getMessage() for record in caplog.records])
    assert workspace.ask("alert-poison") == [{"value": 1}]
    assert [row["code"] for row in workspace.ask("failures")] == ["crashed"]


async def test_silence(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    """Without a run of the upkeep the heartbeat's figure is zero, which is below its threshold."""
    assert workspace.ask("alert-heartbeat") == [{"value": 0}]
    await World().app.upkeep.run()
    workspace.write(caplog.messages)
    assert workspace.ask("alert-heartbeat") == [{"value": 1}]


async def test_results_that_nobody_takes(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    """Their number, and the age of the oldest in hours."""
    world = World()
    for _ in range(3):
        await world.made(CALENDAR)
    world.clock.advance(hours=30)
    caplog.clear()
    await world.app.queue_upkeep.run()
    workspace.write(caplog.messages)
    assert workspace.ask("alert-results-length") == [{"value": 3}]
    assert workspace.ask("alert-results-age") == [{"value": 30}]


async def test_a_queue_that_was_missing(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    """Created again or not, somebody is called."""
    world = World()
    world.poison.missing = world.results.missing = world.results.fixed = True
    await world.app.queue_upkeep.run()
    workspace.write(caplog.messages)
    assert workspace.ask("alert-queues") == [{"value": 2}]


async def test_what_does_not_answer(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    """Each time that Graph or storage did not answer counts."""
    world = World()
    world.table.broken = True
    world.fault({"path": "/users", "action": {"status": 503}})
    await world.app.health.examine()
    workspace.write(caplog.messages)
    assert workspace.ask("alert-unreachable") == [{"value": 2}]


def test_wrong_settings(workspace: Workspace) -> None:
    """The line that names them is an alert."""
    assert workspace.ask("alert-settings") == [{"value": 0}]
    workspace.write(["settings.wrong Convene cannot start, its settings are wrong: GIVE_UP_AFTER is ..."])
    assert workspace.ask("alert-settings") == [{"value": 1}]


def test_answers_of_the_class_5xx(workspace: Workspace) -> None:
    """The host's own are among them; what callers did wrong is not."""
    workspace.answer("200", "404", "429", "500", "503")
    assert workspace.ask("alert-errors") == [{"value": 2}]


def test_a_host_that_restarts(workspace: Workspace) -> None:
    """Instances that are added start once each; one that starts again and again is counted, and so is a host's end."""
    for instance in ("one", "two", "three"):
        workspace.write(["app.started 0.1.0"], instance=instance)
    assert workspace.ask("alert-restarts") == [{"value": 0}]
    workspace.write(["app.started 0.1.0"] * 2, instance="two")
    workspace.write(["An unhandled exception has occurred. Host is shutting down."], instance="three")
    assert workspace.ask("alert-restarts") == [{"value": 3}]


def test_what_was_answered_from_outside(workspace: Workspace) -> None:
    """Per cent of the questions of the availability test."""
    for success in (True, True, True, False):
        workspace.connection.execute("insert into AppAvailabilityResults values (?, ?)", [workspace.now, success])
    assert [row["answered"] for row in workspace.ask("availability")] == [75]
