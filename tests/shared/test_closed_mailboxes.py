"""The mailboxes that Graph wants left alone, as every instance sees them."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from azure.data.tables.aio import TableServiceClient
from hypothesis import given
from hypothesis import strategies as st

from shared.closed_mailboxes import TABLE, ClosedMailboxes
from shared.errors import ConflictError, StorageUnavailableError
from shared.storage import AzureTable, Delete, Operation, Row
from tests.fakes import InMemoryTable

ALEX, MEGAN = "AlexW@contoso.com", "MeganB@contoso.com"
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


class SlowTable(InMemoryTable):
    """A table that lets others in between each two operations."""

    async def read(self, partition: str, key: str) -> Row | None:
        row = await super().read(partition, key)
        await asyncio.sleep(0)
        return row


def rows(table: InMemoryTable) -> list[Row]:
    return [row for partition in table.partitions.values() for row in partition.values()]


async def test_one_read_tells() -> None:
    """It costs one operation to know, whether there is a row or not, in any spelling of the name."""
    table = InMemoryTable()
    closed = ClosedMailboxes(table)
    await closed.close(ALEX, NOW + timedelta(microseconds=2_128_001))
    table.operations = 0
    assert await closed.closed_until(ALEX.upper()) == NOW + timedelta(microseconds=2_128_001)
    assert await closed.closed_until(MEGAN) is None
    assert table.operations == 2


async def test_nobodys_name_is_in_the_table() -> None:
    """A row holds a digest and a moment."""
    table = InMemoryTable()
    await ClosedMailboxes(table).close(ALEX, NOW)
    [row] = rows(table)
    assert "alex" not in f"{row}".lower()
    assert set(row.values) == {"until"}


@given(st.lists(st.integers(0, 100), min_size=1, max_size=12))
async def test_of_many_who_are_told_at_once_the_latest_moment_stays(seconds: list[int]) -> None:
    """A moment is only moved later, whoever writes between whose reading and writing."""
    table = SlowTable()
    moments = [NOW + timedelta(seconds=each) for each in seconds]
    await asyncio.gather(*(ClosedMailboxes(table).close(ALEX, moment) for moment in moments))
    assert await ClosedMailboxes(table).closed_until(ALEX) == max(moments)


async def test_a_race_that_never_ends_is_left(caplog: pytest.LogCaptureFixture) -> None:
    """A storage that refuses every write is not asked for ever."""

    class Contested(InMemoryTable):
        async def write(self, partition: str, operations: Sequence[Operation]) -> list[str]:
            self.operations += 1
            raise ConflictError(f"as always: {partition}, {len(operations)}")

    table = Contested()
    await ClosedMailboxes(table).close(ALEX, NOW)
    assert table.operations <= 20
    assert "mailbox.notShared" in caplog.text


@pytest.mark.parametrize("until", ["", "soon", 5, "0001-01-01T00:00:00+14:00"])
async def test_a_row_of_another_form_says_nothing(until: str | int) -> None:
    """What another version of the app wrote closes no mailbox, and is written anew, and removed."""
    table = InMemoryTable()
    closed = ClosedMailboxes(table)
    await closed.close(ALEX, NOW)
    [row] = rows(table)
    table.partitions[row.key[0]][row.key] = Row(row.key, {"until": until}, row.etag)
    assert await closed.closed_until(ALEX) is None
    await closed.close(ALEX, NOW)
    assert await closed.closed_until(ALEX) == NOW
    [row] = rows(table)
    table.partitions[row.key[0]][row.key] = Row(row.key, {"until": until}, row.etag)
    await closed.forget_past(NOW)
    assert not rows(table)


class TestForgetting:
    async def test_only_what_is_long_past(self) -> None:
        """A row is kept while its moment is to come, and an hour longer, as clocks differ."""
        table = InMemoryTable()
        closed = ClosedMailboxes(table)
        await closed.close(ALEX, NOW)
        await closed.close(MEGAN, NOW + timedelta(hours=1))
        await closed.forget_past(NOW + timedelta(minutes=59))
        assert len(rows(table)) == 2
        await closed.forget_past(NOW + timedelta(minutes=61))
        assert len(rows(table)) == 1
        assert await closed.closed_until(MEGAN) == NOW + timedelta(hours=1)

    async def test_a_run_is_bounded_and_the_next_goes_on(self) -> None:
        """Thousands of rows are removed in portions."""
        table = InMemoryTable()
        closed = ClosedMailboxes(table)
        for number in range(3000):
            await closed.close(f"user{number}@contoso.com", NOW)
        later, runs = NOW + timedelta(hours=2), 0
        while rows(table):
            before = table.operations
            await closed.forget_past(later)
            assert table.operations - before <= 16 * 51
            runs += 1
        assert 3 < runs < 10

    async def test_a_mailbox_that_is_closed_anew_meanwhile_stays(self) -> None:
        """Between looking at a row and removing it, the mailbox may be throttled again."""

        class Overtaken(InMemoryTable):
            async def write(self, partition: str, operations: Sequence[Operation]) -> list[str]:
                if any(isinstance(operation, Delete) for operation in operations):
                    row = next(iter(self.partitions[partition].values()))
                    self.partitions[partition][row.key] = Row(row.key, row.values, "another")
                return await super().write(partition, operations)

        table = Overtaken()
        closed = ClosedMailboxes(table)
        await closed.close(ALEX, NOW)
        await closed.forget_past(NOW + timedelta(days=1))
        assert len(rows(table)) == 1


async def test_a_storage_that_does_not_answer() -> None:
    """It is the caller's to decide what that means."""
    table = InMemoryTable()
    table.broken = True
    closed = ClosedMailboxes(table)
    for call in (closed.closed_until(ALEX), closed.close(ALEX, NOW), closed.forget_past(NOW)):
        with pytest.raises(StorageUnavailableError):
            await call


async def test_in_real_storage(azurite: str) -> None:
    """A table that is not there yet closes nothing, and is made when it is needed."""
    async with TableServiceClient.from_connection_string(azurite) as service:
        table = AzureTable(service.get_table_client(TABLE))
        assert await ClosedMailboxes(table).closed_until(ALEX) is None
        await ClosedMailboxes(table).forget_past(NOW)
        moments = [NOW + timedelta(microseconds=each) for each in (5, 9, 1)]
        await asyncio.gather(*(ClosedMailboxes(table).close(ALEX, moment) for moment in moments))
        assert await ClosedMailboxes(table).closed_until(ALEX) == max(moments)
        await ClosedMailboxes(table).forget_past(NOW + timedelta(hours=2))
        assert await ClosedMailboxes(table).closed_until(ALEX) is None
