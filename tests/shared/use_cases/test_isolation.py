"""A suspect runs alone in its worker, and holds nobody up for longer than one suspect may."""

import asyncio
from contextlib import AbstractAsyncContextManager, suppress
from datetime import timedelta
from itertools import pairwise

import pytest

from shared.meeting import Claim, Meeting, Status
from shared.use_cases import isolation
from shared.use_cases.isolation import Isolation, OccupiedError
from shared.use_cases.provision import provisioner
from shared.use_cases.provision.attempt import CLAIM
from tests.app_fixture import World
from tests.examples import CALENDAR


async def died(world: World, meeting: Meeting, crashes: int = 0) -> Meeting:
    """Leave a meeting as a worker leaves it that dies while it attempts it."""
    claim = Claim(owner="dead", expires_at=world.clock() - timedelta(seconds=1))
    record = await world.ledger.read(meeting.id)
    return await world.ledger.write(
        record, record.progressed(crashes=crashes).changed(claim=claim, status=Status.RUNNING)
    )


class Block:
    """A block of work that begins, and ends when it is told to."""

    def __init__(self, isolation: Isolation, *, alone: bool) -> None:
        self.began = asyncio.Event()
        self.may_end = asyncio.Event()
        self.task = asyncio.create_task(self._run(isolation.alone() if alone else isolation.beside_others()))

    async def _run(self, place: AbstractAsyncContextManager[None]) -> None:
        async with place:
            self.began.set()
            await self.may_end.wait()

    async def end(self) -> None:
        self.may_end.set()
        await self.task


async def rest() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


class TestIsolation:
    async def test_a_suspect_begins_when_the_others_have_ended(self) -> None:
        """And whoever comes meanwhile begins after it."""
        place = Isolation()
        first, second = Block(place, alone=False), Block(place, alone=False)
        await rest()
        suspect = Block(place, alone=True)
        await rest()
        late = Block(place, alone=False)
        await first.end()
        await rest()
        assert not suspect.began.is_set()
        await second.end()
        await rest()
        assert suspect.began.is_set()
        assert not late.began.is_set()
        await suspect.end()
        await rest()
        assert late.began.is_set()
        await late.end()

    async def test_others_run_side_by_side(self) -> None:
        """Without a suspect nobody waits for anybody."""
        place = Isolation()
        blocks = [Block(place, alone=False) for _ in range(24)]
        await rest()
        assert all(block.began.is_set() for block in blocks)
        await asyncio.gather(*(block.end() for block in blocks))

    async def test_two_suspects_are_never_there_together(self) -> None:
        """The second is sent away, and so is one that comes before those who waited for the first."""
        place = Isolation()
        first = Block(place, alone=True)
        await rest()
        waiting = Block(place, alone=False)
        await rest()
        with pytest.raises(OccupiedError):
            async with place.alone():
                pass
        first.may_end.set()
        await asyncio.sleep(0)  # the first ends; who waits has not begun yet
        with suppress(OccupiedError):
            async with asyncio.timeout(0.01), place.alone():
                assert waiting.task.done()
        await rest()
        assert waiting.began.is_set()
        await waiting.end()
        async with place.alone():
            pass

    async def test_a_suspect_is_sent_away_where_others_do_not_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """And those who waited for it begin."""
        monkeypatch.setattr(isolation, "LONGEST_DRAIN_SECONDS", 0.01)
        place = Isolation()
        endless = Block(place, alone=False)
        await rest()
        with pytest.raises(OccupiedError):
            async with place.alone():
                pass
        after = Block(place, alone=False)
        await rest()
        assert after.began.is_set()
        await asyncio.gather(endless.end(), after.end())

    @pytest.mark.parametrize("alone", [False, True])
    async def test_what_fails_holds_nobody_up(self, alone: bool) -> None:  # noqa: FBT001
        """A block that raises has ended."""
        place = Isolation()
        with pytest.raises(ValueError, match="fault"):
            async with place.alone() if alone else place.beside_others():
                raise ValueError("fault")
        async with place.alone():
            pass
        async with place.beside_others():
            pass


class TestSuspects:
    async def test_a_suspect_comes_again_while_others_run(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is not attempted beside them; its message comes at a moment of its own, and then it is made."""
        monkeypatch.setattr(isolation, "LONGEST_DRAIN_SECONDS", 0.01)
        world = World()
        meeting = await world.accept(CALENDAR)
        await died(world, meeting)
        [text] = world.requests.take()
        async with world.app.message_handler._isolation.beside_others():
            await world.app.message_handler.handle(text, "m1")
        assert not world.tenant.requests
        [message] = world.requests.messages
        assert timedelta(seconds=1) <= message.visible_at - world.clock() <= timedelta(seconds=10)
        await world.settle()
        done = await world.ledger.read(meeting.id)
        assert (done.status, done.attempts, len(world.events())) == (Status.SUCCEEDED, 1, 1)

    async def test_nothing_runs_beside_a_suspect(self) -> None:
        """An attempt that comes while the suspect asks Graph begins after it."""
        world = World()
        suspect = await world.accept(CALENDAR)
        other = await world.accept(CALENDAR | {"organizer": "MeganB@contoso.com"})
        await died(world, suspect)
        first, second = world.requests.take()
        world.tenant.settings.latency_seconds = 0.02
        task = asyncio.create_task(world.app.message_handler.handle(first, "m1"))
        await asyncio.sleep(0.01)
        await world.app.message_handler.handle(second, "m2")
        await task
        assert [(await world.ledger.read(each.id)).status for each in (suspect, other)] == [Status.SUCCEEDED] * 2
        mailboxes = ["alexw" in request.path.casefold() for request in world.tenant.requests]
        assert sum(before is not after for before, after in pairwise(mailboxes)) == 1

    @pytest.mark.parametrize(("crashes", "tried"), [(4, True), (5, False)])
    async def test_only_deaths_alone_count(self, crashes: int, tried: bool) -> None:  # noqa: FBT001
        """The first may have been beside others: five more are needed, and the claim that expired is one of them."""
        world = World()
        meeting = await world.accept(CALENDAR)
        await died(world, meeting, crashes)
        await world.deliver()
        assert bool(world.tenant.requests) is tried
        assert len(world.poison.messages) == (not tried)

    async def test_an_attempt_that_does_not_end_is_parked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It comes again, as after any answer of Graph that is lost, and finds what the first has made."""
        world = World()
        meeting = await world.accept(CALENDAR)
        monkeypatch.setattr(provisioner, "ATTEMPT_SECONDS", 0.05)
        world.tenant.settings.latency_seconds = 0.2
        await world.deliver()
        waiting = await world.ledger.read(meeting.id)
        assert (waiting.status, waiting.claim) == (Status.QUEUED, None)
        assert waiting.progress.last_problem == "the attempt did not end within 0 s"
        assert waiting.doubt.in_doubt_since == 1
        world.tenant.settings.latency_seconds = 0.0
        monkeypatch.undo()
        await world.settle()
        assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED
        assert len(world.events()) == 1


def test_an_attempt_ends_before_its_claim() -> None:
    """A claim that has expired is a death, so nothing that lives may hold one."""
    assert CLAIM.total_seconds() > provisioner.ATTEMPT_SECONDS >= provisioner.ISOLATED_ATTEMPT_SECONDS
