"""Azure Tables, Queue Storage and Event Grid, as much of them as the app needs, behind small protocols."""

from shared.storage.account import storage_services
from shared.storage.queues import AzureQueue, Queue, QueuedMessage
from shared.storage.tables import AzureTable, Delete, Insert, Operation, Replace, Row, Table

__all__ = [
    "AzureQueue",
    "AzureTable",
    "Delete",
    "Insert",
    "Operation",
    "Queue",
    "QueuedMessage",
    "Replace",
    "Row",
    "Table",
    "storage_services",
]
