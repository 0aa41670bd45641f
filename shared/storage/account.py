"""The clients of the storage account's queues and tables, made from the settings."""

from typing import Any
from urllib.request import getproxies_environment

from azure.core.credentials_async import AsyncTokenCredential
from azure.data.tables.aio import TableServiceClient
from azure.identity.aio import ManagedIdentityCredential
from azure.storage.queue.aio import QueueServiceClient

from shared.settings import StorageAccount
from shared.storage.transport import StorageTransport

# Short, because a waiting worker does no other work; the queue retries what takes longer.
_TABLE_OPTIONS: dict[str, Any] = {
    "permit_redirects": False,  # storage has none, and no other host may get its token
    "retry_total": 3,
    "retry_backoff_factor": 0.2,
    "retry_backoff_max": 2,
}
_QUEUE_OPTIONS: dict[str, Any] = {
    "permit_redirects": False,
    "retry_total": 3,
    "initial_backoff": 0.5,  # and one second more from the second try on, with jitter: two seconds at the most
    "increment_base": 1,
    "random_jitter_range": 0.5,
}
# The emulator's account and key are the same everywhere and no secret:
# https://learn.microsoft.com/azure/storage/common/storage-connect-azurite
_DEVELOPMENT_STORAGE = (
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
    "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
    "QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;TableEndpoint=http://127.0.0.1:10002/devstoreaccount1;"
)


def storage_services(
    account: StorageAccount, credential: AsyncTokenCredential | None = None
) -> tuple[QueueServiceClient, TableServiceClient]:
    """Return the clients of an account's queues and tables; nothing is sent yet.

    Args:
        account: the account, and how to reach it.
        credential: used where there is no connection string; None for the app's managed identity.
    """
    # With trust_env, aiohttp looks for a netrc file at every request, in a thread: a fifth of the processor time of a
    # meeting. Only a proxy is worth that, and NO_PROXY names none.
    # https://docs.aiohttp.org/en/stable/client_reference.html#aiohttp.ClientSession (trust_env)
    trust_env = bool(getproxies_environment().keys() - {"no"})
    queue_options = _QUEUE_OPTIONS | {"transport": StorageTransport(trust_env=trust_env)}
    table_options = _TABLE_OPTIONS | {"transport": StorageTransport(trust_env=trust_env)}
    if account.connection_string:
        text = account.connection_string
        if text.replace(" ", "").rstrip(";").casefold() == "usedevelopmentstorage=true":
            text = _DEVELOPMENT_STORAGE
        return (
            QueueServiceClient.from_connection_string(text, **queue_options),
            TableServiceClient.from_connection_string(text, **table_options),
        )
    identity = credential or ManagedIdentityCredential(client_id=account.client_id)
    return (
        QueueServiceClient(account.queue_service_uri or "", credential=identity, **queue_options),
        TableServiceClient(account.table_service_uri or "", credential=identity, **table_options),
    )
