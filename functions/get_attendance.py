"""GET /meetings/{id}/attendance: read from Microsoft Graph who attended a meeting."""

from datetime import UTC, datetime

import azure.functions as func

from functions.http.failures import ATTENDANCE, INVALID_REQUEST
from functions.http.requests import meeting_id_of, read_query
from functions.http.responses import json_response
from functions.http.trigger import http_trigger
from shared.access.callers import Caller
from shared.bootstrap import app
from shared.graph.artifacts import AttendanceInterval, AttendanceRecord
from shared.openapi.operation import Example, Operation, Parameter, Response
from shared.openapi.parameters import MEETING_ID
from shared.use_cases.artifacts.reports import ReportWithParticipants
from shared.validation.response_model import Moment, ResponseModel, left_out

blueprint = func.Blueprint()


class AttendanceIntervalResponse(ResponseModel, frozen=True):
    """One stay in a call.

    Attributes:
        joined_at: When the attendee joined.
        left_at: When the attendee left.
    """

    joined_at: Moment | None
    left_at: Moment | None

    @staticmethod
    def of(interval: AttendanceInterval) -> "AttendanceIntervalResponse":
        """Return a stay as callers see it."""
        return AttendanceIntervalResponse(joined_at=interval.join_date_time, left_at=interval.leave_date_time)


class AttendanceRecordResponse(ResponseModel, frozen=True):
    """Somebody who attended a call.

    Attributes:
        name: The display name; null for somebody who does not want to be named.
        address: The mail address; null for guests and for those who dialed in.
        role: Graph's word for the role: `Organizer`, `Presenter`, `Attendee` or `None`.
        total_seconds: How long the attendee stayed in all.
        intervals: Each stay.

    https://learn.microsoft.com/graph/api/resources/attendancerecord
    """

    name: str | None
    address: str | None
    role: str | None
    total_seconds: int
    intervals: tuple[AttendanceIntervalResponse, ...]

    @staticmethod
    def of(record: AttendanceRecord) -> "AttendanceRecordResponse":
        """Return an attendee as callers see it."""
        return AttendanceRecordResponse(
            name=record.name,
            address=record.email_address,
            role=record.role,
            total_seconds=record.total_attendance_in_seconds or 0,
            intervals=tuple(map(AttendanceIntervalResponse.of, record.attendance_intervals or ())),
        )


class AttendanceReportResponse(ResponseModel, frozen=True):
    """Who attended one call of a meeting; a call ends when everybody has left.

    Attributes:
        id: Graph's id of the report.
        start: When the call began.
        end: When the call ended.
        total_participant_count: How many people attended.
        attendees: Who attended.
        more_attendees: There are more attendees than an answer has room for.

    https://learn.microsoft.com/graph/api/resources/meetingattendancereport
    """

    id: str
    start: Moment | None
    end: Moment | None
    total_participant_count: int
    attendees: tuple[AttendanceRecordResponse, ...]
    more_attendees: bool = left_out(default=False)

    @staticmethod
    def of(attendance: ReportWithParticipants) -> "AttendanceReportResponse":
        """Return a report as callers see it."""
        report, records = attendance.report, attendance.records
        count = report.total_participant_count
        return AttendanceReportResponse(
            id=report.id,
            start=report.meeting_start_date_time,
            end=report.meeting_end_date_time,
            total_participant_count=len(records) if count is None else count,
            attendees=tuple(map(AttendanceRecordResponse.of, records)),
            more_attendees=attendance.more,
        )


class AttendanceResponse(ResponseModel, frozen=True):
    """The attendance reports of a meeting.

    Attributes:
        reports: The reports, earliest first; a report appears some time after its call.
    """

    reports: tuple[AttendanceReportResponse, ...]


def _one_report() -> AttendanceResponse:
    start, end = (datetime(2027, 1, 20, 21, minute, tzinfo=UTC) for minute in (0, 28))
    stay = AttendanceIntervalResponse(joined_at=start, left_at=end)
    attendee = AttendanceRecordResponse(
        name="Adele Vance", address="AdeleV@contoso.com", role="Attendee", total_seconds=1680, intervals=(stay,)
    )
    report = AttendanceReportResponse(
        id="c9b6db1c-d5eb-427d-a5c0-20088d9b22d7",
        start=start,
        end=end,
        total_participant_count=1,
        attendees=(attendee,),
    )
    return AttendanceResponse(reports=(report,))


_OCCURRENCE = Parameter(
    "occurrence",
    "query",
    "The date of one occurrence of a series, in the meeting's time zone.",
    {"type": "string", "format": "date"},
)
OPERATION = Operation(
    summary="Get the attendance of a meeting",
    description="Reads from Microsoft Graph who attended a meeting, and stores nothing. Each call of the meeting"
    " has a report, which comes some time after the call. The operator switches this on.",
    tag="Meetings",
    parameters=(MEETING_ID, _OCCURRENCE),
    responses=(
        Response(
            200,
            "The attendance reports; the list may be empty.",
            AttendanceResponse,
            examples={"one": Example("A call with one attendee", _one_report)},
        ),
    ),
    raises=(INVALID_REQUEST, *ATTENDANCE),
)


@blueprint.route("meetings/{id}/attendance", methods=["GET"])
@http_trigger
async def get_attendance(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:
    """Answer with the attendance reports."""
    occurrence = read_query(req, OPERATION, lambda parameters: parameters.get("occurrence"))
    found = await app().artifacts.attendance(meeting_id_of(req), occurrence, caller)
    return json_response(AttendanceResponse(reports=tuple(map(AttendanceReportResponse.of, found))))
