"""The clients as they are built: where they do not go, and what they do not log."""

import logging

import pytest

from shared.bootstrap import quiet_libraries
from shared.errors import StorageUnavailableError
from shared.settings import StorageAccount
from shared.storage import AzureQueue, AzureTable, storage_services
from tests.http_echo import Server, serving


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_storage_is_nowhere_else(status: int) -> None:
    """A storage that answers with another port of this machine, where nothing arrives."""
    with serving(Server()) as other, serving(Server(status)) as storage:
        storage.location = f"http://127.0.0.1:{other.port}/devstoreaccount1"
        here = f"http://127.0.0.1:{storage.port}/devstoreaccount1"
        account = f"AccountName=devstoreaccount1;AccountKey=a2V5;QueueEndpoint={here};TableEndpoint={here}"
        queues, tables = storage_services(StorageAccount(connection_string=account))
        table, queue = AzureTable(tables.get_table_client("Meetings")), AzureQueue(queues.get_queue_client("requests"))
        for operation in (table.read("a", "b"), queue.oldest(), queue.send("x")):
            with pytest.raises(StorageUnavailableError):
                await operation
        await table.close()
        await queue.close()
    assert len(storage.asked) >= 3
    assert other.asked == []


def test_the_libraries_are_quiet() -> None:
    """At INFO the SDKs log each request with its URL, which names organizers and meetings."""
    quiet_libraries()
    for name in ("azure.core.pipeline.policies.http_logging_policy", "azure.identity", "httpx", "httpcore", "msal"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO), name
