"""Throttle-aware waiting: Retry-After holds for everybody, in every process, and costs little."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from itertools import pairwise
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.access.origin import Origin
from shared.bootstrap import App
from shared.errors import NoJoinLinkError, StorageUnavailableError, ThrottledError, UnavailableError
from shared.meeting import Meeting, Status
from shared.meeting.criteria import Criteria, Field
from shared.use_cases.finder import Filter
from shared.use_cases.provision.postponement import _pause
from tests.app_fixture import World
from tests.examples import CALENDAR, EXISTING, STANDALONE
from tests.fakes import InMemoryTable

ALEX_ID = "64339082-ed84-4b0b-b4ab-004ae54f3747"
DAY = timedelta(days=1).total_seconds()
# Retry-After as Graph may send it, and for how many seconds nobody may call then.
VALUES = [
    ("2", 2.0),
    ("2.128", 2.128),
    ("0.001", 0.001),
    ("29.9999999", 29.9999999),
    ("600", 600.0),
    ("date", 90.0),
    ("86400", DAY),
    ("1e9", DAY),
    ("-1", 10.0),
    ("abc", 10.0),
    ("", 10.0),
    ("0", 10.0),
]
PATIENT = {"GIVE_UP_AFTER": "P7D"}

type Ask = Callable[[App, dict[str, Meeting]], Awaitable[object]]


def throttle(world: World, retry_after: str, path: str = "") -> None:
    """Have Graph throttle AlexW's mailbox once."""
    headers = {"Retry-After": retry_after}
    if retry_after == "date":
        moment = world.clock() + timedelta(seconds=90)
        headers = {
            "Retry-After": format_datetime(moment, usegmt=True),
            "Date": format_datetime(world.clock(), usegmt=True),
        }
    action = {"status": 429, "headers": headers}
    world.fault({"path": path, "user": "alexw@contoso.com", "times": 1, "action": action})


async def made_before(world: World) -> dict[str, Meeting]:
    """Return finished meetings to change and to look at."""
    return {
        "calendar": await world.made(CALENDAR),
        "cancelled": await world.made(CALENDAR | {"subject": "To be cancelled"}),
        "by name": await world.made(STANDALONE),  # which makes the object id known
        "by object id": await world.made(STANDALONE | {"organizer": ALEX_ID}),
        "existing": await world.made(EXISTING),
    }


ASKS: dict[str, Ask] = {
    "provision": lambda app, _: app.acceptance.accept(dict(CALENDAR), Origin()),
    "standalone": lambda app, _: app.acceptance.accept(dict(STANDALONE), Origin()),
    "by object id": lambda app, _: app.acceptance.accept(STANDALONE | {"organizer": ALEX_ID}, Origin()),
    "cancel": lambda app, made: app.changes.cancel(made["cancelled"].id, None),
    "patch": lambda app, made: app.changes.patch(made["calendar"].id, {"subject": "Later"}),
    "attendee": lambda app, made: app.changes.patch(
        made["calendar"].id, {"attendees": [{"emailAddress": {"address": "LidiaH@contoso.com"}}]}
    ),
    "lookup": lambda app, _: app.finder.find(Filter(Criteria(Field.EVENT_ID, "AAMk"), "AlexW@contoso.com", 1, None)),
    "readiness": lambda app, _: app.readiness.examine("AlexW@contoso.com"),
    "invitation of an event": lambda app, made: app.invitations.write(made["existing"].id),
    "invitation by object id": lambda app, made: app.invitations.write(made["by object id"].id),
}


async def ask(world: World, app: App, name: str, made: dict[str, Meeting]) -> None:
    """Do what somebody may ask of the app, now; being held back is an answer."""
    try:
        await ASKS[name](app, made)
    except (ThrottledError, UnavailableError, NoJoinLinkError):
        return
    await world.deliver(app)


@given(
    st.sampled_from(VALUES),
    st.lists(st.tuples(st.sampled_from(sorted(ASKS)), st.booleans(), st.floats(0, 1.2)), min_size=1, max_size=6),
)
@settings(max_examples=60)
async def test_nothing_calls_graph_before_the_moment(
    value: tuple[str, float], asked: list[tuple[str, bool, float]]
) -> None:
    """Whatever is asked for the mailbox, of this process or of one that starts later, no call undercuts Retry-After."""
    text, seconds = value
    world = World(PATIENT)
    made = await made_before(world)
    throttle(world, text)
    throttled = await world.accept(CALENDAR | {"subject": "Throttled"})
    await world.deliver()
    assert world.tenant.requests[-1].status == 429
    told_at, calls = world.tenant.requests[-1].time, len(world.tenant.requests)
    other = world.new_host()
    for name, elsewhere, part in sorted(asked, key=lambda each: each[2]):
        world.clock.now = max(world.clock.now, told_at + timedelta(seconds=part * seconds))
        await ask(world, other if elsewhere else world.app, name, made)
    await world.settle(longest=timedelta(days=3))
    later = [seen for seen in list(world.tenant.requests)[calls:] if "MeganB" not in seen.path]
    assert later
    assert min(seen.time for seen in later) >= told_at + timedelta(seconds=seconds)
    assert (await world.ledger.read(throttled.id)).status is Status.SUCCEEDED


@pytest.mark.parametrize("name", sorted(ASKS))
async def test_everything_is_held_back(name: str) -> None:
    """Each thing that can be asked for, alone: it calls Graph when the mailbox is open, and not when it is closed."""
    world = World(PATIENT)
    made = await made_before(world)
    calls = len(world.tenant.requests)
    await ask(world, world.app, name, made)
    assert len(world.tenant.requests) > calls

    for later in (False, True):
        world = World(PATIENT)
        made = await made_before(world)
        throttle(world, "60")
        await world.accept(CALENDAR)
        await world.deliver()
        calls = len(world.tenant.requests)
        await ask(world, world.new_host() if later else world.app, name, made)
        assert len(world.tenant.requests) == calls
        world.clock.advance(seconds=61)
        await ask(world, world.app, name, made)
        await world.settle()
        assert len(world.tenant.requests) > calls


@pytest.mark.parametrize("name", ["lookup", "readiness", "invitation of an event", "invitation by object id"])
async def test_who_is_throttled_while_looking_closes_the_mailbox_for_all(name: str) -> None:
    """A 429 to a lookup counts like one to a provision, in the other processes as well."""
    world = World(PATIENT)
    made = await made_before(world)
    throttle(world, "60")
    await ask(world, world.app, name, made)
    calls = len(world.tenant.requests)
    for app in (world.app, world.new_host()):
        await world.accept(CALENDAR)
        await world.deliver(app)
    assert len(world.tenant.requests) == calls
    await world.settle()
    assert len(world.events()) == 4


class CutRefusals(httpx.AsyncBaseTransport):
    """A network on which no refusal of Graph's arrives whole."""

    def __init__(self, graph: httpx.AsyncBaseTransport) -> None:
        self._graph = graph

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._graph.handle_async_request(request)
        return answer if answer.is_success else httpx.Response(answer.status_code, headers=answer.headers, stream=Cut())


class Cut(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b'{"error":'
        raise httpx.ReadError("cut")


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("name", sorted(ASKS))
async def test_a_refusal_that_does_not_arrive_whole_closes_the_mailbox(name: str, status: int) -> None:
    """Its status and its Retry-After had arrived: nothing asks again before, here or elsewhere, and all is made."""
    world = World(PATIENT)
    wires = world.wires()
    world.app = world.new_host(replace(wires, graph=CutRefusals(wires.graph)))
    made = await made_before(world)
    action = {"status": status, "headers": {"Retry-After": "60"}}
    world.fault({"user": "alexw@contoso.com", "times": 1, "action": action})
    await ask(world, world.app, name, made)
    assert world.tenant.requests[-1].status == status
    told_at, calls = world.tenant.requests[-1].time, len(world.tenant.requests)
    for app in (world.app, world.new_host()):
        await world.accept(CALENDAR)
        await world.deliver(app)
    assert len(world.tenant.requests) == calls
    await world.settle()
    assert min(seen.time for seen in list(world.tenant.requests)[calls:]) >= told_at + timedelta(seconds=60)
    asked = (await world.ledger.find(Field.ORGANIZER, "AlexW@contoso.com", 99)).items
    assert {meeting.status for meeting in asked} <= {Status.SUCCEEDED, Status.CANCELLED}


async def test_an_attempt_that_was_held_back_leaves_no_doubt_behind() -> None:
    """It is no failure of Graph, nothing may have been made in it, and each event takes one POST."""
    world = World()
    throttle(world, "60")
    await world.accept(CALENDAR)
    await world.deliver()
    world.requests.take()
    meeting = await world.accept(CALENDAR)
    await world.deliver(world.new_host())
    held = await world.ledger.read(meeting.id)
    assert (held.status, held.claim, held.doubt.in_doubt_since, held.progress.graph_failures) == (
        Status.QUEUED,
        None,
        None,
        0,
    )
    assert held.progress.next_attempt_at is not None
    assert held.progress.next_attempt_at >= world.clock() + timedelta(seconds=60)
    calls = len(world.tenant.requests)
    await world.settle()
    assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED
    assert [seen.method for seen in list(world.tenant.requests)[calls:]] == ["GET", "POST", "POST"]


async def test_what_was_in_doubt_before_stays_in_doubt() -> None:
    """An attempt that was held back does not forget that an earlier one may have made the event."""
    world = World()
    world.fault({"method": "POST", "path": "/events", "times": 1, "when": "after", "action": "reset"})
    meeting = await world.accept(CALENDAR)
    await world.deliver()
    assert (await world.ledger.read(meeting.id)).doubt.in_doubt_since == 1
    throttle(world, "60")
    await world.accept(CALENDAR)
    await world.deliver()
    world.clock.advance(seconds=10)
    await world.deliver(world.new_host())
    held = await world.ledger.read(meeting.id)
    assert (held.doubt.in_doubt_since, held.progress.graph_failures) == (1, 1)
    await world.settle()
    assert len(world.events()) == 2


async def test_the_record_is_told_only_when_the_wait_is_long() -> None:
    """A message that finds the mailbox closed costs no write as long as the upkeep would not take it for lost."""
    for retry_after, told in (("10", False), ("60", True)):
        world = World()
        throttle(world, retry_after)
        await world.accept(CALENDAR)
        await world.deliver()
        meeting = await world.accept(CALENDAR)
        operations = world.table.operations
        await world.deliver()
        assert world.table.operations - operations == 1 + told
        assert ((await world.ledger.read(meeting.id)).progress.next_attempt_at is not None) is told
        for _ in range(8):
            world.clock.advance(seconds=5)
            assert not told or (await world.app.upkeep.run()).woken == 0
        await world.settle()
        assert len(world.events()) == 2


class TestStorage:
    async def test_a_calendar_meeting_costs_nine_operations(self) -> None:
        """Accept: record, message. Provision: record, claim beside the mailbox's row, end, result, note, its row."""
        world = World()
        meeting = await world.accept(CALENDAR)
        await world.deliver()
        assert (await world.ledger.read(meeting.id)).reported
        counted = (world.table, world.mailboxes_table, world.requests, world.results)
        # one more for this test's own look at the record
        assert sum(each.operations for each in counted) == 9 + 1
        assert world.mailboxes_table.operations == 1

    @pytest.mark.parametrize("when", ["always", "on reading", "on writing"])
    async def test_trouble_with_the_rows_delays_nobody(self, when: str) -> None:
        """A meeting is made, throttled and made again as if the rows were there, though they cannot be used."""

        class Troubled(InMemoryTable):
            async def read(self, partition: str, key: str) -> Any:
                if when != "on writing":
                    raise StorageUnavailableError("no")
                return await super().read(partition, key)

            async def write(self, partition: str, operations: Any) -> list[str]:
                if when != "on reading":
                    raise StorageUnavailableError("no")
                return await super().write(partition, operations)

        world = World()
        world.mailboxes_table = Troubled()
        app = world.new_host()
        throttle(world, "5")
        meeting = await world.accept(CALENDAR)
        await world.deliver(app)
        assert world.tenant.requests[-1].status == 429
        world.clock.advance(seconds=8)
        await world.deliver(app)
        assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED

    async def test_rows_do_not_pile_up(self) -> None:
        """The upkeep removes them once they have nothing to say."""
        world = World()
        throttle(world, "60")
        await world.made(CALENDAR)
        assert any(world.mailboxes_table.partitions.values())
        world.clock.advance(hours=2)
        await world.app.upkeep.run()
        assert not any(world.mailboxes_table.partitions.values())


class TestPause:
    def test_retries_have_jitter(self) -> None:
        """No two failed attempts come back in step; the waits double, and end at a minute."""
        for failures, longest in [(0, 2), (1, 4), (2, 8), (4, 32), (5, 60), (1000, 60)]:
            pauses = [_pause(failures).total_seconds() for _ in range(200)]
            assert all(longest / 2 <= pause <= longest for pause in pauses)
            assert len(set(pauses)) > 150

    async def test_throttling_without_a_time_backs_off(self) -> None:
        """A Graph that only says 429 is asked more and more seldom: at least 10 seconds apart, then up to a minute."""
        random.seed(2)
        world = World()
        world.fault({"method": "POST", "path": "/events", "times": 8, "action": {"status": 429}})
        await world.made(CALENDAR)
        times = [seen.time for seen in world.tenant.requests if seen.method == "POST"]
        gaps = [(after - before).total_seconds() for before, after in pairwise(times)]
        assert min(gaps) >= 10
        assert min(gaps[5:]) >= 30
