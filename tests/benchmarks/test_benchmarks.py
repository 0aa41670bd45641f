"""Every benchmark runs, at a size that says nothing of speed, and fills the rows that the goals look at."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import override

import pytest
from typer.testing import CliRunner

from tests.benchmarks import calls, latencies, paths, storage_operations, throughput
from tests.benchmarks.apps import COMPARED, App
from tests.benchmarks.commands import Subject
from tests.benchmarks.figures import Report
from tests.benchmarks.package import installed_files
from tests.benchmarks.plan import Plan
from tests.benchmarks.starts import drop_from_page_cache
from tests.benchmarks.surroundings import Surroundings, in_turn
from tests.proofs.scale.processor import Measured

TINY = Plan(
    rounds=1,
    storage_rounds=1,
    host_rounds=1,
    calls=2,
    operations=3,
    meetings=4,
    storage_meetings=2,
    host_meetings=2,
    concurrencies=(2,),
    storage_concurrencies=(2,),
    waves=1,
    latency=0.01,
    requests=2,
    pause=0,
)


class SharedHosts(Surroundings):
    """Surroundings in which two sections measure the same hosts: speed is of no interest here, and starts are slow."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self._hosts: dict[tuple[App, ...], dict[App, Subject]] = {}

    @contextmanager
    @override
    def memory_hosts(self, *apps: App) -> Generator[dict[App, Subject]]:
        if apps not in self._hosts:
            self._hosts[apps] = self._stack.enter_context(super().memory_hosts(*apps))
        yield self._hosts[apps]


@pytest.fixture(scope="module")
def report() -> Report:
    report = Report()
    with SharedHosts(TINY) as surroundings:
        for section in (calls, paths, throughput, latencies, storage_operations):
            section.measure(surroundings, report)
    return report


def test_every_app_is_measured_in_the_same_rounds(report: Report) -> None:
    """A ratio is of figures of one round, so there are as many of each app."""
    for section, case in (
        (calls.SECTION, calls.CPU),
        (paths.SECTION, "queue, CPU, in memory"),
        (throughput.SECTION, str(throughput.Case(throughput.IN_MEMORY, 2, 0.01))),
    ):
        row = report.row(section, case)
        assert row is not None
        assert {app: len(row.samples[app]) for app in COMPARED} == dict.fromkeys(COMPARED, 1)
        assert all(row.samples[app][0] > 0 for app in COMPARED)


def test_a_calendar_meeting_by_queue_takes_six_storage_operations(report: Report) -> None:
    """Insert with the claim, look at the mailbox, finish, send the result, note it, delete the wake-up row."""
    row = report.row(paths.SECTION, paths.OPERATIONS)
    assert row is not None
    assert row.samples[App.CONVENE][0] <= 6


def test_a_lookup_is_one_point_read(report: Report) -> None:
    """And an accept is one insert and one message."""
    accept = report.row(latencies.SECTION, latencies.ACCEPT_OPERATIONS)
    lookup = report.row(latencies.SECTION, latencies.LOOKUP_OPERATIONS)
    assert accept
    assert lookup
    assert (accept.samples[App.CONVENE], lookup.samples[App.CONVENE]) == ([2.0], [1.0])


def test_a_slow_graph_is_compared_with_what_can_be(report: Report) -> None:
    """The bound is concurrency / latency, and nothing exceeds it."""
    row = report.row(throughput.SECTION, str(throughput.Case(throughput.IN_MEMORY, 2, 0.01)))
    assert row is not None
    assert row.bound == pytest.approx(200)
    share = row.share()
    assert share is not None
    assert 0 < share.median <= 1


def test_the_simulation_finds_what_work_costs(report: Report) -> None:
    """Each operation of the light model costs something, and the times of the storage are in order."""
    measured = Measured.of(report.medians())
    assert all(cost > 0 for name, cost in measured.costs.items() if name != "message")
    assert len(measured.storage_seconds) == 9
    assert list(measured.storage_seconds) == sorted(measured.storage_seconds)


def test_apps_take_turns() -> None:
    """Each comes first in its round, so none is always measured when the machine is as another left it."""
    apps = COMPARED
    assert [in_turn(apps, number)[0] for number in range(4)] == [*apps, apps[0]]
    assert all(set(in_turn(apps, number)) == set(apps) for number in range(4))


def test_files_are_dropped_from_the_page_cache(tmp_path: Path) -> None:
    """They keep their content; only the kernel's copy goes."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_text("text", encoding="utf-8")
    assert drop_from_page_cache([tmp_path, tmp_path / "missing"]) == 1
    assert (tmp_path / "folder" / "file").read_text(encoding="utf-8") == "text"


def test_what_pip_installs_comes_with_what_it_requires() -> None:
    """aiohttp brings yarl along, and not msgraph."""
    names = {path.parent.name for path in installed_files("aiohttp")}
    assert {"aiohttp", "yarl"} <= names
    assert not any("msgraph" in name for name in names)


def test_a_section_can_be_measured_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The report says how much was measured, on what, and what came out."""
    command_line = import_module("tests.benchmarks.__main__")
    monkeypatch.setattr(command_line, "QUICK", TINY)
    target = tmp_path / "bench.json"
    done = CliRunner().invoke(command_line.app, ["--quick", "--only", "calls", "--target", str(target)])
    assert done.exit_code == 0, done.output
    written = json.loads(target.read_text(encoding="utf-8"))
    assert written["plan"]["rounds"] == 1
    assert {row["section"] for row in written["rows"]} == {calls.SECTION}
    [goal] = written["goals"]
    assert goal["measured"]["median"] > 0
    assert goal["met"] == (goal["measured"]["median"] <= goal["limit"])
