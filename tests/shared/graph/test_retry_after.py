"""What the Retry-After of an answer says."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.graph.retry_after import parse_retry_after

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
# A Retry-After of an answer that was sent NOW, and its seconds.
WAITS = st.integers(1, 86_400).flatmap(
    lambda seconds: st.sampled_from(
        [(str(seconds), seconds), (format_datetime(NOW + timedelta(seconds=seconds), usegmt=True), seconds)]
    )
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10", 10),
        ("2.128", 2.128),
        (" 5 ", 5),
        ("86400", 86_400),
        ("1e9", 86_400),
        ("1e300", 86_400),
        ("Sat, 21 Nov 2026 08:01:00 GMT", 60),
        ("Sat, 21 Nov 2026 09:01:00 +0100", 60),
        ("Sat, 21 Nov 2026 08:01:00 -0000", 60),
        ("Saturday, 21-Nov-26 08:01:00 GMT", 60),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
        ("5, 20", 20),
        ("20,5", 20),
        ("1,5", 5),
        ("soon, 5, 0,", 5),
        ("5, Sat, 21 Nov 2026 08:01:00 GMT", 60),
        ("Sat, 21 Nov 2026 08:01:00 GMT, 90", 90),
        ("Sat, 21 Nov 2026 08:01:00 GMT, Sat, 21 Nov 2026 08:02:00 GMT", 120),
        ("Saturday, 21-Nov-26 08:01:00 GMT, Sat Nov 21 08:03:00 2026", 180),
    ],
)
def test_a_wait(text: str, seconds: float) -> None:
    """Whole and fractional seconds and dates are waits, none of them longer than a day."""
    assert parse_retry_after(text, format_datetime(NOW, usegmt=True), NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "soon",
        "0",
        "-1",
        "-0.5",
        "nan",
        "inf",
        "-inf",
        "Sat, 21 Nov 2026 07:59:00 GMT",
        "Sat, 32 Nov 2026 08:01:00 GMT",
        "Sat, 21 Nov 99999999999 08:01:00 GMT",
        "Sat, 21 Nov 2026 08:01:00 +9999",
        "5 seconds",
        ",",
        "soon, later",
    ],
)
def test_no_wait(text: str | None) -> None:
    """Nonsense and the past are no waits: the caller has its own."""
    assert parse_retry_after(text, None, NOW) is None


@given(st.floats(-1e6, 1e6), st.integers(1, 100_000))
def test_a_date_is_measured_on_graphs_own_clock(ahead: float, seconds: int) -> None:
    """However wrong our clock is, a date is as far away as the answer's Date says."""
    moment = NOW + timedelta(seconds=seconds)
    text, date = format_datetime(moment, usegmt=True), format_datetime(NOW, usegmt=True)
    wait = parse_retry_after(text, date, NOW + timedelta(seconds=ahead))
    assert wait == min(timedelta(seconds=seconds), timedelta(days=1))


@given(st.lists(WAITS | st.tuples(st.sampled_from(["", "soon", "0", "-1", "nan"]), st.just(0)), min_size=1))
def test_of_several_the_longest_counts(waits: list[tuple[str, int]]) -> None:
    """Graph and what stands before it may both name one: none is undercut, and what is no wait takes none away."""
    text, date = ", ".join(text for text, _ in waits), format_datetime(NOW, usegmt=True)
    longest = timedelta(seconds=max(seconds for _, seconds in waits))
    assert parse_retry_after(text, date, NOW) == (longest or None)


@pytest.mark.parametrize("date", [None, "", "today", "Sat, 32 Nov 2026 08:01:00 GMT"])
def test_without_a_usable_date_a_little_is_added(date: str | None) -> None:
    """Our clock may be ahead of Graph's by seconds, and the wait is not shorter for it."""
    wait = parse_retry_after("Sat, 21 Nov 2026 08:01:00 GMT", date, NOW + timedelta(seconds=4))
    assert wait is not None
    assert wait >= timedelta(seconds=60)


@example("17179.86918400000000000000013919900133266286098416")
@given(st.floats(1e-6, 86_400).map(repr) | st.decimals("0.000001", 86_400).map(str))
def test_no_part_of_a_second_is_lost(text: str) -> None:
    """A fraction is rounded up, never down."""
    wait = parse_retry_after(text, None, NOW)
    assert wait is not None
    asked = Fraction(text)
    assert 0 <= Fraction(wait // timedelta(microseconds=1), 1_000_000) - asked <= Fraction(2, 1_000_000)


@given(st.text(alphabet=st.characters(max_codepoint=0x2FF), max_size=40) | st.floats().map(str))
def test_any_text(text: str) -> None:
    """Whatever Graph sends, it is a wait of at most a day, or none."""
    for wait in (parse_retry_after(text, None, NOW), parse_retry_after("60", text, NOW)):
        assert wait is None or timedelta(0) < wait <= timedelta(days=1)
