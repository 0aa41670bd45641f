"""One meeting, and a host that dies at a given point of its work, in each of its first lives."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

from local.graph.attendee_responses import respond
from local.graph.control import state
from local.graph.records import Room
from shared.access.callers import Caller
from shared.access.origin import Origin
from shared.bootstrap import App
from shared.errors import AttendeeNotFoundError, ChangeRefusedError
from shared.meeting import Meeting
from shared.use_cases.inline_provisioner import REQUEUE_MARGIN
from tests.app_fixture import World
from tests.examples import CALENDAR, EXISTING, STANDALONE
from tests.proofs.simulation.checker import Evidence, Promise, check
from tests.proofs.simulation.hosts import OPTIONS, Farm, Host, HostDiedError, may_be_unrecorded
from tests.proofs.simulation.loop import SimulatedClock, simulate
from tests.proofs.simulation.network import CallOutcome, Ending, Network, Point
from tests.proofs.simulation.violation import Violation
from tests.tenants import set_switches

NAME = {"reference": "one", "subject": "one"}
GUEST = "AdeleV@contoso.com"
MORE_GUESTS = {"emailAddress": {"address": "MeganB@contoso.com"}, "type": "required"}
PLAIN = CALENDAR | NAME
WITH_OPTIONS = PLAIN | {"options": {"allowedPresenters": "organizer"}, "language": "ja"}
ALONE = STANDALONE | NAME | {"allowedPresenters": "organizer"}
PASSCODE = STANDALONE | NAME | {"joinMeetingIdSettings": {"isPasscodeRequired": True}}
PRICE = EXISTING | {"reference": "Price"}
OF_POOL = {name: value for name, value in WITH_OPTIONS.items() if name != "organizer"} | {
    "organizerPool": {"candidates": ["NoMailbox@contoso.com", "NoPolicy@contoso.com", "AlexW@contoso.com"]},
}
ROOMS = {"Baker@contoso.com": "Conf Room Baker", "Able@contoso.com": "Conf Room Able"}
OF_TWO_POOLS = OF_POOL | {"roomPool": {"candidates": [*ROOMS]}}
REQUESTS = {
    "calendar": PLAIN,
    "calendar with options": WITH_OPTIONS,
    "standalone": ALONE,
    "passcode": PASSCODE,
    "existing": PRICE,
    "of a pool": OF_POOL,
    "of two pools": OF_TWO_POOLS,
}
_MOVED = {
    name: CALENDAR[name] | {"dateTime": f"2027-01-20T{hour}:30:00"} for name, hour in (("start", 13), ("end", 14))
}

# A look at the due rows asks every partition at once; to die in one of these is to die before them.
_MANY_AT_ONCE = "read_range"
# The host takes a message.
_BEGINS_A_THREAD = "receive"
_LONGEST = 4 * 3600.0
# Each n-th is tried of what adds little: pairs of crashes, and crashes that leave what another one leaves.
EVERY = int(os.environ.get("CRASH_PAIRS_EVERY", "10"))

type Kill = tuple[int, Ending]
type Deed = Callable[["Client"], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Story:
    """What a client does.

    Attributes:
        request: for the meeting.
        deed: what happens while the host dies.
        wanted: the request in the end, None if the meeting is cancelled.
        made_before: whether the meeting is there when the deed begins; `deed` asks for it otherwise.
    """

    request: dict[str, Any]
    deed: Deed
    wanted: dict[str, Any] | None
    made_before: bool = True
    organizer_is_missing_first: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """How it came out; `points` are those of each life, from the deed's begin on."""

    violations: Sequence[Violation]
    faults: Sequence[str]
    points: Sequence[Sequence[Point]]
    made: int


def in_room(request: dict[str, Any], room: str) -> dict[str, Any]:
    """Return what a request wants once a room was chosen for it."""
    attendees = [*request["attendees"], {"emailAddress": {"address": room}, "type": "resource"}]
    return request | {"attendees": attendees, "location": {"displayName": ROOMS[room]}}


class Client:
    """Asks until there is an answer."""

    def __init__(self, farm: Farm, world: World, request: dict[str, Any]) -> None:
        self.world = world
        self.request = request
        self.meeting_id = ""
        self._farm = farm

    async def insist[T](self, work: Callable[[App], Awaitable[T]]) -> T:
        """Have it done, by whatever life of the host."""
        while True:
            try:
                return await self._farm.ask(work)
            except HostDiedError:
                await asyncio.sleep(1)

    async def create(self, wait: float = 0.0) -> None:
        """POST the meeting; with `wait`, stay for what becomes of it."""
        waiting = timedelta(seconds=wait)

        async def accept(app: App) -> Meeting:
            delay = waiting + REQUEUE_MARGIN if wait else waiting
            accepted = await app.acceptance.accept(self.request, Origin(Caller("caller"), "key"), delay)
            if accepted.replayed or not wait:
                return accepted.meeting
            return await app.inline_provisioner.provision(accepted.meeting, waiting)

        self.meeting_id = (await self.insist(accept)).id

    async def put(self) -> None:
        """Put the request on the queue."""
        self.world.requests.put(json.dumps(self.request | {"idempotencyKey": "key"}))

    async def patch(self, patch: dict[str, Any]) -> None:
        """PATCH the meeting."""
        await self.insist(lambda app: app.changes.patch(self.meeting_id, patch))

    async def add(self) -> None:
        """POST an attendee."""
        await self.insist(lambda app: app.changes.add_attendee(self.meeting_id, MORE_GUESTS))

    async def remove(self) -> None:
        """DELETE the attendee; who is gone at the second try was removed by the first."""

        async def remove(app: App) -> None:
            try:
                await app.changes.remove_attendee(self.meeting_id, GUEST)
            except AttendeeNotFoundError:
                return

        await self.insist(remove)

    async def decline(self) -> None:
        """Have the room decline that was chosen, and POST refresh."""
        [event] = self.world.events()
        respond(self.world.tenant, event, next(iter(ROOMS)), "declined")
        await self.insist(lambda app: app.refreshing.refresh(self.meeting_id))

    async def cancel(self) -> None:
        """DELETE the meeting."""
        await self.insist(lambda app: app.changes.cancel(self.meeting_id, "Bye"))

    async def create_and_cancel(self) -> None:
        """POST the meeting and DELETE it while it is on its way."""
        await self.create()
        await asyncio.sleep(0.1)
        await self.cancel()

    async def retry(self) -> None:
        """POST retry; what has not failed any more at the second try was retried by the first."""

        async def retry(app: App) -> None:
            try:
                await app.changes.retry(self.meeting_id)
            except ChangeRefusedError:
                return

        await self.insist(retry)


_CHANGES = {"subject": "one more", "body": {"contentType": "html", "content": "<p>Alpha</p>"}}
_NEW_OPTIONS = {"options": {"allowedPresenters": "everyone"}}

STORIES: dict[str, Story] = {
    **{
        f"create, {kind}": Story(request, Client.create, wanted, made_before=False)
        for kind, request in REQUESTS.items()
        for wanted in [in_room(request, "Baker@contoso.com") if "roomPool" in request else request]
    },
    **{
        f"create and wait, {kind}": Story(request, partial(Client.create, wait=20.0), request, made_before=False)
        for kind, request in REQUESTS.items()
        if kind in {"calendar with options", "standalone"}
    },
    "create by message, calendar": Story(PLAIN, Client.put, PLAIN, made_before=False),
    **{
        f"create and cancel, {kind}": Story(request, Client.create_and_cancel, None, made_before=False)
        for kind, request in REQUESTS.items()
        if kind in {"calendar", "standalone", "existing"}
    },
    **{f"cancel, {kind}": Story(request, Client.cancel, None) for kind, request in REQUESTS.items()},
    "change, calendar": Story(PLAIN, partial(Client.patch, patch=_CHANGES), PLAIN | _CHANGES),
    "change, calendar with options": Story(
        WITH_OPTIONS, partial(Client.patch, patch=_NEW_OPTIONS), WITH_OPTIONS | _NEW_OPTIONS
    ),
    "change, standalone": Story(
        ALONE, partial(Client.patch, patch={"subject": "one more"}), ALONE | {"subject": "one more"}
    ),
    "move, of a pool": Story(OF_POOL, partial(Client.patch, patch=_MOVED), OF_POOL | _MOVED),
    "decline, of two pools": Story(OF_TWO_POOLS, Client.decline, in_room(OF_TWO_POOLS, "Able@contoso.com")),
    "add an attendee": Story(PLAIN, Client.add, PLAIN | {"attendees": [*PLAIN["attendees"], MORE_GUESTS]}),
    "remove an attendee": Story(PLAIN, Client.remove, PLAIN | {"attendees": []}),
    "retry, calendar": Story(PLAIN, Client.retry, PLAIN, organizer_is_missing_first=True),
}


@dataclass(slots=True)
class CrashPoints:
    """No faults but one: the n-th call of a life is its last."""

    kills: Sequence[Kill]
    armed: bool = False
    lives: list[list[Point]] = field(default_factory=list[list[Point]])

    def outcome(self, point: Point) -> CallOutcome:
        """Return what happens to a call."""
        if not self.armed or point.what == _MANY_AT_ONCE:
            return CallOutcome()
        life = int(point.process.partition(".")[2])
        while len(self.lives) < life:
            self.lives.append([])
        self.lives[life - 1].append(point)
        if life <= len(self.kills) and len(self.lives[life - 1]) == self.kills[life - 1][0]:
            return CallOutcome(self.kills[life - 1][1])
        return CallOutcome()

    def refusal(self, point: Point) -> None:
        """Refuse nothing."""


def tell(story: Story, kills: Sequence[Kill] = (), tenant: int = 0) -> Ended:
    """Let a story happen to a host that dies at its n-th call, before or after that takes effect, in each life.

    Args:
        story: what happens.
        kills: the deaths, one for each life.
        tenant: the seed of the tenant's switches.
    """
    return simulate(partial(_tell, story, kills, tenant), 1)


def first_alike(points: Sequence[Point]) -> dict[Kill, Kill]:
    """Return every way to die in a life, each with the first that leaves the same outside.

    To die after a read is to die before it. To die before a call is to die after the latest that changes something; but
    between that and a call that begins another thread of work, other threads have gone on.
    """
    alike: dict[Kill, Kill] = {}
    latest: Kill = (1, Ending.CRASH_BEFORE)
    for number, point in enumerate(points, 1):
        before, after = (number, Ending.CRASH_BEFORE), (number, Ending.CRASH_AFTER)
        if point.what.startswith(_BEGINS_A_THREAD):
            latest = before
        alike[before] = latest
        if not point.reads:
            latest = after
        alike[after] = latest
    return alike


def kills_of(points: Sequence[Point]) -> list[Kill]:
    """Return every way to die in a life that leaves something of its own."""
    return list(dict.fromkeys(first_alike(points).values()))


def kills_to_try(points: Sequence[Point], story: int) -> list[Kill]:
    """Return every way to die that leaves something of its own, and of the others each `EVERY`-th.

    Args:
        points: the calls of the life.
        story: its number; each story begins with another one.
    """
    kills = kills_of(points)
    return kills + [kill for kill in first_alike(points) if kill not in kills][story % EVERY :: EVERY]


async def _tell(story: Story, kills: Sequence[Kill], tenant: int) -> Ended:
    clock = SimulatedClock()
    world = World(clock=clock)
    set_switches(world.tenant.settings, tenant)
    world.tenant.add_user("Able@contoso.com", ROOMS["Able@contoso.com"], room=Room())
    injector = CrashPoints(kills)
    network = Network(injector)
    options = replace(OPTIONS, max_polling_interval=timedelta(seconds=60))
    host = Host("host", world, network, options)
    farm = Farm([host], 1)
    farm.start(None)
    client = Client(farm, world, story.request)
    if story.made_before:
        await _prepare(story, client)
    injector.armed = True
    await asyncio.sleep(0.01)
    await story.deed(client)
    await _settle(world)
    injector.armed = False
    await asyncio.sleep(30)
    kind = str(story.request.get("kind", "calendar"))
    name = str(story.request["reference"])
    guests = frozenset({GUEST, "MeganB@contoso.com", *ROOMS})
    at_most = 1 + len(kills) if story.request is PASSCODE else 1
    promise = Promise(name, story.wanted, kind=kind, guests=guests, at_most=at_most)
    price = "AAMkADAGu0AABIGYDaAAA="
    before = frozenset[str]() if story.request is PRICE else frozenset({price})
    ends = [event for event in world.results.events() if event["type"] != "meeting.responded"]
    evidence = Evidence([promise], state(world.tenant), ends, before)
    made = len(world.tenant.meetings) if kind == "standalone" else len(world.events())
    return Ended(check(evidence), [repr(fault) for fault in host.faults], injector.lives, made)


async def _prepare(story: Story, client: Client) -> None:
    users = client.world.tenant
    if story.organizer_is_missing_first:
        users.add_user("AlexW@contoso.com", "Alex Wilber", allowed_online_meeting_providers=[])
    await client.create()
    await _settle(client.world)
    users.add_user("AlexW@contoso.com", "Alex Wilber", allowed_online_meeting_providers=["teamsForBusiness"])


async def _settle(world: World) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + _LONGEST
    while loop.time() < end:
        await asyncio.sleep(5)
        unfinished = any(
            key.startswith(("due.", "unsent.")) for rows in world.table.partitions.values() for key in rows
        )
        if not (world.requests.messages or may_be_unrecorded(world) or unfinished):
            return
