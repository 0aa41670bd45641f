"""One mailbox: how many at once, and for how long nobody."""

from datetime import datetime, timedelta

import pytest

from shared.errors import HeldBackError
from shared.throttling.mailbox_limit import CALMING, MOST_DOUBLINGS, Mailbox
from shared.throttling.sharing import Share
from tests.fakes import Clock

LIMIT = 4


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox(LIMIT, frozenset({"alexw@contoso.com"}))


def refused(mailbox: Mailbox, now: datetime) -> timedelta | None:
    """Let a provision in and return None, or return how long it is sent away for."""
    try:
        mailbox.enter_in_turn(now)
    except HeldBackError as error:
        return error.delay
    return None


def test_no_more_than_the_limit(mailbox: Mailbox, clock: Clock) -> None:
    """As many as the limit are admitted at once; each that leaves makes room for one."""
    assert [refused(mailbox, clock()) for _ in range(LIMIT)] == [None] * LIMIT
    assert refused(mailbox, clock())
    mailbox.leave(clock(), clock())
    assert refused(mailbox, clock()) is None
    assert refused(mailbox, clock())


def test_nobody_enters_before_retry_after(mailbox: Mailbox, clock: Clock) -> None:
    """While the mailbox is closed everybody is sent away until it opens, and not for less."""
    opens = clock() + timedelta(seconds=2.128)
    mailbox.enter_in_turn(clock())
    mailbox.close(opens, clock())
    assert clock() + mailbox.next_slot(clock()) >= opens
    mailbox.leave(clock(), clock())
    while clock() < opens:
        delay = refused(mailbox, clock())
        assert delay is not None
        assert clock() + delay >= opens
        clock.advance(seconds=0.1)
    assert refused(mailbox, clock()) is None


def test_a_shorter_retry_after_does_not_open_early(mailbox: Mailbox, clock: Clock) -> None:
    """Of several Retry-After the latest moment counts."""
    late = clock() + timedelta(seconds=60)
    mailbox.close(late, clock())
    mailbox.close(clock() + timedelta(seconds=1), clock())
    assert clock() + mailbox.next_slot(clock()) >= late
    clock.advance(seconds=30)
    delay = refused(mailbox, clock())
    assert delay is not None
    assert clock() + delay >= late


def test_after_a_retry_after_they_come_one_by_one(mailbox: Mailbox, clock: Clock) -> None:
    """Each Retry-After doubles the pause between those admitted, and each ten seconds without one halve it."""
    for _ in range(2):
        mailbox.close(clock() + timedelta(seconds=5), clock())
        mailbox.close(clock() + timedelta(seconds=10), clock())  # another call that was under way
        clock.advance(seconds=10)
    assert _entries_in_a_minute(mailbox, clock) == pytest.approx(0.83 * 60 * LIMIT, rel=0.05)
    assert _entries_in_a_minute(mailbox, clock) == pytest.approx(60 * LIMIT, rel=0.1)


def test_the_slow_pace_has_an_end(mailbox: Mailbox, clock: Clock) -> None:
    """However often Graph has throttled, the full pace is back after eighty seconds without it."""
    for _ in range(50):
        mailbox.close(clock() + timedelta(seconds=10), clock())
        clock.advance(seconds=10)
    assert refused(mailbox, clock()) is None
    assert refused(mailbox, clock())
    clock.advance(seconds=MOST_DOUBLINGS * CALMING.total_seconds())
    mailbox.leave(clock() - timedelta(seconds=1), clock())
    assert [refused(mailbox, clock()) for _ in range(LIMIT)] == [None] * LIMIT


def test_a_long_retry_after_is_no_slower_than_a_short_one(mailbox: Mailbox, clock: Clock) -> None:
    """The time for which the mailbox is closed does not count towards the pauses after it."""
    mailbox.close(clock() + timedelta(days=1), clock())
    delays = [refused(mailbox, clock()) for _ in range(LIMIT)]
    assert max(delay for delay in delays if delay) <= timedelta(days=1, seconds=2)  # twice the pause


def _entries_in_a_minute(mailbox: Mailbox, clock: Clock) -> int:
    """Return how many are admitted who stay for a second, with somebody waiting all the time."""
    entered: list[datetime] = []
    entries = 0
    for _ in range(600):
        clock.advance(seconds=0.1)
        while entered and clock() - entered[0] >= timedelta(seconds=1):
            mailbox.leave(entered.pop(0), clock())
        while refused(mailbox, clock()) is None:
            entered.append(clock())
            entries += 1
    while entered:
        mailbox.leave(entered.pop(), clock())
    return entries


def test_slots_follow_one_another(mailbox: Mailbox, clock: Clock) -> None:
    """Those who are sent away come back one after the other, at the rate at which there is room."""
    for _ in range(LIMIT):
        mailbox.enter_in_turn(clock())
    delays = [refused(mailbox, clock()) for _ in range(100)]
    slot = mailbox.seconds / LIMIT / 2  # twice as fast as there is room: who comes late leaves the mailbox idle
    assert delays == [timedelta(seconds=place * slot) for place in range(1, 101)]
    clock.advance(seconds=1)
    assert refused(mailbox, clock())


def test_processes_share_the_slots(mailbox: Mailbox, clock: Clock) -> None:
    """Where three others send provisions away as well, each process has a quarter of the slots."""
    alone = mailbox.next_slot(clock())
    mailbox.queue_ends = clock()
    mailbox.share = Share(calls=1, free=0, others=3, until=clock() + timedelta(seconds=20))
    assert mailbox.next_slot(clock()) == 4 * alone


def test_a_slot_long_after_a_retry_after_is_at_full_pace(mailbox: Mailbox, clock: Clock) -> None:
    """The slow pace after a Retry-After delays those who come during it, not a thousand who come later."""
    mailbox.close(clock() + timedelta(seconds=5), clock())
    last = max(mailbox.next_slot(clock()) for _ in range(1000))
    assert last <= timedelta(seconds=5 + 1.1 * 1000 * mailbox.seconds / LIMIT / 2)


@pytest.mark.parametrize("calls", [0, 1, 3])
def test_a_share_is_all_that_a_process_admits(mailbox: Mailbox, clock: Clock, calls: int) -> None:
    """As many provisions as the share has calls; one lookup even without any; the whole limit once the share ends."""
    mailbox.share = Share(calls, free=0, others=2, until=clock() + timedelta(seconds=20))
    admitted = [refused(mailbox, clock()) for _ in range(LIMIT)]
    assert admitted.count(None) == calls
    if not calls:
        mailbox.enter(clock())
        with pytest.raises(HeldBackError):
            mailbox.enter(clock())
        mailbox.leave(clock(), clock())
    clock.advance(seconds=20)
    assert [refused(mailbox, clock()) for _ in range(LIMIT - calls)] == [None] * (LIMIT - calls)


def test_slots_are_as_long_as_provisions(mailbox: Mailbox, clock: Clock) -> None:
    """The slower the provisions were, the longer the slots."""
    for _ in range(LIMIT):
        mailbox.enter_in_turn(clock())
    for _ in range(50):
        entered = clock()
        clock.advance(seconds=10)
        mailbox.leave(entered, clock())
        mailbox.enter_in_turn(clock())
    delay = refused(mailbox, clock())
    assert delay is not None
    assert delay >= timedelta(seconds=1.2)


def test_a_clock_that_is_set_back(mailbox: Mailbox, clock: Clock) -> None:
    """A provision that seems to have ended before it began does not shorten anybody's wait."""
    mailbox.enter_in_turn(clock())
    entered = clock()
    clock.advance(hours=-5)
    mailbox.leave(entered, clock())
    opens = clock() + timedelta(seconds=5)
    mailbox.close(opens, clock())
    assert clock() + mailbox.next_slot(clock()) >= opens
    delay = refused(mailbox, clock())
    assert delay is not None
    assert clock() + delay >= opens


def test_a_lookup_takes_no_slot(mailbox: Mailbox, clock: Clock) -> None:
    """However often a lookup is refused, no provision waits longer for it; and it need not wait for the slow pace."""
    for _ in range(LIMIT):
        mailbox.enter(clock())
    for _ in range(1000):
        with pytest.raises(HeldBackError, match="As many calls"):
            mailbox.enter(clock())
    assert refused(mailbox, clock()) == timedelta(seconds=mailbox.seconds / LIMIT / 2)
    mailbox.close(clock() + timedelta(seconds=1), clock())
    clock.advance(seconds=1)
    for _ in range(LIMIT):
        mailbox.leave(clock(), clock())
    assert refused(mailbox, clock()) is None
    assert refused(mailbox, clock())
    mailbox.enter(clock())
