"""Records: read, written and changed with the rows that lead to them, whatever was done to the table meanwhile."""

import asyncio
import logging

import pytest

from shared.errors import ConflictError, ScheduleNotFoundError, UnreadableRecordError
from shared.meeting import Meeting, Status
from shared.meeting.ledger import Field, Ledger
from shared.storage import Row
from tests.examples import MEETING_ID, queued_meeting
from tests.fakes import InMemoryTable


async def attempts_plus_one(meeting: Meeting) -> Meeting:
    await asyncio.sleep(0)
    return meeting.changed(attempts=meeting.attempts + 1)


def rows(table: InMemoryTable) -> dict[str, Row]:
    return dict(table.partitions[MEETING_ID[0]])


class TestUpdate:
    async def test_no_change_is_lost(self) -> None:
        """Of many changes at once each is made on what the one before it has left."""
        ledger = Ledger(InMemoryTable())
        await ledger.insert(queued_meeting())
        await asyncio.gather(*(ledger.update(MEETING_ID, attempts_plus_one) for _ in range(20)))
        assert (await ledger.read(MEETING_ID)).attempts == 20

    async def test_it_returns_both_sides(self) -> None:
        """The record before and after the change; twice the same one where nothing changes, and nothing is written."""
        table = InMemoryTable()
        ledger = Ledger(table)
        meeting = await ledger.insert(queued_meeting())
        before, after = await ledger.update(MEETING_ID, attempts_plus_one)
        assert (before, after) == (meeting, await ledger.read(MEETING_ID))
        operations = table.operations

        async def nothing(_: Meeting) -> None:
            return None

        before, after = await ledger.update(MEETING_ID, nothing)
        assert before is after
        assert table.operations == operations + 1

    async def test_what_the_change_raises_comes_through(self) -> None:
        """A decision against the change leaves the record as it is."""
        ledger = Ledger(InMemoryTable())
        meeting = await ledger.insert(queued_meeting())

        async def refused(_: Meeting) -> Meeting:
            raise ScheduleNotFoundError

        with pytest.raises(ScheduleNotFoundError):
            await ledger.update(MEETING_ID, refused)
        assert await ledger.read(MEETING_ID) == meeting


class TestRowsThatDoNotAgree:
    async def test_a_row_that_is_gone_keeps_no_write_from_taking_place(self, caplog: pytest.LogCaptureFixture) -> None:
        """Somebody has deleted a row that leads to the record: the next write repairs what it can, and says so."""
        table = InMemoryTable()
        ledger = Ledger(table)
        meeting = await ledger.insert(queued_meeting(reference="R-1"))
        for key in meeting.index_keys:
            del table.partitions[MEETING_ID[0]][key]
        ended = await ledger.write(meeting, meeting.changed(status=Status.SUCCEEDED))
        assert set(rows(table)) == {f"meeting.{MEETING_ID}", *ended.index_keys}
        assert "record.rowsRepaired" in caplog.text

    async def test_a_row_that_is_there_already_keeps_no_write_from_taking_place(self) -> None:
        """A part of the table was restored, and has a row that the record is about to get."""
        table = InMemoryTable()
        ledger = Ledger(table)
        meeting = await ledger.insert(queued_meeting())
        ended = meeting.changed(status=Status.SUCCEEDED, reported=True)
        other = InMemoryTable()
        keys = (await Ledger(other).insert(ended)).index_keys - meeting.index_keys
        for key in keys:
            table.partitions[MEETING_ID[0]][key] = Row(key)
        written = await ledger.write(meeting, ended)
        assert set(rows(table)) == {f"meeting.{MEETING_ID}", *written.index_keys}

    async def test_a_lost_race_is_still_a_lost_race(self, caplog: pytest.LogCaptureFixture) -> None:
        """A record that somebody else has changed is not repaired over."""
        ledger = Ledger(InMemoryTable())
        meeting = await ledger.insert(queued_meeting())
        await ledger.write(meeting, meeting.changed(attempts=1))
        with pytest.raises(ConflictError):
            await ledger.write(meeting, meeting.changed(attempts=7))
        assert "record.rowsRepaired" not in caplog.text


class TestUnreadable:
    async def test_its_error_quotes_nothing(self) -> None:
        """What is wrong is said by the names of properties and kinds of fault, never by a value."""
        table = InMemoryTable()
        ledger = Ledger(table)
        await ledger.insert(queued_meeting(reference="SECRET"))
        rows(table)[f"meeting.{MEETING_ID}"].values["document0"] = '{"status": "SECRET", "organizer": 5}'
        with pytest.raises(UnreadableRecordError) as raised:
            await ledger.read(MEETING_ID)
        assert "SECRET" not in str(raised.value)
        assert "status: enum" in str(raised.value) or "missing" in str(raised.value)
        assert raised.value.__cause__ is None

    async def test_a_list_leaves_it_out(self, caplog: pytest.LogCaptureFixture) -> None:
        """The page has the others, and the log has its id."""
        caplog.set_level(logging.ERROR)
        table = InMemoryTable()
        ledger = Ledger(table)
        await ledger.insert(queued_meeting(reference="R-1"))
        other = await ledger.insert(queued_meeting(reference="R-1", id="5d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7"))
        rows(table)[f"meeting.{MEETING_ID}"].values["documents"] = "many"
        assert list((await ledger.find(Field.REFERENCE, "R-1", 10)).items) == [other]
        assert MEETING_ID in caplog.text
