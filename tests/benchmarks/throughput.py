"""(d) How many meetings one host makes in a second, when there is no end of work."""

from dataclasses import dataclass

from tests.benchmarks.apps import COMPARED, App
from tests.benchmarks.emulated_host import emulated_host
from tests.benchmarks.figures import Report
from tests.benchmarks.meetings import ORGANIZERS
from tests.benchmarks.plan import Plan
from tests.benchmarks.surroundings import Surroundings, in_turn

SECTION = "throughput"
IN_MEMORY, EMULATOR = "in memory", "emulator"


@dataclass(frozen=True, slots=True)
class Case:
    """What a row is about; latency in seconds."""

    storage: str
    concurrency: int
    latency: float

    def __str__(self) -> str:
        return f"{self.storage}, Graph {self.latency * 1000:.0f} ms, {self.concurrency} at once"


def measure(surroundings: Surroundings, report: Report) -> None:
    """Feed each app's host, at each concurrency and with each latency."""
    _in_memory(surroundings, report)
    _on_emulator(surroundings, report)


def _in_memory(surroundings: Surroundings, report: Report) -> None:
    plan, apps = surroundings.plan, COMPARED
    with surroundings.memory_hosts(*apps) as hosts:
        for host in hosts.values():
            host.ask("make", count=ORGANIZERS, concurrency=8)
        for number in range(plan.rounds):
            for latency in (0, plan.latency):
                for concurrency in plan.concurrencies:
                    meetings = _meetings(plan, concurrency, latency, plan.meetings)
                    for app in in_turn(apps, number):
                        with surroundings.slow_graph(latency):
                            taken = hosts[app].ask("make", count=meetings, concurrency=concurrency)
                        _add(report, app, Case(IN_MEMORY, concurrency, latency), meetings / taken["wall"])


def _on_emulator(surroundings: Surroundings, report: Report) -> None:
    """Measure from the first message that is put until the queue is empty."""
    plan, apps = surroundings.plan, (App.CONVENE, App.BASELINE)
    for number in range(plan.host_rounds):
        for concurrency in plan.storage_concurrencies:
            for app in in_turn(apps, number):
                with emulated_host(surroundings, app, _at_once(concurrency)) as host:
                    for latency in (0, plan.latency):
                        meetings = _meetings(plan, concurrency, latency, plan.host_meetings)
                        with surroundings.slow_graph(latency):
                            taken = host.make(meetings)
                        _add(report, app, Case(EMULATOR, concurrency, latency), meetings / taken["wall"])


def _meetings(plan: Plan, concurrency: int, latency: float, otherwise: int) -> int:
    return plan.waves * concurrency if latency else otherwise


def _add(report: Report, app: App, case: Case, rate: float) -> None:
    bound = case.concurrency / case.latency if case.latency else None
    report.add(SECTION, str(case), "/s", app, rate, bound)


def _at_once(concurrency: int) -> dict[str, str]:
    batch = max(1, concurrency // 2)
    section = "AzureFunctionsJobHost__extensions__queues__"
    return {f"{section}batchSize": str(batch), f"{section}newBatchThreshold": str(concurrency - batch)}
