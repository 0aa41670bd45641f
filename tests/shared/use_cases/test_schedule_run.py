"""The timer's run: every occurrence becomes one meeting, whatever happens to the timer."""

import asyncio
import itertools
import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, override
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sortedcontainers import SortedDict

from shared.errors import IncompleteRunError, StorageUnavailableError
from shared.meeting import Meeting, Status
from shared.schedules import ScheduleResponse, ScheduleStore, timetable
from shared.storage import Operation, Row
from shared.storage.records import PARTITIONS
from shared.use_cases.schedule_run import RunReport
from shared.validation.time_zones import zone
from tests.app_fixture import World
from tests.fakes import InMemoryTable
from tests.shared.schedules.documents import MEETING, VISIT, schedule_document
from tests.shared.use_cases.invitation.reading import instant_meant, parsed


def meetings(world: World) -> list[Meeting]:
    rows = [row for partition in world.table.partitions.values() for key, row in partition.items() if "meeting." in key]
    return [Meeting.model_validate_json(str(row.values["document0"])) for row in rows]


def start_of(meeting: Meeting) -> datetime:
    """Return the instant at which a meeting of a schedule begins."""
    start = (meeting.request or {})["start"]
    clock = ZoneInfo(start["timeZone"])
    return datetime.fromtimestamp(datetime.fromisoformat(start["dateTime"]).replace(tzinfo=clock).timestamp(), UTC)


class MortalTable(InMemoryTable):
    """A table whose next write dies, before it takes effect or after."""

    death: str = ""

    @override
    async def write(self, partition: str, operations: Sequence[Operation]) -> list[str]:
        await asyncio.sleep(0)  # so that runs side by side overlap
        if self.death == "before":
            self.death = ""
            raise StorageUnavailableError("died")
        etags = await super().write(partition, operations)
        if self.death:
            self.death = ""
            raise StorageUnavailableError("died")
        return etags


class Year:
    """A schedule over a year, and a timer that does not run as it should."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.world = World()
        self.world.table = self.ledger_table = MortalTable()
        self.world.schedules_table = self.table = MortalTable()
        self.app = self.world.new_host()
        self.document = document

    async def live(self, course: Sequence[tuple[str, float]], end: datetime) -> None:
        await self.app.schedules.create(self.document)
        clock = self.world.clock
        for event, days in itertools.cycle(course):
            clock.advance(days=days)
            if clock.now >= end:
                break
            await self._happen(event)
        clock.now = end
        await self.app.schedule_run.run()

    async def _happen(self, event: str) -> None:
        try:
            match event:
                case "miss":
                    return
                case "twice":
                    await asyncio.gather(self.app.schedule_run.run(), self.world.new_host().schedule_run.run())
                case "die before the cursor" | "die after the cursor":
                    self.table.death = event.split()[1]
                    await self.app.schedule_run.run()
                case "die before the meeting" | "die after the meeting":
                    self.ledger_table.death = event.split()[1]
                    await self.app.schedule_run.run()
                case "die before the message":
                    self.world.requests.broken = True
                    await self.app.schedule_run.run()
                case _:
                    await self.app.schedule_run.run()
        except StorageUnavailableError:
            return
        finally:
            self.table.death = self.ledger_table.death = ""
            self.world.requests.broken = False


EVENTS = [
    "run", "run", "miss", "twice", "die before the cursor", "die after the cursor", "die before the meeting",
    "die after the meeting", "die before the message",
]  # fmt: skip
courses = st.lists(st.tuples(st.sampled_from(EVENTS), st.sampled_from([0.6, 1, 2, 5, 9, 30])), min_size=2, max_size=25)
# The weekdays on which meetings are, and every how many weeks; told to the rule and to the test, each in its way.
plans = st.tuples(st.sets(st.integers(0, 6), min_size=1, max_size=3), st.integers(1, 3))
BOTH_CHANGES = {  # a time in the night in which it is skipped, and in that in which it is shown twice
    "Europe/Berlin": (2, 30),
    "America/New_York": (1, 30),
    "America/Los_Angeles": (2, 0),
    "Australia/Lord_Howe": (1, 45),
    "Asia/Kolkata": (23, 30),
}


@pytest.mark.timeout(600)
@settings(max_examples=20)
@given(courses, plans, st.sampled_from(sorted(BOTH_CHANGES)), st.sampled_from([0, 1, 36, 24 * 14]))
@example([("miss", 9), ("twice", 5), ("die before the cursor", 1)], ({6}, 1), "Europe/Berlin", 36)
@example([("die after the meeting", 0.3), ("die before the cursor", 0.3)], ({0, 6}, 1), "America/New_York", 0)
def test_a_year_of_a_bad_timer_makes_each_meeting_once(
    course: list[tuple[str, float]], plan: tuple[set[int], int], place: str, lead_hours: int
) -> None:
    """With missed, doubled and dying runs, over both changes of clock: the right instants, each once, none early."""
    weekdays, weeks = plan
    hour, minute = BOTH_CHANGES[place]
    clock, lead = ZoneInfo(place), timedelta(hours=lead_hours)
    start = datetime(2026, 11, 23, hour, minute)  # noqa: DTZ001 - a Monday of the zone's clock
    names = ",".join(("MO", "TU", "WE", "TH", "FR", "SA", "SU")[day] for day in sorted(weekdays))
    year = Year(
        schedule_document(
            recurrence=f"RRULE:FREQ=WEEKLY;INTERVAL={weeks};BYDAY={names}",
            timeZone=place,
            start=start.isoformat(),
            leadTime=f"PT{lead_hours}H",
        )
    )
    end = datetime(2027, 11, 28, tzinfo=UTC)
    asyncio.run(year.live(course, end))
    expected = Counter(
        datetime.fromtimestamp((start + timedelta(days=day)).replace(tzinfo=clock).timestamp(), UTC)
        for day in range(800)
        if day % 7 in weekdays and day // 7 % weeks == 0
    )
    made = meetings(year.world)
    assert Counter(map(start_of, made)) == Counter({each: 1 for each in expected if each - lead <= end})
    assert all(each.created_at >= start_of(each) - lead for each in made)
    asked = {message.text for message in year.world.requests.messages}
    assert all(any(each.id in text for text in asked) for each in made)


async def test_meetings_are_ordinary_ones() -> None:
    """With their own subject, they are made in Graph, at the wall clock's time in winter and in summer."""
    world = World()
    document = schedule_document(
        recurrence="RRULE:FREQ=MONTHLY;INTERVAL=6", request=MEETING | {"subject": "Review {date} {time}"}
    )
    await world.app.schedules.create(document)
    world.clock.advance(days=190)
    assert await world.app.schedule_run.run() == RunReport(1, 2)
    await world.settle()
    assert {meeting.status for meeting in meetings(world)} == {Status.SUCCEEDED}
    seen = {(event.properties["subject"], event.start.moment.second.hour) for event in world.events()}
    assert seen == {("Review 2026-11-23 10:00", 9), ("Review 2027-05-23 10:00", 8)}


@pytest.mark.parametrize(("early", "made"), [(timedelta(milliseconds=5), 1), (timedelta(seconds=2), 0)])
async def test_a_timer_that_fires_early_makes_what_is_due_at_its_second(early: timedelta, made: int) -> None:
    """The host fires up to 5 ms early; an occurrence without lead time does not wait for the run after."""
    world = World()
    document = schedule_document(recurrence="RRULE:FREQ=MONTHLY", leadTime="PT0S")
    created = await world.app.schedules.create(document)
    first = next(created.schedule.unmade())
    world.clock.advance(seconds=(first.instant - early - world.clock()).total_seconds())
    assert (await world.app.schedule_run.run()).meetings == made


BOTH_TIMES = "RRULE:FREQ=DAILY;COUNT=2\nRDATE:20271031T013000Z"


@pytest.mark.parametrize("place", ["Europe/Berlin", "W. Europe Standard Time"])
async def test_both_times_that_clocks_show_twice(place: str) -> None:
    """What is shown as next, what Graph has, and what the invitation says are the same; each meeting has its own id."""
    world = World()
    document = schedule_document(
        recurrence=BOTH_TIMES, timeZone=place, start="2027-10-30T02:30:00", leadTime="PT1H", duration="PT15M"
    )
    schedule = (await world.app.schedules.create(document)).schedule
    shown = ScheduleResponse.of(schedule, world.clock()).as_json()["nextOccurrences"]
    world.clock.now = datetime(2027, 10, 30, 23, 30, tzinfo=UTC)
    assert (await world.app.schedule_run.run()).meetings == 2
    world.clock.advance(minutes=59)
    assert (await world.app.schedule_run.run()).meetings == 0
    halfway = ScheduleResponse.of(await world.app.schedules.read(schedule.id), world.clock()).as_json()
    assert [each["meetingId"] is not None for each in halfway["nextOccurrences"]] == [True, False]
    world.clock.advance(minutes=1)
    assert (await world.app.schedule_run.run()).meetings == 1
    assert (
        ScheduleResponse.of(await world.app.schedules.read(schedule.id), world.clock()).as_json()["status"] == "ended"
    )
    await world.settle()
    wanted = {datetime.fromisoformat(each["start"]): datetime.fromisoformat(each["end"]) for each in shown}
    assert sorted(wanted) == [datetime(2027, 10, day, 0, 30, tzinfo=UTC) for day in (30, 31)] + [
        datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    ]
    assert {event.start.moment.second: event.end.moment.second for event in world.events()} == wanted
    files = [parsed((await world.app.invitations.write(each.id))[1]) for each in meetings(world)]
    assert {instant_meant(*file, "DTSTART"): instant_meant(*file, "DTEND") for file in files} == wanted


async def test_the_second_of_two_times_is_not_made_again_after_a_change() -> None:
    """The mark and what is made ahead of it tell the two apart, also under the zone's other name."""
    world = World()
    document = schedule_document(recurrence=BOTH_TIMES, start="2027-10-30T02:30:00", leadTime="PT1H")
    schedule = (await world.app.schedules.create(document)).schedule
    world.clock.now = datetime(2027, 10, 31, 0, 45, tzinfo=UTC)
    assert (await world.app.schedule_run.run()).meetings == 3
    for change in ({"duration": "PT1H"}, {"timeZone": "W. Europe Standard Time"}, {"leadTime": "PT2H"}):
        await world.app.schedules.replace(schedule.id, document | change)
        assert (await world.app.schedule_run.run()).meetings == 0
        [left] = ScheduleResponse.of(await world.app.schedules.read(schedule.id), world.clock()).as_json()[
            "nextOccurrences"
        ]
        assert left["meetingId"] in {each.id for each in meetings(world)}


async def test_keys_of_occurrences_stay() -> None:
    """They keep a meeting from being made again by a later version of the app; only the second time has an offset."""
    document = schedule_document(recurrence=BOTH_TIMES + ",20270328T023000", start="2027-03-27T02:30:00")
    schedule = (await World().app.schedules.create(document)).schedule
    assert [schedule.key(each) for each in schedule.unmade()] == [
        f"{schedule.id} 2027-03-27T02:30:00 Europe/Berlin",
        f"{schedule.id} 2027-03-28T03:30:00 Europe/Berlin",
        f"{schedule.id} 2027-10-31T02:30:00+01:00 Europe/Berlin",
    ]


async def test_standalone_meetings_too() -> None:
    """With their instants, and a reference of the caller's own."""
    world = World()
    await world.app.schedules.create(schedule_document(request=VISIT | {"reference": "visits"}))
    world.clock.advance(hours=2)
    await world.app.schedule_run.run()
    [meeting] = meetings(world)
    await world.settle()
    assert meeting.reference == "visits"
    assert meeting.request is not None
    assert meeting.request["startDateTime"] == "2026-11-23T09:00:00Z"
    assert meeting.request["endDateTime"] == "2026-11-23T09:30:00Z"
    assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED


async def test_what_is_refused_is_a_failed_meeting_and_the_schedule_goes_on() -> None:
    """An organizer who may not organize any more: each occurrence is told, once, and none is lost in silence."""
    world = World()
    schedule = (await world.app.schedules.create(schedule_document())).schedule
    world.settings = World({"ALLOWED_ORGANIZERS": "MeganB@contoso.com"}).settings
    host = world.new_host()
    world.clock.advance(days=1)
    await host.schedule_run.run()
    world.clock.advance(days=1)
    assert (await host.schedule_run.run()).meetings == 1
    made = meetings(world)
    assert {(each.status, each.error and each.error.code) for each in made} == {(Status.FAILED, "organizerNotAllowed")}
    assert len(made) == 2
    assert [each["subject"] for each in world.results.events()] == [each.id for each in sorted(made, key=start_of)]
    assert (
        ScheduleResponse.of(await world.app.schedules.read(schedule.id), world.clock()).as_json()["status"] == "active"
    )


async def test_a_schedule_that_cannot_be_read_does_not_keep_others_waiting(caplog: pytest.LogCaptureFixture) -> None:
    """It is in the log, the other one's meeting is made, and the run fails at its end."""
    world = World()
    broken = (await world.app.schedules.create(schedule_document())).schedule
    await world.app.schedules.create(schedule_document())
    rows = world.schedules_table.partitions[broken.id[0]]
    key = f"schedule.{broken.id}"
    rows[key] = Row(key, dict(rows[key].values) | {"document0": "{"}, rows[key].etag)
    world.clock.advance(hours=2)
    with pytest.raises(IncompleteRunError):
        await world.app.schedule_run.run()
    assert len(meetings(world)) == 1
    assert f"schedule.failed {broken.id}" in caplog.text


async def test_a_long_absence_is_made_up_for_in_one_run() -> None:
    """Hundreds of occurrences that were missed are made in the order of their times, with the mark behind them."""
    world = World()
    await world.app.schedules.create(schedule_document(recurrence="RRULE:FREQ=DAILY;BYHOUR=8,12,16", leadTime="PT0S"))
    world.clock.advance(days=100)
    report = await world.app.schedule_run.run()
    made = [start_of(each) for each in meetings(world)]
    assert report.meetings == len(made) == len(set(made)) == 294
    assert (await world.app.schedule_run.run()).meetings == 0


async def test_a_zone_that_changes_its_rules_moves_what_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept is the clock's time: when the zone moves east, a meeting is made an hour earlier by UTC."""
    world = World()
    document = schedule_document(recurrence="RRULE:FREQ=DAILY;COUNT=1", start="2027-07-01T10:00:00", leadTime="PT1H")
    schedule = (await world.app.schedules.create(document)).schedule
    world.clock.now = datetime(2027, 6, 30, 7, 30, tzinfo=UTC)

    def further_east(name: str) -> ZoneInfo:
        return zone("Africa/Nairobi" if name == "Europe/Berlin" else name)

    monkeypatch.setattr(timetable, "zone", further_east)
    await world.app.schedule_run.run()  # the look a day ahead
    shown = ScheduleResponse.of(await world.app.schedules.read(schedule.id), world.clock()).as_json()["nextOccurrences"]
    assert shown[0]["start"] == "2027-07-01T10:00:00+03:00"
    world.clock.now = datetime(2027, 7, 1, 5, 59, tzinfo=UTC)
    await world.app.schedule_run.run()
    assert not meetings(world)
    world.clock.advance(minutes=1)
    await world.app.schedule_run.run()
    [made] = meetings(world)
    assert (made.request or {})["start"] == {"dateTime": "2027-07-01T10:00:00", "timeZone": "Europe/Berlin"}


async def test_many_schedules_cost_only_what_is_due() -> None:
    """Of 50,000, a run reads the five that are due, and each costs one read and one write beside its meeting.

    So many fill several pages of a table in each partition: a run that looked at what is not due would show.
    """
    world = World()
    for _ in range(5):
        await world.app.schedules.create(schedule_document())
    nothing: dict[str, str | int] = {}
    later = datetime(2026, 12, 1, tzinfo=UTC)
    keys: dict[str, list[str]] = {digit: [] for digit in PARTITIONS}
    for number in range(50_000):
        schedule_id = str(uuid.UUID(int=(number % 16 << 124) + number))
        moment = (later + timedelta(seconds=number)).strftime("%Y%m%dT%H%M%S.%fZ")
        keys[schedule_id[0]].append(f"due.{moment}.{schedule_id}")
    for digit, some in keys.items():
        rows = {key: Row(key, nothing, "e") for key in some}
        world.schedules_table.partitions.setdefault(digit, SortedDict())
        world.schedules_table.partitions[digit].update(rows)
    world.schedules_table.operations = world.table.operations = 0
    assert (await world.app.schedule_run.run()).schedules == 0
    assert world.schedules_table.operations == len(PARTITIONS)
    world.clock.advance(hours=1)
    world.schedules_table.operations = 0
    assert await world.app.schedule_run.run() == RunReport(5, 5)
    assert world.schedules_table.operations == len(PARTITIONS) + 5 * 2
    assert (world.table.operations, world.requests.operations) == (5, 5)
    assert await ScheduleStore(world.schedules_table).due(later, 10) != []
