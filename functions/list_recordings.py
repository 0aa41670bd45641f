"""GET /meetings/{id}/recordings: list the recordings that Microsoft Graph has of a meeting."""

from datetime import UTC, datetime

import azure.functions as func

from functions.http.failures import RECORDINGS
from functions.http.requests import meeting_id_of
from functions.http.responses import json_response
from functions.http.trigger import http_trigger
from shared.access.callers import Caller
from shared.bootstrap import app
from shared.graph.artifacts import Recording
from shared.openapi.operation import Example, Operation, Response
from shared.openapi.parameters import MEETING_ID
from shared.validation.response_model import Moment, ResponseModel, Uri

blueprint = func.Blueprint()

_ID = "7e31db25-bc6e-4fd8-96c7-e01264e9b6fc"


class RecordingResponse(ResponseModel, frozen=True):
    """The recording of a call.

    Attributes:
        id: Graph's id of the recording.
        created_at: When the recording began.
        ended_at: When the recording ended.
        content_url: Graph's URL of the video; Graph checks who may read it.
    """

    id: str
    created_at: Moment | None
    ended_at: Moment | None
    content_url: Uri | None

    @staticmethod
    def of(recording: Recording) -> "RecordingResponse":
        """Return a recording as callers see it."""
        return RecordingResponse(
            id=recording.id,
            created_at=recording.created_date_time,
            ended_at=recording.end_date_time,
            content_url=recording.recording_content_url,
        )


class RecordingListResponse(ResponseModel, frozen=True):
    """The recordings of a meeting.

    Attributes:
        recordings: The recordings, at most 1,000.
    """

    recordings: tuple[RecordingResponse, ...]


def _one_recording() -> RecordingListResponse:
    start, end = (datetime(2027, 1, 20, 21, minute, tzinfo=UTC) for minute in (0, 28))
    url = f"https://graph.microsoft.com/v1.0/users/.../onlineMeetings/.../recordings/{_ID}/content"
    recording = RecordingResponse(id=_ID, created_at=start, ended_at=end, content_url=url)
    return RecordingListResponse(recordings=(recording,))


OPERATION = Operation(
    summary="List the recordings of a meeting",
    description="Reads from Microsoft Graph which recordings of a meeting there are, and the address of each. Graph"
    " has recordings only of meetings with a calendar event. The operator switches this on.",
    tag="Meetings",
    parameters=(MEETING_ID,),
    responses=(
        Response(
            200,
            "The recordings; the list may be empty.",
            RecordingListResponse,
            examples={"one": Example("One recording", _one_recording)},
        ),
    ),
    raises=RECORDINGS,
)


@blueprint.route("meetings/{id}/recordings", methods=["GET"])
@http_trigger
async def list_recordings(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:
    """Answer with the recordings."""
    found = await app().artifacts.recordings(meeting_id_of(req), caller)
    return json_response(RecordingListResponse(recordings=tuple(map(RecordingResponse.of, found))))
