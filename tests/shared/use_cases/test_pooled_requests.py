"""A pool of organizers by the other ways in: a spreadsheet, a schedule, a retry, and the poison queue."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import override

import pytest

from shared.errors import StorageUnavailableError
from shared.meeting import Meeting, Status
from shared.storage import Operation
from tests.app_fixture import World
from tests.examples import CALENDAR
from tests.fakes import InMemoryTable
from tests.http_client import InProcess
from tests.shared.schedules.documents import MEETING, schedule_document

NURSES = [f"Nurse{number}@contoso.com" for number in range(3)]
POOL = {"organizerPool": {"candidates": NURSES[:2], "strategy": "first"}}
POOLED = {name: value for name, value in CALENDAR.items() if name not in {"organizer", "attendees"}} | POOL


@pytest.fixture
def world() -> World:
    world = World()
    for nurse in NURSES:
        world.tenant.add_user(nurse, nurse)
    return world


def meetings(world: World) -> list[Meeting]:
    """Return the meetings of the ledger, by their start."""
    rows = [row for partition in world.table.partitions.values() for key, row in partition.items() if "meeting." in key]
    found = [Meeting.model_validate_json(str(row.values["document0"])) for row in rows]
    return sorted(found, key=lambda meeting: (meeting.request or {})["start"]["dateTime"])


async def test_a_column_of_a_spreadsheet(world: World) -> None:
    """Three rows for one time and two candidates, over HTTP: each has one of them, and the third says who is busy."""
    row = "{};Visit {};2027-01-20 13:00;2027-01-20 13:30;UTC"
    rows = [row.format(f'"{NURSES[0]};{NURSES[1]}"', number) for number in range(3)]
    file = "\n".join(["organizerPool;subject;start;end;timeZone", *rows]).encode()
    http = InProcess(world)
    answer = await http.call("POST", "/meetings/batch", file, content_type="text/csv")
    assert [result["status"] for result in answer.json["results"]] == [202] * 3
    await world.settle()
    shown = [(await http.call("GET", f"/meetings/{result['id']}")).json for result in answer.json["results"]]
    assert sorted(each["organizer"] or "" for each in shown) == ["", *NURSES[:2]]
    assert all(each["joinUrl"] for each in shown if each["organizer"])
    [failed] = [each["error"] for each in shown if each["status"] == "failed"]
    assert failed["code"] == "nobodyFree"
    assert all(f"{nurse} is busy" in failed["message"] for nurse in NURSES[:2])
    assert [len(world.events(nurse.lower())) for nurse in NURSES[:2]] == [1, 1]


async def test_each_occurrence_of_a_schedule_has_its_own_choice(world: World) -> None:
    """The first candidate is busy on the second of three days only."""
    document = schedule_document(
        recurrence="RRULE:FREQ=DAILY;COUNT=3",
        leadTime="P10D",
        request={name: value for name, value in POOLED.items() if name in MEETING or name in POOL},
    )
    busy = {
        name: {"dateTime": f"2026-11-24T{hour}", "timeZone": "Europe/Berlin"}
        for name, hour in (("start", "10:15:00"), ("end", "10:20:00"))
    }
    await world.made(CALENDAR | {"organizer": NURSES[0], "attendees": []} | busy)
    await world.app.schedules.create(document)
    assert (await world.app.schedule_run.run()).meetings == 3
    await world.settle()
    of_schedule = [meeting for meeting in meetings(world) if "organizerPool" in (meeting.request or {})]
    assert [meeting.organizer for meeting in of_schedule] == [NURSES[0], NURSES[1], NURSES[0]]


async def test_a_retry_has_who_is_free_by_then(world: World) -> None:
    """Whom people had booked in Outlook, once they have deleted that event; until then it fails again."""
    for nurse in NURSES[:2]:
        await world.made(CALENDAR | {"organizer": nurse, "attendees": []})
    meeting = await world.made(POOLED)
    http = InProcess(world)
    for free, status, organizer in ((False, Status.FAILED, None), (True, Status.SUCCEEDED, NURSES[1])):
        if free:
            world.tenant.mailboxes[NURSES[1].lower()].events.clear()
        assert (await http.call("POST", f"/meetings/{meeting.id}/retry")).status == 202
        await world.settle()
        retried = await world.ledger.read(meeting.id)
        assert (retried.status, retried.organizer) == (status, organizer)
    assert retried.outcome.made


async def test_a_request_in_the_poison_queue_is_chosen_for_once(world: World) -> None:
    """Though several hosts try the message, alone: one organizer, one event, one reservation."""
    world.poison.put(json.dumps(POOLED), life=timedelta(days=7))
    for host in (world.app, world.new_host(), world.new_host()):
        await host.crash_recorder.run()
    await world.settle()
    await world.new_host().crash_recorder.run()
    await world.settle()
    [meeting] = meetings(world)
    assert (meeting.status, meeting.organizer) == (Status.SUCCEEDED, NURSES[0])
    assert [len(world.events(nurse.lower())) for nurse in NURSES[:2]] == [1, 0]
    assert str(world.mailboxes_table.partitions).count(meeting.id) == 1


class LastWriteTable(InMemoryTable):
    """A table whose next write is the last that the storage account takes."""

    def __init__(self, ledger_table: InMemoryTable) -> None:
        super().__init__()
        self._ledger_table = ledger_table

    @override
    async def write(self, partition: str, operations: Sequence[Operation]) -> list[str]:
        etags = await super().write(partition, operations)
        if partition.startswith("reserved"):
            self._ledger_table.broken = True
        return etags


async def test_a_meeting_in_the_poison_queue_keeps_whom_its_attempt_chose(world: World) -> None:
    """The attempt ended between the reservation and its record; the first candidate is free again by then."""
    await world.made(CALENDAR | {"organizer": NURSES[0], "attendees": []})
    kept, world.mailboxes_table = world.mailboxes_table, LastWriteTable(world.table)
    meeting = await world.accept(POOLED)
    [text] = world.requests.take()
    with pytest.raises(StorageUnavailableError):
        await world.new_host().message_handler.handle(text, None)
    kept.partitions.update(world.mailboxes_table.partitions)
    world.table.broken, world.mailboxes_table = False, kept
    assert (await world.ledger.read(meeting.id)).organizer is None
    world.tenant.mailboxes[NURSES[0].lower()].events.clear()
    world.poison.put(text, life=timedelta(days=7))
    world.clock.advance(minutes=30)
    await world.new_host().crash_recorder.run()
    await world.settle()
    seen = await world.ledger.read(meeting.id)
    assert (seen.status, seen.organizer) == (Status.SUCCEEDED, NURSES[1])
    assert [len(world.events(nurse.lower())) for nurse in NURSES[:2]] == [0, 1]
