"""Headers that are lists: commas and semicolons inside quotes separate nothing, and nonsense does no harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.http.header_lists import read_elements


@pytest.mark.parametrize(
    ("header", "elements"),
    [
        (None, []),
        ("", []),
        (",;,", []),
        ("respond-async, wait=10", [[("respond-async", "")], [("wait", "10")]]),
        ("Wait = 10 ;x=1,return=minimal", [[("wait", "10"), ("x", "1")], [("return", "minimal")]]),
        ('a="x, wait=1"; b="y;z", c', [[("a", "x, wait=1"), ("b", "y;z")], [("c", "")]]),
        (r'a="say \"hi\", wait=1"', [[("a", 'say "hi", wait=1')]]),
        ('a="open, wait=1', [[("a", '"open')], [("wait", "1")]]),
        ("x" * 3000, []),
    ],
)
def test_what_is_read(header: str | None, elements: list[list[tuple[str, str]]]) -> None:
    """Elements by commas, parameters by semicolons, values without their quotes."""
    assert read_elements(header) == elements


@given(st.text(max_size=300) | st.text('",;=\\\\ab ', max_size=300))
def test_nothing_breaks_it(header: str) -> None:
    """Whatever the header holds, elements come out, none of them empty."""
    assert all(read_elements(header))
