"""The gate in front of each mailbox: how many at once, and for how long nobody."""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import override

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import HeldBackError, ThrottledError, UnavailableError
from shared.storage import Operation, Row
from shared.throttling.mailbox_gate import MailboxGate
from shared.throttling.mailbox_notices import BELIEVED, Allowed, MailboxNotices, Notice
from tests.fakes import Clock, InMemoryTable
from tests.proofs.simulation.loop import SimulatedClock, simulate

OBJECT_ID = "64339082-ed84-4b0b-b4ab-004ae54f3747"
ALEX, MEGAN = "AlexW@contoso.com", "MeganB@contoso.com"
LIMIT = 4
# In seconds: each such time without a Retry-After doubles the pace, which is the full one after the longest.
CALMER = 10
LONGEST_CALMING = 8 * CALMER


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(clock: Clock) -> MailboxGate:
    return MailboxGate(LIMIT, clock)


def test_no_more_than_the_limit(gate: MailboxGate, clock: Clock) -> None:
    """As many as the limit are inside at once; who leaves makes room for one."""
    assert [gate.enter(ALEX) for _ in range(LIMIT)] == [None] * LIMIT
    assert gate.enter(ALEX) is not None
    gate.leave(ALEX, clock())
    assert gate.enter(ALEX) is None
    assert gate.enter(ALEX) is not None


def test_a_mailbox_has_one_name_in_any_case(gate: MailboxGate, clock: Clock) -> None:
    """A user principal name means the same mailbox however it is written."""
    for name in (ALEX, ALEX.upper(), ALEX.lower(), ALEX):
        assert gate.enter(name) is None
    assert gate.enter(ALEX.swapcase()) is not None
    gate.leave(ALEX.swapcase(), clock())
    assert gate.enter(ALEX) is None


async def test_a_busy_mailbox_holds_up_no_other(gate: MailboxGate) -> None:
    """Messages of other organizers overtake those of one that is full or throttled."""
    for _ in range(LIMIT + 3):
        gate.enter(ALEX)
    await gate.close(ALEX, timedelta(hours=1))
    assert gate.enter(MEGAN) is None


async def test_nobody_enters_before_retry_after(gate: MailboxGate, clock: Clock) -> None:
    """Whoever asks while the mailbox is closed is sent away until it opens, and not for less."""
    opens = clock() + timedelta(seconds=2.128)
    gate.enter(ALEX)
    await gate.close(ALEX, opens - clock())
    assert clock() + gate.stand_in_line(ALEX) >= opens
    gate.leave(ALEX, clock())
    while clock() < opens:
        pause = gate.enter(ALEX)
        assert pause is not None
        assert clock() + pause >= opens
        clock.advance(seconds=0.1)
    assert gate.enter(ALEX) is None


async def test_a_shorter_retry_after_does_not_open_early(gate: MailboxGate, clock: Clock) -> None:
    """Of several Retry-After the latest moment counts."""
    late = clock() + timedelta(seconds=60)
    await gate.close(ALEX, timedelta(seconds=60))
    await gate.close(ALEX, timedelta(seconds=1))
    assert clock() + gate.stand_in_line(ALEX) >= late
    clock.advance(seconds=30)
    pause = gate.enter(ALEX)
    assert pause is not None
    assert clock() + pause >= late


async def test_after_a_retry_after_they_come_one_by_one(gate: MailboxGate, clock: Clock) -> None:
    """Each Retry-After doubles the pause between those let in, and each ten seconds in peace halve it."""
    for _ in range(2):
        await gate.close(ALEX, timedelta(seconds=5))
        await gate.close(ALEX, timedelta(seconds=10))  # another call that was under way
        clock.advance(seconds=10)
    assert await _entries_in_a_minute(gate, clock) == pytest.approx(0.83 * 60 * LIMIT, rel=0.05)
    assert await _entries_in_a_minute(gate, clock) == pytest.approx(60 * LIMIT, rel=0.1)


async def test_patience_has_an_end(gate: MailboxGate, clock: Clock) -> None:
    """However often Graph has asked for patience, the full pace is back after eighty seconds in peace."""
    for _ in range(50):
        await gate.close(ALEX, timedelta(seconds=10))
        clock.advance(seconds=10)
    assert gate.enter(ALEX) is None
    assert gate.enter(ALEX) is not None
    clock.advance(seconds=LONGEST_CALMING)
    gate.leave(ALEX, clock() - timedelta(seconds=1))
    assert [gate.enter(ALEX) for _ in range(LIMIT)] == [None] * LIMIT


async def test_a_long_retry_after_is_no_slower_than_a_short_one(gate: MailboxGate) -> None:
    """The time for which the mailbox is closed does not count towards the pauses after it."""
    await gate.close(ALEX, timedelta(days=1))
    pauses = [gate.enter(ALEX) for _ in range(LIMIT)]
    assert max(pause for pause in pauses if pause) <= timedelta(days=1, seconds=2 + 1)  # twice the pause, and jitter


async def _entries_in_a_minute(gate: MailboxGate, clock: Clock) -> int:
    """Return how many get in who stay for a second, with somebody at the door all the time."""
    inside: list[datetime] = []
    entries = 0
    for _ in range(600):
        clock.advance(seconds=0.1)
        while inside and clock() - inside[0] >= timedelta(seconds=1):
            gate.leave(ALEX, inside.pop(0))
        while gate.enter(ALEX) is None:
            inside.append(clock())
            entries += 1
    while inside:
        gate.leave(ALEX, inside.pop())
    return entries


def test_a_line_spreads(gate: MailboxGate, clock: Clock) -> None:
    """Those who are sent away come back one after the other, at the rate at which there is room."""
    for _ in range(LIMIT):
        gate.enter(ALEX)
    pauses = [gate.enter(ALEX) for _ in range(100)]
    assert None not in pauses
    seconds = [pause.total_seconds() for pause in pauses if pause]
    for place, pause in enumerate(seconds, start=1):
        assert place / LIMIT <= pause <= place / LIMIT + 1.0
    clock.advance(seconds=1)
    assert gate.enter(ALEX) is not None


def test_the_line_moves_as_fast_as_provisions_do(gate: MailboxGate, clock: Clock) -> None:
    """The slower the provisions were, the longer the turns."""
    for _ in range(LIMIT):
        gate.enter(ALEX)
    for _ in range(50):
        entered = clock()
        clock.advance(seconds=10)
        gate.leave(ALEX, entered)
        gate.enter(ALEX)
    pause = gate.enter(ALEX)
    assert pause is not None
    assert pause >= timedelta(seconds=2.4)


async def test_a_clock_that_is_set_back(gate: MailboxGate, clock: Clock) -> None:
    """A provision that seems to have ended before it began does not shorten anybody's wait."""
    gate.enter(ALEX)
    entered = clock()
    clock.advance(hours=-5)
    gate.leave(ALEX, entered)
    opens = clock() + timedelta(seconds=5)
    await gate.close(ALEX, timedelta(seconds=5))
    assert clock() + gate.stand_in_line(ALEX) >= opens
    pause = gate.enter(ALEX)
    assert pause is not None
    assert clock() + pause >= opens


async def test_an_idle_mailbox_is_forgotten(gate: MailboxGate, clock: Clock) -> None:
    """Once the last has left nothing is kept, unless somebody waits in line or it was closed a while ago."""
    gate.enter(ALEX)
    gate.leave(ALEX, clock())
    assert not gate._mailboxes
    gate.enter(ALEX)
    await gate.close(ALEX, timedelta(seconds=1))
    gate.leave(ALEX, clock())
    assert len(gate._mailboxes) == 1
    clock.advance(seconds=1 + CALMER)
    gate.enter(ALEX)
    gate.leave(ALEX, clock())
    assert not gate._mailboxes


async def test_mailboxes_that_nobody_came_back_to_are_forgotten(gate: MailboxGate, clock: Clock) -> None:
    """A mailbox that was throttled once does not stay for ever, though another process took its next message."""
    for number in range(10_000):
        gate.enter(f"user{number}@contoso.com")
        await gate.close(f"user{number}@contoso.com", timedelta(seconds=5))
        gate.leave(f"user{number}@contoso.com", clock())
        clock.advance(seconds=1)
    assert len(gate._mailboxes) <= 1000


OTHER_NAME = {ALEX: OBJECT_ID, MEGAN: MEGAN.upper()}

actions = st.lists(
    st.tuples(
        st.sampled_from(["enter", "leave", "close", "wait", "same"]),
        st.sampled_from([ALEX, MEGAN]),
        st.booleans(),
        st.floats(0, 100, allow_nan=False),
    ),
    max_size=60,
)


@given(actions, st.integers(1, 5))
async def test_any_course_of_events(course: list[tuple[str, str, bool, float]], limit: int) -> None:
    """However entering, leaving, closing, time and names mix, the limit and every Retry-After hold."""
    clock = Clock()
    gate = MailboxGate(limit, clock)
    gate.same(ALEX, OBJECT_ID)
    inside: dict[str, list[tuple[str, datetime]]] = {ALEX: [], MEGAN: []}
    never = clock() - timedelta(seconds=LONGEST_CALMING)
    closed = {ALEX: never, MEGAN: never}
    for action, organizer, otherwise, seconds in course:
        name = OTHER_NAME[organizer] if otherwise else organizer
        match action:
            case "enter":
                pause = gate.enter(name)
                free = len(inside[organizer]) < limit and closed[organizer] <= clock()
                calm = closed[organizer] + timedelta(seconds=LONGEST_CALMING) <= clock()
                assert (pause is None) is free if calm else free or pause is not None
                if pause is None:
                    inside[organizer].append((name, clock()))
                else:
                    assert pause > timedelta(0)
                    assert clock() + pause >= closed[organizer]
            case "leave" if inside[organizer]:
                gate.leave(*inside[organizer].pop())
            case "close":
                closed[organizer] = max(closed[organizer], clock() + timedelta(seconds=seconds))
                await gate.close(name, timedelta(seconds=seconds))
                assert clock() + gate.stand_in_line(name) >= closed[organizer]
            case "same":
                gate.same(organizer, OTHER_NAME[organizer])
            case _:
                clock.advance(seconds=seconds)


class TestTwoNames:
    async def test_one_gate_once_both_are_known(self, gate: MailboxGate, clock: Clock) -> None:
        """Those who came in under either name before are counted together, and a closed gate is closed for both."""
        assert [gate.enter(name) for name in (ALEX, ALEX, OBJECT_ID)] == [None] * 3
        await gate.close(OBJECT_ID, timedelta(seconds=30))
        gate.same(ALEX.upper(), OBJECT_ID)
        with pytest.raises(HeldBackError):
            gate.check(ALEX)
        clock.advance(seconds=30 + CALMER)
        assert gate.enter(OBJECT_ID) is None
        assert gate.enter(ALEX) is not None
        for name in (OBJECT_ID, OBJECT_ID, ALEX, ALEX):
            gate.leave(name, clock())
        assert [gate.enter(OBJECT_ID) for _ in range(LIMIT)] == [None] * LIMIT
        assert gate.enter(ALEX) is not None

    def test_they_stay_known_while_nobody_is_there(self, gate: MailboxGate, clock: Clock) -> None:
        """What was learned is not forgotten with the last who leaves."""
        gate.same(ALEX, OBJECT_ID)
        gate.enter(ALEX)
        gate.leave(ALEX, clock())
        assert not gate._mailboxes
        assert [gate.enter(name) for name in (ALEX, OBJECT_ID, ALEX, OBJECT_ID)] == [None] * LIMIT
        assert gate.enter(ALEX) is not None

    def test_names_are_forgotten_before_they_are_too_many(self, gate: MailboxGate, clock: Clock) -> None:
        """A name that is forgotten while somebody is inside does not bring the count out of order."""
        gate.same(ALEX, OBJECT_ID)
        gate.enter(ALEX)
        for number in range(5001):
            gate.same(f"user{number}@contoso.com", f"id{number}")
        gate.enter(OBJECT_ID)
        for name in (ALEX, OBJECT_ID):
            gate.leave(name, clock())
        assert len(gate._names) <= 10_000
        assert [gate.enter(ALEX) for _ in range(LIMIT)] == [None] * LIMIT


class TestSeveralProcesses:
    async def test_a_closed_mailbox_is_closed_everywhere(self, clock: Clock) -> None:
        """Whoever looks, in another process or after a restart, under any name that was known, learns of it."""
        table = InMemoryTable()
        gate = MailboxGate(LIMIT, clock, MailboxNotices(table))
        gate.same(ALEX, OBJECT_ID)
        await gate.close(ALEX, timedelta(seconds=30))
        for name in (ALEX.upper(), OBJECT_ID):
            other = MailboxGate(LIMIT, clock, MailboxNotices(table))
            await other.look(name)
            with pytest.raises(HeldBackError) as held:
                other.check(name)
            assert held.value.delay == timedelta(seconds=30)
            await other.look(MEGAN)
            other.check(MEGAN)

    async def test_what_cannot_be_known_delays_nobody(self, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
        """A storage that fails, or hangs, is told of in the log, without the organizer's name."""
        table = InMemoryTable()
        table.broken = True
        gate = MailboxGate(LIMIT, clock, MailboxNotices(table))
        await gate.look(ALEX)
        gate.check(ALEX)
        await gate.close(ALEX, timedelta(seconds=30))
        with pytest.raises(HeldBackError):
            gate.check(ALEX)
        assert [record.message.split()[0] for record in caplog.records] == ["mailbox.notLookedAt", "mailbox.notShared"]
        assert "alexw" not in caplog.text.lower()

    async def test_a_moment_that_nobody_can_have_named_is_not_believed(self, clock: Clock) -> None:
        """A row that an instance with a wrong clock wrote closes no mailbox for ever: a day at most."""
        elsewhere = MailboxNotices(InMemoryTable())
        await elsewhere.close(ALEX, clock() + timedelta(days=3650))
        gate = MailboxGate(LIMIT, clock, elsewhere)
        await gate.look(ALEX)
        with pytest.raises(HeldBackError) as held:
            gate.check(ALEX)
        assert held.value.delay == timedelta(days=1)

    def test_a_storage_that_hangs_is_waited_for_briefly(self, caplog: pytest.LogCaptureFixture) -> None:
        """Telling what a calendar allows, and learning it, takes two seconds at most."""

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
            gate = MailboxGate(LIMIT, clock, MailboxNotices(Hanging()))
            took: list[float] = []
            with ExitStack() as inside:
                for number in range(12):
                    name = f"user{number}@contoso.com"
                    assert gate.enter(name) is None
                    inside.enter_context(gate.inside(name))
                for seen in (None, Notice()):
                    began = loop.time()
                    await gate.tell(ALEX, Allowed(("teamsForBusiness",), clock() + BELIEVED), seen)
                    took.append(loop.time() - began)
                began = loop.time()
                assert await gate.look(ALEX) is None
                took.append(loop.time() - began)
            return took

        assert simulate(seconds, 1) == pytest.approx([2.0, 2.0, 2.0])
        assert "alexw" not in caplog.text.lower()


class TestTurn:
    async def test_who_looks_does_not_stand_in_line(self, gate: MailboxGate) -> None:
        """However often a lookup is refused, no provision waits longer for it."""
        for _ in range(LIMIT):
            gate.enter(ALEX)

        async def look() -> None:
            with pytest.raises(HeldBackError, match="As many calls"):
                async with gate.turn(ALEX):
                    raise AssertionError

        await asyncio.gather(*(look() for _ in range(1000)))
        pause = gate.enter(ALEX)
        assert pause is not None
        assert pause <= timedelta(seconds=1 / LIMIT + 1)

    async def test_who_looks_waits_a_moment_for_room(self, gate: MailboxGate, clock: Clock) -> None:
        """A provision that is over meanwhile makes room, and nobody is told to come back."""
        for _ in range(LIMIT):
            gate.enter(ALEX)
        asyncio.get_running_loop().call_later(0.1, gate.leave, ALEX, clock())
        async with gate.turn(ALEX):
            assert gate.enter(ALEX) is not None

    @pytest.mark.parametrize("delay", [None, timedelta(seconds=31)])
    async def test_graphs_request_for_patience_closes_the_gate(
        self, gate: MailboxGate, delay: timedelta | None
    ) -> None:
        """Also without a Retry-After; whoever was told knows for how long."""
        with pytest.raises(ThrottledError) as told:
            async with gate.turn(ALEX):
                raise ThrottledError("later", delay)
        with pytest.raises(HeldBackError) as held:
            async with gate.turn(ALEX):
                raise AssertionError
        assert told.value.delay == held.value.delay == (delay or timedelta(seconds=10))

    async def test_a_fault_of_the_service_closes_nothing(self, gate: MailboxGate) -> None:
        """Only who names a time, or throttles, asks for patience."""
        with pytest.raises(UnavailableError):
            async with gate.turn(ALEX):
                raise UnavailableError("no answer", uncertain=False)
        assert gate.enter(ALEX) is None
