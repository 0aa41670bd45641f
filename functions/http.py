"""HTTP, for every route alike: reading bodies within bounds, meetings as answers, and errors as RFC 9457 problems."""

import functools
import json
import logging
import math
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import azure.functions as func

from functions.caller import caller_of
from functions.public_url import path_of
from shared.accept import LARGEST_REQUEST
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
from shared.graph import caller_traceparent, remedies
from shared.meeting import Meeting, is_meeting_id
from shared.meeting_request import decode_json
from shared.message import as_traceparent

_logger = logging.getLogger(__name__)

_JSON = re.compile(r"application/([a-z0-9!#$&^_.+-]+\+)?json\s*(;.*)?", re.IGNORECASE)
_POLL_SECONDS = 2

type Handler = Callable[[func.HttpRequest], Awaitable[func.HttpResponse]]


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


def answers_problems(handler: Handler) -> Handler:
    """Turn what a handler raises into a problem; nothing that was not meant for the caller gets into it.

    Whom the settings do not let call is refused before the handler looks at anything.
    """

    async def admit(req: func.HttpRequest) -> func.HttpResponse:
        caller_of(req)
        return await handler(req)

    return answers_anybody(functools.wraps(handler)(admit))


def answers_anybody(handler: Handler) -> Handler:
    """Do what `answers_problems` does, for a route that is open to every caller."""

    @functools.wraps(handler)
    async def handle(req: func.HttpRequest) -> func.HttpResponse:
        trace = caller_traceparent.set(traceparent_of(req))
        try:
            return await handler(req)
        except Exception as error:  # noqa: BLE001 - the outermost place, and what is not known is logged as a failure
            return _problem_response(req, problem_of(error))
        finally:
            caller_traceparent.reset(trace)

    return handle


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


def read_json(req: func.HttpRequest) -> Any:
    """Return the JSON value of a request's body.

    Raises:
        HttpError: it is not said to be JSON, is compressed, or is too large.
        InvalidRequestError: it is not JSON.
    """
    if not is_json(req):
        raise NOT_JSON
    return decode_json(read_body(req, LARGEST_REQUEST))


def is_json(req: func.HttpRequest) -> bool:
    """Tell whether a request's body is said to be JSON."""
    return bool(_JSON.fullmatch(req.headers.get("content-type", "").strip()))


def read_body(req: func.HttpRequest, largest: int) -> bytes:
    """Return a request's body.

    Raises:
        HttpError: it is compressed, or has more than `largest` bytes.
    """
    if req.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise COMPRESSED
    body = req.get_body()
    if len(body) > largest:
        raise HttpError(Problem(413, "tooLarge", "Too large", f"This takes at most {largest} bytes."))
    return body


def unsupported_media_type(title: str, detail: str) -> HttpError:
    """Return what is raised for a body of a form that is not read."""
    return HttpError(Problem(415, "unsupportedMediaType", title, detail))


NOT_JSON = unsupported_media_type("Not JSON", "Send the request as application/json.")
COMPRESSED = unsupported_media_type("Compressed", "Send the request without Content-Encoding.")


def meeting_id_of(req: func.HttpRequest) -> str:
    """Return the meeting's id in a route.

    Raises:
        MeetingNotFoundError: no meeting has an id of this form.
    """
    meeting_id = req.route_params.get("id", "")
    if not is_meeting_id(meeting_id):
        raise MeetingNotFoundError("an id of another form belongs to no meeting")
    return meeting_id


def meeting_response(
    meeting: Meeting,
    location: str,
    *,
    accepted: bool = False,
    replayed: bool = False,
    headers: Mapping[str, str] | None = None,
) -> func.HttpResponse:
    """Answer with a meeting: 202 while it is on its way (or just accepted), 200 when it is finished.

    The form is the one that Logic Apps and Power Automate poll by themselves:
    https://learn.microsoft.com/azure/logic-apps/logic-apps-create-api-app#async-pattern
    """
    headers = {"ETag": f'"{meeting.version}"', **(headers or {})}
    pending = accepted or not meeting.finished
    if pending:
        headers |= {"Location": location, "Retry-After": str(_retry_after(meeting))}
    if replayed:
        headers["Idempotency-Replayed"] = "true"
    return json_response(meeting.as_json(), 202 if pending else 200, headers)


def json_response(document: Any, status: int = 200, headers: dict[str, str] | None = None) -> func.HttpResponse:
    """Answer with JSON."""
    return func.HttpResponse(
        json.dumps(document), status_code=status, headers=headers, mimetype="application/json", charset="utf-8"
    )


def traceparent_of(req: func.HttpRequest) -> str | None:
    """Return the caller's W3C trace context, if there is one."""
    return as_traceparent(req.headers.get("traceparent"))


def _retry_after(meeting: Meeting) -> int:
    if meeting.next_attempt_at is None:
        return _POLL_SECONDS
    return max(_POLL_SECONDS, math.ceil((meeting.next_attempt_at - datetime.now(UTC)).total_seconds()))


def problem_document(problem: Problem, path: str) -> dict[str, Any]:
    """Return a problem as RFC 9457 writes it; `path` is the one that was asked for."""
    document: dict[str, Any] = {
        "type": f"urn:convene:problem:{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": path,
        "code": problem.code,
    }
    document |= problem.members
    if problem.faults:
        document["errors"] = [fault.as_json() for fault in problem.faults]
    return document


def _problem_response(req: func.HttpRequest, problem: Problem) -> func.HttpResponse:
    headers = {"Retry-After": str(problem.retry_after)} if problem.retry_after else {}
    if problem.accept_patch:
        headers["Accept-Patch"] = problem.accept_patch
    return func.HttpResponse(
        json.dumps(problem_document(problem, path_of(req))),
        status_code=problem.status,
        headers=headers,
        mimetype="application/problem+json",
    )
