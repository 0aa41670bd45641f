"""The ids of meetings and schedules, and how they follow from idempotency keys."""

import json
import uuid
from enum import StrEnum

# The namespace of every id that follows from an idempotency key; with another one, old keys would create new meetings.
_NAMESPACE = uuid.UUID("6f1e3d0a-52b7-4a0e-9f3b-8d0c5f6f7a21")


class KeyNamespace(StrEnum):
    """The namespaces of idempotency keys that do not come from a caller.

    None equals a caller's id, which is an object id of Microsoft Entra or, where callers are not distinguished, the
    empty string. Two namespaces never share a key.
    """

    QUEUE = "queue"  # of a message without a key: its digest
    REJECTED = "rejected"  # of a message that is not a valid request: its digest
    POISON = "poison"  # of a message that crashed the app: its digest
    SCHEDULE = "schedule"  # of a schedule: its caller and the key of the request
    OCCURRENCE = "occurrence"  # of an occurrence: the schedule, the start and the time zone
    QUOTA = "quota"  # of a caller's daily count: the caller


def id_from_key(owner: str, key: str) -> str:
    """Return the id that follows from an idempotency key; `owner` is a caller's id or a `KeyNamespace`."""
    return str(uuid.uuid5(_NAMESPACE, json.dumps([owner, key])))


def id_after(meeting_id: str) -> str:
    """Return the id that follows from a key once the meeting with this id is forgotten.

    It has to differ: Graph remembers the `transactionId` of the forgotten meeting, and would return its event.
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
