"""docs/operations.md: its tables are the code's, its figures are counted, its commands are there."""

import ast
import json
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
import typer.main
from hypothesis import given
from hypothesis import strategies as st

import shared.errors
from infra.cost import Figures, month, table
from shared.cli.__main__ import commands
from shared.errors import RejectedError
from shared.graph import error_translation as graph_errors
from shared.meeting import FAILURE_CODES, Meeting
from tests.app_fixture import World
from tests.examples import CALENDAR
from tests.openapi_documents import app_routes

import_module("function_app")  # registers every trigger

ROOT = Path(__file__).parents[2]
FIGURES = Figures()
PARAMETERS = json.loads((ROOT / "infra/main.parameters.json").read_text())["parameters"]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
_REJECTIONS = {
    name
    for module in (shared.errors, graph_errors)
    for name, each in vars(module).items()
    if isinstance(each, type) and issubclass(each, RejectedError)
}


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def codes_in(title: str) -> list[str]:
    """Return the codes in the first column of a section's table."""
    rows = re.findall(r"^\| (`[^|]+) \|", section(title), re.MULTILINE)
    return [code for row in rows for code in re.findall(r"`(\w+)`", row) if code != "code"]


def codes_of_meetings() -> set[str]:
    """Return every code that code of ours gives to the error of a meeting: refusals of Graph, and ends of our own."""
    return {code for path in (ROOT / "shared").rglob("*.py") for code in _codes_given(ast.parse(path.read_text()))}


def _codes_given(tree: ast.Module) -> Iterator[str]:
    names = _REJECTIONS | {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and any(name in ast.unparse(node.value) for name in _REJECTIONS)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if ast.unparse(node.func) in names and node.args and isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)
        if ast.unparse(node.func) == "MeetingError":
            yield from (
                str(keyword.value.value)
                for keyword in node.keywords
                if keyword.arg == "code" and isinstance(keyword.value, ast.Constant) and keyword.value.value
            )
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name in _REJECTIONS:
            found = re.findall(r"super\(\).__init__\('(\w+)'", ast.unparse(node))
            yield from found


def test_every_code_of_a_failed_meeting_is_explained() -> None:
    """Those that the code gives, those of the interface among them, and no other; docs/api.md has the same."""
    told = codes_in("Failed meetings")
    assert len(told) == len(set(told))
    assert set(told) == codes_of_meetings() == set(FAILURE_CODES)
    api = (ROOT / "docs" / "api.md").read_text(encoding="utf-8").split("## A meeting failed", 1)[1].split("\n##", 1)[0]
    rows = re.findall(r"^\| (`[^|]+) \|", api, re.MULTILINE)
    assert {code for row in rows for code in re.findall(r"`(\w+)`", row)} == set(told)


def test_every_code_of_a_refused_call_is_explained() -> None:
    """Those that the routes declare: in one of the two tables, with its status."""
    told = codes_in("Refused calls")
    declared = {problem.code: problem.status for route in app_routes() for problem in route.problems}
    assert len(told) == len(set(told))
    assert set(told) == declared.keys() - set(codes_in("Failed meetings"))
    for first, statuses in re.findall(r"^\| (`[^|]+) \| ([\d, ]+) \|", section("Refused calls"), re.MULTILINE):
        assert {declared[code] for code in re.findall(r"`(\w+)`", first)} == set(map(int, statuses.split(",")))


def test_every_alert_and_query_is_there() -> None:
    """By name; the alerts' own queries are their alerts'."""
    queries = {path.name for path in (ROOT / "infra/queries").glob("*.kql") if not path.name.startswith("alert-")}
    watch = section("What to watch")
    assert set(re.findall(r"^\| `(\w+\.kql)`", watch, re.MULTILINE)) == queries
    alerts = re.findall(r"^    name: '([\w-]+)'", (ROOT / "infra/app/alerts.bicep").read_text(), re.MULTILINE)
    table = watch.split("| alert (", 1)[1].split("\n\n", 1)[0]
    told = [name for row in table.splitlines() for name in re.findall(r"`([a-z-]+)`", row.split("|")[1])]
    assert sorted(told) == sorted([*alerts, "availability"])


def test_every_log_line_to_mend_is_there() -> None:
    """What the code logs as an error of its own or worse."""
    code = "\n".join(path.read_text() for folder in ("shared", "functions") for path in (ROOT / folder).rglob("*.py"))
    logged = set(re.findall(r'_logger\.(?:error|critical)\(\s*"([\w.]+)', code)) - {"meeting.crashed"}
    paragraph = re.search(r"^Log lines at .*$", PAGE, re.MULTILINE)
    assert paragraph
    assert set(re.findall(r"`(\w+\.\w+)`", paragraph[0])) == logged


class _Counted:
    """Operations on the storage of a world, since the last look."""

    def __init__(self, world: World) -> None:
        self._stores = (world.table, world.schedules_table, world.mailboxes_table, world.requests, world.results)
        self.seen = 0

    def take(self) -> int:
        before, self.seen = self.seen, sum(store.operations for store in self._stores)
        return self.seen - before


@pytest.mark.parametrize("how", ["over HTTP", "through the queue"])
async def test_what_a_meeting_costs(how: str) -> None:
    """The app's operations, a receipt and a deletion of the host's for each message, and the calls to Graph."""
    world = World()
    counted = _Counted(world)
    messages = 0
    if how == "over HTTP":
        await world.accept(CALENDAR)
    else:
        messages += 1
        await world.app.message_handler.handle(json.dumps(CALENDAR), "1")
    messages += await world.deliver()
    assert not world.requests.messages
    assert [event["type"] for event in world.results.events()] == ["meeting.succeeded"]
    row = re.search(rf"^\| {how} \| (\d+) \| (\d+).*? \| (\d+) \| (\d)", PAGE, re.MULTILINE)
    assert row
    assert (counted.take(), 2 * messages, len(world.tenant.requests)) == tuple(map(int, row.groups()[:3]))
    if how == "through the queue":
        assert (FIGURES.operations, FIGURES.host_operations) == (int(row[1]), 2 * messages + 1)
        assert FIGURES.executions == messages


async def test_what_a_wait_costs() -> None:
    """Once throttled, a meeting costs so many operations more, and another message's receipt and deletion."""
    world = World()
    counted = _Counted(world)
    world.fault({"path": "/events", "times": 1, "action": {"status": 429, "retryAfter": "20"}})
    await world.accept(CALENDAR)
    await world.deliver()
    world.clock.advance(seconds=30)
    await world.deliver()
    assert not world.requests.messages
    assert f"each wait for Graph adds {counted.take() - 9} operations, and 2 of the host." in PAGE


async def test_what_the_timers_cost() -> None:
    """With nothing to do; looks at a queue, by peek or by count, are counted by the queues' own clients."""
    world = World()
    counted = _Counted(world)
    await world.app.queue_upkeep.run()
    await world.app.upkeep.run()
    await world.app.health.examine()
    looks = {"counts": 3, "peeks of the upkeep": 2, "peek of the health": 1}
    upkeep = counted.take() + sum(looks.values())
    await world.app.schedule_run.run()
    schedules = counted.take()
    await world.app.watch.run()
    watch = counted.take()
    assert len(world.tenant.requests) == 1
    assert f"| a run of the upkeep with nothing to do | {upkeep} | some for the timer | 1 |" in PAGE
    reliability = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| a run of the upkeep .*? \| (\d+) operations", reliability, re.MULTILINE) == [f"{upkeep}"]
    assert f"| a run of the schedules with nothing due | {schedules} |" in PAGE
    assert f"| a run of the watch with nothing due | {watch} |" in PAGE
    assert [timer.operations for timer in (FIGURES.upkeep, FIGURES.schedules, FIGURES.watch)] == [
        upkeep,
        schedules,
        watch,
    ]


async def test_what_is_logged_of_a_meeting(caplog: pytest.LogCaptureFixture) -> None:
    """The lines of the app that the cost table counts, of a meeting and of a run of the timers."""
    caplog.set_level("INFO", "shared")
    world = World()
    await world.app.message_handler.handle(json.dumps(CALENDAR), "1")
    await world.deliver()
    assert len(caplog.messages) == FIGURES.lines
    caplog.clear()
    await world.app.queue_upkeep.run()
    await world.app.upkeep.run()
    await world.app.health.examine()
    assert len(caplog.messages) == FIGURES.upkeep.lines
    caplog.clear()
    await world.app.schedule_run.run()
    assert len(caplog.messages) == FIGURES.schedules.lines
    caplog.clear()
    await world.app.watch.run()
    assert len(caplog.messages) == FIGURES.watch.lines


def test_the_cost_table_is_computed() -> None:
    """`python -m infra.cost` prints it: nobody has to believe an old figure."""
    assert f"\n\n{table(FIGURES)}\n\n" in section("What it costs")


def test_the_cost_figures_are_the_settings() -> None:
    """Schedules, memory and the availability test as they are deployed by default."""
    deployed = {name: each["value"] for name, each in PARAMETERS.items()}
    names = ("crashesSchedule", "upkeepSchedule", "schedulesSchedule", "watchSchedule")
    assert [deployed[name] for name in names] == ["30 * * * * *", *["0 */5 * * * *"] * 3]
    assert [timer.minutes for timer in FIGURES.timers] == [1, 5, 5, 5]
    probes = 60 * len(deployed["availabilityPlaces"]) / deployed["availabilitySeconds"]
    assert probes == pytest.approx(FIGURES.probes)
    assert FIGURES.gb * 1024 == deployed["instanceMemoryMB"]
    polling = json.loads((ROOT / "host.json").read_text())["extensions"]["queues"]["maxPollingInterval"]
    assert polling == f"00:00:{FIGURES.poll_seconds:02}"


@given(st.integers(min_value=0, max_value=10_000_000), st.integers(min_value=1, max_value=100_000))
def test_more_meetings_never_cost_less(meetings: int, more: int) -> None:
    """Each unit grows with the meetings, and by what a meeting takes."""
    few, many = month(meetings, FIGURES), month(meetings + more, FIGURES)
    assert many.executions - few.executions == more * FIGURES.executions
    assert many.operations - few.operations == more * (FIGURES.operations + FIGURES.host_operations)
    assert many.gb_seconds >= few.gb_seconds
    assert many.log_mb >= few.log_mb


def test_every_command_is_there() -> None:
    """Each `convene ...` of the page, with its options."""
    known = typer.main.get_group(commands).commands
    used = re.findall(r"(?:`|^)convene (\w+)([^`#\n]*)", PAGE, re.MULTILINE)
    assert {name for name, _ in used} == {"export", "forget", "import", "list", "retry", "submit"}
    for name, rest in used:
        options = {option for parameter in known[name].params for option in parameter.opts}
        assert set(re.findall(r"--[\w-]+", rest)) <= options


def test_a_record_of_another_version_is_read() -> None:
    """What it does not know yet has a default; what it knows no more is left out."""
    oldest = {
        **dict.fromkeys(("id", "kind", "organizer", "reference", "fingerprint"), "x"),
        **dict.fromkeys(("createdAt", "updatedAt"), "2026-11-21T08:00:00Z"),
        "progress": {"versionStartedAt": "2026-11-21T08:00:00Z"},
        "request": {},
        "status": "queued",
        "version": 1,
    }
    meeting = Meeting.model_validate(oldest | {"ofAnotherVersion": {"a": [1]}})
    assert meeting.model_dump(by_alias=True).keys().isdisjoint({"ofAnotherVersion"})


def test_links_within_the_project_lead_somewhere() -> None:
    """Files, and the headings in them."""
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", PAGE):
        path, _, heading = target.partition("#")
        file = (ROOT / "docs" / path) if path else ROOT / "docs" / "operations.md"
        assert file.exists(), target
        headings = (
            [
                re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-")
                for line in file.read_text(encoding="utf-8").splitlines()
                if line.startswith("#")
            ]
            if heading
            else []
        )
        assert not heading or heading in headings, target
