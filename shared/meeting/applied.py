"""What Graph has of a meeting: a digest of each property, so that a change sends only what differs.

Digests, not the properties themselves: a record has room for one body of 256 KiB, not for two.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ConfigDict, Field, RootModel

from shared.meeting.record_model import RecordModel
from shared.validation.addresses import mailbox_digest

# No digest looks like this, so that a property in doubt differs from every value.
_IN_DOUBT = "?"


class PropertyDigests(RootModel[dict[str, str]]):
    """The properties of one object in Graph, as a digest of each value by name."""

    model_config = ConfigDict(frozen=True)
    root: dict[str, str] = Field(default_factory=dict[str, str])

    def __contains__(self, name: str) -> bool:
        return name in self.root

    def __hash__(self) -> int:
        """Return a hash, so that records share the default; pydantic copies one that has none."""
        return hash(frozenset(self.root.items()))

    def confirmed(self, properties: Mapping[str, Any]) -> "PropertyDigests":
        """Return the digests once Graph has these properties and no others."""
        return PropertyDigests({name: _digest(value) for name, value in properties.items()})

    def in_doubt(self, names: Iterable[str]) -> "PropertyDigests":
        """Return the digests with these properties in doubt; store them before the properties are sent.

        When the answer is lost, Graph has the old value or the new one: the next change has to send them again.
        """
        return PropertyDigests(self.root | dict.fromkeys(names, _IN_DOUBT))

    def diff(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Return the properties that Graph lacks, or has with another value or in doubt."""
        return {name: value for name, value in properties.items() if self.root.get(name) != _digest(value)}

    def removed(self, properties: Mapping[str, Any]) -> list[str]:
        """Return the names of the properties that Graph has and these lack."""
        return sorted(self.root.keys() - properties.keys())


def address_digest(address: str) -> str:
    """Return a short digest of a mail address: hundreds have to fit into a record."""
    return mailbox_digest(address)[:16]


class Applied(RecordModel):
    """What Graph has of a meeting, or may have.

    Attributes:
        event: properties of the event.
        online_meeting: properties of the online meeting.
        attendees: digests of the addresses that this app has invited.
        confirmed_attendees: those of them that Graph has confirmed: one that the event lacks was removed in Outlook.
        changed_attendees: digests of the addresses that this app has invited, removed or changed since the latest
            observation: these changes were not made in Outlook.
        refused_etags: etags with which Graph refused to change the event.
        language: the language of the join information, None for the usual one.
    """

    event: PropertyDigests = PropertyDigests()
    online_meeting: PropertyDigests = PropertyDigests()
    attendees: frozenset[str] = frozenset()
    confirmed_attendees: frozenset[str] = frozenset()
    changed_attendees: frozenset[str] = frozenset()
    refused_etags: frozenset[str] = frozenset()
    language: str | None = None


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]
