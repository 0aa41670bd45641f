"""What is kept of messages that cannot be read."""

import base64
import json
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InvalidRequestError
from shared.meeting.message_text import read_object, readable
from shared.meeting.rejected_message import LONGEST_TEXT, RejectedMessage

ENCODINGS: list[Callable[[str], str]] = [
    lambda text: base64.b64encode(text.encode(errors="replace")).decode(),
    lambda text: base64.b64encode(text.encode("utf-16", errors="replace")).decode(),
    json.dumps,
    lambda text: str(text.encode(errors="replace")),
    lambda text: f"  {text}\n",
]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["data", "specversion"]), inner),
    max_leaves=5,
)


@given(st.text() | _JSON.map(json.dumps), st.lists(st.sampled_from(ENCODINGS), max_size=4))
def test_nothing_breaks_the_record(text: str, encodings: list[Callable[[str], str]]) -> None:
    """Whatever comes, and however it is encoded: there is an object or a fault, and a trace that can be stored."""
    for encode in encodings:
        text = encode(text)
    with suppress(InvalidRequestError):
        assert read_object(text) is not None
    received = RejectedMessage.of(text, "m1").received
    assert received is not None
    assert len(received.text) == min(len(readable(text)), LONGEST_TEXT)
    received.model_dump_json().encode()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_base64_is_kept_as_the_text_that_it_is(encoding: str) -> None:
    """Whoever looks for the sender reads the message, and as much of it as of a plain one."""
    text = '{"organizer": "AlexW@contoso.com", "subject": "Besuch 🩺"}\n' + "x" * 5000
    received = RejectedMessage.of(base64.b64encode(text.encode(encoding)).decode(), "m1").received
    assert received is not None
    assert received.text == text[:LONGEST_TEXT]


@pytest.mark.parametrize(
    "text", ["", "nonsense", "1234", "AAEC", "x" * 5000, base64.b64encode(b"\xff\xfe\x00").decode()]
)
def test_what_is_no_base64_of_a_text_is_kept_as_it_is(text: str) -> None:
    """Words whose letters are base64, and base64 of bytes, stay as they came."""
    assert readable(text) == text


@pytest.mark.parametrize("text", ["nonsense", "abcd", "1234", "Zm9v" * 3, "true", "null"])
def test_words_are_not_taken_for_base64(text: str) -> None:
    """Their letters are base64, and stand for no text in UTF-8 or UTF-16 that is JSON."""
    with pytest.raises(InvalidRequestError) as caught:
        read_object(text)
    assert "UTF" not in str(caught.value)
