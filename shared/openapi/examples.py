"""Examples: requests from Graph's documentation, and the meetings that they become.

https://learn.microsoft.com/graph/outlook-calendar-online-meetings and
https://learn.microsoft.com/graph/api/application-post-onlinemeetings
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.meeting import (
    DialIn,
    Meeting,
    MeetingError,
    MeetingResponse,
    Observed,
    ObservedAttendee,
    ObservedState,
    Outcome,
    Progress,
    Status,
)
from shared.openapi.operation import Example
from shared.schedules import Schedule, ScheduleRequest, ScheduleResponse
from shared.validation.date_times import DateTimeTimeZone

MEETING_ID = "4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7"
ORGANIZER = "AlexW@contoso.com"
ROOM = "Baker@contoso.com"
JOIN_URL = (
    "https://teams.microsoft.com/l/meetup-join/19%3ameeting_NTg0NmQ3NTctZDVkZC00YzRhLThmNmEtOGQ3M2E0ODdmZDZk"
    "%40thread.v2/0?context=%7b%22Tid%22%3a%2272f988bf-86f1-41af-91ab-2d7cd011db47%22%7d"
)
TRANSCRIPT_ID = "MSMjMCMjYzliNmRiMWMtZDVlYi00MjdkLWE1YzAtMjAwODhkOWIyMmQ3"
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
_ASKED_AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)

ATTENDEE: dict[str, Any] = {
    "emailAddress": {"address": "AdeleV@contoso.com", "name": "Adele Vance"},
    "type": "required",
}
CALENDAR_REQUEST: dict[str, Any] = {
    "organizer": ORGANIZER,
    "subject": "Prep for customer meeting",
    "body": {"contentType": "html", "content": "Does this time work for you?"},
    "start": {"dateTime": "2027-01-20T13:00:00", "timeZone": "Pacific Standard Time"},
    "end": {"dateTime": "2027-01-20T14:00:00", "timeZone": "Pacific Standard Time"},
    "location": {"displayName": "Cordova conference room"},
    "attendees": [ATTENDEE],
    "allowNewTimeProposals": True,
    "isOnlineMeeting": True,
    "onlineMeetingProvider": "teamsForBusiness",
}
SERIES_REQUEST: dict[str, Any] = {
    "organizer": ORGANIZER,
    "subject": "Lecture",
    "start": {"dateTime": "2027-01-20T09:00:00", "timeZone": "W. Europe Standard Time"},
    "end": {"dateTime": "2027-01-20T10:30:00", "timeZone": "W. Europe Standard Time"},
    "recurrence": {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["wednesday"]},
        "range": {"type": "numbered", "startDate": "2027-01-20", "numberOfOccurrences": 14},
    },
    "options": {"lobbyBypassSettings": {"scope": "organization"}, "recordAutomatically": True},
}
STANDALONE_REQUEST: dict[str, Any] = {
    "kind": "standalone",
    "organizer": ORGANIZER,
    "subject": "User meeting",
    "startDateTime": "2027-01-20T14:30:34.2444915-07:00",
    "endDateTime": "2027-01-20T15:00:34.2464912-07:00",
    "joinMeetingIdSettings": {"isPasscodeRequired": True},
}
EXISTING_REQUEST: dict[str, Any] = {
    "kind": "existing",
    "organizer": ORGANIZER,
    "eventId": "AAMkADAGu0AABIGYDaAAA=",
}
AVAILABILITY_REQUEST: dict[str, Any] = {
    "organizers": [ORGANIZER, "AdeleV@contoso.com"],
    "rooms": [ROOM],
    "start": {"dateTime": "2027-01-20T09:00:00", "timeZone": "W. Europe Standard Time"},
    "end": {"dateTime": "2027-01-20T12:00:00", "timeZone": "W. Europe Standard Time"},
    "duration": "PT30M",
    "withinWorkingHours": True,
}
MEETING_REQUESTS = {
    "calendar": Example("An event with an online meeting and invitations", CALENDAR_REQUEST),
    "series": Example("A weekly series with meeting options", SERIES_REQUEST),
    "standalone": Example("A Teams meeting without a calendar event, with a passcode", STANDALONE_REQUEST),
    "existing": Example("An online meeting for an existing event", EXISTING_REQUEST),
}
SCHEDULE_REQUEST: dict[str, Any] = {
    "recurrence": "RRULE:FREQ=WEEKLY;BYDAY=MO",
    "timeZone": "Europe/Berlin",
    "start": "2027-01-04T10:00:00",
    "duration": "PT1H",
    "leadTime": "P7D",
    "request": {"kind": "standalone", "organizer": ORGANIZER, "subject": "Rounds {date}"},
}
BATCH: dict[str, Any] = {
    "meetings": [{"idempotencyKey": "visit-4726", "request": CALENDAR_REQUEST}, {"request": STANDALONE_REQUEST}]
}
ROWS = (
    "idempotencyKey,organizer,subject,start,end,timeZone,attendees\r\n"
    f"visit-4727,{ORGANIZER},Video visit,2027-01-20 13:00,2027-01-20 13:30,Pacific Standard Time,AdeleV@contoso.com\r\n"
)
MEETING_PATCH: dict[str, Any] = {
    "subject": "Prep for customer meeting, moved",
    "start": {"dateTime": "2027-01-21T13:00:00"},
    "end": {"dateTime": "2027-01-21T14:00:00"},
    "location": None,
}
SCHEDULE_PATCH: dict[str, Any] = {"paused": True}


def queued_meeting() -> MeetingResponse:
    """Return a meeting in progress."""
    return MeetingResponse.of(_meeting())


def succeeded_meeting() -> MeetingResponse:
    """Return a meeting that was created."""
    return MeetingResponse.of(_succeeded_meeting())


def _succeeded_meeting() -> Meeting:
    outcome = Outcome(
        is_online_meeting=True,
        online_meeting_provider="teamsForBusiness",
        join_url=JOIN_URL,
        dial_in=DialIn(toll_number="+1 323-555-0166", conference_id="291633251"),
        event_id="AAMkADAGu0AABIGYDaAAA=",
        iCalUId="040000008200E00074C5B7101A82E008",
        web_link="https://outlook.office365.com/owa/?itemid=AAMkADAGu0AABIGYDaAAA%3D&exvsurl=1",
    )
    done = {"status": Status.SUCCEEDED, "attempts": 1, "updated_at": _ASKED_AT + timedelta(seconds=3)}
    return _meeting().changed(**done, outcome=outcome)


def moved_meeting() -> MeetingResponse:
    """Return a meeting that its organizer moved in Outlook and an attendee declined."""
    attendee = ObservedAttendee(
        address="AdeleV@contoso.com",
        name="Adele Vance",
        response="declined",
        responded_at=_ASKED_AT + timedelta(hours=2),
        proposed_start=_in_pacific("2027-01-21T11:00:00"),
        proposed_end=_in_pacific("2027-01-21T12:00:00"),
    )
    observed = Observed(
        observed_at=_ASKED_AT + timedelta(hours=3),
        state=ObservedState.CHANGED,
        changes=("start", "end"),
        start=_in_pacific("2027-01-21T13:00:00"),
        end=_in_pacific("2027-01-21T14:00:00"),
        subject=CALENDAR_REQUEST["subject"],
        location=CALENDAR_REQUEST["location"]["displayName"],
        join_url=JOIN_URL,
        attendees=(attendee,),
    )
    return MeetingResponse.of(_succeeded_meeting().changed(observed=observed))


def failed_meeting() -> MeetingResponse:
    """Return a meeting that could not be created."""
    error = MeetingError(
        code="mailboxAccessDenied",
        message="The app may not use the calendar of AlexW@contoso.com.",
        remedy="An Exchange administrator adds the organizer to the scope of the app's role.",
    )
    return MeetingResponse.of(_meeting().changed(status=Status.FAILED, attempts=1, error=error))


def schedule() -> ScheduleResponse:
    """Return a schedule that was just created."""
    request = ScheduleRequest.model_validate(SCHEDULE_REQUEST)
    kept = Schedule(
        id=MEETING_ID,
        version=1,
        created_at=_ASKED_AT,
        updated_at=_ASKED_AT,
        fingerprint="",
        request=request,
        cursor=request.timetable.cursor(_ASKED_AT),
    )
    return ScheduleResponse.of(kept.with_next_due(_ASKED_AT), _ASKED_AT)


def _in_pacific(date_time: str) -> DateTimeTimeZone:
    return DateTimeTimeZone.model_validate({"dateTime": date_time, "timeZone": "Pacific Standard Time"})


def _meeting() -> Meeting:
    return Meeting(
        id=MEETING_ID,
        kind="calendar",
        organizer=ORGANIZER,
        reference=None,
        request={"kind": "calendar"} | CALENDAR_REQUEST,
        fingerprint="",
        status=Status.QUEUED,
        version=1,
        created_at=_ASKED_AT,
        updated_at=_ASKED_AT,
        progress=Progress(version_started_at=_ASKED_AT),
    )
