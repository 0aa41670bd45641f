import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Fault, InvalidRequestError
from shared.validation.json_text import decode_json, decode_json_text


def faults_of(data: bytes) -> list[Fault]:
    with pytest.raises(InvalidRequestError) as caught:
        decode_json(data)
    return list(caught.value.faults)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \r\n\t ",
        b"{",
        b'{"a": 1,}',
        b"[1,]",
        b'{"a": 1 /* one */}',
        b"{'a': 1}",
        b"{} {}",
        '{"a": 1}'.encode("utf-16"),
        '{"a": 1}'.encode("utf-16-le"),
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b'"\xc0\x80"',
        b'"a\nb"',
        b'"a\x00b"',
        b'"a\x1fb"',
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"01",
        b"+1",
        b".5",
        b'"\\x41"',
        b"[" * 10_000,
        b"[" * 10_000 + b"]" * 10_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b"[" * 200_000 + b"]" * 200_000,
        b"[" * 66 + b"]" * 66,
        b"undefined",
        b"\xa0{}",
    ],
)
def test_malformed(data: bytes) -> None:
    """What is not strict JSON in UTF-8 is one fault about the whole text."""
    assert [(fault.pointer, fault.code) for fault in faults_of(data)] == [("", "malformedJson")]


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"null", None),
        (b" [1, -2.5e3, true] ", [1, -2500.0, True]),
        ('{"ключ": "会議 🎉"}'.encode(), {"ключ": "会議 🎉"}),
        (b'"\\ud83c\\udf89"', "🎉"),
        (b"12345678901234567890", 12345678901234567890),
        (b"[" * 64 + b"]" * 64, None),
    ],
)
def test_sound(data: bytes, value: object) -> None:
    """Strict JSON is decoded; a pair of surrogates is one character."""
    decoded = decode_json(data)
    assert value is None or decoded == value


@pytest.mark.parametrize(
    ("data", "faults"),
    [
        (b'{"a": 1, "a": 2}', [("/a", "duplicateKey")]),
        (b'{"x": [{"a~/b": 1, "c": 2, "a~/b": 1, "a~/b": 3}]}', [("/x/0/a~0~1b", "duplicateKey")]),
        (b'{"b": 1, "b": 2, "c": {"d": 1, "d": 1}}', [("/b", "duplicateKey"), ("/c/d", "duplicateKey")]),
        (b'{"a": "\\ud800"}', [("/a", "forbiddenCharacter")]),
        (b'{"a": ["x", "\\udc00y"], "b": "\\u0000"}', [("/a/1", "forbiddenCharacter"), ("/b", "forbiddenCharacter")]),
        (b'{"\\u0000": 1}', [("/\x00", "forbiddenCharacter")]),
        (b'{"\\ud800": 1}', [("/\ufffd", "forbiddenCharacter")]),
        (b'"\\ud800"', [("", "forbiddenCharacter")]),
        (b"1e400", [("", "outOfRange")]),
        (b'{"a": [1, -1e400], "b": 1e999999}', [("/a/1", "outOfRange"), ("/b", "outOfRange")]),
        (b"9" * 5000, [("", "outOfRange")]),
        (b'{"a": %s}' % (b"1" * 21), [("/a", "outOfRange")]),
    ],
)
def test_unreliable(data: bytes, faults: list[tuple[str, str]]) -> None:
    """Repeated members, and numbers and characters that cannot be stored, are named by their place."""
    assert [(fault.pointer, fault.code) for fault in faults_of(data)] == faults


def test_text() -> None:
    """Text that is decoded already follows the same rules."""
    assert decode_json_text('{"a": "b"}') == decode_json_text('\ufeff{"a": "b"}') == {"a": "b"}
    for text in ("", "\ufeff", '"\ud800"', "{'a': 1}"):
        with pytest.raises(InvalidRequestError):
            decode_json_text(text)


@given(st.binary() | st.text(alphabet='{}[]",:\\u0dae1-. \n\ufeff').map(str.encode))
def test_never_another_error(data: bytes) -> None:
    """Whatever the bytes, the outcome is a value or InvalidRequestError."""
    try:
        decode_json(data)
    except InvalidRequestError as error:
        assert error.faults  # noqa: PT017 - one outcome of two


@given(st.text())
def test_never_another_error_for_text(text: str) -> None:
    """Whatever the text, the outcome is a value or InvalidRequestError whose faults can be encoded."""
    try:
        decode_json_text(text)
    except InvalidRequestError as error:
        "".join(fault.pointer + fault.message for fault in error.faults).encode()


@pytest.mark.parametrize("rest", ["", "x", "]" * 50_000])
def test_depth_is_named_before_any_other_fault(rest: str) -> None:
    """A text that is too deep for the parser says so, however it ends."""
    with pytest.raises(InvalidRequestError, match="deeper than 64 levels"):
        decode_json_text("[" * 100_000 + rest)
