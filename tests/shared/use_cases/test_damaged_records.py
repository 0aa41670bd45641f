"""A record that was damaged, in every way that the storage allows, costs nobody else anything, wherever it is met.

Whatever lies in a table may come from another version of the app, a restored copy, or somebody's hand.
"""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, cast

import pytest

from local.graph.event_removal import cancel_event
from shared.errors import IncompleteRunError, UnreadableRecordError
from shared.meeting import Meeting, Status
from shared.meeting.ledger import Field
from shared.meeting.messages import ProvisionMeeting
from shared.schedules import ScheduleStore
from shared.storage import Insert, Row
from shared.use_cases.backup import Backup
from tests.app_fixture import World
from tests.examples import CALENDAR
from tests.fakes import InMemoryTable
from tests.http_client import InProcess
from tests.shared.use_cases.test_schedule_run import schedule_document

type Values = dict[str, Any]


def with_member(name: str, value: object) -> Callable[[Values], Values]:
    """Return the damage of a document whose member has another value, wherever in it that stands."""

    def replaced(document: object) -> object:
        if not isinstance(document, dict):
            return document
        members = cast("dict[str, object]", document)
        return {key: value if key == name else replaced(each) for key, each in members.items()}

    def damaged(values: Values) -> Values:
        document = json.loads("".join(values[f"document{n}"] for n in range(values["documents"])))
        return values | {"documents": 1, "document0": json.dumps(replaced(document))}

    return damaged


# Text, number, Boolean, double and binary are what a property can be.
DAMAGES: Mapping[str, Callable[[Values], Values]] = {
    "nothing in it": lambda _: {},
    "no document": lambda values: {name: value for name, value in values.items() if name != "document0"},
    "no count of its documents": lambda values: {name: value for name, value in values.items() if name != "documents"},
    "no index keys": lambda values: {name: value for name, value in values.items() if name != "indexKeys"},
    "a text as the count": lambda values: values | {"documents": "many"},
    "a double as the count": lambda values: values | {"documents": 0.5},
    "too high a count": lambda values: values | {"documents": 10**9},
    "a negative count": lambda values: values | {"documents": -1},
    "a number as the document": lambda values: values | {"document0": 5},
    "bytes as the document": lambda values: values | {"document0": b"{}"},
    "an empty document": lambda values: values | {"document0": ""},
    "half a document": lambda values: values | {"document0": str(values["document0"])[:40]},
    "a list": lambda values: values | {"document0": "[]"},
    "deep nesting": lambda values: values | {"document0": "[" * 15_000},
    "an empty object": lambda values: values | {"document0": "{}"},
    "another id": with_member("id", "5d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7"),
    "no id": with_member("id", None),
}


def damage(table: InMemoryTable, kind: str, record_id: str, how: str) -> None:
    rows = table.partitions[record_id[0]]
    key = f"{kind}.{record_id}"
    row = rows[key]
    rows[key] = Row(key, DAMAGES[how](dict(row.values)), row.etag)


async def accepted(world: World) -> list[Meeting]:
    """Return a meeting that is about to be damaged, and a healthy one, both asked for with a reference."""
    return [await world.accept(CALENDAR | {"reference": "R-1"}, key) for key in ("first", "second")]


async def fails_at_its_end(run: Awaitable[object]) -> None:
    with pytest.raises(IncompleteRunError):
        await run


@pytest.fixture(autouse=True)
def errors(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.ERROR)
    return caplog


@pytest.mark.parametrize("how", DAMAGES)
class TestTimers:
    async def test_stalled_meetings_are_woken(self, how: str, caplog: pytest.LogCaptureFixture) -> None:
        """The upkeep asks for the healthy one, names the damaged one in the log, and fails at its end."""
        world = World()
        bad, good = await accepted(world)
        world.requests.take()
        damage(world.table, "meeting", bad.id, how)
        world.clock.advance(hours=1)
        await fails_at_its_end(world.app.upkeep.run())
        assert [json.loads(text)["meeting"] for text in world.requests.take()] == [good.id]
        assert bad.id in caplog.text

    async def test_old_meetings_are_forgotten(self, how: str, caplog: pytest.LogCaptureFixture) -> None:
        """The retention is kept for all but the damaged one."""
        world = World()
        bad, good = [await world.made(CALENDAR) for _ in range(2)]
        damage(world.table, "meeting", bad.id, how)
        world.clock.advance(days=400)
        await fails_at_its_end(world.app.upkeep.run())
        assert not await world.ledger.exists(good.id)
        assert bad.id in caplog.text

    async def test_unsent_results_are_sent(self, how: str, caplog: pytest.LogCaptureFixture) -> None:
        """Of two finished meetings whose results did not get through, the healthy one's is sent."""
        world = World()
        bad, good = await accepted(world)
        world.results.broken = True
        await world.deliver()
        world.requests.take()
        world.requests.messages.clear()
        world.results.broken = False
        damage(world.table, "meeting", bad.id, how)
        world.clock.advance(hours=1)
        await fails_at_its_end(world.app.upkeep.run())
        assert [event["subject"] for event in world.results.events()] == [good.id]
        assert bad.id in caplog.text

    async def test_markers_are_dropped(self, how: str, caplog: pytest.LogCaptureFixture) -> None:
        """What is left of a forgotten meeting goes with the retention, but for the damaged one."""
        world = World()
        bad, good = [await world.made(CALENDAR) for _ in range(2)]
        for meeting in (bad, good):
            await world.app.forgetting.forget(meeting.id)
        damage(world.table, "meeting", bad.id, how)
        world.clock.advance(days=400)
        await fails_at_its_end(world.app.upkeep.run())
        assert not await world.ledger.exists(good.id)
        assert bad.id in caplog.text

    async def test_meetings_are_watched(self, how: str, caplog: pytest.LogCaptureFixture) -> None:
        """The healthy one's event is looked at and its removal published; the damaged one is named in the log."""
        world = World()
        bad, good = [await world.made(CALENDAR | {"reference": name}) for name in ("bad", "good")]
        world.results.take()
        damage(world.table, "meeting", bad.id, how)
        mailbox = world.tenant.mailboxes["alexw@contoso.com"]
        [event] = [each for each in world.events() if each.transaction_id == good.id]
        cancel_event(world.tenant, mailbox, event, "")
        world.clock.advance(hours=7)
        await fails_at_its_end(world.app.watch.run())
        assert (await world.ledger.read(good.id)).observed is not None
        assert [(each["type"], each["subject"]) for each in world.results.events()] == [("meeting.removed", good.id)]
        assert bad.id in caplog.text

    async def test_attendance_reports_are_looked_for(self, how: str, caplog: pytest.LogCaptureFixture) -> None:
        """The healthy one's report is looked for; the damaged one is named in the log."""
        world = World({"ARTIFACTS": "attendance"})
        bad, good = [await world.made(CALENDAR | {"reference": name}) for name in ("bad", "good")]
        damage(world.table, "meeting", bad.id, how)
        due = (await world.ledger.read(good.id)).attendance.look_at
        assert due is not None
        world.clock.now = due
        await fails_at_its_end(world.app.watched_attendance.run())
        assert (await world.ledger.read(good.id)).attendance.look_at == due + timedelta(minutes=15)
        assert bad.id in caplog.text

    async def test_crashes_are_recorded(self, how: str, caplog: pytest.LogCaptureFixture) -> None:
        """Both messages end as failed meetings: the damaged meeting's as one of its own."""
        world = World()
        bad, good = await accepted(world)
        damage(world.table, "meeting", bad.id, how)
        for meeting in (bad, good):
            await world.app.crash_recorder.record(ProvisionMeeting.of(meeting).encode(), f"poisoned {meeting.id}")
        assert (await world.ledger.read(good.id)).status is Status.FAILED
        failed = (await world.ledger.find(Field.STATUS, "failed", 9)).items
        assert [each.error and each.error.code for each in failed] == ["crashed", "crashed"]
        assert "crash.unreadable" in caplog.text

    async def test_the_record_of_a_crash_is_damaged_itself(self, how: str, caplog: pytest.LogCaptureFixture) -> None:
        """Its message is recorded once more, under another id, and so are the others."""
        world = World()
        for text in ("set aside", "set aside as well"):
            await world.poison.send(text)
        await world.app.crash_recorder.run()
        bad, _ = (await world.ledger.find(Field.STATUS, "failed", 9)).items
        await world.ledger.update(bad.id, unreported)
        damage(world.table, "meeting", bad.id, how)
        await world.poison.send("a third one")
        await world.new_host().crash_recorder.run()
        assert len((await world.ledger.find(Field.STATUS, "failed", 9)).items) == 3
        assert "crash.raised" in caplog.text

    async def test_schedules_make_meetings(self, how: str, caplog: pytest.LogCaptureFixture) -> None:
        """The healthy schedule's meeting is made."""
        world = World()
        bad, good = [(await world.app.schedules.create(schedule_document())).schedule for _ in range(2)]
        damage(world.schedules_table, "schedule", bad.id, how)
        world.clock.advance(hours=2)
        await fails_at_its_end(world.app.schedule_run.run())
        assert (await world.app.schedules.read(good.id)).cursor > good.cursor
        assert bad.id in caplog.text

    async def test_a_schedule_goes_on_past_a_damaged_meeting(self, how: str) -> None:
        """An occurrence whose meeting cannot be read was made: the schedule makes the next one."""
        world = World()
        schedule = (await world.app.schedules.create(schedule_document(recurrence="RRULE:FREQ=HOURLY"))).schedule
        world.clock.advance(hours=2)
        first = next(schedule.due(world.clock()))
        await world.app.schedule_run.run()
        damage(world.table, "meeting", schedule.meeting_id(first), how)
        await world.new_host().schedule_run.run()
        moved = await world.app.schedules.read(schedule.id)
        store = ScheduleStore(world.schedules_table)
        back = await store.write(moved, moved.changed(cursor=schedule.cursor).with_next_due(world.clock()))
        await fails_at_its_end(world.app.schedule_run.run())
        assert (await store.read(schedule.id)).cursor == moved.cursor > back.cursor


async def unreported(meeting: Meeting) -> Meeting:
    return meeting.changed(reported=False)


@pytest.mark.parametrize("how", DAMAGES)
class TestReaders:
    async def test_a_search_finds_the_others(self, how: str) -> None:
        """Whatever is searched by, over HTTP: 200 with the healthy one."""
        world = World()
        bad, good = await accepted(world)
        await world.settle()
        damage(world.table, "meeting", bad.id, how)
        http = InProcess(world)
        for query in ("reference=R-1", "status=succeeded", "organizer=AlexW@contoso.com"):
            answer = await http.call("GET", f"/meetings?{query}")
            assert answer.status == 200, answer.text
            assert [each["id"] for each in answer.json["meetings"]] == [good.id]

    async def test_a_summary_counts_it_where_it_stands(self, how: str) -> None:
        """Its rows say what it is: 200, and both are counted."""
        world = World()
        bad, _ = await accepted(world)
        await world.settle()
        damage(world.table, "meeting", bad.id, how)
        answer = await InProcess(world).call("GET", "/summary")
        assert (answer.status, answer.json["counts"]["succeeded"]) == (200, 2)

    async def test_availability_counts_the_others(self, how: str) -> None:
        """What the healthy meeting takes, which is not made yet, is not free; the rest is."""
        world = World()
        bad, _ = await accepted(world)
        damage(world.table, "meeting", bad.id, how)
        day = {
            "start": {"dateTime": "2027-01-20T12:00:00", "timeZone": "Pacific Standard Time"},
            "end": {"dateTime": "2027-01-20T15:00:00", "timeZone": "Pacific Standard Time"},
        }
        asked = {"organizers": ["AlexW@contoso.com"], **day, "duration": "PT1H", "step": "PT1H"}
        answer = await InProcess(world).call("POST", "/availability", asked)
        assert answer.status == 200, answer.text
        assert [slot["start"][11:16] for slot in answer.json["slots"]] == ["12:00", "14:00"]

    async def test_whoever_asks_for_it_made_no_mistake(self, how: str, caplog: pytest.LogCaptureFixture) -> None:
        """Every call about the damaged meeting is a failure of the service, without a word of any library."""
        world = World()
        bad, _ = await accepted(world)
        await world.settle()
        damage(world.table, "meeting", bad.id, how)
        http = InProcess(world)
        address = "AdeleV@contoso.com"
        for method, path, body in (
            ("GET", "", None),
            ("PATCH", "", {"subject": "Another"}),
            ("DELETE", "", None),
            ("POST", "/attendees", {"emailAddress": {"address": address}}),
            ("DELETE", f"/attendees/{address}", None),
            ("POST", "/retry", None),
            ("POST", "/forget", None),
            ("POST", "/refresh", None),
            ("GET", "/history", None),
            ("GET", "/invitation.ics", None),
        ):
            caplog.clear()
            answer = await http.call(method, f"/meetings/{bad.id}{path}", body)
            assert (answer.status, answer.code) == (500, "internalError"), (method, path, answer.text)
            assert "pydantic" not in answer.text
            assert "validation error" not in answer.text
            assert bad.id in caplog.text
        again = await http.call("POST", "/meetings", CALENDAR | {"reference": "R-1"}, Idempotency_Key="first")
        assert again.status == 500

    async def test_a_list_of_schedules_has_the_others(self, how: str) -> None:
        """200 with the healthy one; the damaged one itself is a failure of the service."""
        world = World()
        bad, good = [(await world.app.schedules.create(schedule_document())).schedule for _ in range(2)]
        damage(world.schedules_table, "schedule", bad.id, how)
        http = InProcess(world)
        answer = await http.call("GET", "/schedules")
        assert [each["id"] for each in answer.json["schedules"]] == [good.id]
        for method, body in (("GET", None), ("PUT", schedule_document()), ("DELETE", None)):
            assert (await http.call(method, f"/schedules/{bad.id}", body)).status == 500

    async def test_an_export_has_the_others(self, how: str) -> None:
        """The copy is whole but for the damaged ones, which are named."""
        world = World()
        bad, good = await accepted(world)
        schedules = [(await world.app.schedules.create(schedule_document())).schedule for _ in range(2)]
        damage(world.table, "meeting", bad.id, how)
        damage(world.schedules_table, "schedule", schedules[0].id, how)
        unreadable: list[UnreadableRecordError] = []
        backup = Backup(world.ledger, ScheduleStore(world.schedules_table), world.clock)
        copied = [record.id async for record in backup.records(unreadable.append)]
        assert copied == [good.id, schedules[1].id]
        assert [error.record_id for error in unreadable] == [bad.id, schedules[0].id]


@pytest.mark.parametrize(
    "key",
    ["due.", "due.x", "due.20260101T000000.000000Z.", "due.20260101T000000.000000Z.nobody", "finished.", "unsent.!"],
)
async def test_index_rows_that_lead_nowhere_hold_nothing_up(key: str) -> None:
    """A row whose key is damaged leads to no record: it is passed over."""
    world = World()
    meeting = await world.accept(CALENDAR)
    world.requests.take()
    for partition in "0123456789abcdef":
        await world.table.write(partition, [Insert(Row(key))])
    world.clock.advance(hours=1)
    report = await world.app.upkeep.run()
    assert (report.woken, report.failed) == (1, 0)
    assert [json.loads(text)["meeting"] for text in world.requests.take()] == [meeting.id]


async def test_many_damaged_records_do_not_fill_the_list_of_what_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as one run looks at, all due before the healthy one, take no place of it."""
    monkeypatch.setattr("shared.use_cases.upkeep._PER_RUN", 5)
    world = World()
    for _ in range(12):
        damage(world.table, "meeting", (await world.accept(CALENDAR)).id, "a list")
    world.clock.advance(minutes=1)
    good = await world.accept(CALENDAR)
    world.requests.take()
    world.clock.advance(hours=1)
    await fails_at_its_end(world.app.upkeep.run())
    assert [json.loads(text)["meeting"] for text in world.requests.take()] == [good.id]
