"""Accept: validated, recorded, enqueued; twice is once."""

import asyncio
import json
from typing import Any

import pytest

from shared.access.callers import Caller
from shared.access.origin import Origin
from shared.errors import InvalidRequestError, KeyReusedError, OrganizerNotAllowedError, StorageUnavailableError
from shared.meeting import Status
from tests.app_fixture import World
from tests.examples import CALENDAR, STANDALONE


async def test_a_request_becomes_a_queued_meeting_and_a_message() -> None:
    """The record comes first, then the message that says where to look."""
    world = World()
    meeting = await world.accept(CALENDAR)
    stored = await world.ledger.read(meeting.id)
    assert (stored.status, stored.version, stored.attempts) == (Status.QUEUED, 1, 0)
    assert [json.loads(text) for text in world.requests.take()] == [{"meeting": meeting.id, "version": 1}]


async def test_accepting_costs_one_write_and_one_message() -> None:
    """Record and indexes go in one transaction."""
    world = World()
    await world.accept(CALENDAR)
    assert (world.table.operations, world.requests.operations) == (1, 1)


async def test_the_same_key_twenty_times_at_once_is_one_meeting() -> None:
    """Whoever comes first makes the meeting; the others get it."""
    world = World()
    accepted = await asyncio.gather(*(world.app.acceptance.accept(CALENDAR, Origin(key="k")) for _ in range(20)))
    assert len({each.meeting.id for each in accepted}) == 1
    assert sum(not each.replayed for each in accepted) == 1
    await world.settle()
    assert len(world.events()) == 1


async def test_the_order_of_members_does_not_matter() -> None:
    """The same request is the same in whatever order its members stand, at every depth."""
    world = World()
    first = await world.accept(CALENDAR, "k")
    turned: dict[str, Any] = json.loads(json.dumps(CALENDAR), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    assert (await world.accept(turned, "k")).id == first.id


async def test_the_same_key_with_another_request_is_refused() -> None:
    """A key belongs to its first request, whatever has become of that one."""
    world = World()
    first = await world.made(CALENDAR, "k")
    with pytest.raises(KeyReusedError, match=f"the meeting {first.id}$"):
        await world.accept(CALENDAR | {"subject": "Something else"}, "k")


async def test_two_callers_may_use_the_same_key() -> None:
    """Keys are the caller's own."""
    world = World()
    one = await world.app.acceptance.accept(CALENDAR, Origin(Caller("one"), "k"))
    two = await world.app.acceptance.accept(CALENDAR, Origin(Caller("two"), "k"))
    assert one.meeting.id != two.meeting.id


async def test_without_a_key_every_request_is_a_meeting() -> None:
    """Nothing but a key makes two requests the same."""
    world = World()
    assert (await world.accept(CALENDAR)).id != (await world.accept(CALENDAR)).id


@pytest.mark.parametrize(
    ("allowed", "organizer", "may"),
    [
        ("*", "AlexW@contoso.com", True),
        ("alexw@CONTOSO.com", "AlexW@contoso.com", True),
        ("@contoso.com", "AlexW@contoso.com", True),
        ("@contoso.com", "AlexW@evilcontoso.com", False),
        ("@contoso.com", "AlexW@contoso.com.evil.example", False),
        ("64339082-ed84-4b0b-b4ab-004ae54f3747", "64339082-ED84-4B0B-B4AB-004AE54F3747", True),
        ("64339082-ed84-4b0b-b4ab-004ae54f3747", "AlexW@contoso.com", False),
        ("meganb@contoso.com, @fabrikam.com", "AlexW@contoso.com", False),
    ],
)
async def test_only_allowed_organizers_organize(allowed: str, organizer: str, may: bool) -> None:  # noqa: FBT001
    """ALLOWED_ORGANIZERS lists names, ids and whole domains, in any case."""
    world = World({"ALLOWED_ORGANIZERS": allowed})
    if may:
        await world.accept(STANDALONE | {"organizer": organizer})
    else:
        with pytest.raises(OrganizerNotAllowedError):
            await world.accept(STANDALONE | {"organizer": organizer})
        assert not world.requests.messages


async def test_an_invalid_request_leaves_nothing_behind() -> None:
    """Nothing is written for a request that is refused."""
    world = World()
    with pytest.raises(InvalidRequestError):
        await world.accept({"organizer": "AlexW@contoso.com"})
    assert (world.table.operations, world.requests.operations) == (0, 0)


async def test_a_message_that_was_not_sent_is_sent_by_the_repetition() -> None:
    """When the queue failed after the record was written, the same key again heals it."""
    world = World()
    world.requests.broken = True
    with pytest.raises(StorageUnavailableError):
        await world.accept(CALENDAR, "k")
    world.requests.broken = False
    meeting = await world.made(CALENDAR, "k")
    assert meeting.status is Status.SUCCEEDED


async def test_a_request_that_could_not_be_recorded_sends_no_message() -> None:
    """The record comes first: a message about a meeting that is nowhere would become a failed one."""
    world = World()
    world.table.broken = True
    with pytest.raises(StorageUnavailableError):
        await world.accept(CALENDAR, "k")
    assert not world.requests.messages
