"""POST /meetings/batch: create meetings in a batch."""

import asyncio
import re
from typing import Annotated

import azure.functions as func
from pydantic import Field

from functions.http.caller import digest_of
from functions.http.failures import BODY, KEY_REUSED, SERVICE
from functions.http.problems import as_problem, problem_of
from functions.http.public_url import meeting_url, path_of
from functions.http.requests import is_json, origin_of, read_body, unsupported_media_type
from functions.http.responses import json_response
from functions.http.trigger import http_trigger
from shared.access.callers import Caller
from shared.bootstrap import app
from shared.errors import Fault, raise_with_faults_of
from shared.openapi.examples import BATCH as EXAMPLE_BATCH
from shared.openapi.examples import MEETING_ID as EXAMPLE_ID
from shared.openapi.examples import ROWS as EXAMPLE_ROWS
from shared.openapi.operation import JSON, Example, Operation, RequestBody, Response
from shared.openapi.parameters import TRACE
from shared.openapi.request_schemas import BATCH
from shared.use_cases.acceptance import Accepted
from shared.use_cases.batch import COLUMNS, MOST_ITEMS, BatchItem, read_csv_items, read_json_items
from shared.validation.json_text import decode_json
from shared.validation.problem_details import ProblemResponse
from shared.validation.response_model import ResponseModel, Uri, Uuid, left_out

blueprint = func.Blueprint()


class BatchResultResponse(ResponseModel, frozen=True):
    """The result of one request of a batch.

    Attributes:
        index: The position of the request in the batch, from 0.
        row: The request's row in the CSV file; the header is row 1.
        status: The HTTP status that the request alone would have had.
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
    """The result of each request of a batch.

    Attributes:
        results: One result for each request, in order.
    """

    results: tuple[BatchResultResponse, ...]


def _all_accepted() -> MeetingBatchResultResponse:
    return MeetingBatchResultResponse(results=(_accepted(0), _accepted(1)))


def _one_refused() -> MeetingBatchResultResponse:
    problem = as_problem(KEY_REUSED).response("/api/meetings/batch")
    refused = BatchResultResponse(index=1, status=problem.status, id=None, problem=problem)
    return MeetingBatchResultResponse(results=(_accepted(0), refused))


def _accepted(index: int) -> BatchResultResponse:
    url = f"https://convene.example/api/meetings/{EXAMPLE_ID}"
    return BatchResultResponse(index=index, status=202, id=EXAMPLE_ID, location=url)


OPERATION = Operation(
    summary="Create meetings in a batch",
    description=f"Accepts up to {MOST_ITEMS} requests, each by itself: an invalid one does not stop the others. The"
    " batch is JSON, or a CSV file in UTF-8 with a header row of these columns:"
    f" {', '.join(COLUMNS)}. A row without idempotencyKey gets a key from its cells, so that the same file, sent"
    " twice, creates no meeting twice.",
    tag="Meetings",
    parameters=(TRACE,),
    body=RequestBody(
        "The meetings to create.",
        {JSON: BATCH, "text/csv": {"type": "string"}},
        {
            JSON: {"two": Example("One with a key, one without", EXAMPLE_BATCH)},
            "text/csv": {"one": Example("One row", EXAMPLE_ROWS)},
        },
    ),
    responses=(
        Response(
            200,
            "Every request was accepted. The results are in order; each has the status of a separate request.",
            MeetingBatchResultResponse,
            examples={"accepted": Example("Two accepted requests", _all_accepted)},
        ),
        Response(
            207,
            "At least one request was refused. The results are in order; each has the status of a separate request.",
            MeetingBatchResultResponse,
            examples={"mixed": Example("One accepted request, one refused", _one_refused)},
        ),
    ),
    raises=(*BODY, *SERVICE),
)

# Requests seldom have more than a few KiB, and a hundred of the largest would be too much for a process to hold.
LARGEST_BATCH = 4 * 1024 * 1024
_CSV = re.compile(r'text/csv\s*(;\s*(charset="?utf-?8"?|header="?present"?)\s*)*', re.IGNORECASE)


@blueprint.route("meetings/batch", methods=["POST"])
@http_trigger
async def submit_meetings(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:
    """Answer with the outcome of each item, in order: 200 when every item was accepted, 207 when one was not.

    The answer waits for no outcome, whatever `Prefer` says: a hundred meetings take longer than a caller waits.
    """
    items = await asyncio.to_thread(_read_items, req)  # 4 MiB of nonsense take half a second
    outcomes = await app().batch.accept(items, origin_of(req, caller))
    results = tuple(
        _result(req, outcome, index, item.row)
        for index, (item, outcome) in enumerate(zip(items, outcomes, strict=True))
    )
    refused = any(result.problem for result in results)
    return json_response(MeetingBatchResultResponse(results=results), 207 if refused else 200)


def _read_items(req: func.HttpRequest) -> list[BatchItem]:
    body = read_body(req, LARGEST_BATCH)
    if "idempotency-key" in req.headers:
        message = "A batch has no Idempotency-Key: give each meeting an idempotencyKey."
        fault = Fault("/headers/Idempotency-Key", "notAllowed", message)
        raise_with_faults_of(lambda: _decode_items(req, body), [fault])
    return _decode_items(req, body)


def _decode_items(req: func.HttpRequest, body: bytes) -> list[BatchItem]:
    if is_json(req):
        return read_json_items(decode_json(body, storable=False))
    if _CSV.fullmatch(req.headers.get("content-type", "").strip()):
        return read_csv_items(body)
    detail = "Send the batch as application/json, or as text/csv in UTF-8."
    raise unsupported_media_type("Neither JSON nor CSV", detail)


def _result(req: func.HttpRequest, outcome: Accepted | Exception, index: int, row: int | None) -> BatchResultResponse:
    if isinstance(outcome, Exception):
        problem = problem_of(outcome, digest_of(req))
        answer = problem.response(path_of(req))
        return BatchResultResponse(index=index, row=row, status=problem.status, id=None, problem=answer)
    meeting = outcome.meeting
    return BatchResultResponse(
        index=index,
        row=row,
        status=200 if outcome.replayed and meeting.finished else 202,
        id=meeting.id,
        location=meeting_url(req, meeting.id),
        replayed=outcome.replayed,
    )
