"""The local stack's commands as child processes: started, awaited, stopped, never left behind.

A child writes into a file, so that it never blocks on a full pipe. Its standard input is a pipe from this process: when
this process ends, the pipe closes and the child stops.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from local.storage import connection_string

_ROOT = Path(__file__).parent.parent
_READY = re.compile(r"^listening on (.+)$", re.MULTILINE)
_URL = re.compile(r"http://127\.0\.0\.1:(\d+)")
_STARTING_TIMEOUT = 60.0
_STOPPING_TIMEOUT = 12.0  # the host drains for 10 s at most


class ChildError(Exception):
    """A child did not become ready; the message has its output."""


class Child:
    """One command of `python -m local` as a child process; stopped at the end of a `with` block.

    Attributes:
        name: the command.
        process: the process itself.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        show_log: bool,
        folder: Path = _ROOT,
        python: str = sys.executable,
    ) -> None:
        self.name = arguments[0]
        self._output: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the child is
        self.process = subprocess.Popen(
            [python, "-m", "local", "--end-with-parent", *arguments],
            stdin=subprocess.PIPE,
            stdout=self._output,
            stderr=None if show_log else self._output,
            cwd=folder,
            env=dict(environment),
            start_new_session=True,  # Ctrl-C reaches this process alone, which stops the others in order
        )

    @property
    def output(self) -> str:
        """Its output so far, without the log when that is shown."""
        descriptor = self._output.fileno()
        return os.pread(descriptor, os.fstat(descriptor).st_size, 0).decode(errors="replace")

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports of its "listening on" line, in order."""
        ready = _READY.search(self.output)
        return tuple(int(port) for port in _URL.findall(ready[1])) if ready else ()

    @property
    def url(self) -> str:
        """Its base URL, without a slash at the end."""
        return f"http://127.0.0.1:{self.ports[0]}"

    def wait_until_ready(self, seconds: float = _STARTING_TIMEOUT) -> Self:
        """Wait for its "listening on" line.

        Raises:
            ChildError: it ended before, or took longer than `seconds`.
        """
        deadline = time.monotonic() + seconds
        while not self.ports:
            if (code := self.process.poll()) is not None:
                raise ChildError(f"`python -m local {self.name}` ended with code {code}.\n{self.output}".rstrip())
            if time.monotonic() > deadline:
                raise ChildError(
                    f"`python -m local {self.name}` is not ready after {seconds:g} s.\n{self.output}".rstrip()
                )
            time.sleep(0.02)
        return self

    def stop(self) -> int:
        """Stop it with SIGTERM, after 12 s with SIGKILL; return its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(_STOPPING_TIMEOUT)
            except subprocess.TimeoutExpired:
                self.kill()
        return self._ended()

    def kill(self) -> int:
        """End it at once (SIGKILL), like a crash; return its exit code."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        return self._ended()

    def _ended(self) -> int:
        if self.process.stdin is not None:
            self.process.stdin.close()
        return self.process.returncode

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        self.stop()


def start_child(
    arguments: Sequence[str], env: Mapping[str, str] | None = None, *, show_log: bool = False, ready: bool = True
) -> Child:
    """Start `python -m local` with these arguments and wait until it is ready.

    Args:
        arguments: the command and its options, such as `["host", "--port", "0"]`.
        env: its whole environment; this process's by default.
        show_log: whether its log goes to this process's standard error instead of `Child.output`.
        ready: whether to wait until it is ready.

    Raises:
        ChildError: it did not become ready; it has been stopped.
    """
    child = Child(arguments, os.environ if env is None else env, show_log=show_log)
    if ready:
        try:
            child.wait_until_ready()
        except BaseException:
            child.stop()
            raise
    return child


def app_environment(storage: str, graph_url: str, given: Mapping[str, str]) -> dict[str, str]:
    """Return `given` with the settings that connect the app to a local stack, where `given` lacks them.

    Args:
        storage: the connection string of the emulator.
        graph_url: the stand-in's address.
        given: the environment to complete; its values win.
    """
    return {
        "AzureWebJobsStorage": storage,
        "MeetingStorage": storage,
        "GRAPH_CREDENTIAL": "none",
        "GRAPH_BASE_URL": f"{graph_url}/v1.0",
        "CRASHES_SCHEDULE": "*/5 * * * * *",  # nobody who tries something out should wait a minute
        **given,
    }


def create_queues(storage: str, environment: Mapping[str, str]) -> None:
    """Create the app's queues, as the deployment does in Azure."""
    from azure.core.exceptions import ResourceExistsError
    from azure.storage.queue import QueueServiceClient

    requests = environment.get("REQUEST_QUEUE", "meeting-requests")
    results = environment.get("RESULT_QUEUE", "meeting-results")
    with QueueServiceClient.from_connection_string(storage) as service:
        for name in filter(None, (requests, f"{requests}-poison", results)):
            try:
                service.create_queue(name)
            except ResourceExistsError:
                continue


class Stack:
    """Storage, Graph stand-in and host, connected to each other.

    Attributes:
        storage: the emulator's process.
        graph: the stand-in's process.
        host: the host's process; `start_host` replaces it.
        connection_string: the emulator's.
        environment: the host's settings.
    """

    def __init__(
        self,
        storage: Child,
        graph: Child,
        environment: Mapping[str, str],
        host_options: Sequence[str] = ("--port", "0"),
        *,
        show_log: bool = False,
    ) -> None:
        self.storage = storage
        self.graph = graph
        self.connection_string = connection_string(*storage.ports)
        self.environment = app_environment(self.connection_string, graph.url, environment)
        self._host_options = host_options
        self._show_log = show_log
        self.host: Child

    def start_host(self) -> Child:
        """Start a host, which becomes `host`; earlier ones may still run."""
        self.host = start_child(["host", *self._host_options], self.environment, show_log=self._show_log)
        return self.host

    def stop_host(self) -> int:
        """Stop the host with SIGTERM; return its exit code."""
        return self.host.stop()


@contextmanager
def running_stack(
    env: Mapping[str, str] | None = None,
    *,
    host_options: Sequence[str] = (),
    default_ports: bool = False,
    show_log: bool = False,
) -> Generator[Stack]:
    """Run the whole stack until the block ends, its queues created.

    Args:
        env: the environment of all three processes; this process's by default.
        host_options: further options of `python -m local host`, such as `["--function-key", "secret"]`.
        default_ports: whether to use the documented ports instead of free ones.
        show_log: whether their logs go to this process's standard error.

    Raises:
        ChildError: one of them did not become ready; all have been stopped.
    """
    environment = os.environ if env is None else env
    free = [] if default_ports else ["--port", "0"]
    free_storage = [] if default_ports else ["--queue-port", "0", "--table-port", "0", "--blob-port", "0"]
    with ExitStack() as children:

        def launch(*arguments: str) -> Child:
            return children.enter_context(start_child(arguments, environment, show_log=show_log, ready=False))

        # In parallel: each takes a second to start.
        storage, graph = launch("storage", *free_storage), launch("graph", *free)
        storage.wait_until_ready()
        graph.wait_until_ready()
        stack = Stack(storage, graph, environment, (*free, *host_options), show_log=show_log)
        create_queues(stack.connection_string, stack.environment)
        stack.start_host()
        children.callback(stack.stop_host)
        yield stack
