"""Errors as RFC 9457 problems: what callers get for each error that the app raises."""

import logging
import math
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus

from shared.errors import (
    AnothersMeetingError,
    AnothersScheduleError,
    ArtifactsOffError,
    AttendeeNotFoundError,
    CallerNotAllowedError,
    ChangeRefusedError,
    GraphError,
    InvalidRequestError,
    KeyReusedError,
    MeetingNotFoundError,
    NoJoinLinkError,
    OrganizerNotAllowedError,
    QuotaExceededError,
    RejectedError,
    RequestTooLargeError,
    RowRefusedError,
    RowTooLargeError,
    ScheduleNotFoundError,
    SettingsError,
    StorageUnavailableError,
    TransientError,
    UnreadableRecordError,
    VersionMismatchError,
)
from shared.graph import remedies
from shared.redaction import redacted_trace
from shared.throttling.mailbox_gate import PAUSE_WITHOUT_RETRY_AFTER
from shared.use_cases.external_meetings import UnknownOrganizerError
from shared.validation.problem_details import Problem

_logger = logging.getLogger(__name__)

_FAULTS_IN_DETAIL = 3
_LONGEST_IN_DETAIL = 2000


class HttpError(Exception):
    """A request that the HTTP layer refuses."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


def problem_of(error: Exception, caller_digest: str) -> Problem:
    """Return the problem for an error, and log failures of the service and refused callers."""
    problem = as_problem(error)
    _log(error, problem, caller_digest)
    return problem


def as_problem(error: Exception) -> Problem:
    """Return the problem for an error."""
    match error:
        case HttpError(problem=problem):
            return problem
        case InvalidRequestError():
            more = {"moreFaults": True} if error.more_faults else {}
            detail = _first_words(error)
            return Problem(400, "invalidRequest", "The request is not valid", detail, error.faults, members=more)
        case ChangeRefusedError(code=code):
            return Problem(409, code, "The meeting does not allow this", f"{error}")
        case QuotaExceededError(delay=delay):
            return Problem(429, "quotaExceeded", "The daily quota is used up", f"{error}.", retry_after=_seconds(delay))
        case GraphError():
            return _graph_problem(error)
        case _:
            known = (_PROBLEMS[each] for each in type(error).__mro__ if each in _PROBLEMS)
            status, code, title, detail = next(known, _INTERNAL_ERROR)
            retry_after = _PAUSE_SECONDS if isinstance(error, StorageUnavailableError) else None
            return Problem(status, code, title, detail.format(error), retry_after=retry_after)


def _first_words(error: InvalidRequestError) -> str:
    """Return the first faults as sentences, and the number of the others."""
    said = [fault.shortened(_LONGEST_IN_DETAIL).message for fault in error.faults[:_FAULTS_IN_DETAIL]]
    more = len(error.faults) - len(said)
    if error.more_faults:
        said.append(f"There are more than {more} more faults.")
    elif more:
        said.append(f"There {'is 1 more fault' if more == 1 else f'are {more} more faults'}.")
    return " ".join(said)


# Status, code, title and detail, where {} stands for the error's message.
_PROBLEMS: Mapping[type[Exception], tuple[int, str, str, str]] = {
    RequestTooLargeError: (413, "tooLarge", "The request is too large", "{}."),
    RowTooLargeError: (
        *(413, "tooLarge", "The request is too large"),
        "The stored form is too large for the storage. Shorten the body or the lists.",
    ),
    CallerNotAllowedError: (403, "callerNotAllowed", "The caller is not allowed", "{}."),
    OrganizerNotAllowedError: (403, "organizerNotAllowed", "The organizer is not allowed", "{}."),
    ArtifactsOffError: (403, "artifactsOff", "Reading this is switched off", "{}."),
    MeetingNotFoundError: (404, "notFound", "There is no such meeting", "No meeting has this id."),
    ScheduleNotFoundError: (404, "notFound", "There is no such schedule", "No schedule has this id."),
    AttendeeNotFoundError: (
        *(404, "attendeeNotFound", "There is no such attendee"),
        "Neither the request nor what was seen in Outlook invites this address. To look again, refresh the meeting.",
    ),
    NoJoinLinkError: (409, "noJoinLink", "There is no join link", "{}."),
    VersionMismatchError: (
        *(412, "versionMismatch", "If-Match names another version"),
        "{}, and If-Match names another. Read it again, and send the request with its ETag.",
    ),
    KeyReusedError: (
        *(422, "keyReused", "The idempotency key was used before"),
        "The Idempotency-Key {}. Use a new key for a new request.",
    ),
    StorageUnavailableError: (
        *(503, "storageUnavailable", "Not available now"),
        "The storage of this service does not answer. Send the same request again, with its key if it has one.",
    ),
    SettingsError: (
        *(503, "settingsWrong", "The service is not set up"),
        "The settings of the service are incomplete. Its log says what is missing.",
    ),
}
_INTERNAL_ERROR = (500, "internalError", "The service failed", "The failure is in the log of the service.")


def _log(error: Exception, problem: Problem, caller_digest: str) -> None:
    """Log failures of the service for the operator, and requests that the caller may not make."""
    match error:
        case CallerNotAllowedError() | OrganizerNotAllowedError() | QuotaExceededError():
            _logger.warning("http.refused %s to %s", problem.code, caller_digest)
        case AnothersMeetingError() | AnothersScheduleError():
            _logger.warning("http.refused %s to %s", "anothers", caller_digest)
        case StorageUnavailableError():
            _logger.error("http.storageUnavailable %s", error)
        case RowRefusedError() | UnreadableRecordError():  # their messages quote no record
            _logger.error("http.failed %s", error)
        case SettingsError():
            _logger.critical("settings.wrong %s", error)
        case _ if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            _logger.error("http.failed %s", redacted_trace(error))
        case _:
            pass


# Of what Graph rejects: 403 where an administrator has to act, 404 where the URL names what is missing, 409 for the
# rest that is missing.
_REJECTION_STATUSES = {
    "applicationAccessPolicyMissing": 403,
    "applicationPermissionMissing": 403,
    "mailboxAccessDenied": 403,
    "onlineMeetingsDenied": 403,
    "transcriptsOff": 403,
    "roomListNotFound": 404,
    "transcriptNotFound": 404,
    "eventDeleted": 409,
    "notCalendarBacked": 409,
    "organizerHasNoMailbox": 409,
    "organizerNotFound": 409,
}
_PAUSE_SECONDS = 5


def _graph_problem(error: GraphError) -> Problem:
    """Return the problem for a failure of Graph while a caller waits; a 429 of Graph is 503 with its Retry-After."""
    if isinstance(error, RejectedError):
        members = {"remedy": remedies.without_meeting(error.remedy)}
        status = 404 if isinstance(error, UnknownOrganizerError) else _REJECTION_STATUSES.get(error.code, 502)
        return Problem(status, error.code, "Microsoft Graph refused", error.message, members=members)
    delay = error.delay if isinstance(error, TransientError) else None
    said = f"{error}"
    detail = f"{said[:1].upper()}{said[1:]}. Send the same request again later."
    return Problem(
        503, "graphUnavailable", "Not available now", detail, retry_after=_seconds(delay or PAUSE_WITHOUT_RETRY_AFTER)
    )


def _seconds(delay: timedelta) -> int:
    return max(1, math.ceil(delay.total_seconds()))
