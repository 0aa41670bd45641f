"""The ledger is lost and put back from an older copy: nothing is made twice, and what was under way goes on."""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from shared.errors import UnreadableRecordError
from shared.meeting import Meeting, MeetingResponse, Status
from shared.meeting.ledger import Field
from shared.schedules import Schedule, ScheduleStore
from shared.use_cases.backup import Backup, is_about
from tests.app_fixture import World
from tests.examples import CALENDAR, EXISTING, STANDALONE
from tests.fakes import InMemoryTable

SCHEDULE: dict[str, Any] = {
    "recurrence": "RRULE:FREQ=DAILY",
    "timeZone": "Europe/Berlin",
    "start": "2026-11-23T09:00:00",
    "duration": "PT30M",
    "leadTime": "P1D",
    "request": {"organizer": "AlexW@contoso.com", "subject": "Round"},
}


def backup(world: World) -> Backup:
    return Backup(world.ledger, ScheduleStore(world.schedules_table), world.clock)


async def copy(world: World) -> list[Meeting | Schedule]:
    unreadable: list[UnreadableRecordError] = []
    found = [record async for record in backup(world).records(unreadable.append)]
    assert unreadable == []
    return found


async def lose(world: World) -> None:
    """Take the whole storage account away, but for the tables' and queues' names."""
    for table in (world.table, world.schedules_table, world.mailboxes_table):
        table.partitions.clear()
    for queue in (world.requests, world.poison, world.results):
        queue.messages.clear()


async def restore(world: World, records: list[Meeting | Schedule]) -> list[bool]:
    return [await backup(world).put_back(record) for record in records]


async def test_every_record_comes_back_as_it_was() -> None:
    """Each kind and end, schedules too, with every row that leads to them; another time nothing changes."""
    world = World()
    made = [await world.made(request) for request in (CALENDAR | {"reference": "R-1"}, STANDALONE)]
    gone = await world.made(CALENDAR | {"organizer": "Nobody@contoso.com"})
    await world.app.schedules.create(SCHEDULE)
    before = {name: dict(rows) for name, rows in world.table.partitions.items() if rows}
    schedules = {name: set(rows) for name, rows in world.schedules_table.partitions.items() if rows}
    records = await copy(world)
    assert len(records) == 4
    await lose(world)
    assert await restore(world, records) == [True] * 4
    for meeting in made:
        assert MeetingResponse.of(await world.ledger.read(meeting.id)) == MeetingResponse.of(meeting)
    failed = await world.ledger.read(gone.id)
    assert MeetingResponse.of(failed) == MeetingResponse.of(gone)
    assert {name: set(rows) for name, rows in world.table.partitions.items()} == {
        name: set(rows) for name, rows in before.items()
    }
    assert {name: set(rows) for name, rows in world.schedules_table.partitions.items()} == schedules
    [found] = (await world.ledger.find(Field.REFERENCE, "R-1", 10)).items
    assert found.id == made[0].id
    assert await restore(world, records) == [False] * 4


async def test_more_records_than_are_read_at_once() -> None:
    """None is left out, and none comes twice."""
    world = World()
    ids = {(await world.accept(STANDALONE)).id for _ in range(1_700)}
    copied = [record.id for record in await copy(world)]
    assert len(copied) == len(ids)
    assert set(copied) == ids


@pytest.mark.parametrize("request_", [CALENDAR, STANDALONE, EXISTING], ids=lambda each: each.get("kind", "calendar"))
async def test_what_was_made_after_the_copy_is_found(request_: Mapping[str, Any]) -> None:
    """Though Graph has forgotten its transaction ids: the meeting's id in the event leads the record to it."""
    world = World()
    world.tenant.settings.transaction_id_memory = False
    meeting = await world.accept(request_, key="visit-1")
    records = await copy(world)
    await world.settle()
    link = (await world.ledger.read(meeting.id)).outcome.join_url
    mails, events = len(world.tenant.sent_mail), len(world.events())
    world.clock.advance(days=3)  # longer than GIVE_UP_AFTER
    await lose(world)
    await restore(world, records)
    world.clock.advance(minutes=1)
    await world.app.upkeep.run()
    await world.settle()
    after = await world.ledger.read(meeting.id)
    assert (after.status, after.outcome.join_url) == (Status.SUCCEEDED, link)
    assert (len(world.tenant.sent_mail), len(world.events())) == (mails, events)
    again = await world.accept(request_, key="visit-1")
    assert again.id == meeting.id
    assert again.finished


async def test_a_failed_meeting_that_was_retried_after_the_copy() -> None:
    """Its event is found when it is retried once more."""
    world = World()
    world.tenant.settings.transaction_id_memory = False
    world.fault({"method": "POST", "path": "/events", "times": 1, "action": {"status": 400}})
    meeting = await world.made(CALENDAR)
    assert meeting.status is Status.FAILED
    records = await copy(world)
    for _ in range(2):
        await world.app.changes.retry(meeting.id)
        await world.settle()
        assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED
        await lose(world)
        await restore(world, records)
    assert len(world.events()) == len(world.tenant.sent_mail) == 1


async def test_a_key_that_is_not_in_the_copy() -> None:
    """Where nothing is left of it, Graph's memory of the transaction id, which follows from the key, gives the same."""
    world = World()
    meeting = await world.made(CALENDAR, key="visit-2")
    await lose(world)
    again = await world.made(CALENDAR, key="visit-2")
    assert (again.id, again.outcome.join_url) == (meeting.id, meeting.outcome.join_url)
    assert len(world.events()) == len(world.tenant.sent_mail) == 1


async def test_what_is_there_is_newer() -> None:
    """Putting back while the app goes on undoes nothing."""
    world = World()
    meeting = await world.accept(CALENDAR)
    records = await copy(world)
    await world.settle()
    assert await restore(world, records) == [False]
    assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED


async def test_a_schedule_goes_on_from_the_copys_mark() -> None:
    """What it made since is asked for again by its key, and made once."""
    world = World()
    await world.app.schedules.create(SCHEDULE)
    records = await copy(world)
    world.clock.advance(days=2)
    await world.app.schedule_run.run()
    await world.settle()
    events = len(world.events())
    assert events
    world.schedules_table = InMemoryTable()
    world.app = world.new_host()
    await restore(world, records)
    await world.app.schedule_run.run()
    await world.settle()
    assert len(world.events()) == events


async def test_a_person_is_found_by_address_and_by_reference() -> None:
    """As organizer, attendee or co-organizer and in a schedule, in any case; a part of a name is nobody."""
    world = World()
    invited = CALENDAR | {"attendees": [{"emailAddress": {"address": "Patient@example.com"}, "type": "required"}]}
    meetings = [
        await world.made(request) for request in (invited, CALENDAR | {"reference": "R-77"}, STANDALONE, EXISTING)
    ]
    await world.app.schedules.create(SCHEDULE)
    records = await copy(world)

    def found(person: str) -> list[int]:
        of_meetings = [meeting.id for meeting in meetings]
        return sorted(
            of_meetings.index(each.id) if each.id in of_meetings else -1 for each in records if is_about(each, person)
        )

    assert found("patient@EXAMPLE.com ") == [0]
    assert found("R-77") == [1]
    assert found("patient") == []
    assert -1 in found("alexw@contoso.com")
    assert found(meetings[0].organizer or "") == found("ALEXW@contoso.com")


def base64_text(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("encode", [str, json.dumps, base64_text])
async def test_a_person_is_found_in_a_message_that_could_not_be_read(encode: Callable[[str], str]) -> None:
    """Anywhere in its text, however it is encoded."""
    world = World()
    await world.app.message_handler.handle(encode("[1] Patient@example.com, R-77"), "m1")
    [record] = await copy(world)
    assert is_about(record, "patient@example.com")
    assert is_about(record, "R-77")
    assert not is_about(record, "AlexW@contoso.com")
