"""The Graph service: authenticates, routes, applies faults, and records every request."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import Final

from local.graph.artifact_service import KINDS, answer_artifacts
from local.graph.batch import answer_batch
from local.graph.calendar_service import get_schedule, read_calendar, supported_zones
from local.graph.errors import (
    ConnectionDropError,
    GraphError,
    error_envelope,
    no_such_segment,
    unauthenticated,
)
from local.graph.event_service import answer_calendar_view, answer_event, answer_events, cancel_event
from local.graph.faults import Action
from local.graph.http_messages import GraphAnswer, GraphRequest
from local.graph.meeting_service import answer_meeting, answer_meetings, create_or_get
from local.graph.place_service import answer_places
from local.graph.records import Mailbox, RecordedRequest
from local.graph.tenant import Tenant
from local.graph.user_service import answer_user, find_users

_FOREIGN_LINK: Final = "https://teams.example.net/l/meetup-join/19%3ameeting_elsewhere%40thread.v2/0"
_HUGE: Final = 10 * 1024 * 1024
_BEARER: Final = re.compile(r"Bearer\s+\S+", re.IGNORECASE)


class GraphService:
    """Answers requests for one tenant."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    async def answer(self, request: GraphRequest) -> GraphAnswer:
        """Answer a request, and record it.

        Raises:
            ConnectionDropError: a fault drops the connection.
        """
        tenant = self._tenant
        request_id = tenant.identifiers.request_id()
        client_request_id = request.headers.get("client-request-id", "")
        try:
            answer = await self._with_faults(request, request_id, client_request_id or request_id)
        except ConnectionDropError:
            self._record(request, 0)
            raise
        answer.headers["request-id"] = request_id
        if client_request_id:
            answer.headers["client-request-id"] = client_request_id
        self._record(request, answer.status)
        return answer

    async def _with_faults(self, request: GraphRequest, request_id: str, client_request_id: str) -> GraphAnswer:
        tenant = self._tenant

        async def handle() -> GraphAnswer:
            try:
                return await self._handle(request)
            except GraphError as error:
                body = error_envelope(error, request_id, client_request_id, tenant.clock())
                return GraphAnswer(error.status, body, dict(error.headers))

        action = tenant.faults.take(request.method, request.path, self._names(request))
        if action is None:
            return await handle()
        if action.effect == "status" and action.body is None:
            error = GraphError(action.status, action.code, action.message)
            body = error_envelope(error, request_id, client_request_id, tenant.clock())
            return await _faulty(action, handle, body)
        return await _faulty(action, handle, action.body)

    async def _handle(self, request: GraphRequest) -> GraphAnswer:
        tenant = self._tenant
        if not _BEARER.fullmatch(request.headers.get("authorization", "")):
            raise unauthenticated()
        segments = request.segments()
        if segments == ["$batch"] and request.method == "POST":
            return await answer_batch(request, self.answer)
        match segments:
            case ["users", name, "onlineMeetings", *rest]:
                await self._delay()
                return self._answer_meetings(name, rest, request)
            case ["users", name, ("events" | "calendar" | "calendarView" | "outlook") as folder, *rest]:
                mailbox = tenant.open_mailbox(name)
                async with self._turn(mailbox):
                    return self._answer_mailbox(mailbox, [folder, *rest], request)
            case ["users"] if request.method == "GET":
                return find_users(tenant, request)
            case ["users", name] if request.method == "GET":
                await self._delay()
                return answer_user(tenant, name, request)
            case ["places", *rest] if request.method == "GET" and rest:
                return answer_places(tenant, rest, request)
            case _:
                raise no_such_segment(segments[-1] if segments else "")

    def _answer_mailbox(self, mailbox: Mailbox, segments: list[str], request: GraphRequest) -> GraphAnswer:
        tenant = self._tenant
        match segments:
            case ["calendar"] if request.method == "GET":
                return read_calendar(mailbox)
            case ["calendar", "getSchedule" | "microsoft.graph.getSchedule"] if request.method == "POST":
                return get_schedule(tenant, request)
            case ["outlook", function] if function.startswith("supportedTimeZones") and request.method == "GET":
                return supported_zones(function)
            case ["events"] | ["calendar", "events"]:
                return answer_events(tenant, mailbox, request, in_calendar=segments[0] == "calendar")
            case ["calendarView"] | ["calendar", "calendarView"] if request.method == "GET":
                return answer_calendar_view(tenant, mailbox, request)
            case ["events", event_id] | ["calendar", "events", event_id]:
                return answer_event(tenant, mailbox, event_id, request)
            case ["events", event_id, "cancel"] | ["calendar", "events", event_id, "cancel"] if (
                request.method == "POST"
            ):
                return cancel_event(tenant, mailbox, event_id, request)
            case _:
                raise no_such_segment(segments[-1])

    def _answer_meetings(self, name: str, rest: list[str], request: GraphRequest) -> GraphAnswer:
        match rest:
            case []:
                return answer_meetings(self._tenant, name, request)
            case ["createOrGet"] if request.method == "POST":
                return create_or_get(self._tenant, name, request)
            case [meeting_id]:
                return answer_meeting(self._tenant, name, meeting_id, request)
            case [_, kind, *_] if kind in KINDS and request.method == "GET":
                return answer_artifacts(self._tenant, name, rest, request)
            case _:
                raise no_such_segment(rest[-1])

    @asynccontextmanager
    async def _turn(self, mailbox: Mailbox) -> AsyncGenerator[None]:
        # https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits
        settings = self._tenant.settings
        if 0 < settings.mailbox_concurrency <= mailbox.running:
            message = "Application is over its MailboxConcurrency limit."
            raise GraphError(429, "ApplicationThrottled", message, headers={"Retry-After": settings.retry_after})
        mailbox.running += 1
        mailbox.peak = max(mailbox.peak, mailbox.running)
        try:
            await self._delay()
            yield
        finally:
            mailbox.running -= 1

    async def _delay(self) -> None:
        if seconds := self._tenant.settings.latency_seconds:
            await asyncio.sleep(seconds)

    def _names(self, request: GraphRequest) -> frozenset[str]:
        match request.segments():
            case ["users", name, *_]:
                user = self._tenant.find_user(name)
                return user.names if user else frozenset({name.lower()})
            case _:
                return frozenset()

    def _record(self, request: GraphRequest, status: int) -> None:
        headers = {name: value for name, value in request.headers.items() if name != "authorization"}
        body, now = request.recorded_body(), self._tenant.clock()
        self._tenant.requests.append(RecordedRequest(request.method, request.target, headers, body, status, now))


async def _faulty(action: Action, handle: Callable[[], Awaitable[GraphAnswer]], body: object) -> GraphAnswer:
    if action.effect == "hang":
        if not action.after:
            await asyncio.sleep(action.seconds)
        answer = await handle()
        if action.after:
            await asyncio.sleep(action.seconds)
        return answer
    answer = await handle() if action.after else GraphAnswer(200)
    if action.effect in {"truncated", "cut", "noLink", "foreignLink"}:
        return _spoilt(action, answer)
    return _instead(action, body)


def _instead(action: Action, body: object) -> GraphAnswer:
    match action.effect:
        case "reset":
            raise ConnectionDropError
        case "html200":
            page = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in to continue.</body></html>"
            return GraphAnswer(200, page, {"Content-Type": "text/html; charset=utf-8"})
        case "empty204":
            return GraphAnswer(204)
        case "huge":
            return GraphAnswer(200, _huge())
        case _:
            return GraphAnswer(action.status, body.encode() if isinstance(body, str) else body, dict(action.headers))


@cache
def _huge() -> bytes:
    return b'{"value":"' + b"x" * _HUGE + b'"}'


def _spoilt(action: Action, answer: GraphAnswer) -> GraphAnswer:
    if action.effect == "truncated":
        content = answer.content()
        answer.body = content[: len(content) // 2]
    elif action.effect == "cut":
        answer.cut = True
    else:
        _replace_link(answer, _FOREIGN_LINK if action.effect == "foreignLink" else None)
    return answer


def _replace_link(answer: GraphAnswer, url: str | None) -> None:
    if not isinstance(answer.body, dict):
        return
    text = json.dumps(answer.body)
    body = json.loads(text)
    for view in (body, *body.get("value", [])) if isinstance(body.get("value"), list) else (body,):
        if isinstance(view.get("onlineMeeting"), dict):
            view["onlineMeeting"] = {**view["onlineMeeting"], "joinUrl": url} if url else None
        if "joinWebUrl" in view:
            view["joinWebUrl"] = url
    answer.body = body
