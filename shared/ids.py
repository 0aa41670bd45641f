"""The ids of meetings and schedules, and the idempotency keys that they follow from."""

import json
import uuid
from enum import StrEnum

# The namespace of every id that comes from an idempotency key; a new one would make new meetings of old keys.
_NAMESPACE = uuid.UUID("6f1e3d0a-52b7-4a0e-9f3b-8d0c5f6f7a21")


class KeyNamespace(StrEnum):
    """Whose idempotency keys they are, where they are not a caller's.

    None of these can be a caller's id, which is an object id of Microsoft Entra or, where callers are not
    distinguished, the empty string. Two members never share a key.
    """

    QUEUE = "queue"  # a message without a key: its digest
    REJECTED = "rejected"  # a message that becomes no other meeting: its digest
    POISON = "poison"  # a message that crashed the app: its digest
    SCHEDULE = "schedule"  # a schedule: its caller and the key of the request
    OCCURRENCE = "occurrence"  # an occurrence of a schedule: the schedule, the start and the time zone
    QUOTA = "quota"  # a caller's count of a day: the caller


def id_from_key(owner: str, key: str) -> str:
    """Return the id that an idempotency key always leads to; `owner` is a caller's id or a `KeyNamespace`."""
    return str(uuid.uuid5(_NAMESPACE, json.dumps([owner, key])))


def id_after(meeting_id: str) -> str:
    """Return the id that a key leads to once the meeting with this id is forgotten.

    It has to be another: Graph remembers the `transactionId` of the forgotten one, and would give back its event.
    """
    return str(uuid.uuid5(_NAMESPACE, meeting_id))


def random_id() -> str:
    """Return an id for a request without a key."""
    return str(uuid.uuid4())


def is_record_id(text: str) -> bool:
    """Return whether a text can be a meeting's id, before any storage is asked."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
