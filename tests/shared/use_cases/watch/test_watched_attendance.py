"""Attendance reports that come after a meeting: when the watch looks for them, and what is published about them."""

import asyncio
import inspect
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from local.graph.events import update_event
from local.graph.past_calls import CALL, take_place
from local.graph.records import OnlineMeeting
from shared.errors import IncompleteRunError, StorageUnavailableError
from shared.meeting import Meeting
from shared.meeting_request import parse_request
from shared.storage.records import PARTITIONS
from shared.use_cases.watch.next_look import next_look_for_reports
from tests.app_fixture import World
from tests.examples import CALENDAR, EXISTING, STANDALONE
from tests.shared.use_cases.test_damaged_records import damage
from tests.shared.use_cases.watch.outlook import LATER, Outlook

ON = {"ARTIFACTS": "attendance"}
START = datetime(2027, 1, 20, 21, tzinfo=UTC)
END = START + timedelta(hours=1)
ADELE = {"name": "Adele Vance", "address": "AdeleV@contoso.com"}
MEGAN = {"name": "Megan Bowen", "address": "MeganB@contoso.com"}
LECTURE = CALENDAR | {
    "recurrence": {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["wednesday"]},
        "range": {"type": "numbered", "startDate": "2027-01-20", "numberOfOccurrences": 4},
    }
}


def online_meeting(world: World) -> OnlineMeeting:
    [meeting] = world.tenant.meetings.values()
    return meeting


def hold_call(world: World, **fields: Any) -> None:
    take_place(world.tenant, online_meeting(world), CALL.read(fields, "badRequest"))


async def run_at(world: World, now: datetime) -> Any:
    world.clock.now = now
    world.tenant.requests.clear()
    return await world.app.watched_attendance.run()


async def ended(request: dict[str, Any] = CALENDAR, settings: dict[str, str] | None = None) -> tuple[World, Meeting]:
    """Return a world in which a meeting has just ended, and the results of its creation are taken."""
    world = World(ON if settings is None else settings)
    meeting = await world.made(request)
    world.results.take()
    world.clock.now = END
    return world, meeting


def attended(world: World) -> list[dict[str, Any]]:
    """Return the attendance of each event that came since the last call."""
    events = world.results.events()
    world.results.take()
    assert [event["type"] for event in events] == ["meeting.attended"] * len(events)
    return [event["data"]["attendance"] for event in events]


async def test_a_report_is_published_once() -> None:
    """In numbers, with the next n; another report of the same meeting is news again, and counts with the first."""
    world, meeting = await ended()
    stay = {"joinedAt": "2027-01-20T21:00:00Z", "leftAt": "2027-01-20T21:10:00Z"}
    hold_call(world, attendees=[ADELE, {**MEGAN, "intervals": [stay]}, {"name": "A guest"}], delaySeconds=20 * 60)
    assert (await run_at(world, END)).looked == 1
    assert attended(world) == []
    assert (await run_at(world, END + timedelta(minutes=10))).looked == 0
    assert not world.tenant.requests
    await run_at(world, END + timedelta(minutes=15))
    assert attended(world) == []
    await run_at(world, END + timedelta(minutes=30))
    [event] = world.results.events()
    assert event["id"] == f"{meeting.id}/1/1"
    assert event["data"]["id"] == meeting.id
    assert attended(world) == [{"reports": 1, "participants": 3, "seconds": 3600 + 600 + 3600}]
    await run_at(world, END + timedelta(minutes=45))
    assert attended(world) == []
    hold_call(world, start="2027-01-20T22:50:00Z", end="2027-01-20T22:55:00Z", attendees=[ADELE])
    await run_at(world, END + timedelta(hours=1))
    [event] = world.results.events()
    assert event["id"] == f"{meeting.id}/1/2"
    assert attended(world) == [{"reports": 2, "participants": 3, "seconds": 3600 + 600 + 3600 + 300}]


async def test_the_history_says_how_many_came() -> None:
    """In one entry, which repeats nothing that was observed before."""
    world, meeting = await ended()
    world.clock.advance(seconds=-30)
    await world.app.refreshing.refresh(meeting.id)
    hold_call(world, attendees=[ADELE, MEGAN])
    before = (await world.ledger.read(meeting.id)).history
    await run_at(world, END)
    history = (await world.ledger.read(meeting.id)).history[len(before) :]
    assert [(entry.event, entry.detail) for entry in history if entry.event != "published"] == [
        ("observed", "An attendance report came: 2 people attended.")
    ]


async def test_no_name_is_kept_or_published() -> None:
    """Neither in the event, but for those whom the request names, nor in any row."""
    world, _ = await ended()
    hold_call(world, attendees=[{"name": "Nestor Wilke", "address": "NestorW@contoso.com"}])
    await run_at(world, END)
    [message] = [message.text for message in world.results.messages]
    rows = str(world.table.partitions)
    assert "attended" in message
    assert not any(word in text for word in ("Nestor", "nestorw") for text in (message, rows))


async def test_when_reports_are_looked_for() -> None:
    """From the scheduled end on: every 15 minutes for six hours, then daily for a week, and never again."""
    world, meeting = await ended()
    looks: list[datetime] = []
    while (at := (await world.ledger.read(meeting.id)).attendance.look_at) is not None:
        assert (await run_at(world, at)).looked == 1
        assert sum("attendanceReports" in request.path for request in world.tenant.requests) == 1
        looks.append(at)
    assert looks[0] == END
    assert [later - earlier for earlier, later in pairwise(looks[:25])] == [timedelta(minutes=15)] * 24
    assert looks[25:] == [END + timedelta(days=day) for day in range(1, 8)]
    assert (await run_at(world, END + timedelta(days=30))).looked == 0


@pytest.mark.parametrize("minutes", [0, 3, 14, 29, 44, 359])
def test_a_look_that_is_late_is_not_made_up_for(minutes: int) -> None:
    """The next one is at its own time, after now."""
    now = END + timedelta(minutes=minutes)
    look = next_look_for_reports(parse_request(CALENDAR), None, now)
    assert look is not None
    assert timedelta(0) < look - now <= timedelta(minutes=15)


async def test_the_ids_of_the_online_meeting_are_looked_up_once() -> None:
    """A look costs one call after that; what the meeting shows stays as it is."""
    world, meeting = await ended()
    await run_at(world, END)
    paths = [request.path.partition("?")[0].rpartition("/")[2] for request in world.tenant.requests]
    assert paths == ["onlineMeetings", "attendanceReports"]
    operations = (world.table.operations, world.mailboxes_table.operations)
    await run_at(world, END + timedelta(minutes=15))
    assert len(world.tenant.requests) == 1
    searches = 2 * len(PARTITIONS)  # what is due, and after it nothing
    assert (world.table.operations - operations[0], world.mailboxes_table.operations - operations[1]) == (
        searches + 2,
        1,
    )
    assert (await world.ledger.read(meeting.id)).outcome.online_meeting_id is None


@pytest.mark.parametrize("settings", [{}, {"ARTIFACTS": "transcripts"}, {**ON, "WATCH": "off"}])
async def test_switched_off(settings: dict[str, str]) -> None:
    """Nothing is looked for, and no row is written that would."""
    world, meeting = await ended(settings=settings)
    hold_call(world, attendees=[ADELE])
    assert (await run_at(world, END + timedelta(hours=1))).looked == 0
    assert not world.tenant.requests
    assert (await world.ledger.read(meeting.id)).attendance.look_at is None
    assert not any(key.startswith("attendance.") for rows in world.table.partitions.values() for key in rows)


async def test_a_series() -> None:
    """Each occurrence is published on its own, with its date, once it has ended."""
    world, _ = await ended(LECTURE)
    week = timedelta(days=7)
    hold_call(world, start="2027-01-20T21:00:00Z", end="2027-01-20T22:00:00Z", attendees=[ADELE, MEGAN])
    hold_call(world, start="2027-01-27T20:30:00Z", end="2027-01-27T20:40:00Z", attendees=[MEGAN])  # a rehearsal
    await run_at(world, END)
    assert attended(world) == [{"reports": 1, "participants": 2, "seconds": 7200, "occurrence": "2027-01-20"}]
    hold_call(world, start="2027-01-27T21:00:00Z", end="2027-01-27T21:30:00Z", attendees=[ADELE])
    await run_at(world, END + week)
    assert attended(world) == [{"reports": 2, "participants": 2, "seconds": 2400, "occurrence": "2027-01-27"}]
    await run_at(world, END + week + timedelta(minutes=15))
    assert attended(world) == []


async def test_reports_from_before_it_was_switched_on() -> None:
    """They are no news: the occurrence ended more than a week ago."""
    world, _ = await ended(LECTURE)
    hold_call(world, attendees=[ADELE])
    await run_at(world, END + timedelta(days=14))
    assert attended(world) == []


async def test_a_meeting_that_was_moved() -> None:
    """Its reports are looked for from its new end on, which the watch has seen."""
    world = World(ON)
    meeting = await world.made(CALENDAR)
    Outlook(world).edit(LATER)
    world.clock.advance(hours=6)
    await world.app.watch.run()
    assert (await world.ledger.read(meeting.id)).attendance.look_at == END + timedelta(days=1)


async def test_a_look_at_the_event_puts_no_due_look_off() -> None:
    """A look for reports that is due stays due until it was made."""
    world, meeting = await ended()
    world.clock.now = END + timedelta(seconds=30)
    await world.app.refreshing.refresh(meeting.id)
    assert (await world.ledger.read(meeting.id)).attendance.look_at == END


@pytest.mark.parametrize("how", ["cancelled here", "removed in Outlook"])
async def test_a_meeting_that_does_not_take_place(how: str) -> None:
    """Nobody looks for its reports."""
    world = World(ON)
    meeting = await world.made(CALENDAR)
    if how == "cancelled here":
        await world.app.changes.cancel(meeting.id, None)
        await world.settle()
    else:
        Outlook(world).cancel()
        world.clock.advance(minutes=1)
        await world.app.refreshing.refresh(meeting.id)
    assert (await world.ledger.read(meeting.id)).attendance.look_at is None


async def test_meetings_of_other_kinds() -> None:
    """A standalone meeting with times has an end; of an event that was there the first look shows it."""
    world = World(ON)
    standalone = await world.made(STANDALONE | {"startDateTime": "2027-01-20T21:00:00Z"})
    timeless = await world.made(STANDALONE)
    assert (await world.ledger.read(standalone.id)).attendance.look_at == END
    assert (await world.ledger.read(timeless.id)).attendance.look_at is None
    mailbox = world.tenant.mailboxes["alexw@contoso.com"]
    update_event(world.tenant, mailbox, mailbox.events[EXISTING["eventId"]], dict(LATER))
    existing = await world.made(EXISTING)
    assert (await world.ledger.read(existing.id)).attendance.look_at is None
    world.clock.advance(minutes=1)
    await world.app.watch.run()
    assert (await world.ledger.read(existing.id)).attendance.look_at == END + timedelta(days=1)


async def test_graph_says_no() -> None:
    """It is asked again six hours later, for somebody may have granted the permission by then."""
    world, meeting = await ended()
    world.tenant.settings.readable_artifacts = ""
    hold_call(world, attendees=[ADELE])
    assert (await run_at(world, END)).looked == 1
    look_at = (await world.ledger.read(meeting.id)).attendance.look_at
    assert look_at is not None
    assert look_at == END + timedelta(days=1)
    world.tenant.settings.readable_artifacts = "attendanceReports"
    await run_at(world, look_at)
    assert len(attended(world)) == 1


async def test_no_call_before_retry_after() -> None:
    """A throttled mailbox is left alone, by the next run too; the look stays due."""
    world, meeting = await ended()
    hold_call(world, attendees=[ADELE])
    world.fault({"path": "onlineMeetings", "times": 1, "action": {"status": 429, "retryAfter": "400"}})
    assert (await run_at(world, END)).left == 1
    assert (await run_at(world, END + timedelta(seconds=390))).left == 1
    assert not world.tenant.requests
    assert (await world.ledger.read(meeting.id)).attendance.look_at == END
    await run_at(world, END + timedelta(seconds=401))
    assert len(attended(world)) == 1


async def test_graph_is_away() -> None:
    """A run ends when no meeting of a round could be looked at, and nothing is published."""
    world = World(ON)
    for _ in range(3):
        await world.made(CALENDAR)
    world.results.take()
    world.fault({"action": {"status": 503}})
    report = await run_at(world, END)
    assert (report.looked, report.left) == (0, 3)
    world.fault()
    assert (await run_at(world, END + timedelta(minutes=5))).looked == 3


async def test_one_broken_record_costs_the_others_nothing() -> None:
    """It is logged, the rest is looked at, and the run fails at its end."""
    world = World(ON)
    meeting, broken = [await world.made(CALENDAR) for _ in range(2)]
    damage(world.table, "meeting", broken.id, "no document")
    with pytest.raises(IncompleteRunError):
        await run_at(world, END)
    assert (await world.ledger.read(meeting.id)).attendance.look_at == END + timedelta(minutes=15)


async def test_a_sink_that_is_away() -> None:
    """The event waits in the outbox, and the upkeep sends it."""
    world, _ = await ended()
    hold_call(world, attendees=[ADELE])
    world.results.broken = True
    await run_at(world, END)
    world.results.broken = False
    world.clock.advance(minutes=5)
    await world.app.upkeep.run()
    assert attended(world) == [{"reports": 1, "participants": 1, "seconds": 3600}]


async def test_two_hosts_look_at_once() -> None:
    """Each report is published once."""
    world, _ = await ended()
    hold_call(world, attendees=[ADELE])
    await asyncio.gather(*(app.watched_attendance.run() for app in (world.app, world.new_host())))
    assert len(attended(world)) == 1


async def test_a_later_version_keeps_what_is_known() -> None:
    """A report that was published is no news after a change, and n counts on across versions."""
    world, meeting = await ended()
    hold_call(world, attendees=[ADELE])
    await run_at(world, END)
    assert len(attended(world)) == 1
    await world.app.changes.patch(meeting.id, {"subject": "Minutes"})
    await world.settle()
    world.results.take()
    hold_call(world, attendees=[MEGAN])
    await run_at(world, END + timedelta(hours=1))
    [event] = world.results.events()
    assert event["id"] == f"{meeting.id}/2/2"
    assert attended(world) == [{"reports": 2, "participants": 2, "seconds": 7200}]


@pytest.mark.parametrize("organizer", ["AlexW@contoso.com", "MeganB@contoso.com"])
async def test_a_full_round_that_cannot_be_looked_at_keeps_no_other(organizer: str) -> None:
    """Neither damaged records nor the meetings of a throttled mailbox end the run."""
    world = World(ON)
    first = [await world.made(CALENDAR | {"organizer": organizer, "attendees": []}, str(each)) for each in range(64)]
    world.clock.advance(minutes=1)
    end = CALENDAR["end"] | {"dateTime": "2027-01-20T14:01:00"}
    other = await world.made(CALENDAR | {"end": end, "attendees": []})
    if organizer == "AlexW@contoso.com":
        for meeting in first:
            damage(world.table, "meeting", meeting.id, "half a document")
    else:
        world.fault({"path": "/users/.*Meetings", "user": organizer, "action": {"status": 429, "retryAfter": "3600"}})
    world.clock.now = END + timedelta(minutes=1)
    with suppress(IncompleteRunError):
        await world.app.watched_attendance.run()
    assert (await world.ledger.read(other.id)).attendance.look_at == world.clock.now + timedelta(minutes=15)


class Dying:
    """What leads out of a process that dies at one of its operations, before or after the operation takes effect."""

    def __init__(self, at: int, *, after: bool) -> None:
        self.left = at
        self._after = after

    def around(self, target: Any) -> Any:
        """Return a stand-in for a table or a queue, whose calls count."""
        dying = self

        class Mortal:
            def __getattr__(self, name: str) -> Any:
                inner = getattr(target, name)
                if not inspect.iscoroutinefunction(inner):
                    return inner

                async def call(*args: Any, **kwargs: Any) -> Any:
                    dying.left -= 1
                    if dying.left == 0 and not dying._after:
                        raise StorageUnavailableError("the process has died")
                    if dying.left < 0:
                        raise StorageUnavailableError("the process is dead")
                    answer = await inner(*args, **kwargs)
                    if dying.left == 0:
                        raise StorageUnavailableError("the process has died")
                    return answer

                return call

        return Mortal()


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(len(PARTITIONS), len(PARTITIONS) + 6))
async def test_a_death_at_each_operation(at: int, *, after: bool) -> None:
    """Whichever is the last of a run, from the search to the note of what is sent, there is one event."""
    world, _ = await ended()
    hold_call(world, attendees=[ADELE])
    dying, wires = Dying(at, after=after), world.wires()
    wires = replace(wires, table=dying.around(wires.table), results=dying.around(wires.results))
    with suppress(StorageUnavailableError):
        await world.new_host(wires).watched_attendance.run()
    assert dying.left <= 0
    world.clock.advance(minutes=5)
    await world.app.watched_attendance.run()
    await world.app.upkeep.run()
    events = world.results.events()
    assert {event["id"].rpartition("/")[2] for event in events} == {"1"}
    assert all(event["data"]["attendance"]["participants"] == 1 for event in events)
