"""Where a request comes from: its If-Match, and the versions that it names."""

import azure.functions as func
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.http.requests import expected_versions, origin_of
from shared.access.callers import ANYBODY
from shared.errors import VersionMismatchError


@pytest.mark.parametrize(
    ("header", "versions"),
    [
        (None, None),
        ("*", None),
        (" * ", None),
        ('"1"', {1}),
        ('"1", "2" ,"17"', {1, 2, 17}),
        ('W/"1"', set()),
        ('W/"9", "2"', {2}),
        ("1", set()),
        ("", set()),
        ('"01"', set()),
        ('"1" "2"', set()),
        ('"-1"', set()),
        ('"1.0"', set()),
        ('"' + "9" * 5000 + '"', set()),
    ],
)
def test_which_versions_an_if_match_names(header: str | None, versions: set[int] | None) -> None:
    """By strong comparison: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1."""
    assert expected_versions(header) == versions


@given(st.text(max_size=200), st.integers(1, 10**6))
def test_no_other_text_lets_a_version_pass(header: str, version: int) -> None:
    """What names no version is a lost race, and never a broken request."""
    named = expected_versions(header)
    assert named is None or (version in named) == (f'"{version}"' in {tag.strip() for tag in header.split(",")})


def test_a_request_says_where_it_comes_from() -> None:
    """Its key, its trace context and its If-Match, in one value."""
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    headers = {"if-match": '"3"', "traceparent": trace}
    origin = origin_of(func.HttpRequest("PATCH", "http://x/api/meetings/1", headers=headers, body=b""), ANYBODY, "key")
    assert (origin.caller, origin.key, origin.traceparent) == (ANYBODY, "key", trace)
    origin.require_version(3)
    with pytest.raises(VersionMismatchError, match="it has version 4 now"):
        origin.require_version(4)
