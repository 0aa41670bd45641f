"""The calls about what is left of a meeting's calls: attendance reports, transcripts, recordings.

https://learn.microsoft.com/graph/api/meetingattendancereport-list,
https://learn.microsoft.com/graph/api/onlinemeeting-list-transcripts
"""

from typing import Final

from local.graph.errors import GraphError, JsonObject, privileges_missing
from local.graph.exchange import GraphAnswer, GraphRequest
from local.graph.online_meetings import find_meeting, open_meetings
from local.graph.records import OnlineMeeting, User
from local.graph.tenant import Tenant
from local.graph.views import context

KINDS: Final = ("attendanceReports", "transcripts", "recordings")
_MOST_REPORTS: Final = 50


def answer_artifacts(tenant: Tenant, name: str, rest: list[str], request: GraphRequest) -> GraphAnswer:
    """Answer GET below one meeting."""
    user = open_meetings(tenant, name)
    meeting_id, kind, *ids = rest
    if kind not in tenant.settings.readable_artifacts.split(","):
        raise privileges_missing()
    meeting = find_meeting(tenant, user, meeting_id)
    if kind == "transcripts" and not tenant.settings.transcripts_allowed:
        message = "Transcript access is disabled for this tenant."
        raise GraphError(403, "Forbidden", message)
    match kind, ids:
        case "attendanceReports", []:
            reports = meeting.reports[: -_MOST_REPORTS - 1 : -1]
            return _list(user, meeting, kind, [{**report, "attendanceRecords": []} for report in reports])
        case "attendanceReports", [report_id]:
            expanded = request.query().get("$expand", "").casefold() == "attendancerecords"
            report = _found(meeting.reports, report_id)
            return GraphAnswer(200, report if expanded else {**report, "attendanceRecords": []})
        case "transcripts", [transcript_id, "content"]:
            text: str = _found(meeting.transcripts, transcript_id)["content"]
            return GraphAnswer(200, text.encode(), {"Content-Type": "text/vtt"})
        case "transcripts", []:
            return _list(user, meeting, kind, [_without_content(each) for each in meeting.transcripts])
        case "recordings", []:
            return _list(user, meeting, kind, meeting.recordings)
        case _:
            raise GraphError(400, "BadRequest", f"Resource not found for the segment '{rest[-1]}'.")


def _list(user: User, meeting: OnlineMeeting, kind: str, values: list[JsonObject]) -> GraphAnswer:
    what = f"onlineMeetings('{meeting.id}')/{kind}"
    return GraphAnswer(200, {"@odata.context": context(user, what, entity=False), "value": values})


def _found(values: list[JsonObject], value_id: str) -> JsonObject:
    for value in values:
        if value["id"] == value_id:
            return value
    raise GraphError(404, "NotFound", "The specified artifact was not found.")


def _without_content(transcript: JsonObject) -> JsonObject:
    return {name: value for name, value in transcript.items() if name != "content"}
