"""Requests for the artifacts of a meeting's calls: attendance reports, transcripts, recordings.

https://learn.microsoft.com/graph/api/meetingattendancereport-list,
https://learn.microsoft.com/graph/api/onlinemeeting-list-transcripts
"""

from typing import Final

from local.graph.errors import GraphError, JsonObject, bad_request, no_such_segment, privileges_missing
from local.graph.http_messages import GraphAnswer, GraphRequest
from local.graph.online_meetings import find_meeting, open_meetings
from local.graph.records import OnlineMeeting
from local.graph.tenant import Tenant
from local.graph.views import context

KINDS: Final = ("attendanceReports", "transcripts", "recordings")
_MOST_REPORTS: Final = 50
_VTT: Final = "text/vtt"
_WITHOUT_SPEAKERS: Final = "application/vnd.microsoft.graph.transcript+text"
# The members of an artifact that lists do not show.
_INSIDE: Final = ("attendanceRecords", "content")


def answer_artifacts(tenant: Tenant, name: str, rest: list[str], request: GraphRequest) -> GraphAnswer:
    """Answer GET below one meeting, to its organizer."""
    user = open_meetings(tenant, name)
    meeting_id, kind, *ids = rest
    if kind not in tenant.settings.readable_artifacts.split(","):
        raise privileges_missing()
    if kind == "transcripts" and not tenant.settings.transcripts_allowed:
        raise GraphError(403, "Forbidden", "", inner_code="GraphAccessToTranscriptsDisabled")
    meeting = find_meeting(tenant, user, meeting_id, to_change=True)
    if kind != "attendanceReports" and meeting.event_id is None:
        # https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/9103
        message = "No iCalUid found for the meeting. This API is supported only for calendar backed OnlineMeeting."
        raise bad_request(message)
    shown = _shown(tenant, meeting, kind)
    match kind, ids:
        case "attendanceReports", []:
            newest = shown[: -_MOST_REPORTS - 1 : -1]
            return _page(tenant, meeting, request, [{**each, "attendanceRecords": []} for each in newest])
        case "attendanceReports", [report_id]:
            expanded = request.query().get("$expand", "").casefold() == "attendancerecords"
            report = _found(shown, report_id)
            return GraphAnswer(200, report if expanded else {**report, "attendanceRecords": []})
        case "attendanceReports", [report_id, "attendanceRecords"]:
            return _page(tenant, meeting, request, _found(shown, report_id)["attendanceRecords"])
        case "transcripts", [transcript_id, "content"]:
            return _content(tenant, request, _found(shown, transcript_id))
        case (("transcripts" | "recordings"), []):
            return _page(tenant, meeting, request, [_outside(each) for each in shown])
        case (("transcripts" | "recordings"), [artifact_id]):
            return GraphAnswer(200, _outside(_found(shown, artifact_id)))
        case _:
            raise no_such_segment(rest[-1])


def _shown(tenant: Tenant, meeting: OnlineMeeting, kind: str) -> list[JsonObject]:
    now = tenant.clock()
    return [each.document for each in meeting.artifacts.get(kind, ()) if each.shown_from <= now]


def _content(tenant: Tenant, request: GraphRequest, transcript: JsonObject) -> GraphAnswer:
    wanted = request.query().get("$format") or request.headers.get("accept", _VTT)
    if wanted != _WITHOUT_SPEAKERS and not tenant.settings.transcript_attribution:
        raise GraphError(403, "Forbidden", "", inner_code="SpeakerAttributionNotAllowed")
    if wanted not in {_VTT, "*/*"}:
        raise bad_request("The requested format is not supported.")
    text: str = transcript["content"]
    return GraphAnswer(200, text.encode(), {"Content-Type": _VTT})


def _page(tenant: Tenant, meeting: OnlineMeeting, request: GraphRequest, values: list[JsonObject]) -> GraphAnswer:
    token, size = request.query().get("$skiptoken", "0"), tenant.settings.items_a_page
    if not token.isdecimal():
        raise bad_request("The skip token is not valid.")
    skip, path = int(token), request.target.partition("?")[0]
    what = f"onlineMeetings('{meeting.id}')/{path.rpartition('/')[2]}"
    kind = context(meeting.organizer, what, entity=False)
    following = f"$skiptoken={skip + size}" if skip + size < len(values) else None
    return request.page(kind, values[skip : skip + size], following)


def _found(values: list[JsonObject], value_id: str) -> JsonObject:
    for value in values:
        if value["id"] == value_id:
            return value
    raise GraphError(404, "NotFound", "The specified artifact was not found.")


def _outside(artifact: JsonObject) -> JsonObject:
    return {name: value for name, value in artifact.items() if name not in _INSIDE}
