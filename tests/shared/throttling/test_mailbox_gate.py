"""The gate in front of each mailbox: the only way in, and what it shares with other processes."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import override

import pytest

from shared.errors import HeldBackError, ThrottledError, UnavailableError
from shared.graph import before_each_call
from shared.storage import Operation, Row
from shared.throttling.mailbox_gate import MailboxGate
from shared.throttling.shared_mailbox_states import (
    PROVIDERS_TTL,
    AllowedProviders,
    MailboxState,
    SharedMailboxStates,
)
from tests.fakes import Clock, InMemoryTable
from tests.proofs.simulation.loop import SimulatedClock, simulate

OBJECT_ID = "64339082-ed84-4b0b-b4ab-004ae54f3747"
ALEX, MEGAN = "AlexW@contoso.com", "MeganB@contoso.com"
LIMIT = 4


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(clock: Clock) -> MailboxGate:
    return MailboxGate(LIMIT, clock)


async def fill(gate: MailboxGate, inside: AsyncExitStack, organizer: str = ALEX) -> None:
    """Let in as many as the gate admits."""
    for _ in range(LIMIT):
        await inside.enter_async_context(gate.access(organizer))


async def delay_of(gate: MailboxGate, organizer: str = ALEX, *, read_only: bool = False) -> timedelta | None:
    """Return how long one who wants in is sent away for, None for one who is let in and has left again."""
    try:
        async with gate.access(organizer, read_only=read_only):
            return None
    except HeldBackError as error:
        return error.delay


class TestAccess:
    @pytest.mark.parametrize("read_only", [False, True])
    async def test_no_more_than_the_limit(self, gate: MailboxGate, *, read_only: bool) -> None:
        """As many as the limit are inside at once, and whoever leaves, by an error too, makes room."""
        async with AsyncExitStack() as inside:
            await fill(gate, inside)
            assert await delay_of(gate, read_only=read_only)
            assert await delay_of(gate, MEGAN, read_only=read_only) is None
        with pytest.raises(ValueError, match="ours"):
            async with gate.access(ALEX, read_only=read_only):
                raise ValueError("ours")
        async with AsyncExitStack() as inside:
            await fill(gate, inside)

    async def test_each_call_asks_whether_the_mailbox_is_still_open(self, gate: MailboxGate) -> None:
        """One who was admitted before the mailbox closed calls Graph no more; outside, nothing is asked."""
        outside = before_each_call.get()
        async with gate.access(ALEX):
            check = before_each_call.get()
            assert check is not None
            check()
            await gate.close(ALEX, timedelta(seconds=5))
            with pytest.raises(HeldBackError):
                check()
        assert before_each_call.get() is outside

    async def test_a_provision_that_is_sent_away_has_a_slot(self, gate: MailboxGate) -> None:
        """They come back one after the other, each with a jitter of at most one provision."""
        async with AsyncExitStack() as inside:
            await fill(gate, inside)
            for place in range(1, 100):
                delay = await delay_of(gate)
                assert delay is not None
                assert place / LIMIT <= delay.total_seconds() <= place / LIMIT + 1

    async def test_a_lookup_takes_no_slot(self, gate: MailboxGate) -> None:
        """However often a lookup is refused, no provision waits longer for it."""
        async with AsyncExitStack() as inside:
            await fill(gate, inside)
            refused = await asyncio.gather(*(delay_of(gate, read_only=True) for _ in range(1000)))
            assert None not in refused
            delay = await delay_of(gate)
        assert delay is not None
        assert delay <= timedelta(seconds=1 / LIMIT + 1)

    async def test_a_lookup_waits_a_moment_for_capacity(self, gate: MailboxGate) -> None:
        """A provision that ends meanwhile makes room, and nobody is sent away."""
        loop, done = asyncio.get_running_loop(), asyncio.Event()

        async def provision() -> None:
            async with gate.access(ALEX):
                await done.wait()

        provisions = [asyncio.create_task(provision()) for _ in range(LIMIT)]
        await asyncio.sleep(0)
        loop.call_later(0.1, done.set)
        assert await delay_of(gate, read_only=True) is None
        await asyncio.gather(*provisions)

    @pytest.mark.parametrize("read_only", [False, True])
    @pytest.mark.parametrize("delay", [None, timedelta(seconds=31)])
    async def test_throttling_closes_the_mailbox(
        self, gate: MailboxGate, delay: timedelta | None, *, read_only: bool
    ) -> None:
        """Also without a Retry-After; the error says for how long."""
        with pytest.raises(ThrottledError) as throttled:
            async with gate.access(ALEX, read_only=read_only):
                raise ThrottledError("later", delay)
        assert throttled.value.delay == await delay_of(gate, read_only=True) == (delay or timedelta(seconds=10))

    async def test_a_fault_of_the_service_closes_nothing(self, gate: MailboxGate) -> None:
        """Only an error with a delay, or throttling, closes a mailbox."""
        with pytest.raises(UnavailableError):
            async with gate.access(ALEX):
                raise UnavailableError("no answer", uncertain=False)
        assert await delay_of(gate) is None


class TestSeveralProcesses:
    async def test_a_closed_mailbox_is_closed_everywhere(self, clock: Clock) -> None:
        """Another process, or this one after a restart, learns of it under any name that was known."""
        table = InMemoryTable()
        gate = MailboxGate(LIMIT, clock, SharedMailboxStates(table))
        gate.alias(ALEX, OBJECT_ID)
        await gate.close(ALEX, timedelta(seconds=30))
        for name in (ALEX.upper(), OBJECT_ID):
            other = MailboxGate(LIMIT, clock, SharedMailboxStates(table))
            await other.refresh(name)
            with pytest.raises(HeldBackError) as held:
                other.check(name)
            assert held.value.delay == timedelta(seconds=30)
            await other.refresh(MEGAN)
            other.check(MEGAN)

    async def test_a_lookup_learns_of_it_first(self, clock: Clock) -> None:
        """A lookup in another process is refused before it calls Graph."""
        table = InMemoryTable()
        await MailboxGate(LIMIT, clock, SharedMailboxStates(table)).close(ALEX, timedelta(seconds=30))
        other = MailboxGate(LIMIT, clock, SharedMailboxStates(table))
        assert await delay_of(other, read_only=True) == timedelta(seconds=30)

    async def test_what_cannot_be_known_delays_nobody(self, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
        """A storage that fails is a line in the log, without the organizer's name."""
        table = InMemoryTable()
        table.broken = True
        gate = MailboxGate(LIMIT, clock, SharedMailboxStates(table))
        await gate.refresh(ALEX)
        gate.check(ALEX)
        await gate.close(ALEX, timedelta(seconds=30))
        with pytest.raises(HeldBackError):
            gate.check(ALEX)
        assert [record.message.split()[0] for record in caplog.records] == ["mailbox.notRefreshed", "mailbox.notShared"]
        assert "alexw" not in caplog.text.lower()

    async def test_a_moment_that_nobody_can_have_named_does_not_count(self, clock: Clock) -> None:
        """A row that an instance with a wrong clock wrote closes no mailbox for ever: a day at most."""
        shared = SharedMailboxStates(InMemoryTable())
        await shared.close(ALEX, clock() + timedelta(days=3650))
        gate = MailboxGate(LIMIT, clock, shared)
        await gate.refresh(ALEX)
        with pytest.raises(HeldBackError) as held:
            gate.check(ALEX)
        assert held.value.delay == timedelta(days=1)

    def test_a_storage_that_hangs_is_waited_for_briefly(self, caplog: pytest.LogCaptureFixture) -> None:
        """Sharing what a calendar allows, and learning it, takes two seconds at most."""

        class Hanging(InMemoryTable):
            @override
            async def read(self, partition: str, key: str) -> Row | None:
                await asyncio.sleep(3600)
                return await super().read(partition, key)

            @override
            async def write(self, partition: str, operations: Sequence[Operation]) -> list[str]:
                await asyncio.sleep(3600)
                return await super().write(partition, operations)

        async def seconds() -> list[float]:
            loop, clock = asyncio.get_running_loop(), SimulatedClock()
            gate = MailboxGate(LIMIT, clock, SharedMailboxStates(Hanging()))
            took: list[float] = []
            async with AsyncExitStack() as inside:
                for number in range(12):
                    await inside.enter_async_context(gate.access(f"user{number}@contoso.com"))
                for seen in (None, MailboxState()):
                    began = loop.time()
                    allowed = AllowedProviders(("teamsForBusiness",), clock() + PROVIDERS_TTL)
                    await gate.publish_providers(ALEX, allowed, seen)
                    took.append(loop.time() - began)
                began = loop.time()
                assert await gate.refresh(ALEX) is None
                took.append(loop.time() - began)
            return took

        assert simulate(seconds, 1) == pytest.approx([2.0, 2.0, 2.0])
        assert "alexw" not in caplog.text.lower()
