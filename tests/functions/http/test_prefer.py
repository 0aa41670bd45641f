"""Prefer: wait=N, and everything that is not."""

from datetime import timedelta

import azure.functions as func
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.http.prefer import preference_applied, preferred_wait


def wait_of(prefer: str | None) -> float:
    headers = {} if prefer is None else {"prefer": prefer}
    return preferred_wait(func.HttpRequest("POST", "/", headers=headers, body=b"")).total_seconds()


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        (None, 0),
        ("wait=10", 10),
        ("respond-async", 0),
        ("respond-async, wait=10", 10),
        ("respond-async,wait=10", 10),
        ('WAIT = "10"', 10),
        ("wait=10; margin=1", 10),
        ("wait=0010", 10),
        ("wait=60", 60),
        ("wait=61", 60),
        ("wait=1234567890", 60),
        (f"wait={'9' * 1000}", 60),
        ("wait=0", 0),
        ("wait=000", 0),
        ("wait", 0),
        ("wait=", 0),
        ("wait=-1", 0),
        ("wait=1.5", 0),
        ("wait=1e3", 0),
        ("wait=soon", 0),
        ("wait=\u0665", 0),
        ('note="a, wait=10"', 0),
        ("wait=5, wait=50", 5),
        ("wait=soon, wait=50", 0),
        ("await=10", 0),
        (",;,", 0),
    ],
)
def test_the_wait_that_a_header_asks_for(prefer: str | None, seconds: int) -> None:
    """RFC 7240: the first `wait` counts, at most 60 s; what is of another form is ignored."""
    assert wait_of(prefer) == seconds


@given(st.text(max_size=300) | st.text('wait=,;"0123456789 ', max_size=100))
def test_the_wait_is_bounded(prefer: str) -> None:
    """Whatever the header holds, the wait is between nothing and a minute."""
    assert 0 <= wait_of(prefer) <= 60


def test_only_a_wait_is_told() -> None:
    """Without one, no preference was applied."""
    assert preference_applied(timedelta(seconds=60)) == {"Preference-Applied": "wait=60"}
    assert preference_applied(timedelta(0)) == {}
