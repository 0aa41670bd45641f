"""HTTP, for every route alike: reading bodies within bounds, meetings as answers, and errors as problems."""

import functools
import json
import math
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import azure.functions as func

from functions.caller import caller_of
from functions.problem import HttpError, Problem, problem_document, problem_of
from functions.public_url import path_of
from shared.accept import LARGEST_REQUEST
from shared.errors import MeetingNotFoundError
from shared.graph import caller_traceparent
from shared.meeting import Meeting, is_meeting_id
from shared.meeting_request import decode_json
from shared.message import as_traceparent

_JSON = re.compile(r"application/([a-z0-9!#$&^_.+-]+\+)?json\s*(;.*)?", re.IGNORECASE)
_POLL_SECONDS = 2

type Handler = Callable[[func.HttpRequest], Awaitable[func.HttpResponse]]


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


def unsupported_media_type(title: str, detail: str, accept_patch: str | None = None) -> HttpError:
    """Return what is raised for a body of a form that is not read; `accept_patch` names the patches that are."""
    return HttpError(Problem(415, "unsupportedMediaType", title, detail, accept_patch=accept_patch))


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
