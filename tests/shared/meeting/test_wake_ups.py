"""Wake-up rows: there is one while something is to be done, never late; a step that can leaves it where it is."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from shared.errors import StorageUnavailableError
from shared.meeting import Claim, Meeting, Status
from shared.meeting.ledger import Ledger
from shared.storage import Delete, Operation, Row
from shared.storage.records import key_moment
from tests.app_fixture import World
from tests.examples import CALENDAR
from tests.fakes import InMemoryTable


def keys_of(world: World, meeting_id: str) -> set[str]:
    return {key for rows in world.table.partitions.values() for key in rows if key.endswith(meeting_id)}


def families(keys: set[str]) -> set[str]:
    return {key.partition(".")[0] for key in keys}


async def rows_and_transactions(table: InMemoryTable, before: Meeting, after: Meeting) -> tuple[Meeting, int, int]:
    rows, transactions = table.rows_written, table.transactions
    written = await Ledger(table).write(before, after)
    return written, table.rows_written - rows, table.transactions - transactions


class TestSteps:
    async def test_what_only_moves_or_ends_a_wake_up_row_is_no_transaction(self) -> None:
        """A checkpoint writes the record; the note that the result was sent writes it, and deletes one row after it."""
        world = World()
        now, table = world.clock(), world.table
        queued = await world.ledger.read((await world.accept(CALENDAR)).id)
        claim = Claim(owner="o", expires_at=now + timedelta(seconds=60))
        running, _, _ = await rows_and_transactions(table, queued, queued.changed(status=Status.RUNNING, claim=claim))
        later = claim.changed(expires_at=now + timedelta(seconds=90))
        running, rows, transactions = await rows_and_transactions(table, running, running.changed(claim=later))
        assert (rows, transactions) == (1, 0)
        ended = running.changed(status=Status.SUCCEEDED, claim=None, updated_at=now + timedelta(seconds=2))
        ended, _, _ = await rows_and_transactions(table, running, ended)
        assert families(keys_of(world, ended.id)) >= {"due", "finished"}
        told, rows, transactions = await rows_and_transactions(table, ended, ended.changed(reported=True))
        assert (rows, transactions) == (2, 0)
        assert keys_of(world, told.id) == {f"meeting.{told.id}", *told.index_keys}
        assert not families(keys_of(world, told.id)) & {"due", "unsent"}

    async def test_what_waits_for_long_is_not_looked_at_before(self) -> None:
        """A later attempt moves the row: meetings that wait for hours cost the upkeep nothing."""
        world = World()
        queued = await world.ledger.read((await world.accept(CALENDAR)).id)
        until = world.clock() + timedelta(hours=3)
        await world.ledger.write(queued, queued.progressed(next_attempt_at=until))
        assert await world.ledger.due(until, 10) == []
        assert await world.ledger.waiting_since() == queued.progress.version_started_at

    async def test_a_meeting_over_http(self) -> None:
        """Its rows: 5, with its claim 3, with its end 8, at the note 1, and one deleted; in three transactions."""
        world = World()
        await world.made(CALENDAR)
        assert (world.table.rows_written, world.table.transactions) == (18, 3)


class TestEarlyRows:
    async def test_a_claimed_meeting_is_not_taken_for_dead(self) -> None:
        """Its row is as old as its acceptance; the upkeep looks at the record, and leaves it as it is."""
        world = World()
        queued = await world.ledger.read((await world.accept(CALENDAR)).id)
        world.requests.take()
        world.clock.advance(seconds=300)
        claim = Claim(owner="o", expires_at=world.clock() + timedelta(seconds=60))
        running = await world.ledger.write(queued, queued.changed(status=Status.RUNNING, claim=claim))
        assert [row.record_id for row in await world.ledger.due(world.clock(), 10)] == [running.id]
        assert (await world.app.upkeep.run()).woken == 0
        assert await world.ledger.read(running.id) == running
        world.clock.advance(seconds=61)
        assert (await world.app.upkeep.run()).woken == 1

    async def test_an_end_that_cannot_be_told_stands_apart(self) -> None:
        """It is set aside at once, so that what has stalled comes first."""
        world = World()
        meeting = await world.accept(CALENDAR)
        world.results.broken = True
        await world.deliver()
        assert families(keys_of(world, meeting.id)) & {"due", "unsent"} == {"unsent"}

    async def test_an_end_whose_worker_died_is_set_aside_and_told(self) -> None:
        """By one run of the upkeep, which finds it by the row of its work."""
        world = World()
        queued = await world.ledger.read((await world.accept(CALENDAR)).id)
        world.requests.take()
        world.clock.advance(seconds=5)
        await world.ledger.write(queued, queued.changed(status=Status.FAILED, updated_at=world.clock()))
        assert families(keys_of(world, queued.id)) & {"due", "unsent"} == {"due"}
        world.clock.advance(seconds=31)
        assert (await world.app.upkeep.run()).reported == 1
        assert not families(keys_of(world, queued.id)) & {"due", "unsent"}


class TestStaleRows:
    @pytest.mark.parametrize("family", ["due", "unsent"])
    async def test_a_row_that_its_record_does_not_name_is_deleted(self, family: str) -> None:
        """A death between the note and the row leaves one behind; the upkeep deletes it, and no other."""
        world = World()
        made = await world.made(CALENDAR)
        stale = f"{family}.{key_moment(world.clock())}.{made.id}"
        world.table.partitions[made.id[0]][stale] = Row(stale)
        before = keys_of(world, made.id)
        world.clock.advance(seconds=1)
        report = await world.app.upkeep.run()
        assert (report.woken, report.reported) == (0, 0)
        assert keys_of(world, made.id) == before - {stale}
        assert await world.ledger.read(made.id) == made

    async def test_a_row_without_a_record_is_deleted(self) -> None:
        """The record was forgotten, and the row stayed."""
        world = World({"RETENTION": "P1D"})
        made = await world.made(CALENDAR)
        stale = f"due.{key_moment(world.clock())}.{made.id}"
        world.table.partitions[made.id[0]][stale] = Row(stale)
        world.clock.advance(days=2)
        await world.ledger.remove(made)
        await world.app.upkeep.run()
        assert not keys_of(world, made.id)

    async def test_a_row_that_cannot_be_deleted_fails_no_write(self) -> None:
        """The record is written by then."""

        class NoDeletions(InMemoryTable):
            async def write(self, partition: str, operations: Sequence[Operation]) -> list[str]:
                if isinstance(operations[0], Delete):
                    raise StorageUnavailableError("no")
                return await super().write(partition, operations)

        world = World()
        world.table = NoDeletions()
        world.ledger, world.app = Ledger(world.table), world.new_host()
        made = await world.made(CALENDAR)
        assert made.reported
        assert "due" in families(keys_of(world, made.id))

    async def test_the_rows_of_an_earlier_version_go(self) -> None:
        """A record names its rows, whatever they are: the next write deletes those that there are no more."""
        world = World()
        queued = await world.ledger.read((await world.accept(CALENDAR)).id)
        rows = world.table.partitions[queued.id[0]]
        former = f"pending.{key_moment(world.clock())}.{queued.id}"
        rows[former] = Row(former)
        record = rows[f"meeting.{queued.id}"]
        record.values["indexKeys"] = f"{record.values['indexKeys']} {former}"
        await world.settle()
        assert (await world.ledger.read(queued.id)).status is Status.SUCCEEDED
        assert former not in keys_of(world, queued.id)
