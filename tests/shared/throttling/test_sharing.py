"""How instances share the calls that Graph allows one mailbox at once."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.throttling.sharing import HELD_FOR, Holder, share_of, with_calls

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 9), st.floats(0, 15)), max_size=40),
    st.integers(1, 6),
)
def test_together_they_hold_no_more_than_the_limit(course: list[tuple[str, int, float]], limit: int) -> None:
    """Whoever takes and gives back, in any order, and falls silent: each knows its part, and all parts fit."""
    holders, now = tuple[Holder, ...](), NOW
    for instance, wanted, seconds in course:
        now += timedelta(seconds=seconds)
        before = share_of(holders, instance, limit, now)
        holders = with_calls(holders, instance, wanted, limit, now)
        own = share_of(holders, instance, limit, now)
        assert own
        assert own.calls == min(wanted, limit if before is None else before.calls + before.free)
        shares = [share_of(holders, each, limit, now) for each in "abcdef"]
        assert sum(share.calls for share in shares if share) + own.free == limit
        assert own.until == now + HELD_FOR


def test_who_is_silent_loses_its_calls() -> None:
    """A dead instance keeps its calls from the others for twenty seconds."""
    holders = with_calls((), "a", 4, 4, NOW)
    late = NOW + HELD_FOR
    assert with_calls(holders, "b", 4, 4, late - timedelta(milliseconds=1))[-1].calls == 0
    assert with_calls(holders, "b", 4, 4, late) == (Holder("b", 4, late + HELD_FOR),)
    assert share_of(holders, "a", 4, late) is None


def test_what_a_wrong_clock_wrote_does_not_count() -> None:
    """An instance whose clock is days ahead keeps nobody from the mailbox."""
    ahead = (Holder("a", 4, NOW + timedelta(days=3)),)
    assert share_of(ahead, "b", 4, NOW) is None
    assert with_calls(ahead, "b", 4, 4, NOW) == (Holder("b", 4, NOW + HELD_FOR),)


def test_a_row_stays_small() -> None:
    """Of a thousand instances as many are named as the row has room for; the others have no calls."""
    holders = tuple[Holder, ...]()
    for number in range(1000):
        holders = with_calls(holders, f"instance{number}", 1, 4, NOW)
    assert len(holders) == 200
    share = share_of(holders, "instance999", 4, NOW)
    assert share
    assert (share.calls, share.free) == (0, 0)
