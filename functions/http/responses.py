"""Answers over HTTP: meetings, schedules and pages."""

import asyncio
import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import azure.functions as func

from functions.pages.page import Page
from shared.meeting import Meeting, MeetingResponse
from shared.schedules import Schedule, ScheduleResponse
from shared.validation.response_model import ResponseModel

_POLL_SECONDS = 2


def meeting_response(
    meeting: Meeting,
    location: str,
    *,
    accepted: bool = False,
    replayed: bool = False,
    headers: Mapping[str, str] | None = None,
) -> func.HttpResponse:
    """Answer with a meeting: 202 while it is in progress (or just accepted), 200 when it is finished.

    Logic Apps and Power Automate poll answers of this form:
    https://learn.microsoft.com/azure/logic-apps/logic-apps-create-api-app#async-pattern
    """
    headers = {"ETag": etag(meeting), **(headers or {})}
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
    answer = ScheduleResponse.of(schedule, datetime.now(UTC))
    return json_response(answer, status, {"ETag": etag(schedule), **(headers or {})})


def json_response(
    answer: ResponseModel | dict[str, Any], status: int = 200, headers: dict[str, str] | None = None
) -> func.HttpResponse:
    """Answer with JSON: an object of the interface, or its description."""
    document = answer.as_json() if isinstance(answer, ResponseModel) else answer
    return func.HttpResponse(
        json.dumps(document), status_code=status, headers=headers, mimetype="application/json", charset="utf-8"
    )


async def page_response(req: func.HttpRequest, page: Callable[[], Page]) -> func.HttpResponse:
    """Answer with a page, compressed if the browser accepts that; the first call reads files, in a thread."""
    found = await asyncio.to_thread(page)
    headers = {
        "Cache-Control": "private, max-age=3600",
        "Content-Security-Policy": found.content_security_policy,
        "Content-Type": "text/html; charset=utf-8",
        "Referrer-Policy": "no-referrer",  # the address may hold a key
        "Vary": "Accept-Encoding",
    }
    if "gzip" not in req.headers.get("accept-encoding", ""):
        return func.HttpResponse(found.html, headers=headers)
    return func.HttpResponse(found.compressed, headers=headers | {"Content-Encoding": "gzip"})


def etag(record: Meeting | Schedule) -> str:
    """Return the entity tag of a meeting or a schedule, which is its version."""
    return f'"{record.version}"'


def _retry_after(meeting: Meeting) -> int:
    next_attempt_at = meeting.progress.next_attempt_at
    if next_attempt_at is None:
        return _POLL_SECONDS
    return max(_POLL_SECONDS, math.ceil((next_attempt_at - datetime.now(UTC)).total_seconds()))
