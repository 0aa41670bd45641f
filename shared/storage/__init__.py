"""Azure Tables, Queue Storage and Event Grid, as much of them as the app needs, behind small protocols.

tables, queues, event_grid_topic    what the app writes to
records                             records in a table, with the rows that lead to them
account, transport, time_limit      the connections, and how long the app waits
pages, sweep                        read page by page, and delete what is no longer needed
"""

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
