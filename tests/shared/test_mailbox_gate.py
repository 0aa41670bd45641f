"""The gate in front of each mailbox: how many at once, and for how long nobody."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mailbox_gate import MailboxGate
from tests.fakes import Clock

ALEX, MEGAN = "AlexW@contoso.com", "MeganB@contoso.com"
LIMIT = 4


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


def test_a_busy_mailbox_holds_up_no_other(gate: MailboxGate, clock: Clock) -> None:
    """Messages of other organizers overtake those of one that is full or throttled."""
    for _ in range(LIMIT + 3):
        gate.enter(ALEX)
    gate.close(ALEX, clock() + timedelta(hours=1))
    assert gate.enter(MEGAN) is None


def test_nobody_enters_before_retry_after(gate: MailboxGate, clock: Clock) -> None:
    """Whoever asks while the mailbox is closed is sent away until it opens, and not for less."""
    opens = clock() + timedelta(seconds=2.128)
    gate.enter(ALEX)
    assert clock() + gate.close(ALEX, opens) >= opens
    gate.leave(ALEX, clock())
    while clock() < opens:
        pause = gate.enter(ALEX)
        assert pause is not None
        assert clock() + pause >= opens
        clock.advance(seconds=0.1)
    assert gate.enter(ALEX) is None


def test_a_shorter_retry_after_does_not_open_early(gate: MailboxGate, clock: Clock) -> None:
    """Of several Retry-After the latest moment counts."""
    late = clock() + timedelta(seconds=60)
    gate.close(ALEX, late)
    assert clock() + gate.close(ALEX, clock() + timedelta(seconds=1)) >= late
    clock.advance(seconds=30)
    pause = gate.enter(ALEX)
    assert pause is not None
    assert clock() + pause >= late


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


def test_a_clock_that_is_set_back(gate: MailboxGate, clock: Clock) -> None:
    """A provision that seems to have ended before it began does not shorten anybody's wait."""
    gate.enter(ALEX)
    entered = clock()
    clock.advance(hours=-5)
    gate.leave(ALEX, entered)
    opens = clock() + timedelta(seconds=5)
    assert clock() + gate.close(ALEX, opens) >= opens
    pause = gate.enter(ALEX)
    assert pause is not None
    assert clock() + pause >= opens


def test_an_idle_mailbox_is_forgotten(gate: MailboxGate, clock: Clock) -> None:
    """Once the last has left nothing is kept, unless somebody waits in line or outside a closed door."""
    gate.enter(ALEX)
    gate.leave(ALEX, clock())
    assert not gate._mailboxes
    gate.enter(ALEX)
    gate.close(ALEX, clock() + timedelta(seconds=1))
    gate.leave(ALEX, clock())
    assert len(gate._mailboxes) == 1
    clock.advance(seconds=10)
    gate.enter(ALEX)
    gate.leave(ALEX, clock())
    assert not gate._mailboxes


def test_mailboxes_that_nobody_came_back_to_are_forgotten(gate: MailboxGate, clock: Clock) -> None:
    """A mailbox that was throttled once does not stay for ever, though another process took its next message."""
    for number in range(10_000):
        gate.enter(f"user{number}@contoso.com")
        gate.close(f"user{number}@contoso.com", clock() + timedelta(seconds=5))
        gate.leave(f"user{number}@contoso.com", clock())
        clock.advance(seconds=1)
    assert len(gate._mailboxes) <= 1000


actions = st.lists(
    st.tuples(
        st.sampled_from(["enter", "leave", "close", "wait"]),
        st.sampled_from([ALEX, MEGAN]),
        st.floats(0, 100, allow_nan=False),
    ),
    max_size=60,
)


@given(actions, st.integers(1, 5))
def test_any_course_of_events(course: list[tuple[str, str, float]], limit: int) -> None:
    """However entering, leaving, closing and time mix, the limit and every Retry-After hold."""
    clock = Clock()
    gate = MailboxGate(limit, clock)
    inside: dict[str, list[datetime]] = {ALEX: [], MEGAN: []}
    closed = {ALEX: clock(), MEGAN: clock()}
    for action, organizer, seconds in course:
        match action:
            case "enter":
                pause = gate.enter(organizer)
                free = len(inside[organizer]) < limit and closed[organizer] <= clock()
                assert (pause is None) is free
                if pause is None:
                    inside[organizer].append(clock())
                else:
                    assert pause > timedelta(0)
                    assert clock() + pause >= closed[organizer]
            case "leave" if inside[organizer]:
                gate.leave(organizer, inside[organizer].pop())
            case "close":
                closed[organizer] = max(closed[organizer], clock() + timedelta(seconds=seconds))
                assert clock() + gate.close(organizer, clock() + timedelta(seconds=seconds)) >= closed[organizer]
            case _:
                clock.advance(seconds=seconds)
