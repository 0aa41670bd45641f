"""GET /meetings/{id}/transcripts/{transcriptId}: a transcript as WebVTT."""

import azure.functions as func

from functions.http.failures import TRANSCRIPT_NOT_FOUND, TRANSCRIPTS
from functions.http.requests import meeting_id_of, path_value
from functions.http.trigger import http_trigger
from shared.access.callers import Caller
from shared.bootstrap import app
from shared.openapi.examples import TRANSCRIPT_ID
from shared.openapi.operation import Example, Operation, Parameter, Response
from shared.openapi.parameters import MEETING_ID

blueprint = func.Blueprint()

_VTT = "text/vtt"
_EXAMPLE = "WEBVTT\n\n00:00:01.000 --> 00:00:03.500\n<v Adele Vance>Good morning.</v>\n"
# Graph's have some hundred characters.
_LONGEST_ID = 1024
_TRANSCRIPT_ID = Parameter(
    "transcriptId",
    "path",
    "Graph's id of the transcript.",
    {"type": "string", "maxLength": _LONGEST_ID},
    TRANSCRIPT_ID,
    "important",
)
OPERATION = Operation(
    summary="Get a transcript",
    description="Reads a transcript of a meeting from Microsoft Graph, as WebVTT with the names of the speakers, and"
    " stores nothing. Other content is refused with `graphRejected`. The operator switches this on.",
    tag="Meetings",
    parameters=(MEETING_ID, _TRANSCRIPT_ID),
    responses=(
        Response(
            200,
            "The transcript.",
            {"type": "string"},
            examples={"transcript": Example("A transcript", _EXAMPLE)},
            media_type=_VTT,
        ),
    ),
    raises=(*TRANSCRIPTS, TRANSCRIPT_NOT_FOUND),
)


@blueprint.route("meetings/{id}/transcripts/{transcriptId}", methods=["GET"])
@http_trigger
async def get_transcript(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:
    """Answer with the transcript."""
    meeting_id, transcript_id = meeting_id_of(req), path_value(req, "transcriptId")
    if len(transcript_id) > _LONGEST_ID:
        raise TRANSCRIPT_NOT_FOUND
    content = await app().artifacts.transcript(meeting_id, transcript_id, caller)
    return func.HttpResponse(content, headers={"Content-Type": f"{_VTT}; charset=utf-8"})
