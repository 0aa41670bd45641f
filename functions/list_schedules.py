"""GET /schedules: list all schedules, page by page."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import azure.functions as func

from functions.http.failures import INVALID_REQUEST, SERVICE
from functions.http.requests import read_query
from functions.http.responses import json_response
from functions.http.trigger import http_trigger
from shared.access.callers import Caller
from shared.bootstrap import app
from shared.openapi.examples import schedule
from shared.openapi.operation import Example, Operation, Response
from shared.openapi.parameters import CONTINUATION, TOP
from shared.schedules import Schedule, ScheduleResponse
from shared.validation.paging import read_page
from shared.validation.response_model import ResponseModel

blueprint = func.Blueprint()


class ScheduleListResponse(ResponseModel, frozen=True):
    """Some of the schedules.

    Attributes:
        schedules: The schedules, newest first.
        continuation_token: Requests the next schedules; null after the last.
    """

    schedules: tuple[ScheduleResponse, ...]
    continuation_token: str | None


_EXAMPLE = Example("One schedule", lambda: ScheduleListResponse(schedules=(schedule(),), continuation_token=None))
OPERATION = Operation(
    summary="List schedules",
    description="Returns all schedules, newest first, page by page.",
    tag="Schedules",
    parameters=(TOP, CONTINUATION),
    responses=(
        Response(200, "The schedules; the list may be empty.", ScheduleListResponse, examples={"one": _EXAMPLE}),
    ),
    raises=(INVALID_REQUEST, *SERVICE),
)


@blueprint.route("schedules", methods=["GET"])
@http_trigger
async def list_schedules(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:
    """Answer with schedules, newest first."""
    page = await app().schedules.page(*read_query(req, OPERATION, read_page), caller)
    now = datetime.now(UTC)
    schedules = await asyncio.to_thread(_responses, page.items, now)  # a rare rule takes some ms to evaluate
    return json_response(ScheduleListResponse(schedules=schedules, continuation_token=page.continuation))


def _responses(schedules: Sequence[Schedule], now: datetime) -> tuple[ScheduleResponse, ...]:
    return tuple(ScheduleResponse.of(each, now) for each in schedules)
