"""The processor of an instance: one core, on which everything that the instance does takes its turn."""

import asyncio
import json
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass

from tests.benchmarks import calls, paths, storage_operations
from tests.benchmarks.apps import App
from tests.benchmarks.charts import PERFORMANCE
from tests.benchmarks.storage_operations import CLAIM, DELETE, END, INSERT, READ, REPLACE_ONE, SEND, cpu

# What of the bench each operation of the light model costs.
_MEASURED: Mapping[str, str] = {
    "insert Meetings": INSERT,
    "claim Meetings": CLAIM,
    "end Meetings": END,
    "replace Meetings": REPLACE_ONE,
    "delete Meetings": DELETE,
    "read Meetings": READ,
    "read Mailboxes": READ,
    "write Mailboxes": REPLACE_ONE,
    "put meeting-requests": SEND,
    "put meeting-results": SEND,
}
# Those of a meeting that comes as a message and finds room at its mailbox.
_OF_A_MEETING = ("insert", "end", "replace", "delete")

type Figures = Mapping[str, Mapping[str, Mapping[str, float]]]


@dataclass(frozen=True, slots=True)
class Measured:
    """What the bench has measured of the app with real storage clients.

    Attributes:
        costs: milliseconds of one core for each operation of the light model; what is not named costs nothing.
        storage_seconds: how long an operation of the storage takes, in tenths of all of them.
    """

    costs: Mapping[str, float]
    storage_seconds: tuple[float, ...]

    @classmethod
    def of(cls, figures: Figures) -> "Measured":
        """Return what medians by section, case and app say."""
        operations = figures[storage_operations.SECTION]
        costs = {name: operations[cpu(case)][App.CONVENE] for name, case in _MEASURED.items()}
        costs["graph"] = figures[calls.SECTION][calls.CPU][App.CONVENE]
        # What a whole meeting takes beside its operations: the host's share, the message, the models, the log.
        whole = figures[paths.SECTION][paths.CPU][App.CONVENE]
        parts = sum(costs[f"{name} Meetings"] for name in _OF_A_MEETING)
        parts += costs["read Mailboxes"] + costs["put meeting-results"] + costs["graph"]
        costs["message"] = max(whole - parts, 0.0)
        latencies = (operations[storage_operations.latency(decile)][App.CONVENE] for decile in range(1, 10))
        return cls(costs, tuple(each / 1000 for each in latencies))


def published() -> Measured:
    """Return what docs/performance.md was written from."""
    return Measured.of(json.loads(PERFORMANCE.figures.read_text(encoding="utf-8"))["figures"])


@dataclass(slots=True)
class Processor:
    """One core.

    Attributes:
        costs: milliseconds of work for each operation; empty for a processor that is no limit.
        used: seconds of work so far.
    """

    costs: Mapping[str, float]
    used: float = 0.0
    _free_at: float = 0.0

    async def work(self, what: str) -> None:
        """Return once the work is done: after all that came before it."""
        seconds = self.costs.get(what, 0.0) / 1000
        if not seconds:
            return
        now = asyncio.get_running_loop().time()
        self._free_at = max(self._free_at, now) + seconds
        self.used += seconds
        await asyncio.sleep(self._free_at - now)


# The processor of the instance that is running, inherited by all that it starts.
processor: ContextVar[Processor] = ContextVar("processor")


async def work(what: str) -> None:
    """Let the running instance's processor do something; outside of an instance it costs nothing."""
    if own := processor.get(None):
        await own.work(what)
