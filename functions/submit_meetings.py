"""POST /meetings/batch: ask for many meetings at once."""

import asyncio
import re
from typing import Annotated

import azure.functions as func
from pydantic import Field

from functions.http.caller import caller_of
from functions.http.failures import BODY, SERVICE
from functions.http.problems import problem_of, problem_response
from functions.http.public_url import meeting_url, path_of
from functions.http.requests import is_json, read_body, traceparent_of, unsupported_media_type
from functions.http.responses import answers_problems, json_response
from shared.bootstrap import app
from shared.errors import Fault, InvalidRequestError
from shared.meeting_request import decode_json
from shared.openapi.examples import BATCH as SOME_BATCH
from shared.openapi.examples import ROWS as SOME_ROWS
from shared.openapi.examples import batch_results
from shared.openapi.operation import JSON, Answer, Body, Example, Operation
from shared.openapi.parameters import TRACE
from shared.openapi.request_schemas import BATCH
from shared.use_cases.accept import Accepted
from shared.use_cases.batch import COLUMNS, MOST_ITEMS, BatchItem, read_csv_items, read_json_items
from shared.validation.problem_details import ProblemResponse
from shared.validation.response_model import ResponseModel, Uri, Uuid, left_out

blueprint = func.Blueprint()


class BatchResultResponse(ResponseModel, frozen=True):
    """What became of one request of a batch.

    Attributes:
        index: The request's place in the batch, from 0.
        row: The request's row in the CSV file; the header is row 1.
        status: The HTTP status that the request would have had by itself.
        id: The meeting's id; null when there is no meeting.
        location: The URL of the meeting.
        replayed: Whether the same request came with this key before.
        problem: Why there is no meeting.
    """

    index: Annotated[int, Field(ge=0)]
    row: Annotated[int, Field(ge=2)] | None = left_out()
    status: int
    id: Uuid | None
    location: Uri | None = left_out()
    replayed: bool = left_out(default=False)
    problem: ProblemResponse | None = left_out()


class MeetingBatchResultResponse(ResponseModel, frozen=True):
    """What became of each request of a batch.

    Attributes:
        results: One result for each request, in order.
    """

    results: tuple[BatchResultResponse, ...]


OPERATION = Operation(
    summary="Ask for many meetings at once",
    description=f"Accepts up to {MOST_ITEMS} requests, each by itself: what is wrong with one stops no other. The batch"
    " is JSON, or a CSV file in UTF-8 with a header row of these columns:"
    f" {', '.join(COLUMNS)}.",
    tag="Meetings",
    parameters=(TRACE,),
    body=Body(
        "The meetings that are wanted.",
        {JSON: BATCH, "text/csv": {"type": "string"}},
        {
            JSON: {"two": Example("One by a key, one without", SOME_BATCH)},
            "text/csv": {"one": Example("One row", SOME_ROWS)},
        },
    ),
    answers=(
        Answer(
            207,
            "What became of each, in order: its status is that of a request of its own.",
            MeetingBatchResultResponse,
            examples={"mixed": Example("One accepted, one refused", batch_results)},
        ),
    ),
    raises=(*BODY, *SERVICE),
)

# Requests are seldom larger than some KiB, and a hundred of the largest would be more than a process should hold.
LARGEST_BATCH = 4 * 1024 * 1024
_CSV = re.compile(r'text/csv\s*(;\s*(charset="?utf-?8"?|header="?present"?)\s*)*', re.IGNORECASE)


@blueprint.function_name("submit_meetings")
@blueprint.route("meetings/batch", methods=["POST"])
@answers_problems
async def submit_meetings(req: func.HttpRequest) -> func.HttpResponse:
    """Answer 207 with what became of each item, in order: its `status` is that of a request of its own.

    Nothing is waited for, whatever `Prefer` says: a hundred meetings take longer than a caller waits.
    """
    if "idempotency-key" in req.headers:
        message = "A batch has no key of its own: give each meeting its idempotencyKey."
        raise InvalidRequestError([Fault("/headers/Idempotency-Key", "notAllowed", message)])
    items = await asyncio.to_thread(_read_items, req)  # 4 MiB of nonsense take half a second
    outcomes = await app().batch.accept(items, caller_of(req), traceparent_of(req))
    results = tuple(
        _result(req, outcome, index, item.row)
        for index, (item, outcome) in enumerate(zip(items, outcomes, strict=True))
    )
    return json_response(MeetingBatchResultResponse(results=results), 207)


def _read_items(req: func.HttpRequest) -> list[BatchItem]:
    if is_json(req):
        return read_json_items(decode_json(read_body(req, LARGEST_BATCH), storable=False))
    if _CSV.fullmatch(req.headers.get("content-type", "").strip()):
        return read_csv_items(read_body(req, LARGEST_BATCH))
    detail = "Send the batch as application/json, or as text/csv in UTF-8."
    raise unsupported_media_type("Neither JSON nor CSV", detail)


def _result(req: func.HttpRequest, outcome: Accepted | Exception, index: int, row: int | None) -> BatchResultResponse:
    if isinstance(outcome, Exception):
        problem = problem_of(outcome)
        told = problem_response(problem, path_of(req))
        return BatchResultResponse(index=index, row=row, status=problem.status, id=None, problem=told)
    meeting = outcome.meeting
    return BatchResultResponse(
        index=index,
        row=row,
        status=200 if outcome.replayed and meeting.finished else 202,
        id=meeting.id,
        location=meeting_url(req, meeting.id),
        replayed=outcome.replayed,
    )
