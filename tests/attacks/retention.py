"""The retention of a meeting that has ended: a test lets it pass."""

from datetime import timedelta

from azure.data.tables.aio import TableServiceClient

from shared.meeting import Meeting
from shared.meeting.ledger import TABLE, Ledger
from shared.storage import AzureTable

RETENTION = timedelta(hours=1)


async def end_retention(connection_string: str, meeting_id: str) -> None:
    """Let the retention of a meeting pass."""

    async def age(meeting: Meeting) -> Meeting:
        return meeting.changed(updated_at=meeting.updated_at - RETENTION)

    async with TableServiceClient.from_connection_string(connection_string) as tables:
        await Ledger(AzureTable(tables.get_table_client(TABLE))).update(meeting_id, age)
