import pytest
from pydantic import ValidationError

from shared.meeting_request import event_properties, parse_request
from shared.meeting_request.calendar_request import CalendarRequest
from tests.shared.meeting_request.requests import (
    at,
    full_calendar_document,
    narrowed,
    parsed_calendar,
)


def test_documented_example() -> None:
    """The body in Graph's documentation is accepted, and Graph is sent the same."""
    body = {
        "subject": "Prep for customer meeting",
        "body": {"contentType": "HTML", "content": "Does this time work for you?"},
        "start": at("2019-11-20T13:00:00", "Pacific Standard Time"),
        "end": at("2019-11-20T14:00:00", "Pacific Standard Time"),
        "location": {"displayName": "Cordova conference room"},
        "attendees": [
            {"emailAddress": {"address": "AdeleV@contoso.com", "name": "Adele Vance"}, "type": "required"},
        ],
        "allowNewTimeProposals": True,
        "isOnlineMeeting": True,
        "onlineMeetingProvider": "teamsForBusiness",
    }
    request = narrowed(CalendarRequest, parse_request(body | {"organizer": "AlexW@contoso.com"}))
    expected = body | {"body": {"contentType": "html", "content": "Does this time work for you?"}}
    assert event_properties(request) == expected


def test_least() -> None:
    """Graph is always asked for an online meeting, by its provider."""
    assert event_properties(parsed_calendar()) == {
        "subject": "Prep for customer meeting",
        "start": at("2026-11-20T13:00:00", "W. Europe Standard Time"),
        "end": at("2026-11-20T14:00:00", "W. Europe Standard Time"),
        "isOnlineMeeting": True,
        "onlineMeetingProvider": "teamsForBusiness",
    }


def test_most() -> None:
    """Every event property reaches Graph, and nothing that is not one."""
    document = full_calendar_document()
    event = event_properties(narrowed(CalendarRequest, parse_request(document)))
    assert document.keys() - event.keys() == {"kind", "organizer", "reference", "language", "options"}
    assert event.keys() <= document.keys()
    same = event.keys() - {"start", "end", "attendees"}
    assert {name: event[name] for name in same} == {name: document[name] for name in same}


def test_other_provider() -> None:
    """Another provider is asked for by name."""
    event = event_properties(parsed_calendar(onlineMeetingProvider="skypeForBusiness"))
    assert event["onlineMeetingProvider"] == "skypeForBusiness"


def test_frozen() -> None:
    """A request does not change, and its hash tells equal ones."""
    request = parsed_calendar()
    assert hash(request) == hash(parsed_calendar())
    with pytest.raises(ValidationError):
        request.subject = "x"
