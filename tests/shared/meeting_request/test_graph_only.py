"""Bodies as Graph shows them are taken: what Graph ignores in a request is left out, and said to be."""

from typing import Any

import pytest

from shared.errors import InvalidRequestError
from shared.meeting_request import fingerprint, parse_request
from tests.shared.meeting_request.requests import parsed_calendar, standalone_document

SHOWN: dict[str, Any] = {
    "@odata.etag": 'W/"ZlnW4RIAV06KYYwlrfNZvQAALfZeRQ=="',
    "id": "AAMkAGI1AAAt9AHjAAA=",
    "iCalUId": "040000008200E00074C5B7101A82E00800000000",
    "changeKey": "ZlnW4RIAV06KYYwlrfNZvQAALfZeRQ==",
    "transactionId": "7E163156-7762-4BEB-A1C6-729EA81755A7",
    "originalStartTimeZone": "UTC",
    "responseStatus": {"response": "organizer", "time": "0001-01-01T00:00:00Z"},
    "seriesMasterId": None,
    "attendees": [
        {
            "type": "required",
            "status": {"response": "none", "time": "0001-01-01T00:00:00Z"},
            "emailAddress": {"@odata.type": "#microsoft.graph.emailAddress", "address": "AdeleV@contoso.com"},
        }
    ],
    "location": {"displayName": "Room 1", "uniqueId": "Room 1", "uniqueIdType": "private"},
    "locations": [{"displayName": "Room 1", "uniqueIdType": "unknown"}],
}
ASKED: dict[str, Any] = {
    "attendees": [{"type": "required", "emailAddress": {"address": "AdeleV@contoso.com"}}],
    "location": {"displayName": "Room 1"},
    "locations": [{"displayName": "Room 1"}],
}


def test_an_event_as_graph_shows_it() -> None:
    """It is the same request as without what is left out; each member that had a value has a warning."""
    shown, asked = parsed_calendar(**SHOWN), parsed_calendar(**ASKED)
    assert fingerprint(shown) == fingerprint(asked)
    assert {(fault.pointer, fault.code) for fault in shown.omissions} == {
        (pointer, "ignored")
        for pointer in (
            *("/@odata.etag", "/id", "/iCalUId", "/changeKey", "/transactionId", "/originalStartTimeZone"),
            *("/responseStatus", "/attendees/0/status", "/attendees/0/emailAddress/@odata.type"),
            *("/location/uniqueId", "/location/uniqueIdType", "/locations/0/uniqueIdType"),
        )
    }
    [own] = [fault.message for fault in shown.omissions if fault.pointer == "/transactionId"]
    assert "idempotency key" in own


def test_an_online_meeting_as_graph_shows_it() -> None:
    """Its id, its links and what Teams made up are left out."""
    request = parse_request(standalone_document(id="x", joinWebUrl="https://teams.microsoft.com/l/x", chatInfo={}))
    assert [fault.pointer for fault in request.omissions] == ["/id", "/joinWebUrl", "/chatInfo"]
    assert fingerprint(request) == fingerprint(parse_request(standalone_document()))


def test_a_copy_of_the_whole_answer_is_a_request() -> None:
    """What only Graph decides is refused where it may be meant, and left out of a copy of what Graph answered."""
    settings = {"isPasscodeRequired": True, "joinMeetingId": "1234567890", "passcode": "123abc"}
    organizer = {"identity": {"user": {"id": "550fae72-d251-43ec-868c-373732c2704f"}}, "upn": "upn-value"}
    copied = standalone_document(id="x", joinMeetingIdSettings=settings, participants={"organizer": organizer})
    request = parse_request(copied)
    assert {fault.pointer for fault in request.omissions} == {
        *("/id", "/participants/organizer", "/joinMeetingIdSettings/joinMeetingId", "/joinMeetingIdSettings/passcode")
    }
    wanted = standalone_document(joinMeetingIdSettings={"isPasscodeRequired": True})
    assert fingerprint(request) == fingerprint(parse_request(wanted))
    nulls = standalone_document(
        joinMeetingIdSettings={"isPasscodeRequired": True, "joinMeetingId": None, "passcode": None}
    )
    assert parse_request(nulls).omissions == ()
    shown = parsed_calendar(id="x", onlineMeeting={"joinUrl": "https://teams.microsoft.com/l/x"}, onlineMeetingUrl=None)
    assert {fault.pointer for fault in shown.omissions} == {"/id", "/onlineMeeting"}
    assert parsed_calendar(onlineMeeting=None, onlineMeetingUrl=None).omissions == ()


@pytest.mark.parametrize("name", ["onlineMeeting", "Status", "odata.etag", "bodyPreviews"])
def test_what_graph_does_not_ignore_is_refused(name: str) -> None:
    """An unknown field is still a fault."""
    with pytest.raises(InvalidRequestError):
        parsed_calendar(**{name: "x"})


def test_dates_of_an_all_day_event() -> None:
    """A date is its midnight, as Microsoft's support advises; without isAllDay it is no time."""
    start, end = {"dateTime": "2027-11-11", "timeZone": "UTC"}, {"dateTime": "2027-11-12", "timeZone": "UTC"}
    given = parsed_calendar(isAllDay=True, start=start, end=end)
    midnights = {
        name: value | {"dateTime": f"{value['dateTime']}T00:00:00"} for name, value in (("start", start), ("end", end))
    }
    assert fingerprint(given) == fingerprint(parsed_calendar(isAllDay=True, **midnights))
    with pytest.raises(InvalidRequestError, match="must be a time such as"):
        parsed_calendar(start=start, end=end)


def test_a_time_in_utc_may_end_in_z() -> None:
    """It says what the zone says; beside another zone it contradicts it."""
    times = {"start": "2027-01-20T13:00:00", "end": "2027-01-20T13:30:00.0000000"}
    plain = {name: {"dateTime": value, "timeZone": "UTC"} for name, value in times.items()}
    marked = {name: {"dateTime": f"{value}Z", "timeZone": "UTC"} for name, value in times.items()}
    assert fingerprint(parsed_calendar(**marked)) == fingerprint(parsed_calendar(**plain))


def test_what_cleaning_takes_out_is_named() -> None:
    """Elements and attributes that are there no more; nothing where nothing is."""
    html = (
        "<style>.a{color:red}</style><p class='a'>Scan <img src='data:image/png;base64,iVBORw0KGgo=' alt='QR'></p>"
        "<a href='https://x.example'><button>Join</button></a>"
    )
    [warning] = parsed_calendar(body={"contentType": "html", "content": html}).omissions
    assert (warning.pointer, warning.code) == ("/body/content", "htmlRemoved")
    assert "loses <button>, <style>, class, src:" in warning.message
    for content_type, content in (("html", "<p>plain</p>"), ("text", html)):
        assert parsed_calendar(body={"contentType": content_type, "content": content}).omissions == ()
