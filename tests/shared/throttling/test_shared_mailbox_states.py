"""What instances tell each other of mailboxes: that Graph wants one left alone, and what its calendar allows."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from azure.data.tables.aio import TableServiceClient
from hypothesis import example, given
from hypothesis import strategies as st

from shared.errors import ConflictError, StorageUnavailableError
from shared.storage import AzureTable, Delete, Operation, Row
from shared.throttling.shared_mailbox_states import (
    PROVIDERS_TTL,
    TABLE,
    AllowedProviders,
    MailboxState,
    SharedMailboxStates,
)
from tests.fakes import InMemoryTable

ALEX, MEGAN = "AlexW@contoso.com", "MeganB@contoso.com"
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
TEAMS = AllowedProviders(("teamsForBusiness",), NOW + PROVIDERS_TTL)


class SlowTable(InMemoryTable):
    """A table that lets others in between each two operations."""

    async def read(self, partition: str, key: str) -> Row | None:
        row = await super().read(partition, key)
        await asyncio.sleep(0)
        return row


async def closed_until(mailbox_states: SharedMailboxStates, name: str) -> datetime | None:
    return (await mailbox_states.read(name)).closed_until


def rows(table: InMemoryTable) -> list[Row]:
    return [row for partition in table.partitions.values() for row in partition.values()]


async def test_one_read_tells() -> None:
    """It costs one operation to know, whether there is a row or not, in any spelling of the name."""
    table = InMemoryTable()
    mailbox_states = SharedMailboxStates(table)
    await mailbox_states.close(ALEX, NOW + timedelta(microseconds=2_128_001))
    table.operations = 0
    assert await closed_until(mailbox_states, ALEX.upper()) == NOW + timedelta(microseconds=2_128_001)
    assert await closed_until(mailbox_states, MEGAN) is None
    assert table.operations == 2


async def test_nobodys_name_is_in_the_table() -> None:
    """A row holds a digest, moments, and the providers' names."""
    table = InMemoryTable()
    await SharedMailboxStates(table).close(ALEX, NOW)
    [row] = rows(table)
    assert set(row.values) == {"until"}
    await SharedMailboxStates(table).allow(ALEX, TEAMS, None)
    [row] = rows(table)
    assert "alex" not in f"{row}".lower()
    assert set(row.values) == {"until", "providers", "providersUntil"}


@given(st.lists(st.integers(0, 100), min_size=1, max_size=12))
async def test_of_many_who_are_told_at_once_the_latest_moment_stays(seconds: list[int]) -> None:
    """A moment is only moved later, whoever writes between whose reading and writing."""
    table = SlowTable()
    moments = [NOW + timedelta(seconds=each) for each in seconds]
    await asyncio.gather(*(SharedMailboxStates(table).close(ALEX, moment) for moment in moments))
    assert await closed_until(SharedMailboxStates(table), ALEX) == max(moments)


async def test_a_race_that_never_ends_is_left(caplog: pytest.LogCaptureFixture) -> None:
    """A storage that refuses every write is not asked for ever."""

    class Contested(InMemoryTable):
        async def write(self, partition: str, operations: Sequence[Operation]) -> list[str]:
            self.operations += 1
            raise ConflictError(f"as always: {partition}, {len(operations)}")

    table = Contested()
    await SharedMailboxStates(table).close(ALEX, NOW)
    assert table.operations <= 20
    assert "mailbox.notShared" in caplog.text


@pytest.mark.parametrize("until", ["", "soon", 5, "0001-01-01T00:00:00+14:00"])
async def test_a_row_of_another_form_says_nothing(until: str | int) -> None:
    """What another version of the app wrote closes no mailbox, and is written anew, and removed."""
    table = InMemoryTable()
    mailbox_states = SharedMailboxStates(table)
    await mailbox_states.close(ALEX, NOW)
    [row] = rows(table)
    table.partitions[row.key[0]][row.key] = Row(row.key, {"until": until}, row.etag)
    assert await closed_until(mailbox_states, ALEX) is None
    await mailbox_states.close(ALEX, NOW)
    assert await closed_until(mailbox_states, ALEX) == NOW
    [row] = rows(table)
    table.partitions[row.key[0]][row.key] = Row(row.key, {"until": until}, row.etag)
    await mailbox_states.forget_past(NOW)
    assert not rows(table)


class TestBothParts:
    @example([*range(1, 6), *range(-5, 0)])
    @given(st.lists(st.integers(-50, 50).filter(bool), min_size=1, max_size=10))  # more could lose ten races in a row
    async def test_neither_is_lost_to_the_other(self, told: list[int]) -> None:
        """However instances that close and instances that know providers meet at a row, both parts are there then."""
        table = SlowTable()
        closed = [NOW + timedelta(seconds=each) for each in told if each > 0]
        allowed = [AllowedProviders((f"provider{each}",), NOW - timedelta(seconds=each)) for each in told if each < 0]
        await asyncio.gather(
            *(SharedMailboxStates(table).close(ALEX, moment) for moment in closed),
            *(SharedMailboxStates(table).allow(ALEX, each, MailboxState()) for each in allowed),
        )
        state = await SharedMailboxStates(table).read(ALEX)
        assert state.closed_until == max(closed, default=None)
        assert state.allowed in (allowed or [None])

    @pytest.mark.parametrize("closed", [False, True])
    async def test_what_was_seen_spares_a_look(self, closed: bool) -> None:  # noqa: FBT001 - a parameter
        """Who has just read the row tells with one operation, whether there was a row or not."""
        table = InMemoryTable()
        mailbox_states = SharedMailboxStates(table)
        if closed:
            await mailbox_states.close(ALEX, NOW)
        seen = await mailbox_states.read(ALEX)
        table.operations = 0
        await mailbox_states.allow(ALEX, TEAMS, seen)
        assert table.operations == 1
        told = await mailbox_states.read(ALEX.upper())
        assert (told.allowed, told.closed_until) == (TEAMS, NOW if closed else None)

    async def test_the_last_who_asked_is_right(self) -> None:
        """What a calendar answers now replaces what it answered before, also what a wrong clock wrote."""
        mailbox_states = SharedMailboxStates(InMemoryTable())
        await mailbox_states.allow(ALEX, AllowedProviders(("skypeForBusiness",), NOW + timedelta(days=400)), None)
        await mailbox_states.allow(ALEX, TEAMS, None)
        assert (await mailbox_states.read(ALEX)).allowed == TEAMS

    @pytest.mark.parametrize(
        "changes",
        [
            {"providers": 5},
            {"providers": ""},
            {"providers": None},
            {"providersUntil": ""},
            {"providersUntil": "soon"},
            {"providersUntil": 5},
            {"providersUntil": None},
        ],
    )
    async def test_providers_in_another_form_say_nothing(self, changes: dict[str, str | int | None]) -> None:
        """What another version wrote allows nothing, and neither hides when the mailbox opens nor outlives it."""
        table = InMemoryTable()
        mailbox_states = SharedMailboxStates(table)
        await mailbox_states.close(ALEX, NOW)
        await mailbox_states.allow(ALEX, TEAMS, None)
        [row] = rows(table)
        values = {name: value for name, value in (row.values | changes).items() if value is not None}
        table.partitions[row.key[0]][row.key] = Row(row.key, values, row.etag)
        state = await mailbox_states.read(ALEX)
        assert (state.closed_until, state.allowed) == (NOW, None)
        await mailbox_states.forget_past(NOW + timedelta(minutes=61))
        assert not rows(table)

    @given(st.integers(-7200, 10_000), st.sampled_from(["teamsForBusiness", "skypeForBusiness"]))
    def test_an_answer_is_believed_for_an_hour(self, seconds: int, provider: str) -> None:
        """Not after its moment, and not if that is further away than one hour: then a clock is wrong."""
        now = TEAMS.until - timedelta(seconds=seconds)
        assert TEAMS.names(provider, now) is (provider == "teamsForBusiness" and 0 < seconds <= 3600)


class TestHolders:
    @given(st.lists(st.integers(0, 5), min_size=1, max_size=8))
    async def test_of_many_who_take_at_once_none_is_lost(self, wanted: list[int]) -> None:
        """However they meet at the row, together they hold no more than the limit, and each is told what it has."""
        table = SlowTable()
        states = await asyncio.gather(
            *(
                SharedMailboxStates(table).hold(ALEX, f"i{number}", calls, 4, NOW, MailboxState())
                for number, calls in enumerate(wanted)
            )
        )
        holders = (await SharedMailboxStates(table).read(ALEX)).holders
        assert sum(holder.calls for holder in holders) == min(sum(wanted), 4)
        for number, state in enumerate(states):
            told = {holder.instance: holder.calls for holder in state.holders}
            assert told[f"i{number}"] == {each.instance: each.calls for each in holders}[f"i{number}"]

    async def test_what_is_returned_is_as_it_was_written(self) -> None:
        """With its etag: the next write with it costs one operation."""
        table = InMemoryTable()
        mailbox_states = SharedMailboxStates(table)
        state = await mailbox_states.hold(ALEX, "a", 3, 4, NOW, MailboxState())
        assert state == await mailbox_states.read(ALEX)
        table.operations = 0
        await mailbox_states.allow(ALEX, TEAMS, state)
        assert table.operations == 1
        assert (await mailbox_states.read(ALEX)).holders == state.holders

    @pytest.mark.parametrize("holders", ["", 5, "a", "a:1", "a:one:5", "a:1:soon", "a:1:1e99", "a:1:2:3", ":::"])
    async def test_holders_in_another_form_say_nothing(self, holders: str | int) -> None:
        """What another version wrote keeps nobody from the mailbox."""
        table = InMemoryTable()
        mailbox_states = SharedMailboxStates(table)
        await mailbox_states.close(ALEX, NOW)
        [row] = rows(table)
        table.partitions[row.key[0]][row.key] = Row(row.key, row.values | {"holders": holders}, row.etag)
        assert (await mailbox_states.read(ALEX)).holders == ()

    async def test_a_row_stays_while_somebody_holds_calls(self) -> None:
        """And an hour longer, as clocks differ."""
        table = InMemoryTable()
        mailbox_states = SharedMailboxStates(table)
        await mailbox_states.hold(ALEX, "a", 3, 4, NOW, MailboxState())
        await mailbox_states.forget_past(NOW + timedelta(minutes=59))
        assert len(rows(table)) == 1
        await mailbox_states.forget_past(NOW + timedelta(minutes=61))
        assert not rows(table)


class TestForgetting:
    @pytest.mark.parametrize("last", ["closed", "allowed"])
    async def test_a_row_stays_until_both_parts_are_past(self, last: str) -> None:
        """And an hour longer, as clocks differ."""
        table = InMemoryTable()
        mailbox_states = SharedMailboxStates(table)
        later = NOW + timedelta(hours=3)
        await mailbox_states.close(ALEX, later if last == "closed" else NOW)
        await mailbox_states.allow(ALEX, AllowedProviders(TEAMS.providers, later if last == "allowed" else NOW), None)
        await mailbox_states.forget_past(later + timedelta(minutes=59))
        assert len(rows(table)) == 1
        await mailbox_states.forget_past(later + timedelta(minutes=61))
        assert not rows(table)

    async def test_rows_that_stay_hide_none_for_ever(self) -> None:
        """However many mailboxes are in use all the time, and told of anew, the others' rows go."""
        table = InMemoryTable()
        mailbox_states = SharedMailboxStates(table)
        for number in range(2000):
            await mailbox_states.allow(
                f"user{number}@contoso.com", AllowedProviders(TEAMS.providers, NOW + timedelta(days=1)), None
            )
        for number in range(2000, 2100):
            await mailbox_states.close(f"user{number}@contoso.com", NOW)
        for _ in range(5):
            await mailbox_states.forget_past(NOW + timedelta(hours=2))
        assert len(rows(table)) == 2000
        assert all("providers" in row.values for row in rows(table))

    async def test_only_what_is_long_past(self) -> None:
        """A row is kept while its moment is to come, and an hour longer, as clocks differ."""
        table = InMemoryTable()
        mailbox_states = SharedMailboxStates(table)
        await mailbox_states.close(ALEX, NOW)
        await mailbox_states.close(MEGAN, NOW + timedelta(hours=1))
        await mailbox_states.forget_past(NOW + timedelta(minutes=59))
        assert len(rows(table)) == 2
        await mailbox_states.forget_past(NOW + timedelta(minutes=61))
        assert len(rows(table)) == 1
        assert await closed_until(mailbox_states, MEGAN) == NOW + timedelta(hours=1)

    async def test_a_run_is_bounded_and_the_next_goes_on(self) -> None:
        """Thousands of rows are removed in portions."""
        table = InMemoryTable()
        mailbox_states = SharedMailboxStates(table)
        for number in range(3000):
            await mailbox_states.close(f"user{number}@contoso.com", NOW)
        later, runs = NOW + timedelta(hours=2), 0
        while rows(table):
            before = table.operations
            await mailbox_states.forget_past(later)
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
        mailbox_states = SharedMailboxStates(table)
        await mailbox_states.close(ALEX, NOW)
        await mailbox_states.forget_past(NOW + timedelta(days=1))
        assert len(rows(table)) == 1


async def test_a_storage_that_does_not_answer() -> None:
    """It is the caller's to decide what that means."""
    table = InMemoryTable()
    table.broken = True
    mailbox_states = SharedMailboxStates(table)
    asked = (
        mailbox_states.read(ALEX),
        mailbox_states.allow(ALEX, TEAMS, None),
        mailbox_states.close(ALEX, NOW),
        mailbox_states.hold(ALEX, "a", 1, 4, NOW, MailboxState()),
        mailbox_states.forget_past(NOW),
    )
    for call in asked:
        with pytest.raises(StorageUnavailableError):
            await call


@pytest.mark.slow
async def test_in_real_storage(azurite: str) -> None:
    """A table that is not there yet closes nothing, and is made when it is needed."""
    async with TableServiceClient.from_connection_string(azurite) as service:
        table = AzureTable(service.get_table_client(TABLE))
        assert await closed_until(SharedMailboxStates(table), ALEX) is None
        await SharedMailboxStates(table).forget_past(NOW)
        moments = [NOW + timedelta(microseconds=each) for each in (5, 9, 1)]
        await asyncio.gather(*(SharedMailboxStates(table).close(ALEX, moment) for moment in moments))
        assert await closed_until(SharedMailboxStates(table), ALEX) == max(moments)
        await SharedMailboxStates(table).forget_past(NOW + timedelta(hours=2))
        assert await closed_until(SharedMailboxStates(table), ALEX) is None
