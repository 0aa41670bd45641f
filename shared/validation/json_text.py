"""JSON from outside, by RFC 8259 and I-JSON: the app refuses what another parser could read differently.

https://www.rfc-editor.org/rfc/rfc8259 and https://www.rfc-editor.org/rfc/rfc7493
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Any, cast

from shared.errors import Fault, InvalidRequestError
from shared.validation.findings import JsonPath, pointer_to

MAX_DEPTH = 64
MAX_DIGITS = 20

# A lone surrogate cannot be encoded as UTF-8, and neither the storage nor Graph stores a NUL.
_UNSTORABLE = re.compile("[\\x00\\ud800-\\udfff]")
_SURROGATES = re.compile("[\\ud800-\\udfff]")
# Matches an unterminated string too, because the search would otherwise start again at each quote in it.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"?|[][{}]', re.DOTALL)
_UTF_8 = frozenset({"utf-8", "utf-8-sig"})
_BYTE_ORDER_MARK = "\ufeff"
_OPENING, _CLOSING = frozenset("[{"), frozenset("]}")
_READ_DEPTH = 2 * MAX_DEPTH


class _RepeatingObject(dict[str, Any]):
    """An object with repeated members; of each, Python's parser silently keeps the last value."""

    repeated: tuple[str, ...] = ()


def decode_json(data: bytes, *, storable: bool = True) -> Any:
    """Return the JSON value that `data` holds.

    Args:
        data: JSON in UTF-8.
        storable: whether to refuse what cannot be stored here; if not, `parse_request` does so for each part.

    Raises:
        InvalidRequestError: it is not UTF-8 or not JSON, or cannot be stored: it is nested deeper than 64 levels,
            repeats a member, has a number that a double cannot hold, an integer over 20 digits, or a character that
            cannot be stored.
    """
    encoding = json.detect_encoding(data)
    if encoding not in _UTF_8:
        raise _malformed(f"The text is {encoding.upper()}: send it as UTF-8.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _malformed(f"The text is not UTF-8: byte {error.start} is invalid.") from error
    return decode_json_text(text, storable=storable)


def decode_json_text(text: str, *, storable: bool = True) -> Any:
    """Return the JSON value that `text` holds, as `decode_json` does."""
    # A reader may ignore a byte order mark: https://www.rfc-editor.org/rfc/rfc8259#section-8.1.
    text = text.removeprefix(_BYTE_ORDER_MARK)
    if not text.strip(" \t\r\n"):
        raise _malformed("There is no JSON: the text is empty.")
    try:
        value = _loaded(text)
    except RecursionError:
        value = _loaded_without_depths(text)
    if storable:
        require_storable(value)
    return value


def storable_text(text: str) -> str:
    """Return a text with a replacement character for each character that cannot be stored."""
    return _UNSTORABLE.sub("\ufffd", text)


def require_storable(document: Any) -> None:
    """Refuse a JSON value that cannot be stored.

    Raises:
        InvalidRequestError: with a fault for each part that cannot be stored.
    """
    error = InvalidRequestError(unstorable(document))
    if error.faults:
        raise error


def _loaded(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_object, parse_int=_integer, parse_constant=_constant)
    except json.JSONDecodeError as error:
        message = f"The text is not JSON: {error.msg} (line {error.lineno}, column {error.colno})."
        raise _malformed(message) from error
    except ValueError as error:
        raise _malformed(f"The text is not JSON: {error}.") from error


def _loaded_without_depths(text: str) -> Any:
    try:
        return _loaded(_without_depths(text))
    except InvalidRequestError as error:  # the rest has another fault beside its depth
        raise _too_deep() from error


def _without_depths(text: str) -> str:
    """Return the text without the parts that are nested too deep for the parser.

    The rest is still too deep to be stored; so only the enclosing part is refused, such as one item of a batch.
    """
    kept: list[str] = []
    depth = begin = 0
    for token in _STRING_OR_BRACKET.finditer(text):
        if token[0] in _OPENING:
            depth += 1
            if depth == _READ_DEPTH:
                kept.append(text[begin : token.end()])
        elif token[0] in _CLOSING:
            if depth == _READ_DEPTH:
                begin = token.start()
            depth -= 1
    return "".join(kept) + (text[begin:] if depth < _READ_DEPTH else "")


def repeated_members(members: dict[str, Any]) -> tuple[str, ...]:
    """Return the names that an object from `decode_json` had more than once."""
    return members.repeated if isinstance(members, _RepeatingObject) else ()


def unstorable(document: Any) -> Iterator[Fault]:
    """Yield a fault for each part of a JSON value that cannot be stored, without recursion."""
    waiting: list[tuple[JsonPath, Any]] = [((), document)]
    while waiting:
        location, value = waiting.pop()
        if len(location) > MAX_DEPTH:
            raise _too_deep()
        if isinstance(value, str):
            yield from _unstorable_text(location, value, "a character")
        elif isinstance(value, float) and math.isinf(value):
            message = f"The number is too large: a double holds it, or it is an integer of at most {MAX_DIGITS} digits."
            yield Fault(_printable(location), "outOfRange", message)
        elif isinstance(value, dict):
            members = cast("dict[str, Any]", value)
            yield from _repeated(location, members)
            for name in members:
                yield from _unstorable_text((*location, name), name, "a character in its name")
            waiting.extend(((*location, name), members[name]) for name in reversed(members))
        elif isinstance(value, list):
            items = cast("list[Any]", value)
            waiting.extend(((*location, index), items[index]) for index in reversed(range(len(items))))


def _repeated(location: JsonPath, members: dict[str, Any]) -> Iterator[Fault]:
    for name in repeated_members(members):
        yield Fault(_printable((*location, name)), "duplicateKey", "The object has this member more than once.")


def _unstorable_text(location: JsonPath, text: str, what: str) -> Iterator[Fault]:
    found = _UNSTORABLE.search(text)
    if found is not None:
        message = f"There is {what} that cannot be stored: U+{ord(found[0]):04X}."
        yield Fault(_printable(location), "forbiddenCharacter", message)


def _printable(location: JsonPath) -> str:
    # The pointer is part of an answer in UTF-8, which cannot encode a lone surrogate.
    return _SURROGATES.sub("\ufffd", pointer_to(location))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    names = [name for name, _ in pairs]
    repeating = _RepeatingObject(members)
    seen: set[str] = set()
    repeating.repeated = tuple(dict.fromkeys(name for name in names if name in seen or seen.add(name)))
    return repeating


def _integer(digits: str) -> int | float:
    # Infinite, as the parser represents a number that no double holds; `unstorable` refuses both.
    return int(digits) if len(digits) <= MAX_DIGITS else math.inf


def _constant(name: str) -> float:
    message = f"{name} is not JSON"
    raise ValueError(message)


def _malformed(message: str) -> InvalidRequestError:
    return InvalidRequestError([Fault("", "malformedJson", message)])


def _too_deep() -> InvalidRequestError:
    return _malformed(f"The text nests objects and lists deeper than {MAX_DEPTH} levels.")
