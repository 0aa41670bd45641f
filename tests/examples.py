"""Requests and meetings that tests start from, and vary."""

from datetime import UTC, datetime
from typing import Any

from shared.meeting import Meeting, Progress, Status

CALENDAR: dict[str, Any] = {
    "organizer": "AlexW@contoso.com",
    "subject": "Prep for customer meeting",
    "start": {"dateTime": "2027-01-20T13:00:00", "timeZone": "Pacific Standard Time"},
    "end": {"dateTime": "2027-01-20T14:00:00", "timeZone": "Pacific Standard Time"},
    "attendees": [{"emailAddress": {"address": "AdeleV@contoso.com", "name": "Adele Vance"}, "type": "required"}],
}
STANDALONE: dict[str, Any] = {"kind": "standalone", "organizer": "AlexW@contoso.com", "subject": "Video visit"}
EXISTING: dict[str, Any] = {
    "kind": "existing",
    "organizer": "AlexW@contoso.com",
    "eventId": "AAMkADAGu0AABIGYDaAAA=",
}
MEETING_ID = "4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7"
NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)


def queued_meeting(**members: Any) -> Meeting:
    """Return a meeting as it is when its request has been accepted, but for the members given."""
    meeting: dict[str, Any] = {
        "id": MEETING_ID,
        "kind": "calendar",
        "organizer": CALENDAR["organizer"],
        "reference": None,
        "request": CALENDAR,
        "fingerprint": "",
        "status": Status.QUEUED,
        "version": 1,
        "created_at": NOW,
        "updated_at": NOW,
        "progress": Progress(version_started_at=NOW),
    }
    return Meeting(**meeting | members)
