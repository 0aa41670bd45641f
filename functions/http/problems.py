"""Errors as RFC 9457 problems: what each that the app raises looks like from outside."""

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from shared.errors import (
    AttendeeNotFoundError,
    CallerNotAllowedError,
    ChangeRefusedError,
    Fault,
    GraphError,
    InvalidRequestError,
    KeyReusedError,
    MeetingNotFoundError,
    NoJoinLinkError,
    OrganizerNotAllowedError,
    QuotaExceededError,
    RejectedError,
    RequestTooLargeError,
    ScheduleNotFoundError,
    SettingsError,
    StorageUnavailableError,
    ThrottledError,
    UnavailableError,
    VersionMismatchError,
)
from shared.failure_trace import failure_trace
from shared.graph import remedies
from shared.validation.problem_details import ProblemDetail, ProblemResponse

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """What an error looks like from outside; `members` are those that only this kind of problem has."""

    status: int
    code: str
    title: str
    detail: str
    faults: tuple[Fault, ...] = ()
    retry_after: int | None = None
    accept_patch: str | None = None
    members: Mapping[str, Any] = field(default_factory=dict[str, Any])


class HttpError(Exception):
    """A request that HTTP itself has a status for."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


def problem_of(error: Exception) -> Problem:
    """Return what an error looks like from outside, and log what is not the caller's."""
    problem = as_problem(error)
    _log(error, problem)
    return problem


def as_problem(error: Exception) -> Problem:
    """Return what an error looks like from outside."""
    return error.problem if isinstance(error, HttpError) else _request_problem(error)


def _request_problem(error: Exception) -> Problem:
    """Return what an error looks like that is the caller's."""
    match error:
        case InvalidRequestError(faults=faults):
            detail = " ".join(fault.message for fault in faults[:3])
            problem = Problem(400, "invalidRequest", "The request is not valid", detail, faults)
        case RequestTooLargeError():
            problem = Problem(413, "tooLarge", "Too large", f"{error}.")
        case CallerNotAllowedError() | OrganizerNotAllowedError() | QuotaExceededError():
            problem = _rights_problem(error)
        case MeetingNotFoundError() | ScheduleNotFoundError():
            what = "meeting" if isinstance(error, MeetingNotFoundError) else "schedule"
            problem = Problem(404, "notFound", f"There is no such {what}", f"No {what} has this id.")
        case NoJoinLinkError():
            problem = Problem(409, "noJoinLink", "There is no join link", f"{error}.")
        case AttendeeNotFoundError():
            detail = "The meeting does not invite this address."
            problem = Problem(404, "attendeeNotFound", "There is no such attendee", detail)
        case ChangeRefusedError(code=code):
            problem = Problem(409, code, "The meeting does not allow this", f"{error}")
        case VersionMismatchError():
            problem = Problem(412, "versionMismatch", "It has changed since", f"Look at it again: {error}.")
        case KeyReusedError():
            detail = "The Idempotency-Key came with another request before: use a new key for a new request."
            problem = Problem(422, "keyReused", "The idempotency key was used before", detail)
        case _:
            problem = _service_problem(error)
    return problem


def _rights_problem(error: CallerNotAllowedError | OrganizerNotAllowedError | QuotaExceededError) -> Problem:
    """Return what it looks like that somebody may not."""
    match error:
        case CallerNotAllowedError():
            return Problem(403, "callerNotAllowed", "The caller is not allowed", f"{error}.")
        case OrganizerNotAllowedError():
            return Problem(403, "organizerNotAllowed", "The organizer is not allowed", f"{error}.")
        case QuotaExceededError(delay=delay):
            seconds = math.ceil(delay.total_seconds())
            return Problem(429, "quotaExceeded", "The day's quota is used up", f"{error}.", retry_after=max(1, seconds))


def _service_problem(error: Exception) -> Problem:
    """Return what a failure looks like that is not the caller's."""
    match error:
        case GraphError():
            problem = _graph_problem(error)
        case StorageUnavailableError():
            detail = "The storage of this service does not answer. Send the same request again, with the same key."
            problem = Problem(503, "storageUnavailable", "Not available now", detail, retry_after=5)
        case SettingsError():
            detail = "The service is not set up completely; its log says what is missing."
            problem = Problem(503, "settingsWrong", "The service is not set up", detail)
        case _:
            problem = Problem(500, "internalError", "The service failed", "The failure is in the service's log.")
    return problem


def _log(error: Exception, problem: Problem) -> None:
    """Tell the operator of a failure that is the service's own."""
    match error:
        case StorageUnavailableError():
            _logger.error("http.storageUnavailable %s", error)
        case SettingsError():
            _logger.critical("settings.wrong %s", error)
        case _ if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            _logger.error("http.failed %s", failure_trace(error))
        case _:
            pass


# What Graph refuses for good: 403 what an administrator has to allow, 404 who is not there, 409 an event that is gone.
_REJECTION_STATUSES = {
    "applicationAccessPolicyMissing": 403,
    "applicationPermissionMissing": 403,
    "mailboxAccessDenied": 403,
    "onlineMeetingsDenied": 403,
    "organizerHasNoMailbox": 404,
    "organizerNotFound": 404,
    "eventDeleted": 409,
}
_PAUSE_SECONDS = 10


def _graph_problem(error: GraphError) -> Problem:
    """Return what a failure of Graph looks like where it is asked while the caller waits."""
    if isinstance(error, RejectedError):
        members = {"remedy": remedies.without_meeting(error.remedy)}
        status = _REJECTION_STATUSES.get(error.code, 502)
        return Problem(status, error.code, "Microsoft Graph refused", error.message, members=members)
    delay = error.delay if isinstance(error, (ThrottledError, UnavailableError)) else None
    seconds = math.ceil(delay.total_seconds()) if delay else _PAUSE_SECONDS
    what = f"{error}" if isinstance(error, ThrottledError) else f"Microsoft Graph could not be asked: {error}"
    detail = f"{what}. Send the same request again later."
    return Problem(503, "graphUnavailable", "Not available now", detail, retry_after=max(1, seconds))


def problem_response(problem: Problem, path: str) -> ProblemResponse:
    """Return a problem as RFC 9457 writes it; `path` is the one that was asked for."""
    return ProblemResponse(
        type=f"urn:convene:problem:{problem.code}",
        title=problem.title,
        status=problem.status,
        detail=problem.detail,
        instance=path,
        code=problem.code,
        errors=tuple(map(ProblemDetail.of, problem.faults)),
        **problem.members,
    )
