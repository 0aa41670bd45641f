"""What the probes found, as a report."""

import math
from typing import Literal

from shared.errors import GraphError, RejectedError, ThrottledError, TransientError
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


def passed(name: CheckName, detail: str) -> ReadinessCheckResponse:
    """Return a check that passed."""
    return ReadinessCheckResponse(name=name, ok=True, detail=detail, remedy=None)


def failed(name: CheckName, detail: str, remedy: str) -> ReadinessCheckResponse:
    """Return a check that failed; the remedy says who does what."""
    return ReadinessCheckResponse(name=name, ok=False, detail=detail, remedy=remedy)


def failed_by(name: CheckName, error: GraphError) -> ReadinessCheckResponse:
    """Return a check that failed because of an error of Graph."""
    if isinstance(error, RejectedError):
        answer = error.answer
        said = f" (Graph: {answer.status} {answer.code}, request id {answer.request_id})" if answer else ""
        return failed(name, f"{error.message}{said}", remedies.without_meeting(error.remedy))
    delay = error.delay if isinstance(error, TransientError) else None
    when = f"in {math.ceil(delay.total_seconds())} seconds" if delay else "in a moment"
    detail = f"{error}." if isinstance(error, ThrottledError) else f"Graph could not be asked: {error}."
    return failed(name, detail, f"Ask again {when}.")
