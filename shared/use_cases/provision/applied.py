"""What Graph has been told, as a digest of each property: a change then sends only what differs.

Digests and not the properties themselves, because a body of 256 KiB has to fit into its record only once.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

# No digest looks like this, so that an unknown property differs from every value.
_UNKNOWN = "?"


class Part(StrEnum):
    """Which object in Graph a property belongs to."""

    EVENT = "event"
    ONLINE_MEETING = "onlineMeeting"
    ATTENDEE = "attendee"
    REFUSED_ETAG = "refusedEtag"  # its names are etags with which Graph refused to change the event


def with_applied(applied: Mapping[str, str], part: Part, properties: Mapping[str, Any]) -> dict[str, str]:
    """Return the digests after Graph was told the properties of a part, all of them."""
    others = {name: digest for name, digest in applied.items() if not name.startswith(f"{part}.")}
    return others | {f"{part}.{name}": _digest(value) for name, value in properties.items()}


def unsure(applied: Mapping[str, str], part: Part, names: Iterable[str]) -> dict[str, str]:
    """Return the digests with these properties as unknown: to be written down before they are sent.

    When the answer is lost, Graph has the old value or the new one, and whatever is wanted next has to be told.
    """
    return dict(applied) | {f"{part}.{name}": _UNKNOWN for name in names}


def differing(applied: Mapping[str, str], part: Part, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties of a part that Graph has not been told, or was told otherwise."""
    return {name: value for name, value in properties.items() if applied.get(f"{part}.{name}") != _digest(value)}


def told(applied: Mapping[str, str], part: Part) -> frozenset[str]:
    """Return the names of the properties of a part that Graph was told, or may have been."""
    prefix = f"{part}."
    return frozenset(name.removeprefix(prefix) for name in applied if name.startswith(prefix))


def withdrawn(applied: Mapping[str, str], part: Part, properties: Mapping[str, Any]) -> list[str]:
    """Return the names of properties of a part that Graph was told and that are not wanted any more."""
    return sorted(told(applied, part) - properties.keys())


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]
