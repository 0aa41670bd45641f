"""Upkeep: what stalled moves again, what was not told is told, what is old is forgotten."""

import json
import uuid
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.bootstrap import App
from shared.errors import MeetingNotFoundError, StorageUnavailableError
from shared.meeting import Claim, Doubt, Meeting, Progress, Status
from shared.storage import QueuedMessage, Row
from shared.storage.records import PARTITIONS, key_moment
from shared.use_cases.upkeep import UpkeepReport
from tests.app_fixture import Wires, World
from tests.examples import CALENDAR, EXISTING, STANDALONE
from tests.fakes import InMemoryQueue
from tests.shared.use_cases.watch.outlook import Outlook

# The scheduled end of CALENDAR.
END = datetime(2027, 1, 20, 22, tzinfo=UTC)


class Death(BaseException):
    """The process ends here: nothing catches it."""


@dataclass
class DeadlyQueue:
    """A queue whose sender dies, before or after the message is in it."""

    queue: InMemoryQueue
    before: bool

    async def send(self, text: str, delay: timedelta = timedelta(0), life: timedelta | None = None) -> None:
        if not self.before:
            await self.queue.send(text, delay, life)
        raise Death

    async def oldest(self) -> datetime | None:
        return await self.queue.oldest()

    async def count(self) -> int | None:
        return await self.queue.count()

    async def create(self) -> None:
        await self.queue.create()

    async def look_through(self, limit: int) -> list[QueuedMessage]:
        return await self.queue.look_through(limit)

    async def close(self) -> None:
        pass


def doomed_host(world: World, *, before: bool) -> App:
    """Return a host that dies when it sends a result, before or after the queue has it."""
    wires: Wires = world.wires()
    return world.new_host(replace(wires, results=DeadlyQueue(world.results, before)))


async def test_a_lost_message_is_sent_again() -> None:
    """A meeting whose message vanished is woken, and made."""
    world = World()
    meeting = await world.accept(CALENDAR)
    world.requests.take()
    assert await world.app.upkeep.run() == UpkeepReport(0, 0, 0)
    world.clock.advance(seconds=31)
    assert await world.app.upkeep.run() == UpkeepReport(1, 0, 0)
    await world.settle()
    assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED


async def test_a_backlog_is_not_a_loss() -> None:
    """While older messages wait, a waiting meeting is left alone: sending more would only lengthen the queue."""
    world = World()
    for _ in range(10):
        await world.accept(CALENDAR)
    world.clock.advance(minutes=2)
    assert (await world.app.upkeep.run()).woken == 0
    world.clock.advance(minutes=9)
    assert (await world.app.upkeep.run()).woken == 10


async def test_a_dead_claim_is_taken_away() -> None:
    """A meeting whose worker died is queued again once the claim has run out, and the death is counted."""
    world = World()
    meeting = await world.accept(CALENDAR)
    world.requests.take()
    claim = Claim(owner="dead", expires_at=world.clock() + timedelta(seconds=60))
    stored = await world.ledger.read(meeting.id)
    await world.ledger.write(stored, stored.changed(status=Status.RUNNING, claim=claim, doubt=Doubt(in_doubt_since=1)))
    world.clock.advance(seconds=59)
    assert (await world.app.upkeep.run()).woken == 0
    world.clock.advance(seconds=2)
    assert (await world.app.upkeep.run()).woken == 1
    woken = await world.ledger.read(meeting.id)
    assert (woken.status, woken.claim, woken.progress.crashes) == (Status.QUEUED, None, 1)


async def test_who_looks_at_a_stalled_meeting_wakes_it() -> None:
    """A meeting whose message or worker is gone need not wait for the next run; one that is in order is left alone."""
    world = World()
    meeting = await world.accept(CALENDAR)
    world.requests.take()
    await world.app.upkeep.wake_if_stalled(await world.ledger.read(meeting.id))
    assert not world.requests.messages
    world.clock.advance(seconds=31)
    for _ in range(3):
        await world.app.upkeep.wake_if_stalled(await world.ledger.read(meeting.id))
    assert len(world.requests.messages) == 1
    await world.settle()
    done = await world.ledger.read(meeting.id)
    assert done.status is Status.SUCCEEDED
    world.clock.advance(days=1)
    await world.app.upkeep.wake_if_stalled(done)
    assert not world.requests.messages


async def test_an_unsent_result_is_sent() -> None:
    """A death between the record and the result loses nothing."""
    world = World()
    meeting = await world.accept(CALENDAR)
    world.results.broken = True
    await world.deliver()
    world.requests.take()
    assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED
    world.results.broken = False
    world.clock.advance(seconds=31)
    assert await world.app.upkeep.run() == UpkeepReport(0, 1, 0)
    assert await world.app.upkeep.run() == UpkeepReport(0, 0, 0)
    assert len(world.results.messages) == 1


async def test_retention_forgets_only_what_is_finished() -> None:
    """A finished meeting is forgotten after RETENTION with all that led to it; an unfinished one never."""
    world = World({"RETENTION": "P1D", "GIVE_UP_AFTER": "P365D"})
    done = await world.made(CALENDAR)
    waiting = await world.accept(CALENDAR)
    world.clock.now = END + timedelta(hours=23)
    assert (await world.app.upkeep.run()).forgotten == 0
    world.clock.advance(hours=2)
    assert (await world.app.upkeep.run()).forgotten == 1
    with pytest.raises(MeetingNotFoundError):
        await world.ledger.read(done.id)
    assert not [key for rows in world.table.partitions.values() for key in rows if done.id in key]
    assert (await world.ledger.read(waiting.id)).status is Status.QUEUED


async def test_the_log_tells_how_long_things_wait(caplog: pytest.LogCaptureFixture) -> None:
    """The figures that alerts and workbook read: the oldest message, the oldest one set aside, the oldest meeting."""
    caplog.set_level("INFO", "shared.use_cases.upkeep")
    world = World()
    await world.accept(CALENDAR)
    await world.poison.send("set aside")
    world.clock.advance(seconds=40)
    await world.app.upkeep.run()
    figures = "backlogSeconds=40 poisonSeconds=40 stalledSeconds=40 pendingSeconds=40"
    assert caplog.messages == [f"upkeep.done woken=0 reported=0 forgotten=0 failed=0 {figures}"]
    caplog.clear()
    await World().app.upkeep.run()
    assert caplog.messages[0].endswith("poisonSeconds=0 stalledSeconds=0 pendingSeconds=0")


async def test_the_log_tells_how_long_the_oldest_meeting_is_pending(caplog: pytest.LogCaptureFixture) -> None:
    """By the ledger, whatever it waits for: a change counts anew, and a meeting that is finished does not count."""
    caplog.set_level("INFO", "shared.use_cases.upkeep")
    world = World()
    await world.made(CALENDAR)
    first, second = await world.accept(CALENDAR), await world.accept(CALENDAR)
    world.requests.take()
    now = world.clock()
    for meeting, since in ((first, now - timedelta(hours=2)), (second, now - timedelta(hours=1))):
        stored = await world.ledger.read(meeting.id)
        progress = Progress(version_started_at=since, next_attempt_at=now + timedelta(hours=9))
        await world.ledger.write(stored, stored.changed(progress=progress))
    await world.app.upkeep.run()
    assert caplog.messages[-1].endswith(" pendingSeconds=7200")
    stored = await world.ledger.read(first.id)
    await world.ledger.write(stored, stored.changed(status=Status.FAILED, reported=True))
    await world.app.upkeep.run()
    assert caplog.messages[-1].endswith(" pendingSeconds=3600")


async def test_retention_leaves_no_row_behind() -> None:
    """Whatever has happened to meetings, once they are forgotten the table is empty: no index row is an orphan."""
    world = World({"RETENTION": "P1D"})
    made = [await world.made(request) for request in (CALENDAR | {"reference": "R-1"}, STANDALONE, EXISTING)]
    for meeting in made:
        await world.app.changes.cancel(meeting.id, None)
    changed = await world.made(CALENDAR | {"options": {"recordAutomatically": True}, "language": "ja"}, "k")
    await world.app.changes.patch(changed.id, {"subject": "New", "reference": "R-2"})
    await world.made(STANDALONE | {"organizer": "NoPolicy@contoso.com"})
    await world.app.message_handler.handle("nonsense", "m1")
    crashed = await world.accept(CALENDAR)
    await world.app.crash_recorder.record(json.dumps({"meeting": crashed.id}), "p1")
    await world.app.changes.retry(crashed.id)
    world.fault({"times": 3, "action": {"status": 429, "retryAfter": "7"}})
    await world.made(CALENDAR)
    await world.settle()
    world.clock.now = END + timedelta(days=2)
    assert (await world.app.upkeep.run()).forgotten == 8
    assert not [key for rows in world.table.partitions.values() for key in rows]


async def test_retention_counts_from_the_end_of_a_meeting_that_is_still_to_come() -> None:
    """One that was made long before it takes place is watched until it has, and forgotten RETENTION after that."""
    world = World()
    end = world.clock() + timedelta(days=200)
    times = {
        name: {"dateTime": f"{at:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"}
        for name, at in (("start", end - timedelta(hours=1)), ("end", end))
    }
    meeting = await world.made(CALENDAR | times)
    world.clock.advance(days=199, hours=23)
    assert (await world.app.upkeep.run()).forgotten == 0
    assert (await world.app.watch.run()).looked == 1
    world.clock.now = end + timedelta(days=89)
    assert (await world.app.upkeep.run()).forgotten == 0
    world.clock.advance(days=2)
    assert (await world.app.upkeep.run()).forgotten == 1
    with pytest.raises(MeetingNotFoundError):
        await world.ledger.read(meeting.id)


async def test_a_row_of_an_earlier_version_of_the_app_forgets_nothing_too_early() -> None:
    """It counts from the end of the work; the first run that meets it has it count as it does today, once."""
    world = World()
    meeting = await world.made(
        CALENDAR
        | {
            name: at | {"dateTime": at["dateTime"].replace("2027-", "2028-")}
            for name in ("start", "end")
            if (at := CALENDAR[name])
        }
    )
    rows = world.table.partitions[meeting.id[0]]
    [key] = [key for key in rows if key.startswith("finished.")]
    early = f"finished.{key_moment(meeting.updated_at)}.{meeting.id}"
    rows[early] = replace(rows.pop(key), key=early)
    record = rows[f"meeting.{meeting.id}"]
    keys = str(record.values["indexKeys"]).replace(key, early)
    rows[record.key] = replace(record, values={**record.values, "indexKeys": keys})
    world.clock.advance(days=91)
    assert (await world.app.upkeep.run()).forgotten == 0
    assert [each for each in rows if each.startswith("finished.")] == [key]
    operations = world.table.operations
    assert (await world.app.upkeep.run()).forgotten == 0
    assert await world.ledger.read(meeting.id)
    assert world.table.operations - operations == 1 + len(PARTITIONS) * 6, "nothing is left to do about it"


async def test_a_series_without_end_is_kept_as_long_as_it_is_seen() -> None:
    """Removed in Outlook, it is forgotten RETENTION after that was seen first."""
    world = World()
    days = {"pattern": {"type": "daily", "interval": 1}, "range": {"type": "noEnd", "startDate": "2027-01-20"}}
    await world.made(CALENDAR | {"recurrence": days})
    for _ in range(5):
        world.clock.advance(days=40)
        assert (await world.app.watch.run()).looked == 1
        assert (await world.app.upkeep.run()).forgotten == 0
    Outlook(world).cancel()
    forgotten = []
    for _ in range(4):
        world.clock.advance(days=40)
        await world.app.watch.run()
        forgotten.append((await world.app.upkeep.run()).forgotten)
    assert forgotten == [0, 0, 0, 1]


async def test_retention_forgets_only_what_was_told() -> None:
    """A finished meeting whose result was never sent stays until it is."""
    world = World({"RETENTION": "P1D"})
    world.results.broken = True
    meeting = await world.accept(CALENDAR)
    await world.deliver()
    world.clock.now = END + timedelta(days=2)
    with pytest.raises(StorageUnavailableError):
        await world.app.upkeep.run()
    assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED
    world.results.broken = False
    assert await world.app.upkeep.run() == UpkeepReport(0, 1, 0)
    assert await world.app.upkeep.run() == UpkeepReport(0, 0, 1)
    assert len(world.results.messages) == 1


class TestOutbox:
    @pytest.mark.parametrize("end", ["succeeded", "failed", "cancelled", "refused", "crashed"])
    async def test_a_death_between_the_record_and_the_result_loses_no_result(self, end: str) -> None:
        """However a version ended: the next host's upkeep sends what the dead one did not."""
        world = World()
        meeting = await world.accept(CALENDAR | ({"organizer": "NoMailbox@contoso.com"} if end == "failed" else {}))
        text = json.dumps({"meeting": meeting.id})
        if end == "cancelled":
            await world.app.changes.cancel(meeting.id, None)
        world.requests.take()
        doomed = doomed_host(world, before=True)
        take = doomed.crash_recorder.record if end == "crashed" else doomed.message_handler.handle
        with pytest.raises(Death):
            await take("nonsense" if end == "refused" else text, "m1")
        assert not world.results.messages
        world.clock.advance(seconds=31)
        assert (await world.app.upkeep.run()).reported == 1
        kinds = [event["type"] for event in world.results.events()]
        assert kinds == [f"meeting.{end if end in {'succeeded', 'cancelled'} else 'failed'}"]

    async def test_a_death_between_the_result_and_its_note_sends_it_again(self) -> None:
        """At least once, with the same id, so that its reader can tell."""
        world = World()
        meeting = await world.accept(CALENDAR)
        [text] = world.requests.take()
        with pytest.raises(Death):
            await doomed_host(world, before=False).message_handler.handle(text, None)
        world.clock.advance(seconds=31)
        assert (await world.app.upkeep.run()).reported == 1
        assert [event["id"] for event in world.results.events()] == [f"{meeting.id}/1"] * 2

    async def test_a_version_that_was_not_told_is_told_before_the_next(self) -> None:
        """A change of a meeting whose sender died tells of the version that it ends."""
        world = World()
        meeting = await world.accept(CALENDAR)
        [text] = world.requests.take()
        with pytest.raises(Death):
            await doomed_host(world, before=True).message_handler.handle(text, None)
        await world.app.changes.patch(meeting.id, {"subject": "New"})
        await world.settle()
        assert [event["id"] for event in world.results.events()] == [f"{meeting.id}/1", f"{meeting.id}/2"]

    async def test_a_result_queue_that_is_away_for_an_hour_fails_nothing(self) -> None:
        """Meetings are made meanwhile, no message fails, and every result is sent within ten minutes of its return."""
        world = World()
        world.results.broken = True
        meetings = [await world.accept(request) for request in (CALENDAR, STANDALONE) for _ in range(10)]
        await world.app.message_handler.handle("nonsense", "m1")
        end = world.clock() + timedelta(hours=1)
        while world.clock() < end:
            await world.deliver()  # raises what the host would count against the message
            world.clock.advance(seconds=10)
        assert {(await world.ledger.read(meeting.id)).status for meeting in meetings} == {Status.SUCCEEDED}
        assert len(world.requests.messages) == len(meetings) + 1
        world.results.broken = False
        end = world.clock() + timedelta(minutes=10)
        while world.clock() < end:
            await world.deliver()
            world.clock.advance(seconds=10)
        ids = [event["id"] for event in world.results.events()]
        assert len(ids) == len(set(ids)) == len(meetings) + 1
        assert not world.requests.messages
        assert not unsent_rows(world)

    async def test_results_that_cannot_be_sent_hold_up_nothing_else(self) -> None:
        """More of them than a run takes: what stalled is woken, what is old forgotten, and the queue hardly tried."""
        world = World({"RETENTION": "P1D"})
        old = await world.made(CALENDAR)
        world.clock.now = END + timedelta(days=2)
        await fill(world, 1500, status=Status.SUCCEEDED, updated_at=world.clock() - timedelta(hours=1))
        stalled = await world.accept(CALENDAR)
        world.requests.take()
        world.clock.advance(seconds=31)
        world.results.broken = True
        before = world.results.operations
        with pytest.raises(StorageUnavailableError):
            await world.app.upkeep.run()
        assert [json.loads(text)["meeting"] for text in world.requests.take()] == [stalled.id]
        with pytest.raises(MeetingNotFoundError):
            await world.ledger.read(old.id)
        assert world.results.operations - before <= 16

    async def test_a_queue_that_is_away_keeps_nothing_from_the_topic(self) -> None:
        """More results wait for the queue than a run tries; what the topic lacks is sent, though it is due last."""
        world = World({"RESULT_TOPIC": "https://convene.westeurope-1.eventgrid.azure.net/api/events"})
        world.results.broken = True
        for number in range(20):
            await world.accept(CALENDAR, str(number))
        await world.deliver()
        assert len(world.topic.events()) == 20
        world.clock.advance(seconds=10)
        world.topic.broken = True
        last = await world.accept(CALENDAR)
        await world.deliver()
        world.topic.broken = False
        world.clock.advance(minutes=1)
        with pytest.raises(StorageUnavailableError):
            await world.app.upkeep.run()
        assert [event["subject"] for event in world.topic.events()[20:]] == [last.id]
        world.results.broken = False
        await world.app.upkeep.run()
        assert len(world.results.events()) == 21
        assert len(world.topic.events()) == 21
        assert not unsent_rows(world)

    @pytest.mark.parametrize("away", ["queue", "topic"])
    async def test_more_than_a_run_takes_may_wait_for_one_sink(self, away: str) -> None:
        """The other sink gets the first thousand with one run, the rest and what came later with the next."""
        world = World({"RESULT_TOPIC": "https://convene.westeurope-1.eventgrid.azure.net/api/events"})
        await fill(world, 1200, status=Status.SUCCEEDED, updated_at=world.clock() - timedelta(hours=1))
        await fill(world, 1, status=Status.SUCCEEDED, updated_at=world.clock() - timedelta(minutes=1))
        blocked, healthy = (world.results, world.topic) if away == "queue" else (world.topic, world.results)
        blocked.broken = True
        for sent in (1000, 1201):
            with suppress(StorageUnavailableError):
                await world.app.upkeep.run()
            assert len({event["subject"] for event in healthy.events()}) == sent
        before = world.table.operations
        with suppress(StorageUnavailableError):
            await world.app.upkeep.run()
        assert len(healthy.events()) == 1201
        if away == "queue":
            assert world.table.operations - before < 200, "what the queue lacks costs the topic nothing"
        blocked.broken = False
        for _ in range(2):
            await world.app.upkeep.run()
        assert len(blocked.events()) == 1201
        assert not unsent_rows(world)

    async def test_what_waits_for_a_sink_that_nobody_wants_any_more_is_forgotten_too(self) -> None:
        """RESULT_TOPIC is taken away while the topic lacks a result: the meeting goes with the retention."""
        topic = {"RESULT_TOPIC": "https://convene.westeurope-1.eventgrid.azure.net/api/events"}
        world = World({"RETENTION": "P1D"} | topic)
        world.topic.broken = True
        await world.made(CALENDAR)
        assert unsent_rows(world)
        world.settings = World({"RETENTION": "P1D"}).settings
        world.clock.now = END + timedelta(days=2)
        assert (await world.new_host().upkeep.run()).forgotten == 1
        assert not [key for rows in world.table.partitions.values() for key in rows]


def unsent_rows(world: World) -> list[str]:
    return [key for rows in world.table.partitions.values() for key in rows if key.startswith("unsent.")]


class TestCost:
    async def cost(self, world: World) -> tuple[int, int]:
        """Return how many storage operations a run takes, and how many rows it reads."""
        before = self.seen(world)
        await world.app.upkeep.run()
        operations, rows = self.seen(world)
        return operations - before[0], rows - before[1]

    def seen(self, world: World) -> tuple[int, int]:
        """Return the operations so far, without looks at a queue, and the rows that were read."""
        tables = (world.table, world.mailboxes_table)
        operations = world.requests.operations + sum(table.operations for table in tables)
        return operations, sum(table.rows_read for table in tables)

    @pytest.mark.parametrize("finished", [0, 100, 1000, 10_000])
    async def test_it_does_not_grow_with_the_finished_meetings(self, finished: int) -> None:
        """A run without work is a look into each partition for each of seven lists, and two more; it reads no row."""
        world = World()
        await fill(world, finished, status=Status.SUCCEEDED, reported=True)
        assert await self.cost(world) == (7 * len(PARTITIONS) + 2, 0)

    @pytest.mark.parametrize("waiting", [100, 10_000])
    async def test_it_does_not_grow_with_what_is_not_due(self, waiting: int) -> None:
        """Of meetings that wait for their time, one row a partition is read: the longest pending."""
        world = World()
        now = world.clock()
        progress = Progress(version_started_at=now, next_attempt_at=now + timedelta(hours=1))
        await fill(world, waiting, progress=progress)
        operations, rows = await self.cost(world)
        assert operations == 7 * len(PARTITIONS) + 2
        assert rows <= len(PARTITIONS)

    async def test_a_run_is_bounded(self) -> None:
        """Of 2,500 that stalled, a run wakes 1,000, those that wait longest, for three operations each."""
        world = World()
        await fill(world, 2500, updated_at=world.clock() - timedelta(hours=1))
        await fill(world, 10_000, status=Status.SUCCEEDED, reported=True)
        before = world.requests.operations
        operations, rows = await self.cost(world)
        assert world.requests.operations - before == 1000
        assert operations == 7 * len(PARTITIONS) + 2 + 3 * 1000
        assert rows <= 2500 + 1000 + len(PARTITIONS)
        assert [(await world.app.upkeep.run()).woken for _ in range(3)] == [1000, 500, 0]


async def fill(world: World, count: int, **values: Any) -> None:
    """Write a meeting into the ledger, and copy its rows until there are that many."""
    if not count:
        return
    now = world.clock()
    pattern = Meeting.model_validate(
        {
            "id": str(uuid.uuid4()),
            "kind": "calendar",
            "organizer": CALENDAR["organizer"],
            "reference": "R-1",
            "request": CALENDAR,
            "fingerprint": "f",
            "status": Status.QUEUED,
            "version": 1,
            "created_at": now,
            "updated_at": now,
            "progress": Progress(version_started_at=now),
        }
        | values
    )
    await world.ledger.insert(pattern)
    rows = [row for row in world.table.partitions[pattern.id[0]].values() if pattern.id in row.key]
    for copy_id in (str(uuid.uuid4()) for _ in range(count - 1)):
        for row in rows:
            key = row.key.replace(pattern.id, copy_id)
            values = {
                name: value.replace(pattern.id, copy_id) if isinstance(value, str) else value
                for name, value in row.values.items()
            }
            world.table.partitions[copy_id[0]][key] = Row(key, values, row.etag)
