"""The kind of the records in a store."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self

from shared.errors import RecordNotFoundError


class Stored(Protocol):
    """What a record is: a frozen model with an id, and how it was read."""

    @property
    def id(self) -> str:
        """Return a UUID in its canonical form."""
        ...

    @property
    def etag(self) -> str:
        """Return the etag of the record as it was read; empty for a new one."""
        ...

    @property
    def index_keys(self) -> frozenset[str]:
        """Return the keys of the rows that lead to the record as it was read."""
        ...

    def changed(self, **update: Any) -> Self:
        """Return a copy with other values."""
        ...

    def model_dump_json(self, *, by_alias: bool | None = None, exclude_defaults: bool = False) -> str:
        """Return the record as JSON, without etag and index keys."""
        ...


@dataclass(frozen=True, slots=True)
class RecordKind[T: Stored]:
    """What a store has to know of its records.

    Attributes:
        name: begins the key of every record.
        parse: returns the record in a JSON text; raises ValueError, or the error that reading it is to raise.
        index_keys: returns the keys of the rows that are to lead to a record.
        labels: returns properties for people who view the table; the app never reads them.
        not_found: the error for an id without a record.
        wake_ups: the prefixes of wake-up rows.
        trimmed: returns a record that is too large without its dispensable parts, so that it fits, or raises
            RequestTooLargeError.
    """

    name: str
    parse: Callable[[str], T]
    index_keys: Callable[[T], frozenset[str]]
    labels: Callable[[T], Mapping[str, str | int]]
    not_found: Callable[[str], RecordNotFoundError]
    trimmed: Callable[[T, Callable[[T], bool]], T]
    wake_ups: tuple[str, ...] = ()
