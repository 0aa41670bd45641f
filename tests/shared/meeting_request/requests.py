"""Requests that are in order, and a way to say what is wrong with those that are not."""

import copy
from typing import Any

import pytest

from shared.errors import Fault, InvalidRequestError
from shared.meeting_request import CalendarRequest, MeetingRequest, StandaloneRequest, parse_request

BERLIN = "Europe/Berlin"


def at(date_time: str, time_zone: str = BERLIN) -> dict[str, Any]:
    return {"dateTime": date_time, "timeZone": time_zone}


def calendar_document(**members: Any) -> dict[str, Any]:
    document = {
        "organizer": "AlexW@contoso.com",
        "subject": "Prep for customer meeting",
        "start": at("2026-11-20T13:00:00"),
        "end": at("2026-11-20T14:00:00"),
    }
    return copy.deepcopy(document | members)


def standalone_document(**members: Any) -> dict[str, Any]:
    return copy.deepcopy({"kind": "standalone", "organizer": "AlexW@contoso.com"} | members)


def existing_document(**members: Any) -> dict[str, Any]:
    return copy.deepcopy({"kind": "existing", "organizer": "AlexW@contoso.com", "eventId": "AAMkAD="} | members)


def full_calendar_document(**members: Any) -> dict[str, Any]:
    """Every field of a calendar request at once."""
    return (
        calendar_document(
            kind="calendar",
            reference="CRM-42",
            language="pt-BR",
            body={"contentType": "html", "content": "<p>Does this time work for you?</p>"},
            location={
                "displayName": "Cordova conference room",
                "locationEmailAddress": "cordova@contoso.com",
                "locationUri": "https://contoso.com/cordova",
                "address": {"street": "1 Main St", "city": "Redmond", "state": "WA", "countryOrRegion": "US"},
                "coordinates": {"latitude": 47.672, "longitude": -102},
                "locationType": "conferenceRoom",
            },
            locations=[{"displayName": "Cordova conference room"}, {"displayName": "Home"}],
            attendees=[
                attendee("AdeleV@contoso.com", name="Adele Vance"),
                {"emailAddress": {"address": "cordova@contoso.com"}, "type": "resource"},
            ],
            recurrence=recurrence(),
            isAllDay=False,
            allowNewTimeProposals=True,
            hideAttendees=False,
            importance="high",
            sensitivity="private",
            showAs="tentative",
            categories=["Red category"],
            isReminderOn=True,
            reminderMinutesBeforeStart=15,
            responseRequested=True,
            isOnlineMeeting=True,
            onlineMeetingProvider="teamsForBusiness",
            options=options(),
        )
        | members
    )


def attendee(address: str, **email_address: Any) -> dict[str, Any]:
    return {"emailAddress": {"address": address, **email_address}}


def recurrence(pattern: dict[str, Any] | None = None, recurrence_range: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "pattern": {"type": "daily", "interval": 1} if pattern is None else pattern,
        "range": {"type": "noEnd", "startDate": "2026-11-20"} if recurrence_range is None else recurrence_range,
    }


def options() -> dict[str, Any]:
    """Every option that Graph lets an app update."""
    return {
        "allowAttendeeToEnableCamera": True,
        "allowAttendeeToEnableMic": False,
        "allowBreakoutRooms": True,
        "allowCopyingAndSharingMeetingContent": False,
        "allowedLobbyAdmitters": "organizerAndCoOrganizers",
        "allowedPresenters": "roleIsPresenter",
        "allowLiveShare": "enabled",
        "allowMeetingChat": "limited",
        "allowPowerPointSharing": True,
        "allowRecording": False,
        "allowTeamworkReactions": True,
        "allowTranscription": False,
        "allowWhiteboard": True,
        "anonymizeIdentityForRoles": ["attendee"],
        "isEndToEndEncryptionEnabled": True,
        "isEntryExitAnnounced": True,
        "lobbyBypassSettings": {"scope": "organizationExcludingGuests", "isDialInBypassEnabled": True},
        "meetingSpokenLanguageTag": "de-DE",
        "participants": {
            "attendees": [
                {"upn": "AdeleV@contoso.com", "role": "coorganizer"},
                {"identity": {"user": {"id": "550fae72-d25-868c", "displayName": "Heidi"}}, "role": "presenter"},
            ]
        },
        "recordAutomatically": True,
        "sensitivityLabelAssignment": {"sensitivityLabelId": "6f4fb2db-ecf4-4279-94ba-23d059bf157e"},
        "watermarkProtection": {"isEnabledForContentSharing": True, "isEnabledForVideo": False},
    }


def faults_of(document: Any) -> list[Fault]:
    with pytest.raises(InvalidRequestError) as caught:
        parse_request(document)
    return list(caught.value.faults)


def codes_of(document: Any) -> list[tuple[str, str]]:
    return [(fault.pointer, fault.code) for fault in faults_of(document)]


def parsed_calendar(**members: Any) -> CalendarRequest:
    return narrowed(CalendarRequest, parse_request(calendar_document(**members)))


def parsed_standalone(**members: Any) -> StandaloneRequest:
    return narrowed(StandaloneRequest, parse_request(standalone_document(**members)))


def narrowed[M: MeetingRequest](kind: type[M], request: MeetingRequest) -> M:
    assert isinstance(request, kind)
    return request
