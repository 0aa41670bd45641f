"""The storage emulator: started and never left behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueServiceClient

from local import storage as module
from local.processes import start_child
from local.storage import Storage, StorageError, connection_string, running_storage

from .conftest import wait_for

pytestmark = pytest.mark.slow


def _answers(port: int) -> bool:
    try:
        client = QueueServiceClient.from_connection_string(connection_string(port), retry_total=0)
        list(client.list_queues())
    except Exception:  # noqa: BLE001 - whatever the reason, it does not answer
        return False
    return True


def test_queues_and_tables_answer(storage: Storage) -> None:
    """The connection string opens queues and tables."""
    assert list(QueueServiceClient.from_connection_string(storage.connection_string).list_queues()) is not None
    assert list(TableServiceClient.from_connection_string(storage.connection_string).list_tables()) is not None


def test_command_says_how_to_reach_it() -> None:
    """`python -m local storage` prints settings for a shell and its three addresses; SIGTERM ends it and Azurite."""
    with start_child(["storage", "--queue-port", "0", "--table-port", "0", "--blob-port", "0"]) as child:
        queue, table, blob = child.ports
        assert child.output == (
            f"listening on http://127.0.0.1:{queue} (queue), http://127.0.0.1:{table} (table), "
            f"http://127.0.0.1:{blob} (blob)\n"
            f"export AzureWebJobsStorage='{connection_string(queue, table, blob)}'\n"
            'export MeetingStorage="$AzureWebJobsStorage"\n'
        )
        assert _answers(queue)
        assert child.stop() == 0
    assert not _answers(queue)


def test_killed_command_leaves_nothing_behind() -> None:
    """SIGKILL to the command ends Azurite too."""
    with start_child(["storage", "--queue-port", "0", "--table-port", "0", "--blob-port", "0"]) as child:
        queue = child.ports[0]
        child.kill()
    wait_for(lambda: not _answers(queue))


def test_children_end_with_their_parent() -> None:
    """SIGKILL to the process that started a child ends the child too."""
    code = (
        "import time; from local.processes import start_child\n"
        "child = start_child(['storage', '--queue-port', '0', '--table-port', '0', '--blob-port', '0'])\n"
        "print(child.ports[0], flush=True); time.sleep(99)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        port = int(parent.stdout.readline())
        assert _answers(port)
        os.kill(parent.pid, signal.SIGKILL)
    wait_for(lambda: not _answers(port))


def test_location_keeps_the_data(tmp_path: Path) -> None:
    """With a location, what was stored is there after a restart."""
    for exists in (False, True):
        with running_storage(location=tmp_path) as storage:
            service = QueueServiceClient.from_connection_string(storage.connection_string)
            assert [queue.name for queue in service.list_queues()] == (["things"] if exists else [])
            if not exists:
                service.create_queue("things")


def test_taken_port(storage: Storage) -> None:
    """A port that is taken is told in Azurite's words."""
    with pytest.raises(StorageError, match="EADDRINUSE"), running_storage(queue_port=storage.queue_port):
        pass


def test_not_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without Azurite the message names what installs it."""
    monkeypatch.setattr(module, "_INSTALLED", tmp_path / "azurite")
    with pytest.raises(StorageError, match="make setup"), running_storage():
        pass
