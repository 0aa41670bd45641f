"""The local host of one app on the storage emulator, from outside: the host, and the process in which the app runs."""

import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice

import psutil
from azure.storage.queue import QueueClient

from tests.benchmarks.apps import App
from tests.benchmarks.commands import BenchmarkError
from tests.benchmarks.meetings import ORGANIZERS, queue_message
from tests.benchmarks.surroundings import Surroundings

_LOOK_SECONDS = 0.05
_PATIENCE_SECONDS = 300


class EmulatedHost:
    """A host that looks at its queue all the time.

    Attributes:
        url: the app's base address.
    """

    def __init__(self, url: str, pid: int, queue: QueueClient, numbers: Iterator[int]) -> None:
        self.url = f"{url}/api"
        host = psutil.Process(pid)
        [self._worker] = host.children()
        self._processes = (host, self._worker)
        self._queue = queue
        self._numbers = numbers

    @property
    def memory(self) -> int:
        """What the app's process has resident, in bytes."""
        return self._worker.memory_info().rss

    @property
    def cpu(self) -> float:
        """What the host and the app's process have taken so far, in seconds; the kernel counts in hundredths."""
        times = [process.cpu_times() for process in self._processes]
        return sum(each.user + each.system for each in times)

    def make(self, count: int) -> dict[str, float]:
        """Put so many meetings on the queue and wait until all is done; return what that took, in seconds."""
        cpu, began = self.cpu, time.perf_counter()
        for number in islice(self._numbers, count):
            self._queue.send_message(queue_message(number))
        self.settle()
        return {"cpu": self.cpu - cpu, "wall": time.perf_counter() - began}

    def settle(self) -> None:
        """Wait until nothing is left on the queue.

        Raises:
            BenchmarkError: that takes minutes.
        """
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while self._queue.get_queue_properties().approximate_message_count:
            if time.monotonic() > deadline:
                raise BenchmarkError("the queue does not become empty")
            time.sleep(_LOOK_SECONDS)

    def forget_messages(self) -> None:
        """Remove what is left on the queue."""
        self._queue.clear_messages()


@contextmanager
def emulated_host(
    surroundings: Surroundings, app: App, options: Mapping[str, str] | None = None
) -> Generator[EmulatedHost]:
    """Run a host that has met every organizer once."""
    with (
        surroundings.host(app, options) as child,
        QueueClient.from_connection_string(surroundings.storage(app), "meeting-requests") as queue,
    ):
        host = EmulatedHost(child.url, child.process.pid, queue, surroundings.numbers)
        host.make(ORGANIZERS)
        yield host
