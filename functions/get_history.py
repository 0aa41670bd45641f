"""GET /meetings/{id}/history: list what has happened to a meeting."""

from datetime import UTC, datetime, timedelta
from typing import Literal

import azure.functions as func

from functions.http.failures import MEETING_NOT_FOUND, SERVICE
from functions.http.requests import meeting_id_of
from functions.http.responses import json_response
from functions.http.trigger import http_trigger
from shared.access.callers import Caller
from shared.bootstrap import app
from shared.meeting import Meeting
from shared.meeting.history_entry import MOST_ENTRIES
from shared.openapi.operation import Example, Operation, Response
from shared.openapi.parameters import MEETING_ID
from shared.validation.response_model import Moment, ResponseModel

blueprint = func.Blueprint()

type HistoryEvent = Literal["accepted", "waited", "created", "changed", "observed", "published"]


class HistoryEntryResponse(ResponseModel, frozen=True):
    """Something that has happened to a meeting.

    Attributes:
        at: When it happened.
        event: What happened: a request or a change was `accepted`; the meeting `waited`, and why; it was `created` in
            Microsoft 365; a version ended, so that the meeting `changed`; a change in Microsoft 365 was `observed`; a
            result or an event was `published`.
        detail: A sentence about it.
    """

    at: Moment
    event: HistoryEvent
    detail: str


class HistoryResponse(ResponseModel, frozen=True):
    """What has happened to a meeting.

    Attributes:
        entries: The last 50 entries, oldest first.
    """

    entries: tuple[HistoryEntryResponse, ...]

    @staticmethod
    def of(meeting: Meeting) -> "HistoryResponse":
        """Return a meeting's history as callers see it."""
        return HistoryResponse(entries=tuple(map(HistoryEntryResponse.model_validate, meeting.history)))


def _a_history() -> HistoryResponse:
    lines: tuple[tuple[HistoryEvent, str], ...] = (
        ("accepted", "The request was accepted."),
        ("waited", "Microsoft Graph throttles this mailbox."),
        ("created", "The event was created."),
        ("published", "meeting.succeeded of version 1 was sent."),
    )
    asked_at = datetime(2026, 11, 21, 8, tzinfo=UTC)
    return HistoryResponse(
        entries=tuple(
            HistoryEntryResponse(at=asked_at + timedelta(seconds=number), event=event, detail=detail)
            for number, (event, detail) in enumerate(lines)
        )
    )


OPERATION = Operation(
    summary="Get the history of a meeting",
    description=f"Lists the last {MOST_ENTRIES} events of the meeting, oldest first. A reason to wait that stays"
    " the same is one entry. A check of Outlook that finds no change adds none.",
    tag="Meetings",
    parameters=(MEETING_ID,),
    responses=(
        Response(
            200,
            "The history.",
            HistoryResponse,
            examples={"created": Example("A meeting that was created", _a_history)},
        ),
    ),
    raises=(MEETING_NOT_FOUND, *SERVICE),
)


@blueprint.route("meetings/{id}/history", methods=["GET"])
@http_trigger
async def get_history(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:
    """Answer with the meeting's history."""
    meeting = await app().finder.read(meeting_id_of(req), caller)
    return json_response(HistoryResponse.of(meeting))
