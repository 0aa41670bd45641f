"""What the probes say, as a report."""

import math
from dataclasses import asdict, dataclass
from typing import Literal

from shared.errors import GraphError, RejectedError, ThrottledError, UnavailableError
from shared.graph import remedies
from shared.validation.response_model import ResponseModel

type CheckName = Literal[
    "organizerAllowed",
    "user",
    "mailbox",
    "onlineMeetingProvider",
    "applicationAccessPolicy",
    "attendance",
    "transcripts",
    "recordings",
]


@dataclass(frozen=True, slots=True)
class Check:
    """One check; `remedy` says who does what if it failed."""

    name: CheckName
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
        """Return whether every check passed."""
        return all(check.ok for check in self.checks)


class ReadinessCheckResponse(ResponseModel, frozen=True):
    """One thing that has to be in order.

    Attributes:
        name: What was checked.
        ok: Whether it is in order.
        detail: What was found.
        remedy: Who has to do what when it is not in order.
    """

    name: CheckName
    ok: bool
    detail: str
    remedy: str | None


class OrganizerReadinessResponse(ResponseModel, frozen=True):
    """Whether the app can make meetings for an organizer.

    Attributes:
        organizer: The organizer that the request named.
        ready: Whether every check is in order.
        allowed_online_meeting_providers: The providers that the organizer's calendar allows.
        default_online_meeting_provider: The provider that the calendar prefers.
        checks: Each check, with its remedy when it is not in order.
    """

    organizer: str
    ready: bool
    allowed_online_meeting_providers: tuple[str, ...]
    default_online_meeting_provider: str | None
    checks: tuple[ReadinessCheckResponse, ...]

    @staticmethod
    def of(report: ReadinessReport) -> "OrganizerReadinessResponse":
        """Return what callers see of a report."""
        return OrganizerReadinessResponse(
            organizer=report.organizer,
            ready=report.ready,
            allowed_online_meeting_providers=report.allowed_providers,
            default_online_meeting_provider=report.default_provider,
            checks=tuple(ReadinessCheckResponse.model_validate(asdict(check)) for check in report.checks),
        )


def failed(name: CheckName, error: GraphError) -> Check:
    """Return the failed check for a failure of Graph."""
    if isinstance(error, RejectedError):
        answer = error.answer
        said = f" (Graph: {answer.status} {answer.code}, request id {answer.request_id})" if answer else ""
        return Check(name, ok=False, detail=f"{error.message}{said}", remedy=remedies.without_meeting(error.remedy))
    delay = error.delay if isinstance(error, (ThrottledError, UnavailableError)) else None
    when = f"in {math.ceil(delay.total_seconds())} seconds" if delay else "in a moment"
    detail = f"{error}." if isinstance(error, ThrottledError) else f"Graph could not be asked: {error}."
    return Check(name, ok=False, detail=detail, remedy=f"Ask again {when}.")
