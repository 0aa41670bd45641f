"""The gate in front of each mailbox: the only way in, and what it shares with other processes."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import override

import pytest

from shared.errors import HeldBackError, ThrottledError, UnavailableError
from shared.graph import before_each_call
from shared.storage import Operation, Row
from shared.throttling.mailbox_gate import LONGEST_WAIT, PLACES, MailboxGate
from shared.throttling.shared_mailbox_states import (
    PROVIDERS_TTL,
    AllowedProviders,
    MailboxState,
    SharedMailboxStates,
)
from tests.fakes import Clock, InMemoryTable
from tests.proofs.simulation.hosts import OPTIONS
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

    def test_a_provision_that_is_sent_away_has_a_slot(self) -> None:
        """Those for whom there is no room come back one by one, each with a jitter of at most one provision."""

        async def delays() -> list[timedelta | None]:
            gate = MailboxGate(LIMIT, SimulatedClock())
            async with AsyncExitStack() as inside:
                await fill(gate, inside)
                return await asyncio.gather(*(delay_of(gate) for _ in range(100)))

        sent_away = [delay.total_seconds() for delay in simulate(delays, 1) if delay]
        assert len(sent_away) == 100
        # Those who waited in vain are the last to be sent away.
        for place, delay in enumerate(sorted(sent_away), 1):
            assert (place / LIMIT / 4) - 1 <= delay <= place / LIMIT / 4 + 1

    async def test_a_lookup_takes_no_slot(self, gate: MailboxGate) -> None:
        """However often a lookup is refused, no provision waits longer for it."""
        async with AsyncExitStack() as inside:
            await fill(gate, inside)
            refused = await asyncio.gather(*(delay_of(gate, read_only=True) for _ in range(1000)))
            assert None not in refused
            delay = await delay_of(gate)
        assert delay is not None
        assert delay <= timedelta(seconds=1)

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


class TestWaiting:
    """A provision waits in the process for a moment, while that costs nobody anything."""

    def test_who_waits_enters_in_turn(self) -> None:
        """Each that leaves lets the first of those in who wait, and none of them goes back to the queue."""

        async def entered() -> list[tuple[int, float]]:
            gate, loop, order = MailboxGate(LIMIT, SimulatedClock()), asyncio.get_running_loop(), []

            async def provision(number: int) -> None:
                async with gate.access(ALEX):
                    order.append((number, loop.time()))
                    await asyncio.sleep(0.3)

            began = loop.time()
            await asyncio.gather(*(provision(number) for number in range(3 * LIMIT)))
            return [(number, moment - began) for number, moment in order]

        expected = [(number, pytest.approx(0.3 * (number // LIMIT))) for number in range(3 * LIMIT)]
        assert simulate(entered, 1) == expected

    def test_the_wait_is_bounded(self) -> None:
        """Who finds no room within two seconds goes back to the queue."""

        async def waited() -> float:
            gate, loop = MailboxGate(LIMIT, SimulatedClock()), asyncio.get_running_loop()
            async with AsyncExitStack() as inside:
                await fill(gate, inside)
                began = loop.time()
                assert await delay_of(gate)
                return loop.time() - began

        assert simulate(waited, 1) == pytest.approx(LONGEST_WAIT.total_seconds())

    def test_nobody_waits_for_a_closed_mailbox(self) -> None:
        """A Retry-After sends those who wait back to the queue at once, and those who come."""

        async def waited() -> float:
            gate, loop = MailboxGate(LIMIT, SimulatedClock()), asyncio.get_running_loop()
            async with AsyncExitStack() as inside:
                await fill(gate, inside)
                waiting = asyncio.create_task(delay_of(gate))
                await asyncio.sleep(0.1)
                await gate.close(ALEX, timedelta(seconds=30))
                began = loop.time()
                delays = await waiting, await delay_of(gate)
                assert min(delay for delay in delays if delay) >= timedelta(seconds=30)
                return loop.time() - began

        assert simulate(waited, 1) == 0

    def test_a_place_that_others_need_is_given_up(self) -> None:
        """While the host has no place free nobody waits; the last who came goes first, and the others stay."""

        async def outcome() -> tuple[list[int], int]:
            gate, sent_away = MailboxGate(LIMIT, SimulatedClock()), list[int]()

            async def wait(number: int) -> None:
                await delay_of(gate)
                sent_away.append(number)

            async with AsyncExitStack() as inside:
                await fill(gate, inside)
                waiting = [asyncio.create_task(wait(number)) for number in range(3)]
                await asyncio.sleep(0)
                for number in range(PLACES - LIMIT - 2):
                    await inside.enter_async_context(gate.access(f"user{number}@contoso.com"))
                await asyncio.sleep(0)
                first = list(sent_away)
                late = asyncio.create_task(wait(3))
                await asyncio.sleep(0.01)
                assert late.done()
                for task in waiting:
                    task.cancel()
                return first, gate._places_taken

        assert simulate(outcome, 1) == ([2], PLACES)

    def test_the_places_are_those_of_the_host(self) -> None:
        """With as many messages under way as `newBatchThreshold` says, the host fetches no more."""
        assert OPTIONS.new_batch_threshold == PLACES


class TestSharing:
    """Instances at one mailbox keep to Graph's limit together, without a refusal that would teach them."""

    @pytest.mark.parametrize("instances", [2, 4, 10])
    def test_all_keep_to_the_limit_together(self, instances: int) -> None:
        """Once they know of each other, however many come to each; and the mailbox is in use all the time."""

        async def peak() -> tuple[int, float]:
            table, clock, under_way = InMemoryTable(), SimulatedClock(), 0
            gates = [MailboxGate(LIMIT, clock, SharedMailboxStates(table)) for _ in range(instances)]
            loop, peak, done = asyncio.get_running_loop(), 0, 0

            async def provision(gate: MailboxGate) -> None:
                nonlocal under_way, peak, done
                async with gate.access(ALEX):
                    await gate.share(ALEX)
                    if check := before_each_call.get():
                        check()
                    under_way += 1
                    if loop.time() - began > 5:
                        peak, done = max(peak, under_way), done + 1
                    await asyncio.sleep(0.3)
                    under_way -= 1

            async def take_messages(gate: MailboxGate) -> None:
                while loop.time() - began < 25:
                    try:
                        await provision(gate)
                    except HeldBackError as error:
                        await asyncio.sleep(error.delay.total_seconds() if error.delay else 1)

            began = loop.time()
            await asyncio.gather(*(take_messages(gate) for gate in gates for _ in range(12)))
            return peak, done / 20

        most, rate = simulate(peak, 1)
        assert most <= LIMIT
        assert rate >= 0.85 * LIMIT / 0.3

    async def test_what_is_not_needed_is_given_back(self, clock: Clock) -> None:
        """An instance whose last provision has ended leaves all calls to the others."""
        table = InMemoryTable()
        one, other = (MailboxGate(LIMIT, clock, SharedMailboxStates(table)) for _ in range(2))
        async with one.access(ALEX):
            await _become_known(one, table, clock)
            async with other.access(ALEX):
                await other.share(ALEX)
                assert await _held(table) == [1, 1]
                await one.share(ALEX)
        assert sorted(await _held(table)) == [0, 0]

    async def test_one_instance_alone_writes_nothing(self, clock: Clock) -> None:
        """As long as nobody waits and no other instance is named, a provision costs one read."""
        table = InMemoryTable()
        gate = MailboxGate(LIMIT, clock, SharedMailboxStates(table))
        for _ in range(3):
            async with gate.access(ALEX):
                await gate.share(ALEX)
        assert table.operations == 3
        assert not any(table.partitions.values())

    async def test_a_share_that_cannot_be_written_delays_nobody(
        self, clock: Clock, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Then an instance keeps to the limit by itself, and says so in the log without the organizer's name."""
        table = InMemoryTable()
        gate = MailboxGate(LIMIT, clock, SharedMailboxStates(table))
        async with AsyncExitStack() as inside:
            await fill(gate, inside)
            table.broken = True
            waiting = asyncio.create_task(delay_of(gate))
            await asyncio.sleep(0)
            await gate.share(ALEX)
            await inside.aclose()
            assert await waiting is None
        assert {record.message.split()[0] for record in caplog.records} == {"mailbox.notRefreshed"}
        assert "alexw" not in caplog.text.lower()


async def _become_known(gate: MailboxGate, table: InMemoryTable, clock: Clock) -> None:
    """Have a gate name itself in the row, as it does when somebody waits there."""
    await SharedMailboxStates(table).hold(ALEX, gate._instance, 1, LIMIT, clock(), MailboxState())
    await gate.share(ALEX)


async def _held(table: InMemoryTable) -> list[int]:
    """Return the calls that each instance holds."""
    return [holder.calls for holder in (await SharedMailboxStates(table).read(ALEX)).holders]


class TestBatches:
    async def test_a_mailbox_that_closes_before_the_batch_is_sent(self, gate: MailboxGate) -> None:
        """The batch is not sent, whichever of its mailboxes it is; afterwards nothing is checked."""
        for closed in (ALEX, MEGAN):
            with gate.entry(ALEX), gate.entry(MEGAN):
                check = before_each_call.get()
                assert check is not None
                check()
                await gate.close(closed, timedelta(seconds=30))
                with pytest.raises(HeldBackError):
                    check()
            assert before_each_call.get() is None
            gate = MailboxGate(LIMIT, Clock())


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

    async def test_its_names_are_closed_in_one_order(self, clock: Clock) -> None:
        """The order is that of the names, not of the process's hashes: a seed of the simulation reproduces its run."""

        class Noting(SharedMailboxStates):
            @override
            async def close(self, name: str, until: datetime) -> None:
                closed.append(name)

        closed: list[str] = []
        names = [f"{number:02}@contoso.com" for number in range(10)]
        gate = MailboxGate(LIMIT, clock, Noting(InMemoryTable()))
        for name in names[1:]:
            gate.alias(names[0], name)
        await gate.close(names[0], timedelta(seconds=30))
        assert closed == names

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
