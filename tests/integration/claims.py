"""The claims of a host that was killed: a test lets their minute pass."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

from azure.data.tables.aio import TableServiceClient

from shared.errors import ConflictError
from shared.meeting import Claim
from shared.meeting.ledger import TABLE, Ledger
from shared.storage import AzureTable
from shared.use_cases.provision.attempt import CLAIM


async def expire_claims(connection_string: str, older_than: timedelta = timedelta()) -> None:
    """Let the time pass in which claims hold, of those that were made or prolonged longer ago than this."""
    now = datetime.now(UTC)
    async with TableServiceClient.from_connection_string(connection_string) as tables:
        ledger = Ledger(AzureTable(tables.get_table_client(TABLE)))
        async for meeting in ledger.all(_fail):
            if meeting.claim and now < meeting.claim.expires_at < now + CLAIM - older_than:
                with suppress(ConflictError):  # its worker lives, and has written
                    await ledger.write(meeting, meeting.changed(claim=Claim(owner=meeting.claim.owner, expires_at=now)))


@contextmanager
def expiring_claims(connection_string: str, older_than: timedelta) -> Generator[None]:
    """While the block runs, let the time pass of claims that nobody has extended for this long."""
    over = Event()

    def expire() -> None:
        while not over.wait(2):
            asyncio.run(expire_claims(connection_string, older_than))

    thread = Thread(target=expire)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _fail(fault: object) -> None:
    raise AssertionError(fault)
