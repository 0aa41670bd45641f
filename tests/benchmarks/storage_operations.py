"""(g) What one operation of the storage costs, with the clients that the app has; no other app has any."""

from statistics import quantiles

from tests.benchmarks.apps import App
from tests.benchmarks.commands import Subject
from tests.benchmarks.figures import Report
from tests.benchmarks.surroundings import Surroundings

SECTION = "operations"
# A point read, a message, and writes of a record alone or with rows that lead to it: "insert 5" writes five rows.
READ, SEND, DELETE = "read", "send", "delete"
INSERT_ONE, REPLACE_ONE, INSERT, CLAIM, END = "insert 1", "replace 1", "insert 5", "replace 3", "replace 8"
_NAMES = (READ, SEND, DELETE, INSERT_ONE, REPLACE_ONE, INSERT, CLAIM, END)
LATENCY = "time of an operation alone"


def cpu(name: str) -> str:
    """Return the row of an operation's processor time."""
    return f"CPU, {name}"


def latency(decile: int) -> str:
    """Return the row of the time that so many tenths of all operations do not exceed."""
    return f"{LATENCY}, decile {decile}"


def measure(surroundings: Surroundings, report: Report) -> None:
    """Measure each kind in turn, round by round: processor time with eight at once, and how long one alone takes."""
    plan, app = surroundings.plan, App.CONVENE
    seconds: list[float] = []
    with Subject("storage_operations", environment=surroundings.on_emulator(app)) as subject:
        for _ in range(plan.storage_rounds):
            for name in _NAMES:
                taken = subject.ask("measure", name=name, count=plan.operations)
                report.add(SECTION, cpu(name), "ms", app, taken["cpu"] * 1e3)
                seconds += taken["seconds"]
    for number, decile in enumerate(quantiles(seconds, n=10, method="inclusive"), 1):
        report.add(SECTION, latency(number), "ms", app, decile * 1e3)
