"""Where a request comes from: its caller and its conditions."""

from dataclasses import dataclass
from datetime import datetime

from shared.access.callers import ANYBODY, Caller
from shared.errors import VersionMismatchError
from shared.ids import KeyNamespace, id_from_key, random_id


@dataclass(frozen=True, slots=True)
class Origin:
    """The caller of a request, and how a repetition or a lost race is recognised.

    Attributes:
        caller: whose rights apply, and to whom the idempotency key belongs.
        key: the idempotency key of a new meeting or schedule, None where the request is never a repetition.
        traceparent: W3C trace context, kept for the result.
        key_namespace: of a new meeting: the namespace of the key, where it is not the caller's.
        asked_at: of a new meeting: when the request was made, None for now. A queue message may come again after its
            meeting was forgotten.
        schedule: of a new meeting: the id of the schedule whose occurrence it is.
        expected_versions: of a change: the versions that may be changed (If-Match), None for any.
    """

    caller: Caller = ANYBODY
    key: str | None = None
    traceparent: str | None = None
    key_namespace: KeyNamespace | None = None
    asked_at: datetime | None = None
    schedule: str | None = None
    expected_versions: frozenset[int] | None = None

    @property
    def meeting_id(self) -> str:
        """Return the id of the new meeting; a random one at each call without a key."""
        return random_id() if self.key is None else id_from_key(self.key_namespace or self.caller.id or "", self.key)

    def require_version(self, version: int) -> None:
        """Refuse to change a version that is not expected.

        Raises:
            VersionMismatchError: the request expects other versions only.
        """
        if self.expected_versions is not None and version not in self.expected_versions:
            raise VersionMismatchError(f"The present version is {version}")


ANYWHERE = Origin()
