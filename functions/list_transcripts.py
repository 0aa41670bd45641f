"""GET /meetings/{id}/transcripts: list the transcripts that Microsoft Graph has of a meeting."""

from datetime import UTC, datetime

import azure.functions as func

from functions.http.failures import TRANSCRIPTS
from functions.http.requests import meeting_id_of
from functions.http.responses import json_response
from functions.http.trigger import http_trigger
from shared.access.callers import Caller
from shared.bootstrap import app
from shared.graph.artifacts import Transcript
from shared.openapi.examples import TRANSCRIPT_ID
from shared.openapi.operation import Example, Operation, Response
from shared.openapi.parameters import MEETING_ID
from shared.validation.response_model import Moment, ResponseModel

blueprint = func.Blueprint()


class TranscriptResponse(ResponseModel, frozen=True):
    """The transcript of a call.

    Attributes:
        id: Graph's id of the transcript.
        created_at: When the transcription began.
        ended_at: When the transcription ended.
    """

    id: str
    created_at: Moment | None
    ended_at: Moment | None

    @staticmethod
    def of(transcript: Transcript) -> "TranscriptResponse":
        """Return a transcript as callers see it."""
        return TranscriptResponse(
            id=transcript.id, created_at=transcript.created_date_time, ended_at=transcript.end_date_time
        )


class TranscriptListResponse(ResponseModel, frozen=True):
    """The transcripts of a meeting.

    Attributes:
        transcripts: The transcripts, at most 1,000.
    """

    transcripts: tuple[TranscriptResponse, ...]


def _one_transcript() -> TranscriptListResponse:
    start, end = (datetime(2027, 1, 20, 21, minute, tzinfo=UTC) for minute in (0, 28))
    return TranscriptListResponse(transcripts=(TranscriptResponse(id=TRANSCRIPT_ID, created_at=start, ended_at=end),))


OPERATION = Operation(
    summary="List the transcripts of a meeting",
    description="Reads from Microsoft Graph which transcripts of a meeting there are. Graph has them only of meetings"
    " with a calendar event. The operator switches this on.",
    tag="Meetings",
    parameters=(MEETING_ID,),
    responses=(
        Response(
            200,
            "The transcripts; the list may be empty.",
            TranscriptListResponse,
            examples={"one": Example("One transcript", _one_transcript)},
        ),
    ),
    raises=TRANSCRIPTS,
)


@blueprint.route("meetings/{id}/transcripts", methods=["GET"])
@http_trigger
async def list_transcripts(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:
    """Answer with the transcripts."""
    found = await app().artifacts.transcripts(meeting_id_of(req), caller)
    return json_response(TranscriptListResponse(transcripts=tuple(map(TranscriptResponse.of, found))))
