"""Past calls and their artifacts: an attendance report, a transcript, a recording."""

from datetime import timedelta
from typing import Any, Final

from local.graph.errors import JsonObject, bad_request
from local.graph.records import Artifact, OnlineMeeting
from local.graph.tenant import Tenant
from local.graph.time_zones import Moment
from local.graph.validation import BOOLEAN, DOUBLE, TEXT, Complex, Many, OffsetTime

_STAY: Final = Complex("interval", {"joinedAt": OffsetTime(), "leftAt": OffsetTime()})
_GUEST: Final = Complex("attendee", {"name": TEXT, "address": TEXT, "role": TEXT, "intervals": Many(_STAY)})
CALL: Final = Complex(
    "call",
    {
        "start": OffsetTime(),
        "end": OffsetTime(),
        "attendees": Many(_GUEST),
        "transcript": TEXT,
        "recorded": BOOLEAN,
        "delaySeconds": DOUBLE,
    },
)


def take_place(tenant: Tenant, meeting: OnlineMeeting, fields: JsonObject) -> None:
    """Add a past call to a meeting, at the meeting's times unless others are given.

    Graph shows its artifacts after `delaySeconds`.

    Raises:
        GraphError: the transcript is not WebVTT, Graph's only format of transcripts.
    """
    if not fields.get("transcript", "WEBVTT").removeprefix("\ufeff").startswith("WEBVTT"):
        raise bad_request("The transcript is not WebVTT: it must begin with WEBVTT.")
    start: Moment = fields.get("start", meeting.properties["startDateTime"])
    end: Moment = fields.get("end", meeting.properties["endDateTime"])
    shown_from = tenant.clock() + timedelta(seconds=fields.get("delaySeconds", 0))
    times = {"createdDateTime": start.as_offset_time(), "endDateTime": end.as_offset_time()}

    def leave(kind: str, **members: Any) -> None:
        identifier = tenant.identifiers.guid()
        document = {"id": identifier, **members}
        if kind == "recordings":
            path = f"users/{meeting.organizer.id}/onlineMeetings/{meeting.id}/recordings/{identifier}/content"
            document["recordingContentUrl"] = f"https://graph.microsoft.com/v1.0/{path}"
        meeting.artifacts.setdefault(kind, []).append(Artifact(shown_from, document))

    guests: list[JsonObject] = fields.get("attendees", [])
    leave(
        "attendanceReports",
        totalParticipantCount=len(guests),
        meetingStartDateTime=start.as_offset_time(),
        meetingEndDateTime=end.as_offset_time(),
        attendanceRecords=[_record(tenant, guest, start, end) for guest in guests],
    )
    if "transcript" in fields:
        leave("transcripts", **times, meetingId=meeting.id, content=fields["transcript"])
    if fields.get("recorded"):
        leave("recordings", **times, meetingId=meeting.id)


def _record(tenant: Tenant, guest: JsonObject, start: Moment, end: Moment) -> JsonObject:
    """Return the record of a guest, who stayed for the whole call unless the stays are given."""
    stays: list[dict[str, Moment]] = guest.get("intervals", [{"joinedAt": start, "leftAt": end}])
    seconds = [round((stay["leftAt"].second - stay["joinedAt"].second).total_seconds()) for stay in stays]
    user = tenant.find_user(guest.get("address", ""))
    return {
        "id": user.id if user else tenant.identifiers.guid(),
        "emailAddress": guest.get("address"),
        "role": guest.get("role", "Attendee"),
        "totalAttendanceInSeconds": sum(seconds),
        "identity": {"id": user.id if user else None, "displayName": guest.get("name"), "tenantId": tenant.id},
        "attendanceIntervals": [
            {
                "joinDateTime": stay["joinedAt"].as_offset_time(),
                "leaveDateTime": stay["leftAt"].as_offset_time(),
                "durationInSeconds": length,
            }
            for stay, length in zip(stays, seconds, strict=True)
        ],
    }
