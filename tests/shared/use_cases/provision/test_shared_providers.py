"""What a calendar allows is asked once for all instances while they are busy, and told to nobody else."""

import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import override

import pytest

from shared.errors import ConflictError, StorageUnavailableError
from shared.meeting import Meeting, Status
from shared.storage import Operation
from tests.app_fixture import World
from tests.examples import CALENDAR
from tests.fakes import InMemoryTable
from tests.shared.use_cases.provision.busy_host import BusyHost

BUSY = 12
PLACES = 24


def organizer(number: int) -> str:
    return f"user{number}@contoso.com"


async def make_at_once(world: World, meetings: int, **user: list[str]) -> list[Meeting]:
    """Have one host make so many meetings at once, each of another organizer."""
    accepted: list[Meeting] = []
    for number in range(meetings):
        world.tenant.add_user(organizer(number), organizer(number), **user)
        accepted.append(await world.accept(CALENDAR | {"organizer": organizer(number)}))
    await BusyHost(world).work()
    return [await world.ledger.read(meeting.id) for meeting in accepted]


async def calls_of_another(world: World, number: int) -> list[str]:
    """Have another host make one more meeting of an organizer, and return the calls that it took."""
    before = len(world.tenant.requests)
    await world.accept(CALENDAR | {"organizer": organizer(number)})
    await world.deliver(world.new_host())
    return [seen.method for seen in list(world.tenant.requests)[before:]]


async def test_a_busy_instance_tells_the_others() -> None:
    """Another instance makes a meeting for each of its organizers without asking the calendar again."""
    world = World()
    await make_at_once(world, PLACES)
    assert [await calls_of_another(world, number) for number in range(PLACES)] == [["POST"]] * PLACES


async def test_the_first_of_an_organizer_costs_ten_operations() -> None:
    """One write more than in a quiet app, since the row was looked at before; the next one costs nine again."""
    world = World()
    stores = (world.table, world.mailboxes_table, world.requests, world.results)
    for each in (10, 9):
        before = sum(store.operations for store in stores)
        for number in range(PLACES):
            world.tenant.add_user(organizer(number), organizer(number))
            await world.accept(CALENDAR | {"organizer": organizer(number)})
        await BusyHost(world).work()
        assert sum(store.operations for store in stores) - before == each * PLACES
    assert world.mailboxes_table.operations == 3 * PLACES


@pytest.mark.parametrize("meetings", [1, BUSY - 1])
async def test_a_quiet_instance_writes_nothing(meetings: int) -> None:
    """While fewer than a dozen meetings are under way there is one instance: nobody is told, and nine suffice."""
    world = World()
    await make_at_once(world, meetings)
    assert world.mailboxes_table.operations == meetings
    assert not any(world.mailboxes_table.partitions.values())
    assert await calls_of_another(world, 0) == ["GET", "POST"]


async def test_what_is_told_is_believed_for_an_hour_from_the_question() -> None:
    """Then an instance asks again, so that what an administrator changed comes to be known."""
    world = World()
    asked_at = world.clock()
    await make_at_once(world, BUSY)
    world.clock.now = asked_at + timedelta(minutes=60, microseconds=-1)
    assert await calls_of_another(world, 0) == ["POST"]
    world.clock.now = asked_at + timedelta(minutes=60)
    assert await calls_of_another(world, 0) == ["GET", "POST"]


async def test_an_instance_believes_its_own_question_for_an_hour() -> None:
    """A quiet one as well; and then it asks again."""
    world = World()
    await world.made(CALENDAR)
    for minutes in (59, 2):
        world.clock.advance(minutes=minutes)
        await world.made(CALENDAR)
    assert [seen.method for seen in world.tenant.requests] == ["GET", "POST", "POST", "GET", "POST"]


async def test_a_no_is_not_told() -> None:
    """Once an administrator has acted, the next meeting is made, wherever that is."""
    world = World()
    refused = await make_at_once(world, PLACES, allowed_online_meeting_providers=["skypeForBusiness"])
    assert {meeting.error and meeting.error.code for meeting in refused} == {"providerNotAllowed"}
    assert not any(world.mailboxes_table.partitions.values())
    world.tenant.add_user(organizer(0), organizer(0), allowed_online_meeting_providers=["teamsForBusiness"])
    assert await calls_of_another(world, 0) == ["GET", "POST"]


async def test_a_yes_for_one_provider_is_none_for_another() -> None:
    """Who wants Skype asks, though others were told that Teams is allowed, and nobody is invited to no link."""
    world = World()
    await make_at_once(world, BUSY, allowed_online_meeting_providers=["teamsForBusiness"])
    meeting = await world.accept(
        CALENDAR | {"organizer": organizer(0), "onlineMeetingProvider": "skypeForBusiness", "subject": "Skype"}
    )
    await world.deliver(world.new_host())
    failed = (await world.ledger.read(meeting.id)).error
    assert failed
    assert failed.code == "providerNotAllowed"
    assert await calls_of_another(world, 0) == ["POST"]


async def test_a_mailbox_that_graph_closes_meanwhile_stays_closed() -> None:
    """The row that tells of the providers still tells until when nobody calls, and the other way round."""
    world = World()
    headers = {"Retry-After": "60"}
    action = {"status": 429, "headers": headers}
    world.fault({"path": "/events", "method": "POST", "user": organizer(0), "times": 1, "action": action})
    await make_at_once(world, PLACES)
    assert [seen.status for seen in world.tenant.requests].count(429) == 1
    assert await calls_of_another(world, 0) == []
    world.clock.advance(seconds=120)
    assert await calls_of_another(world, 0) == ["POST"] * 3  # the two that waited, and one more


@pytest.mark.parametrize("trouble", [StorageUnavailableError, ConflictError])
async def test_trouble_with_telling_fails_no_meeting(trouble: Callable[[str], Exception]) -> None:
    """A row that cannot be written is a line in the log, and the next instance asks for itself."""

    class Troubled(InMemoryTable):
        @override
        async def write(self, partition: str, operations: Sequence[Operation]) -> list[str]:
            raise trouble("no")

    random.seed(7)
    world = World()
    world.mailboxes_table = Troubled()
    made = await make_at_once(world, PLACES)
    assert {meeting.status for meeting in made} == {Status.SUCCEEDED}
    assert await calls_of_another(world, 0) == ["GET", "POST"]
