"""(b) What one call of Graph costs: the first, then CPU and memory of many."""

from contextlib import ExitStack

from tests.benchmarks.apps import COMPARED, App
from tests.benchmarks.commands import Subject
from tests.benchmarks.figures import Report
from tests.benchmarks.subjects.calls import BATCH
from tests.benchmarks.surroundings import Surroundings, in_turn

SECTION = "calls"
CPU = "CPU of a call"
BATCHED_CPU = f"CPU of a call, {BATCH} in one $batch"
_APPS = COMPARED


def measure(surroundings: Surroundings, report: Report) -> None:
    """Make events with each app's way to call Graph, one after the other."""
    plan = surroundings.plan
    with ExitStack() as stack:
        subjects = {
            app: stack.enter_context(Subject("calls", app, environment=surroundings.in_memory)) for app in _APPS
        }
        for app, subject in subjects.items():
            report.add(SECTION, "imports and first call", "s", app, subject.ready["first"])
            subject.ask("calls", count=min(20, plan.calls))
        for number in range(plan.rounds):
            for app in in_turn(_APPS, number):
                taken = subjects[app].ask("calls", count=plan.calls)
                report.add(SECTION, CPU, "ms", app, taken["cpu"] / plan.calls * 1e3)
                report.add(SECTION, "time of a call", "ms", app, taken["wall"] / plan.calls * 1e3)
            batches = max(1, plan.calls // BATCH)
            taken = subjects[App.CONVENE].ask("batches", count=batches)
            report.add(SECTION, BATCHED_CPU, "ms", App.CONVENE, taken["cpu"] / batches / BATCH * 1e3)
        for app, subject in subjects.items():
            case = f"memory after {plan.rounds * plan.calls:,} calls"
            report.add(SECTION, case, "MB", app, subject.ask("memory")["bytes"] / 1e6)
