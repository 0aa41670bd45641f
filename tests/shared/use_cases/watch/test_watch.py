"""The timer's run: which meetings it looks at, when, and at what cost."""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from shared.errors import IncompleteRunError, ThrottledError
from shared.meeting import Meeting, ObservedState
from shared.meeting_request import parse_request
from shared.use_cases.watch.next_look import next_look
from shared.use_cases.watch.watch import MOST_OF_ONE_MAILBOX, batches
from tests.app_fixture import World
from tests.examples import CALENDAR, EXISTING, STANDALONE, queued_meeting
from tests.proofs.simulation.loop import SimulatedClock, simulate
from tests.shared.use_cases.watch.outlook import LATER, Outlook

START = datetime(2027, 1, 20, 21, 0, tzinfo=UTC)
TIMES = {name: CALENDAR[name] for name in ("start", "end")}
NEXT_WEEK = {name: time | {"dateTime": time["dateTime"].replace("-20T", "-28T")} for name, time in TIMES.items()}
ROOM = {"emailAddress": {"address": "room1@contoso.com"}, "type": "resource"}


async def run(world: World, **advance: float) -> Any:
    world.clock.advance(**advance)
    world.tenant.requests.clear()
    return await world.app.watch.run()


def state(meeting: Meeting) -> ObservedState:
    assert meeting.observed is not None
    return meeting.observed.state


async def test_a_move_is_noticed_and_published() -> None:
    """Within six hours where the meeting is more than a day away; the event is read once, in a batch."""
    world = World()
    made = await world.made(CALENDAR)
    world.results.take()
    Outlook(world).edit(LATER)
    assert (await run(world, minutes=5)).looked == 0
    assert not world.tenant.requests
    report = await run(world, hours=6)
    assert (report.looked, report.batches) == (1, 1)
    assert [(seen.method, seen.path) for seen in world.tenant.requests if "$batch" in seen.path] == [
        ("POST", "/v1.0/$batch")
    ]
    assert state(await world.ledger.read(made.id)) is ObservedState.CHANGED
    assert [event["type"] for event in world.results.events()] == ["meeting.changed"]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (START - timedelta(days=9), START - timedelta(days=9) + timedelta(hours=6)),
        (START - timedelta(days=1, hours=2), START - timedelta(days=1)),
        (START - timedelta(hours=23), START - timedelta(hours=23) + timedelta(minutes=1)),
        (START + timedelta(minutes=30), START + timedelta(minutes=31)),
        (START + timedelta(minutes=60), START + timedelta(minutes=61)),
        (START + timedelta(minutes=61), None),
    ],
)
def test_when_a_meeting_is_looked_at_again(now: datetime, expected: datetime | None) -> None:
    """Every six hours, at every run in its last day and while it lasts, once after its end."""
    assert next_look(parse_request(CALENDAR), None, now) == expected


def test_a_series_is_looked_at_until_its_last_occurrence() -> None:
    """Each of its days has a last day before it."""
    recurrence = {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["wednesday"]},
        "range": {"type": "numbered", "startDate": "2027-01-20", "numberOfOccurrences": 4},
    }
    request = parse_request(CALENDAR | {"recurrence": recurrence})
    week = timedelta(days=7)
    assert next_look(request, None, START + timedelta(days=2)) == START + timedelta(days=2, hours=6)
    assert next_look(request, None, START + 3 * week - timedelta(hours=1)) == START + 3 * week - timedelta(minutes=59)
    assert next_look(request, None, START + 3 * week + timedelta(hours=2)) is None
    endless = recurrence | {"range": {"type": "noEnd", "startDate": "2027-01-20"}}
    request = parse_request(CALENDAR | {"recurrence": endless})
    assert next_look(request, None, START + 3 * week + timedelta(hours=2)) == START + 3 * week + timedelta(hours=8)


async def test_the_whole_life_of_a_meeting() -> None:
    """It is looked at every six hours, then at every run, once after its end, and never again."""
    world = World()
    meeting = await world.made(CALENDAR)
    looks = Counter[str]()
    while world.clock() < START - timedelta(days=1):
        looks["far"] += (await run(world, minutes=20)).looked
    while world.clock() < START + timedelta(hours=3):
        looks["near"] += (await run(world, minutes=5)).looked
    days = (START - timedelta(days=1) - datetime(2026, 11, 21, 8, tzinfo=UTC)) / timedelta(days=1)
    assert days * 4 - 8 <= looks["far"] <= days * 4 + 1
    assert 24 * 12 + 12 <= looks["near"] <= 24 * 12 + 15
    assert (await world.ledger.read(meeting.id)).look_at is None
    assert (await run(world, days=30)).looked == 0


async def test_a_room_that_declines_is_noticed_early() -> None:
    """Its answer comes seconds after the creation, and is published a minute after it."""
    world = World()
    rooms = [user for user in world.tenant.users if user.room]
    room = {"emailAddress": {"address": rooms[0].user_principal_name}, "type": "resource"}
    rooms[0].room.answers = "decline"  # pyright: ignore[reportOptionalMemberAccess]
    await world.made(CALENDAR | {"attendees": [room]})
    world.results.take()
    assert (await run(world, minutes=1)).looked == 1
    [event] = world.results.events()
    assert event["type"] == "meeting.responded"
    assert event["data"]["observed"]["attendees"][0]["response"] == "declined"


async def test_what_is_not_watched() -> None:
    """A standalone meeting is in no calendar; a cancelled one is no more; with WATCH=off nothing is."""
    world = World()
    standalone = await world.made(STANDALONE)
    cancelled = await world.made(CALENDAR)
    await world.app.changes.cancel(cancelled.id, None)
    await world.settle()
    assert (await world.ledger.read(standalone.id)).look_at is None
    assert (await world.ledger.read(cancelled.id)).look_at is None
    off = World({"WATCH": "off"})
    meeting = await off.made(CALENDAR)
    operations = off.table.operations
    assert (await run(off, days=2)).looked == 0
    assert not off.tenant.requests
    assert off.table.operations == operations
    await off.app.refreshing.refresh(meeting.id)
    assert (await off.ledger.read(meeting.id)).look_at is None, "refresh looks all the same, and only then"


async def test_what_was_made_while_it_was_off_is_watched_after_a_refresh() -> None:
    """Nothing leads to such a meeting, nor to one of an earlier version of the app, until somebody refreshes it."""
    world = World({"WATCH": "off"})
    meeting = await world.made(CALENDAR)
    world.settings = replace(world.settings, watch=True)
    world.app = world.new_host()
    assert (await run(world, days=1)).looked == 0
    await world.app.refreshing.refresh(meeting.id)
    assert (await run(world, days=1)).looked == 1


async def test_an_existing_event_is_watched_by_its_own_times() -> None:
    """The request does not say when it is; the first look does."""
    world = World()
    made = await world.made(EXISTING | {"eventId": _any_event(world)})
    assert made.status == "succeeded"
    assert (await run(world, minutes=2)).looked == 1
    meeting = await world.ledger.read(made.id)
    assert meeting.observed is not None
    assert meeting.observed.start is not None


def _any_event(world: World) -> str:
    [event] = [
        event
        for event in world.tenant.mailboxes["alexw@contoso.com"].events.values()
        if event.properties["subject"] == "Price strategy"
    ]
    event.start = event.end = _in_a_month(world, event.start)
    return event.immutable_id


def _in_a_month(world: World, time: Any) -> Any:
    from local.graph.event_rules import read_time

    del time
    return read_time({"dateTime": (world.clock() + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%S")})


async def test_no_call_before_a_mailboxs_retry_after() -> None:
    """A mailbox that is throttled within a batch is left alone; the others are looked at."""
    world = World()
    await world.made(CALENDAR)
    await world.made(CALENDAR | {"organizer": "meganb@contoso.com"})
    [megan] = [user for user in world.tenant.users if user.user_principal_name.lower() == "meganb@contoso.com"]
    world.fault(
        {
            "path": "/events/",
            "user": megan.user_principal_name,
            "action": {"status": 429, "retryAfter": "3600"},
        }
    )
    report = await run(world, hours=6)
    assert (report.looked, report.left) == (1, 1)
    world.fault()
    assert (await run(world, minutes=5)).left == 1
    assert not world.tenant.requests
    other_instance = world.new_host()
    world.clock.advance(minutes=5)
    assert (await other_instance.watch.run()).left == 1
    assert not world.tenant.requests, "what one instance was asked holds for all"
    assert (await run(world, hours=1)).looked == 1


@pytest.mark.parametrize(("retry_after", "looked", "seconds"), [("5", 5, 5), ("3600", 3, 0)])
def test_what_is_throttled_for_seconds_is_tried_in_the_same_run(retry_after: str, looked: int, seconds: int) -> None:
    """Of five meetings of a mailbox the first is throttled, and the fifth held back; nobody waits for an hour."""

    async def main() -> None:
        world = World(clock=SimulatedClock())
        for number in range(5):
            await world.made(CALENDAR, str(number))
        await asyncio.sleep(timedelta(hours=6).total_seconds())
        world.fault({"path": "/events/", "times": 1, "action": {"status": 429, "retryAfter": retry_after}})
        begun = asyncio.get_running_loop().time()
        report = await world.app.watch.run()
        assert (report.looked, report.left) == (looked, 5 - looked)
        assert round(asyncio.get_running_loop().time() - begun) == seconds

    simulate(main, 1)


@pytest.mark.parametrize(("times", "looked"), [(1, 5 * MOST_OF_ONE_MAILBOX), (9, 0)])
async def test_a_batch_without_an_answer_keeps_few_others(times: int, looked: int) -> None:
    """The next batches of the run are sent, and then this one again, unless three in all get no answer."""
    world = World()
    for number in range(5 * MOST_OF_ONE_MAILBOX):
        await world.accept(CALENDAR, str(number))
    await world.settle()
    world.fault({"path": r"/\$batch", "times": times, "action": {"status": 504}})
    assert (await run(world, hours=6)).looked == looked
    sent = [seen for seen in world.tenant.requests if "$batch" in seen.path]
    assert len(sent) == (6 if times == 1 else 3)


async def test_no_batch_before_its_own_retry_after() -> None:
    """A batch that is refused as a whole with a Retry-After is asked for again after it: in every instance."""
    world = World()
    await world.made(CALENDAR)
    world.fault({"path": r"/\$batch", "times": 1, "action": {"status": 429, "headers": {"Retry-After": "900"}}})
    assert (await run(world, hours=6)).left == 1
    for minutes, app in ((5, world.app), (5, world.new_host())):
        world.clock.advance(minutes=minutes)
        world.tenant.requests.clear()
        assert (await app.watch.run()).left == 1
        assert not world.tenant.requests
    assert (await run(world, minutes=6)).looked == 1


class ThrottledElsewhere(httpx.AsyncBaseTransport):
    """Graph, which throttles another instance on a mailbox as soon as it has answered a batch."""

    def __init__(self, world: World, meeting: Meeting) -> None:
        self._graph = world.wires().graph
        self._world = world
        self._meeting = meeting
        self._other = world.new_host()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._graph.handle_async_request(request)
        if request.url.path.endswith("$batch"):
            self._world.fault({"path": "/events", "action": {"status": 429, "headers": {"Retry-After": "600"}}})
            with suppress(ThrottledError):
                await self._other.refreshing.refresh(self._meeting.id)
            self._world.fault()
        return answer


async def test_a_mailbox_that_closes_elsewhere_during_a_run() -> None:
    """A run that takes several batches asks before each of them what the other instances know."""
    world = World()
    meetings = [await world.made(CALENDAR) for _ in range(MOST_OF_ONE_MAILBOX * 2)]
    app = world.new_host(replace(world.wires(), graph=ThrottledElsewhere(world, meetings[0])))
    world.clock.advance(hours=6)
    report = await app.watch.run()
    assert (report.looked, report.left, report.batches) == (MOST_OF_ONE_MAILBOX, MOST_OF_ONE_MAILBOX, 1)


@pytest.mark.parametrize("status", [429, 503])
def test_a_batch_that_is_refused_as_a_whole(status: int) -> None:
    """It is sent three times; nothing is concluded, and the next run looks."""

    async def main() -> None:
        world = World(clock=SimulatedClock())
        meeting = await world.made(CALENDAR)
        world.fault({"path": r"/\$batch", "action": {"status": status}})
        assert (await run(world, hours=6)).looked == 0
        assert len([seen for seen in world.tenant.requests if "$batch" in seen.path]) == 3
        assert (await world.ledger.read(meeting.id)).observed is None
        world.fault()
        assert (await run(world, minutes=5)).looked == 1

    simulate(main, 1)


async def test_one_that_cannot_be_looked_at_keeps_no_other() -> None:
    """Neither a damaged record nor a mailbox that is refused, which is tried again after six hours."""
    world = World()
    damaged = await world.made(CALENDAR | {"reference": "damaged"})
    refused = await world.made(CALENDAR | {"organizer": "meganb@contoso.com"})
    meeting = await world.made(CALENDAR)
    rows = world.table.partitions[damaged.id[0]]
    rows[f"meeting.{damaged.id}"].values["document0"] = "{"  # pyright: ignore[reportIndexIssue]
    for user in world.tenant.users:
        user.in_scope = user.user_principal_name.lower() != "meganb@contoso.com"
    with pytest.raises(IncompleteRunError):
        await run(world, hours=6)
    assert (await world.ledger.read(meeting.id)).observed is not None
    assert (await world.ledger.read(refused.id)).look_at == world.clock() + timedelta(hours=6)


async def test_a_run_reads_twenty_events_with_one_request() -> None:
    """Of many mailboxes; each look is one read of Graph."""
    world = World()
    names = [user.user_principal_name for user in world.tenant.users if user.has_mailbox and user.in_scope]
    for number in range(40):
        await world.accept(CALENDAR | {"organizer": names[number % len(names)], "attendees": []}, f"key-{number}")
    await world.settle()
    report = await run(world, hours=6)
    sent = [seen for seen in world.tenant.requests if "$batch" in seen.path]
    made = len(await world.ledger.to_look_at(world.clock() + timedelta(days=1), 100))
    assert report.looked == made > 30
    assert report.batches == len(sent) <= made / MOST_OF_ONE_MAILBOX


def test_batches() -> None:
    """At most 20 in one, at most four of one mailbox, and nobody is left out."""
    meetings = [queued_meeting(organizer=f"user{number % 7}@contoso.com") for number in range(90)]
    made = list(batches(meetings))
    assert sum(map(len, made)) == 90
    assert all(len(batch) <= 20 for batch in made)
    assert all(max(Counter(each.organizer for each in batch).values()) <= 4 for batch in made)
    assert len(made) == 5
    assert [len(batch) for batch in batches([queued_meeting()] * 9)] == [4, 4, 1]


async def a_removal_after_a_change_is_noticed(world: World, meeting: Meeting) -> None:
    """Change a meeting after its requested time, and see that its removal in Outlook is published."""
    world.clock.now = START + timedelta(days=2)
    await world.app.changes.patch(meeting.id, {"subject": "Another subject"})
    await world.settle()
    world.results.take()
    Outlook(world).cancel()
    assert (await run(world, hours=6)).looked == 1
    assert [event["type"] for event in world.results.events()] == ["meeting.removed"]


async def test_a_meeting_that_was_moved_is_watched_after_a_change_of_the_caller() -> None:
    """The request still has the first time, which has passed; the event is in some days."""
    world = World()
    meeting = await world.made(CALENDAR)
    Outlook(world).edit(NEXT_WEEK)
    await run(world, hours=6)
    await a_removal_after_a_change_is_noticed(world, meeting)


async def test_a_meeting_that_was_moved_before_the_watch_was_on_is_watched_after_a_change() -> None:
    """Only the observation of a refresh has the time of the event; that of the request has passed."""
    world = World({"WATCH": "off"})
    meeting = await world.made(CALENDAR)
    Outlook(world).edit(NEXT_WEEK)
    await world.app.refreshing.refresh(meeting.id)
    world.settings = World().settings
    world.app = world.new_host()
    await a_removal_after_a_change_is_noticed(world, meeting)


async def test_a_look_that_is_due_outlasts_a_change_of_the_caller() -> None:
    """The organizer moves the meeting just before its end; the caller changes it before anybody has looked."""
    world = World()
    meeting = await world.made(CALENDAR)
    world.clock.now = START + timedelta(minutes=50)
    await run(world)
    world.results.take()
    Outlook(world).edit(NEXT_WEEK)
    world.clock.now = START + timedelta(hours=2)
    await world.app.changes.patch(meeting.id, {"importance": "high"})
    await world.settle()
    world.results.take()
    assert (await run(world, minutes=5)).looked == 1
    assert [event["type"] for event in world.results.events()] == ["meeting.changed"]


async def test_the_look_that_saw_the_earlier_state_may_end_last() -> None:
    """It is dropped: a state that has passed is not published as a change back."""
    world = World()
    meeting = await world.made(CALENDAR)
    await world.app.refreshing.refresh(meeting.id)
    world.results.take()
    outlook, before = Outlook(world), await world.ledger.read(meeting.id)
    late = await world.app.refreshing._look.observe(before)
    outlook.edit(LATER)
    world.clock.advance(seconds=5)
    await world.app.refreshing.refresh(meeting.id)
    world.clock.advance(seconds=5)
    kept = await world.app.refreshing._observations.keep(before, late.changed(observed_at=world.clock()))
    assert state(kept) is ObservedState.CHANGED
    assert [event["type"] for event in world.results.events()] == ["meeting.changed"]


async def test_two_looks_at_once_publish_once() -> None:
    """A refresh and the watch see the same change; one of them notes it."""
    world = World()
    meeting = await world.made(CALENDAR)
    world.results.take()
    Outlook(world).edit(LATER)
    world.clock.advance(hours=6)
    await asyncio.gather(world.app.watch.run(), world.app.refreshing.refresh(meeting.id))
    assert [event["type"] for event in world.results.events()] == ["meeting.changed"]
