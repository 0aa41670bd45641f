"""Answers over HTTP, for every route alike: meetings and schedules, and errors as problems."""

import functools
import json
import math
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import azure.functions as func

from functions.http.caller import caller_of
from functions.http.problems import Problem, problem_of, problem_response
from functions.http.public_url import path_of
from functions.http.requests import traceparent_of
from shared.meeting import Meeting, MeetingResponse
from shared.schedules import Schedule, ScheduleResponse
from shared.trace_context import caller_traceparent
from shared.validation.response_model import ResponseModel

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
    return json_response(MeetingResponse.of(meeting), 202 if pending else 200, headers)


def schedule_response(
    schedule: Schedule, status: int = 200, headers: Mapping[str, str] | None = None
) -> func.HttpResponse:
    """Answer with a schedule and its next occurrences."""
    etag = {"ETag": f'"{schedule.version}"'}
    return json_response(ScheduleResponse.of(schedule, datetime.now(UTC)), status, etag | dict(headers or {}))


def json_response(
    answer: ResponseModel | dict[str, Any], status: int = 200, headers: dict[str, str] | None = None
) -> func.HttpResponse:
    """Answer with JSON: an object that the interface describes, or one of its descriptions."""
    document = answer.as_json() if isinstance(answer, ResponseModel) else answer
    return func.HttpResponse(
        json.dumps(document), status_code=status, headers=headers, mimetype="application/json", charset="utf-8"
    )


def _retry_after(meeting: Meeting) -> int:
    next_attempt_at = meeting.progress.next_attempt_at
    if next_attempt_at is None:
        return _POLL_SECONDS
    return max(_POLL_SECONDS, math.ceil((next_attempt_at - datetime.now(UTC)).total_seconds()))


def _problem_response(req: func.HttpRequest, problem: Problem) -> func.HttpResponse:
    headers = {"Retry-After": str(problem.retry_after)} if problem.retry_after else {}
    if problem.accept_patch:
        headers["Accept-Patch"] = problem.accept_patch
    return func.HttpResponse(
        json.dumps(problem_response(problem, path_of(req)).as_json()),
        status_code=problem.status,
        headers=headers,
        mimetype="application/problem+json",
    )
