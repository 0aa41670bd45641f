"""(e) How long HTTP's answers take when requests come one after the other."""

import asyncio
from itertools import islice, repeat

from tests.benchmarks.apps import App
from tests.benchmarks.commands import Subject
from tests.benchmarks.emulated_host import emulated_host
from tests.benchmarks.figures import Report, percentile
from tests.benchmarks.load import get_all, post_meetings
from tests.benchmarks.surroundings import Surroundings

SECTION = "HTTP"
ACCEPT_OPERATIONS, LOOKUP_OPERATIONS = "accept, storage operations", "lookup, storage operations"
_PERCENTS = (50, 95, 99)


def measure(surroundings: Surroundings, report: Report) -> None:
    """Ask for meetings and look them up, in memory and on the emulator; health needs no storage."""
    plan, app = surroundings.plan, App.CONVENE
    with surroundings.memory_hosts(app) as hosts:
        host = hosts[app]
        host.ask("make", count=16, concurrency=1)
        _count_operations(surroundings, report, host)
        host.ask("listen", concurrency=1)
        for _ in range(plan.rounds):
            _time_answers(surroundings, report, host.ready["url"], "in memory")
    with emulated_host(surroundings, app) as host:
        for _ in range(plan.storage_rounds):
            _time_answers(surroundings, report, host.url, "emulator")


def _count_operations(surroundings: Surroundings, report: Report, host: Subject) -> None:
    """Count with nobody at the queue, who would operate the storage too."""
    numbers = list(islice(surroundings.http_numbers, surroundings.plan.requests))
    before = host.ask("usage")
    answers = asyncio.run(post_meetings(host.ready["url"], numbers))
    between = host.ask("usage")
    asyncio.run(get_all(answer.location for answer in answers))
    after = host.ask("usage")
    for case, first, then in ((ACCEPT_OPERATIONS, before, between), (LOOKUP_OPERATIONS, between, after)):
        operations = sum(then[name] - first[name] for name in ("table", "queue"))
        report.add(SECTION, case, "", App.CONVENE, operations / len(numbers))


def _time_answers(surroundings: Surroundings, report: Report, url: str, storage: str) -> None:
    plan = surroundings.plan
    numbers = islice(surroundings.http_numbers, plan.requests)
    answers = asyncio.run(post_meetings(url, numbers, pause=plan.pause))
    asyncio.run(asyncio.sleep(1))  # the last meetings are made
    taken = {
        "health": asyncio.run(get_all(repeat(f"{url}/health", plan.requests))),
        "accept": [answer.seconds for answer in answers],
        "lookup": asyncio.run(get_all(answer.location for answer in answers)),
    }
    for what, seconds in taken.items():
        for percent in _PERCENTS:
            case = f"{what}, {storage}, p{percent}"
            report.add(SECTION, case, "ms", App.CONVENE, percentile(seconds, percent) * 1e3)
