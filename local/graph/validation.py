"""Strict parsing of request bodies: like Graph, it knows every property's name and type.

A shape's `read` returns the value in Graph's spelling, or raises Graph's error.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Protocol

from local.graph.errors import GraphError, JsonObject
from local.graph.time_zones import parse_offset_time


class Shape(Protocol):
    """The type of a property."""

    def read(self, value: Any, code: str) -> Any:
        """Return the value as Graph stores it, or raise a GraphError with this code."""
        ...


def _wrong_type(value: Any, expected: str, code: str) -> GraphError:
    literal = repr(value)[:60]
    return GraphError(400, code, f"Cannot convert the literal '{literal}' to the expected type '{expected}'.")


@dataclass(frozen=True, slots=True)
class Text:
    """Edm.String."""

    longest: int | None = None

    def read(self, value: Any, code: str) -> Any:
        """Read a string."""
        if not isinstance(value, str):
            raise _wrong_type(value, "Edm.String", code)
        # A lone surrogate is valid in Python's JSON, but not in Unicode text.
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            raise _wrong_type(value, "Edm.String", code)
        if self.longest is not None and len(value) > self.longest:
            raise GraphError(400, "ErrorPropertyValidationFailure", "At least one property failed validation.")
        return value


@dataclass(frozen=True, slots=True)
class Primitive:
    """A primitive type whose values stay as they are; `accepts` decides whether a value has the type."""

    name: str
    accepts: Callable[[Any], bool]

    def read(self, value: Any, code: str) -> Any:
        """Read a value."""
        if not self.accepts(value):
            raise _wrong_type(value, self.name, code)
        return value


def _is_int32(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -(2**31) <= value < 2**31


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True)
class Date:
    """Edm.Date."""

    def read(self, value: Any, code: str) -> Any:
        """Read a date such as 2026-11-21."""
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
            try:
                date.fromisoformat(value)
            except ValueError:
                pass
            else:
                return value
        raise _wrong_type(value, "Edm.Date", code)


@dataclass(frozen=True, slots=True)
class OffsetTime:
    """Edm.DateTimeOffset."""

    def read(self, value: Any, code: str) -> Any:
        """Read a time with its offset, into a moment."""
        if not isinstance(value, str):
            raise _wrong_type(value, "Edm.DateTimeOffset", code)
        return parse_offset_time(value)


@dataclass(frozen=True, slots=True)
class Choice:
    """An enumeration; Graph reads its members in any case, such as the `"HTML"` of its examples."""

    members: tuple[str, ...]

    def read(self, value: Any, code: str) -> Any:
        """Read a member."""
        if not isinstance(value, str):
            raise _wrong_type(value, "Edm.String", code)
        if value in self.members:
            return value
        for member in self.members:
            if member.lower() == value.lower():
                return member
        raise GraphError(400, code, f"Requested value '{value}' was not found.")


@dataclass(frozen=True, slots=True)
class Many:
    """A collection."""

    item: Shape

    def read(self, value: Any, code: str) -> Any:
        """Read every item; null has none."""
        if not isinstance(value, list):
            raise _wrong_type(value, "Collection", code)
        return [self.item.read(item, code) for item in value]


@dataclass(frozen=True, slots=True)
class Complex:
    """A complex type or an entity, which refuses unknown properties."""

    name: str
    properties: Mapping[str, Shape] = field(default_factory=dict)
    read_only: frozenset[str] = frozenset()

    def read(self, value: Any, code: str) -> Any:
        """Read an object; a null member counts as absent."""
        if not isinstance(value, dict):
            raise _wrong_type(value, f"microsoft.graph.{self.name}", code)
        result: JsonObject = {}
        for name, member in value.items():
            shape = self.properties.get(name)
            if shape is None:
                # Annotations say nothing about the item itself.
                if name.startswith("@odata.") or "@odata." in name:
                    continue
                raise self._refusal(name, code)
            if member is not None:
                result[name] = shape.read(member, code)
        return result

    def _refusal(self, name: str, code: str) -> GraphError:
        if name in self.read_only:
            read_only_code = "ErrorInvalidPropertySet" if code == EVENT_CODE else code
            return GraphError(400, read_only_code, f"Set action is invalid for property '{name}'.")
        return GraphError(
            400,
            code,
            f"The property '{name}' does not exist on type 'microsoft.graph.{self.name}'. Make sure to only use "
            "property names that are defined by the type or mark the type as open type.",
        )


# The codes of Graph's front end for an unreadable body, for Exchange and for Teams.
EVENT_CODE: Final = "RequestBodyRead"
MEETING_CODE: Final = "BadRequest"

TEXT: Final = Text()
BOOLEAN: Final = Primitive("Edm.Boolean", lambda value: isinstance(value, bool))
INT32: Final = Primitive("Edm.Int32", _is_int32)
DOUBLE: Final = Primitive("Edm.Double", _is_number)
