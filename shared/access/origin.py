"""Where a request comes from: who asks, and under which conditions."""

from dataclasses import dataclass
from datetime import datetime

from shared.access.callers import ANYBODY, Caller
from shared.errors import VersionMismatchError
from shared.ids import KeyNamespace, id_from_key, random_id


@dataclass(frozen=True, slots=True)
class Origin:
    """Who asks for something, and how a repetition or a lost race is recognised.

    Attributes:
        caller: who may name whom, and whose keys are not another's.
        key: the idempotency key, None for a request that is never a repetition.
        traceparent: W3C trace context, kept for the result.
        key_namespace: whose keys they are, where they are not the caller's own.
        expected_versions: the versions that may be changed, None for any.
        schedule: the id of the schedule whose occurrence it is.
        asked_at: when it was asked for, where that is not now: a message comes again, and its meeting may be forgotten.
    """

    caller: Caller = ANYBODY
    key: str | None = None
    traceparent: str | None = None
    key_namespace: KeyNamespace | None = None
    expected_versions: frozenset[int] | None = None
    asked_at: datetime | None = None
    schedule: str | None = None

    @property
    def meeting_id(self) -> str:
        """Return the id that the meeting gets; another one at each call if there is no key."""
        return random_id() if self.key is None else id_from_key(self.key_namespace or self.caller.id or "", self.key)

    def require_version(self, version: int) -> None:
        """Refuse to change a version that is not expected.

        Raises:
            VersionMismatchError: the request expects other versions only.
        """
        if self.expected_versions is not None and version not in self.expected_versions:
            raise VersionMismatchError(f"The present version is {version}")


ANYWHERE = Origin()
