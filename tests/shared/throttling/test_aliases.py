"""A mailbox under each of its names: one count, one closing, and nothing that is kept for ever."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import HeldBackError
from shared.graph.retry_after import LONGEST_RETRY_AFTER
from shared.throttling.aliases import REMEMBERED, Mailboxes
from shared.throttling.mailbox_limit import CALMING, MOST_DOUBLINGS
from tests.fakes import Clock

OBJECT_ID = "64339082-ed84-4b0b-b4ab-004ae54f3747"
ALEX, MEGAN = "AlexW@contoso.com", "MeganB@contoso.com"
LIMIT = 4


class Visits:
    """Those who come to mailboxes and leave them, as the gate has them do."""

    def __init__(self, limit: int, clock: Clock) -> None:
        self.clock = clock
        self.mailboxes = Mailboxes(limit, clock)

    def enter(self, name: str) -> timedelta | None:
        """Let a provision in and return None, or return how long it is sent away for."""
        try:
            self.mailboxes.of(name).enter_in_turn(self.clock())
        except HeldBackError as error:
            return error.delay
        return None

    def leave(self, name: str, entered_at: datetime | None = None) -> None:
        mailbox = self.mailboxes.of(name)
        mailbox.leave(entered_at or self.clock(), self.clock())
        self.mailboxes.forget_idle(mailbox)

    def close(self, name: str, seconds: float) -> None:
        self.mailboxes.of(name).close(self.clock() + timedelta(seconds=seconds), self.clock())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def visits(clock: Clock) -> Visits:
    return Visits(LIMIT, clock)


def test_a_mailbox_has_one_name_in_any_case(visits: Visits) -> None:
    """A user principal name means the same mailbox however it is written."""
    for name in (ALEX, ALEX.upper(), ALEX.lower(), ALEX):
        assert visits.enter(name) is None
    assert visits.enter(ALEX.swapcase())
    visits.leave(ALEX.swapcase())
    assert visits.enter(ALEX) is None


def test_a_busy_mailbox_holds_up_no_other(visits: Visits) -> None:
    """Messages of other organizers overtake those of one that is full or throttled."""
    for _ in range(LIMIT + 3):
        visits.enter(ALEX)
    visits.close(ALEX, 3600)
    assert visits.enter(MEGAN) is None


def test_an_idle_mailbox_is_forgotten(visits: Visits, clock: Clock) -> None:
    """Once the last has left nothing is kept, unless somebody has a slot or it was closed a while ago."""
    visits.enter(ALEX)
    visits.leave(ALEX)
    assert len(visits.mailboxes) == 0
    visits.enter(ALEX)
    visits.close(ALEX, 1)
    visits.leave(ALEX)
    assert len(visits.mailboxes) == 1
    clock.advance(seconds=1 + CALMING.total_seconds())
    visits.enter(ALEX)
    visits.leave(ALEX)
    assert len(visits.mailboxes) == 0


def test_mailboxes_that_nobody_came_back_to_are_forgotten(visits: Visits, clock: Clock) -> None:
    """A mailbox that was throttled once does not stay for ever, though another process took its next message."""
    for number in range(REMEMBERED + 1000):
        visits.enter(f"user{number}@contoso.com")
        visits.close(f"user{number}@contoso.com", 5)
        visits.leave(f"user{number}@contoso.com")
        clock.advance(seconds=1)
    assert len(visits.mailboxes) == REMEMBERED
    clock.advance(days=1, minutes=2)
    visits.enter(ALEX)
    assert len(visits.mailboxes) == 1


def test_nothing_is_forgotten_that_still_holds(visits: Visits, clock: Clock) -> None:
    """The longest Retry-After that is believed, and the slow pace after it, outlive what is forgotten."""
    for _ in range(MOST_DOUBLINGS):
        visits.close(ALEX, 1)
        clock.advance(seconds=1)
    visits.close(ALEX, LONGEST_RETRY_AFTER.total_seconds())
    clock.advance(seconds=LONGEST_RETRY_AFTER.total_seconds() - 1)
    assert visits.enter(ALEX)
    clock.advance(seconds=CALMING.total_seconds() + 1)
    assert visits.enter(ALEX) is None
    assert visits.enter(ALEX)


OTHER_NAME = {ALEX: OBJECT_ID, MEGAN: MEGAN.upper()}

actions = st.lists(
    st.tuples(
        st.sampled_from(["enter", "leave", "close", "wait", "alias"]),
        st.sampled_from([ALEX, MEGAN]),
        st.booleans(),
        st.floats(0, 100, allow_nan=False),
    ),
    max_size=60,
)


@given(actions, st.integers(1, 5))
def test_any_course_of_events(course: list[tuple[str, str, bool, float]], limit: int) -> None:
    """However entering, leaving, closing, time and names mix, the limit and every Retry-After hold."""
    clock = Clock()
    visits = Visits(limit, clock)
    visits.mailboxes.alias(ALEX, OBJECT_ID)
    longest_calming = MOST_DOUBLINGS * CALMING
    inside: dict[str, list[tuple[str, datetime]]] = {ALEX: [], MEGAN: []}
    never = clock() - longest_calming
    closed: dict[str, datetime] = {ALEX: never, MEGAN: never}
    for action, organizer, otherwise, seconds in course:
        name = OTHER_NAME[organizer] if otherwise else organizer
        match action:
            case "enter":
                pause = visits.enter(name)
                free = len(inside[organizer]) < limit and closed[organizer] <= clock()
                calm = closed[organizer] + longest_calming <= clock()
                assert (pause is None) is free if calm else free or pause is not None
                if pause is None:
                    inside[organizer].append((name, clock()))
                else:
                    assert pause > timedelta(0)
                    assert clock() + pause >= closed[organizer]
            case "leave" if inside[organizer]:
                visits.leave(*inside[organizer].pop())
            case "close":
                closed[organizer] = max(closed[organizer], clock() + timedelta(seconds=seconds))
                visits.close(name, seconds)
                assert clock() + visits.mailboxes.of(name).next_slot(clock()) >= closed[organizer]
            case "alias":
                visits.mailboxes.alias(organizer, OTHER_NAME[organizer])
            case _:
                clock.advance(seconds=seconds)


class TestTwoNames:
    def test_one_mailbox_once_both_are_known(self, visits: Visits, clock: Clock) -> None:
        """Those who came in under either name before are counted together, and closed is closed for both."""
        assert [visits.enter(name) for name in (ALEX, ALEX, OBJECT_ID)] == [None] * 3
        visits.close(OBJECT_ID, 30)
        visits.mailboxes.alias(ALEX.upper(), OBJECT_ID)
        assert visits.mailboxes.of(ALEX).closed_until > clock()
        clock.advance(seconds=30 + CALMING.total_seconds())
        assert visits.enter(OBJECT_ID) is None
        assert visits.enter(ALEX)
        for name in (OBJECT_ID, OBJECT_ID, ALEX, ALEX):
            visits.leave(name)
        assert [visits.enter(OBJECT_ID) for _ in range(LIMIT)] == [None] * LIMIT
        assert visits.enter(ALEX)

    def test_they_stay_known_while_nobody_is_there(self, visits: Visits) -> None:
        """An alias is not forgotten with the last who leaves."""
        visits.mailboxes.alias(ALEX, OBJECT_ID)
        visits.enter(ALEX)
        visits.leave(ALEX)
        assert len(visits.mailboxes) == 0
        assert [visits.enter(name) for name in (ALEX, OBJECT_ID, ALEX, OBJECT_ID)] == [None] * LIMIT
        assert visits.enter(ALEX)

    def test_names_are_forgotten_before_they_are_too_many(self, visits: Visits) -> None:
        """A name that is forgotten while somebody is inside does not bring the count out of order."""
        visits.mailboxes.alias(ALEX, OBJECT_ID)
        visits.enter(ALEX)
        for number in range(5001):
            visits.mailboxes.alias(f"user{number}@contoso.com", f"id{number}")
        visits.enter(OBJECT_ID)
        for name in (ALEX, OBJECT_ID):
            visits.leave(name)
        assert [visits.enter(ALEX) for _ in range(LIMIT)] == [None] * LIMIT
