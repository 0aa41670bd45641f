"""What the apps under measurement run on; each part is there from when it is first asked for."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from local.processes import Child, create_queues, start_child
from local.storage import connection_string
from tests.benchmarks.apps import App, environment
from tests.benchmarks.commands import Subject
from tests.benchmarks.package import unpack_current
from tests.benchmarks.plan import Plan

_NO_STORAGE = "UseDevelopmentStorage=true"
# As `python -m local host` is asked to look at its queue: an idle host would sleep for up to a minute.
_POLLING = {"AzureFunctionsJobHost__extensions__queues__maxPollingInterval": "00:00:00.1"}


class Surroundings:
    """The Graph server, the storage emulators, and the deployment package; gone with the `with` block.

    Attributes:
        plan: how much is measured.
        numbers: of the meetings that are put on an emulator's queue.
        http_numbers: of those that are asked for over HTTP.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.numbers = count(1_000_000)
        self.http_numbers = count(2_000_000)
        self._stack = ExitStack()
        self._storages: dict[App, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @cached_property
    def graph(self) -> Subject:
        """The Graph server."""
        return self._stack.enter_context(Subject("graph_server", environment=environment("", _NO_STORAGE)))

    @cached_property
    def package(self) -> Path:
        """The deployment package, unpacked."""
        folder = self._stack.enter_context(TemporaryDirectory())
        return unpack_current(Path(folder))

    def storage(self, app: App) -> str:
        """Return the connection string of an app's own emulator, with its queues."""
        if app not in self._storages:
            arguments = ["storage", "--queue-port", "0", "--table-port", "0", "--blob-port", "0"]
            child = self._stack.enter_context(start_child(arguments))
            self._storages[app] = connection_string(*child.ports)
            create_queues(self._storages[app], {})
        return self._storages[app]

    @property
    def in_memory(self) -> Mapping[str, str]:
        """The environment of an app that has no storage account."""
        return environment(self.graph.ready["url"], _NO_STORAGE)

    def on_emulator(self, app: App) -> Mapping[str, str]:
        """Return the environment of an app on its own emulator."""
        return environment(self.graph.ready["url"], self.storage(app))

    @contextmanager
    def host(self, app: App, options: Mapping[str, str] | None = None) -> Generator[Child]:
        """Run the local host for an app on its own emulator."""
        folder = self.plan.against if app is App.EARLIER else app.folder
        arguments = ["host", "--port", "0", "--app", str(folder)]
        with start_child(arguments, {**self.on_emulator(app), **_POLLING, **(options or {})}) as child:
            yield child

    @contextmanager
    def memory_hosts(self, *apps: App) -> Generator[dict[App, Subject]]:
        """Run the host of each app over storage in memory."""
        with ExitStack() as stack:
            yield {app: stack.enter_context(Subject("memory_host", app, environment=self.in_memory)) for app in apps}

    @contextmanager
    def slow_graph(self, seconds: float) -> Generator[None]:
        """Have each of Graph's answers take so long."""
        self.graph.ask("wait", seconds=seconds)
        try:
            yield
        finally:
            self.graph.ask("wait", seconds=0)


def in_turn[T](apps: Sequence[T], number: int) -> Sequence[T]:
    """Return the apps in the order of a round: each comes first in its turn."""
    first = number % len(apps)
    return (*apps[first:], *apps[:first])
