"""What the probes say, as a report."""

import math
from dataclasses import asdict, dataclass
from typing import Any

from shared.errors import GraphError, RejectedError, ThrottledError, UnavailableError
from shared.graph import remedies


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that has to be in order; `remedy` says who does what when it is not."""

    name: str
    ok: bool
    detail: str
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class ReadinessReport:
    """Every check of one organizer, and the online meeting providers that the organizer's calendar names."""

    organizer: str
    allowed_providers: tuple[str, ...]
    default_provider: str | None
    checks: tuple[Check, ...]

    @property
    def ready(self) -> bool:
        """Tell whether everything is in order."""
        return all(check.ok for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """Return the report of the contract."""
        return {
            "organizer": self.organizer,
            "ready": self.ready,
            "allowedOnlineMeetingProviders": list(self.allowed_providers),
            "defaultOnlineMeetingProvider": self.default_provider,
            "checks": [asdict(check) for check in self.checks],
        }


def failed(name: str, error: GraphError) -> Check:
    """Return the check that a failure of Graph makes of a probe."""
    if isinstance(error, RejectedError):
        answer = error.answer
        said = f" (Graph: {answer.status} {answer.code}, request id {answer.request_id})" if answer else ""
        return Check(name, ok=False, detail=f"{error.message}{said}", remedy=remedies.without_meeting(error.remedy))
    delay = error.delay if isinstance(error, (ThrottledError, UnavailableError)) else None
    when = f"in {math.ceil(delay.total_seconds())} seconds" if delay else "in a moment"
    detail = f"{error}." if isinstance(error, ThrottledError) else f"Graph could not be asked: {error}."
    return Check(name, ok=False, detail=detail, remedy=f"Ask again {when}.")
