"""(c) What one meeting costs on its whole way, from being asked for to its result."""

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from itertools import islice
from typing import Any

from tests.benchmarks.apps import COMPARED, App
from tests.benchmarks.commands import Subject
from tests.benchmarks.emulated_host import EmulatedHost, emulated_host
from tests.benchmarks.figures import Report
from tests.benchmarks.load import post_meetings
from tests.benchmarks.meetings import ORGANIZERS
from tests.benchmarks.surroundings import Surroundings, in_turn

SECTION = "path"
CPU = "queue, CPU, emulator"
OPERATIONS, HTTP_OPERATIONS = "queue, storage operations of the app", "HTTP, storage operations of the app"
ROWS, HTTP_ROWS = "queue, rows written", "HTTP, rows written"
MEMORY = "memory of the app's process after so many meetings"
_AT_ONCE = 8
_WAIT_SECONDS = 20
_LATER_SECONDS = 60  # when the message has come that would have made the meeting, had its caller not waited


def measure(surroundings: Surroundings, report: Report) -> None:
    """Make meetings over the queue, over HTTP, and over HTTP with the caller waiting.

    The other apps have only the queue: it is what their HTTP rows show, too.
    """
    _in_memory(surroundings, report)
    _on_emulator(surroundings, report)


def _in_memory(surroundings: Surroundings, report: Report) -> None:
    plan, apps = surroundings.plan, COMPARED
    with surroundings.memory_hosts(*apps) as hosts:
        for host in hosts.values():
            host.ask("make", count=ORGANIZERS, concurrency=_AT_ONCE)
        for number in range(plan.rounds):
            for app in in_turn(apps, number):
                one_at_a_time = hosts[app].ask("make", count=plan.meetings, concurrency=1)
                by_queue = hosts[app].ask("make", count=plan.meetings, concurrency=_AT_ONCE)
                taken = {"queue": by_queue, "HTTP": by_queue, "Prefer: wait": by_queue}
                if app is App.CONVENE:
                    taken["HTTP"] = _over_http(surroundings, hosts[app], wait=False)
                    taken["Prefer: wait"] = _over_http(surroundings, hosts[app], wait=True)
                    for path, usage in taken.items():
                        for who, operations in _operations(usage).items():
                            report.add(SECTION, f"{path}, storage operations of the {who}", "", app, operations)
                        report.add(SECTION, f"{path}, rows written", "", app, usage["rows"])
                report.add(
                    SECTION,
                    "queue, time of one at a time, in memory",
                    "ms",
                    app,
                    one_at_a_time["wall"] / plan.meetings * 1e3,
                )
                for path, usage in taken.items():
                    report.add(SECTION, f"{path}, CPU, in memory", "ms", app, usage["cpu"] / plan.meetings * 1e3)


def _over_http(surroundings: Surroundings, host: Subject, *, wait: bool) -> dict[str, Any]:
    numbers = islice(surroundings.http_numbers, surroundings.plan.meetings)
    host.ask("listen", concurrency=0 if wait else _AT_ONCE)
    before = host.ask("usage")
    asyncio.run(post_meetings(host.ready["url"], numbers, _AT_ONCE, wait=_WAIT_SECONDS if wait else 0))
    host.ask("listen", concurrency=_AT_ONCE)
    after = host.ask("settle", ahead=_LATER_SECONDS if wait else 0)
    taken = {name: after[name] - before[name] for name in ("cpu", "wall")}
    return taken | {
        name: (after[name] - before[name]) / surroundings.plan.meetings for name in ("table", "queue", "host", "rows")
    }


def _operations(usage: Mapping[str, Any]) -> dict[str, float]:
    return {"app": usage["table"] + usage["queue"], "host": usage["host"]}


def _on_emulator(surroundings: Surroundings, report: Report) -> None:
    plan = surroundings.plan
    apps = (App.CONVENE, App.BASELINE, *((App.EARLIER,) if plan.against else ()))
    with emulated_host(surroundings, App.EMPTY) as empty:
        report.add(SECTION, MEMORY, "MB", App.EMPTY, empty.memory / 1e6)
    with ExitStack() as stack:
        hosts = {app: stack.enter_context(emulated_host(surroundings, app)) for app in apps}
        for number in range(plan.storage_rounds):
            for app in in_turn(apps, number):
                taken = hosts[app].make(plan.storage_meetings)
                for name, case in {"cpu": "CPU", "wall": "time, 24 at once"}.items():
                    report.add(
                        SECTION, f"queue, {case}, emulator", "ms", app, taken[name] / plan.storage_meetings * 1e3
                    )
        for app, host in hosts.items():
            report.add(SECTION, MEMORY, "MB", app, host.memory / 1e6)
        for _ in range(plan.storage_rounds):
            for wait in (False, True):
                cpu = _http_on_emulator(surroundings, hosts[App.CONVENE], wait=wait)
                case = f"{'Prefer: wait' if wait else 'HTTP'}, CPU, emulator"
                report.add(SECTION, case, "ms", App.CONVENE, cpu / plan.meetings * 1e3)


def _http_on_emulator(surroundings: Surroundings, host: EmulatedHost, *, wait: bool) -> float:
    before = host.cpu
    numbers = islice(surroundings.http_numbers, surroundings.plan.meetings)
    asyncio.run(post_meetings(host.url, numbers, _AT_ONCE, wait=_WAIT_SECONDS if wait else 0))
    if wait:
        host.forget_messages()  # they would come after the wait
    host.settle()
    return host.cpu - before
