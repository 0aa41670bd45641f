"""A change of the attendees after people have changed them in Outlook."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from local.graph.attendee_responses import respond
from shared.errors import AttendeeNotFoundError, ChangeRefusedError
from shared.meeting import Meeting
from tests.app_fixture import World
from tests.examples import CALENDAR
from tests.shared.use_cases.watch.outlook import Outlook

ADELE, MEGAN, DIEGO = "AdeleV@contoso.com", "MeganB@contoso.com", "DiegoS@contoso.com"


def attendee(address: str) -> dict[str, Any]:
    return {"emailAddress": {"address": address}, "type": "required"}


def invited(world: World) -> set[str]:
    [event] = world.events()
    return {each["emailAddress"]["address"] for each in event.properties["attendees"]}


def mailed(world: World, address: str) -> list[str]:
    return [mail.kind for mail in world.tenant.sent_mail if mail.to == address]


async def test_who_was_removed_or_added_in_outlook_stays_so() -> None:
    """Adding a guest invites nobody again whom the organizer removed, and keeps whom the organizer invited."""
    world = World()
    made = await world.made(CALENDAR)
    Outlook(world).edit({"attendees": [attendee(DIEGO)]})
    await world.app.changes.add_attendee(made.id, attendee(MEGAN))
    await world.settle()
    assert invited(world) == {MEGAN, DIEGO}
    assert mailed(world, ADELE) == ["invitation", "cancellation"]
    await world.app.changes.patch(made.id, {"subject": "Another subject"})
    await world.settle()
    assert invited(world) == {MEGAN, DIEGO}


async def test_a_guest_can_be_invited_again() -> None:
    """Who was removed in Outlook comes back when the caller takes the guest out of the request and adds it again."""
    world = World()
    made = await world.made(CALENDAR)
    Outlook(world).edit({"attendees": []})
    await world.app.changes.remove_attendee(made.id, ADELE)
    await world.settle()
    await world.app.changes.add_attendee(made.id, attendee(ADELE))
    await world.settle()
    assert invited(world) == {ADELE}


async def test_who_is_seen_to_be_removed_can_be_added_again() -> None:
    """It invites just that guest, once; before a look has found the removal the request has nothing to change."""
    world = World()
    made = await world.made(CALENDAR | {"attendees": [attendee(ADELE)]})
    Outlook(world).edit({"attendees": [attendee(DIEGO)]})
    assert (await world.app.changes.add_attendee(made.id, attendee(ADELE))).version == 1
    world.clock.advance(minutes=5)
    await world.app.refreshing.refresh(made.id)
    world.tenant.sent_mail.clear()
    for _ in range(2):
        added = await world.app.changes.add_attendee(made.id, attendee(ADELE))
        assert added.version == 2
    await world.settle()
    assert (await world.app.changes.add_attendee(made.id, attendee(ADELE))).version == 2
    assert invited(world) == {ADELE, DIEGO}
    assert [(mail.to, mail.kind) for mail in world.tenant.sent_mail] == [(ADELE, "invitation")]


async def seen_with_diego() -> tuple[World, Meeting]:
    """Return a meeting to which the organizer has invited Diego in Outlook, and which was looked at since."""
    world = World()
    made = await world.made(CALENDAR)
    Outlook(world).edit({"attendees": [attendee(ADELE), attendee(DIEGO)]})
    world.clock.advance(minutes=5)
    return world, await world.app.refreshing.refresh(made.id)


async def test_who_was_added_in_outlook_can_be_removed() -> None:
    """Only who is removed gets mail; who is invited again in Outlook stays, whatever changes afterwards."""
    world, made = await seen_with_diego()
    world.tenant.sent_mail.clear()
    await world.app.changes.remove_attendee(made.id, DIEGO.upper())
    await world.settle()
    assert invited(world) == {ADELE}
    assert [(mail.to, mail.kind) for mail in world.tenant.sent_mail] == [(DIEGO, "cancellation")]
    Outlook(world).edit({"attendees": [attendee(ADELE), attendee(DIEGO)]})
    await world.app.changes.add_attendee(made.id, attendee(MEGAN))
    await world.settle()
    assert invited(world) == {ADELE, DIEGO, MEGAN}


async def test_a_removal_while_an_attempt_is_under_way_is_not_lost() -> None:
    """The attempt ends without it, and the next one makes it."""
    world, made = await seen_with_diego()
    await world.app.changes.add_attendee(made.id, attendee(MEGAN))
    wires = world.wires()

    async def remove() -> None:
        await world.app.changes.remove_attendee(made.id, DIEGO)

    await world.deliver(world.new_host(replace(wires, graph=BeforeTheFirstPatch(wires.graph, remove))))
    assert invited(world) == {ADELE, DIEGO, MEGAN}
    await world.settle()
    assert invited(world) == {ADELE, MEGAN}
    assert (await world.ledger.read(made.id)).unwanted_attendees == frozenset()


class BeforeTheFirstPatch(httpx.AsyncBaseTransport):
    """The way to Graph, on which somebody acts just before the first change of an event arrives."""

    def __init__(self, transport: httpx.AsyncBaseTransport, act: Callable[[], Awaitable[None]]) -> None:
        self._transport = transport
        self._acts = [act]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH" and self._acts:
            await self._acts.pop()()
        return await self._transport.handle_async_request(request)


async def test_a_removal_that_failed_is_made_by_the_retry() -> None:
    """Beside another whom the caller removes meanwhile."""
    world, made = await seen_with_diego()
    Outlook(world).edit({"attendees": [attendee(ADELE), attendee(DIEGO), attendee(MEGAN)]})
    world.clock.advance(minutes=5)
    await world.app.refreshing.refresh(made.id)
    world.fault({"method": "PATCH", "path": "/events/", "action": {"status": 400}})
    await world.app.changes.remove_attendee(made.id, DIEGO)
    await world.settle()
    world.fault()
    assert invited(world) == {ADELE, DIEGO, MEGAN}
    await world.app.changes.remove_attendee(made.id, MEGAN)
    await world.settle()
    assert invited(world) == {ADELE}


async def test_who_was_never_seen_cannot_be_removed() -> None:
    """An address that was added in Outlook is known once somebody has looked; a cancelled meeting invites nobody."""
    world = World()
    made = await world.made(CALENDAR)
    Outlook(world).edit({"attendees": [attendee(ADELE), attendee(DIEGO)]})
    with pytest.raises(AttendeeNotFoundError):
        await world.app.changes.remove_attendee(made.id, DIEGO)
    world.clock.advance(minutes=5)
    await world.app.refreshing.refresh(made.id)
    await world.app.changes.cancel(made.id, None)
    with pytest.raises(ChangeRefusedError):
        await world.app.changes.remove_attendee(made.id, DIEGO)


async def test_the_callers_own_change_is_not_published_as_outlooks() -> None:
    """While the event has a guest of Outlook's, an attendee whom the caller adds is no further change."""
    world, made = await seen_with_diego()
    await world.app.changes.add_attendee(made.id, attendee(MEGAN))
    await world.settle()
    world.clock.advance(minutes=5)
    seen = await world.app.refreshing.refresh(made.id)
    assert seen.observed is not None
    assert seen.observed.changes == ("attendees",)
    assert [event["type"] for event in world.results.events()].count("meeting.changed") == 1


class History:
    """A meeting whose attendees the caller and the organizer change, and what a look has to publish about it.

    Attributes:
        expected: who would be invited if nobody had acted in Outlook since the latest look.
    """

    def __init__(self, world: World, made: Meeting) -> None:
        self._world = world
        self._id = made.id
        self.expected = {ADELE}

    async def caller_adds(self, address: str) -> None:
        """Add somebody; who is in the request is invited again if the latest look has found them to be removed."""
        version = (await self._world.ledger.read(self._id)).version
        added = await self._world.app.changes.add_attendee(self._id, attendee(address))
        if added.version > version:
            self.expected.add(address)
            await self._world.settle()
            assert address in invited(self._world)

    async def caller_removes(self, address: str) -> None:
        with suppress(AttendeeNotFoundError):
            await self._world.app.changes.remove_attendee(self._id, address)
            self.expected.discard(address)

    async def caller_changes_the_subject(self, address: str) -> None:
        await self._world.app.changes.patch(self._id, {"subject": f"For {address}"})

    async def outlook_adds(self, address: str) -> None:
        self._edit(invited(self._world) | {address})

    async def outlook_removes(self, address: str) -> None:
        self._edit(invited(self._world) - {address})

    async def look(self) -> None:
        """Look, and check that what Outlook has changed is published, and nothing else."""
        self._world.results.take()
        self._world.clock.advance(minutes=5)
        seen = await self._world.app.refreshing.refresh(self._id)
        assert seen.observed is not None
        shown = {each.address for each in seen.observed.attendees}
        assert shown == invited(self._world)
        published = [event["type"] for event in self._world.results.events()]
        assert published == (["meeting.changed"] if shown != self.expected else [])
        self.expected = shown

    def _edit(self, addresses: set[str]) -> None:
        if addresses != invited(self._world):
            Outlook(self._world).edit({"attendees": [attendee(address) for address in sorted(addresses)]})


type Step = tuple[Callable[[History, str], Awaitable[None]], str]
STEPS = st.tuples(
    st.sampled_from(
        [
            *(History.outlook_adds, History.outlook_removes),
            *(History.caller_adds, History.caller_removes, History.caller_changes_the_subject),
        ]
    ),
    st.sampled_from([ADELE, MEGAN, DIEGO]),
)


@example([[(History.outlook_adds, DIEGO)], [(History.caller_adds, MEGAN)]])
@example([[(History.outlook_removes, ADELE)], [(History.caller_adds, ADELE)], [(History.outlook_removes, ADELE)]])
@example([[(History.outlook_adds, DIEGO)], [(History.caller_removes, DIEGO), (History.outlook_removes, ADELE)]])
@example([[(History.outlook_adds, DIEGO)], [(History.caller_adds, MEGAN), (History.outlook_removes, MEGAN)]])
@example([[(History.outlook_adds, MEGAN)], [(History.outlook_adds, DIEGO), (History.caller_adds, DIEGO)]])
@given(st.lists(st.lists(STEPS, min_size=1, max_size=2), min_size=2, max_size=3))
@settings(max_examples=25, deadline=None)
async def test_only_what_outlook_changes_is_published(looks: list[list[Step]]) -> None:
    """Whatever the caller and the organizer change, a look publishes `meeting.changed` iff Outlook's part differs."""
    world = World()
    history = History(world, await world.made(CALENDAR | {"attendees": [attendee(ADELE)]}))
    for steps in looks:
        for step, address in steps:
            await step(history, address)
            await world.settle()
        await history.look()


async def test_an_addition_whose_answer_was_lost_is_made() -> None:
    """That a new guest is not in the event does not mean that somebody removed the guest."""
    world = World()
    made = await world.made(CALENDAR)
    world.fault({"method": "PATCH", "path": "/events/", "times": 1, "when": "before", "action": "reset"})
    await world.app.changes.add_attendee(made.id, attendee(MEGAN))
    await world.settle()
    assert invited(world) == {ADELE, MEGAN}


async def test_answers_survive_a_change_of_the_attendees() -> None:
    """Nobody is asked again."""
    world = World()
    made = await world.made(CALENDAR)
    [event] = world.events()
    respond(world.tenant, event, ADELE, "accepted")
    await world.app.changes.add_attendee(made.id, attendee(MEGAN))
    await world.settle()
    [event] = world.events()
    [adele] = [each for each in event.properties["attendees"] if each["emailAddress"]["address"] == ADELE]
    assert adele["status"]["response"] == "accepted"
