"""GET /summary: count the meetings by status, and the failed ones by reason."""

import azure.functions as func

from functions.http.failures import SERVICE
from functions.http.responses import json_response
from functions.http.trigger import http_trigger
from shared.access.callers import Caller
from shared.bootstrap import app
from shared.meeting import Status
from shared.openapi.operation import Example, Operation, Response
from shared.use_cases.summaries import EXACT_UP_TO, Summary
from shared.validation.response_model import ResponseModel

blueprint = func.Blueprint()


class StatusCountsResponse(ResponseModel, frozen=True):
    """How many meetings have each status, at most 1,000.

    Attributes:
        queued: Meetings that wait for their turn.
        running: Meetings that are being created, changed or cancelled.
        succeeded: Meetings that are as requested.
        failed: Meetings that failed.
        cancelled: Meetings that were cancelled.
    """

    queued: int
    running: int
    succeeded: int
    failed: int
    cancelled: int


class FailureCountResponse(ResponseModel, frozen=True):
    """How many meetings failed for one reason, at most 1,000.

    Attributes:
        code: The code of their error.
        count: How many meetings failed with it.
    """

    code: str
    count: int


class SummaryResponse(ResponseModel, frozen=True):
    """The meetings that the caller sees, counted.

    Attributes:
        counts: The meetings by status.
        failed: The failed meetings by reason, the most frequent first.
        capped: The statuses and codes of which there are more than 1,000.
    """

    counts: StatusCountsResponse
    failed: tuple[FailureCountResponse, ...]
    capped: tuple[str, ...]

    @staticmethod
    def of(summary: Summary) -> "SummaryResponse":
        """Return a summary as callers see it."""
        counts = {status.value: min(summary.by_status[status], EXACT_UP_TO) for status in Status}
        reasons = sorted(summary.by_error_code.items(), key=lambda each: (-each[1], each[0]))
        every = [(status.value, count) for status, count in summary.by_status.items()] + reasons
        return SummaryResponse(
            counts=StatusCountsResponse(**counts),
            failed=tuple(FailureCountResponse(code=code, count=min(count, EXACT_UP_TO)) for code, count in reasons),
            capped=tuple(name for name, count in every if count > EXACT_UP_TO),
        )


def _a_summary() -> SummaryResponse:
    by_status = dict(zip(Status, (3, 1, EXACT_UP_TO + 1, 2, 40), strict=True))
    return SummaryResponse.of(Summary(by_status, {"organizerNotFound": 2}))


OPERATION = Operation(
    summary="Count meetings",
    description="Counts the meetings that the caller sees by status, and the failed ones by reason. A count is exact up"
    " to 1,000; a larger one is 1,000, and `capped` names it.",
    tag="Meetings",
    responses=(
        Response(
            200,
            "The counts.",
            SummaryResponse,
            examples={"some": Example("Some meetings, two of which failed", _a_summary)},
        ),
    ),
    raises=SERVICE,
)


@blueprint.route("summary", methods=["GET"])
@http_trigger
async def get_summary(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:  # noqa: ARG001 - it takes no parameter
    """Answer with the counts."""
    return json_response(SummaryResponse.of(await app().summaries.summarize(caller)))
