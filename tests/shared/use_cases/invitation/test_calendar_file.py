"""The bytes of an invitation, whatever is told in them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from shared.meeting import DialIn, Meeting, Outcome, Status
from shared.meeting_request import CalendarRequest, ExistingRequest, StandaloneRequest, parse_request
from shared.use_cases.invitation.appointment import Appointment, Guest, of_calendar, of_standalone
from shared.use_cases.invitation.calendar_file import calendar_file
from shared.validation.date_times import to_graph
from shared.validation.time_zones import allowed_names, is_skipped, to_utc, zone
from tests.examples import NOW, queued_meeting
from tests.shared.meeting_request.requests import calendar_document
from tests.shared.meeting_request.test_properties import accepted_documents
from tests.shared.use_cases.invitation.reading import instant_meant, parsed, properties

LINK = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0?context=%7b%22Tid%22%3a%22t%22%7d"
AT_MOST_ONCE = {
    "DTSTART", "DTEND", "DTSTAMP", "UID", "SEQUENCE", "SUMMARY", "LOCATION", "DESCRIPTION", "STATUS", "URL", "CLASS",
    "PRIORITY", "ORGANIZER", "CREATED", "LAST-MODIFIED", "RRULE", "TRANSP", "X-MICROSOFT-CDO-BUSYSTATUS",
}  # fmt: skip
EVER = AT_MOST_ONCE | {"ATTENDEE", "CONFERENCE"}

hostile = st.sampled_from(
    ["\r\nATTENDEE:mailto:x@y.z\r\n", "\nBEGIN:VALARM", "\\n", '";X=Y:z', "^n^'", "a\r b", "\u2028", "\x00", "😀" * 60]
)
texts = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | hostile, max_size=3).map("".join)
names = st.none() | texts


def meeting(**outcome: Any) -> Meeting:
    return queued_meeting(request=None, status=Status.SUCCEEDED, version=3, outcome=Outcome(join_url=LINK, **outcome))


@given(
    st.builds(
        Appointment,
        subject=names,
        start=st.just(NOW),
        end=st.just(NOW + timedelta(hours=1)),
        organizer=names,
        guests=st.lists(st.builds(Guest, texts, names, st.text(max_size=9)), max_size=3).map(tuple),
        location=names,
        text=texts,
        sensitivity=names,
        importance=names,
        show_as=names,
        language=names,
    ),
    st.builds(DialIn, toll_number=names, toll_free_number=names, conference_id=names, dialin_url=names),
    names,
)
def test_no_text_gets_out_of_its_line(appointment: Appointment, dial_in: DialIn, anything: str | None) -> None:
    """Whatever Graph or a caller says, it is read back as one event with the properties that were meant."""
    content = calendar_file(
        meeting(dial_in=dial_in, passcode=anything, join_meeting_id=anything, iCalUId=anything), appointment
    )
    calendar, event = parsed(content)
    found = properties(content)
    assert set(found) <= EVER
    assert not [name for name in AT_MOST_ONCE if found.count(name) > 1]
    assert found.count("ATTENDEE") == len(appointment.guests)
    assert not event.subcomponents
    assert len(calendar.subcomponents) == 1
    assert event["URL"] == LINK


@pytest.mark.parametrize(
    ("guests", "status", "method"),
    [
        ((Guest("AdeleV@contoso.com"),), Status.SUCCEEDED, "REQUEST"),
        ((), Status.SUCCEEDED, "PUBLISH"),
        ((Guest("AdeleV@contoso.com"),), Status.CANCELLED, "CANCEL"),
        ((), Status.CANCELLED, "CANCEL"),
    ],
)
def test_the_method_is_what_the_file_asks(guests: tuple[Guest, ...], status: Status, method: str) -> None:
    """RFC 5546: a request is to attendees, what names none is published, and either is taken back by a CANCEL."""
    content = calendar_file(
        meeting().model_copy(update={"status": status}),
        Appointment("Visit", NOW, NOW + timedelta(hours=1), guests=guests),
    )
    calendar, _ = parsed(content)
    assert calendar["METHOD"] == method
    assert properties(content).count("ATTENDEE") == len(guests)


@pytest.mark.parametrize(
    ("show_as", "transparency", "busy_status"),
    [
        ("free", "TRANSPARENT", "FREE"),
        ("workingElsewhere", "TRANSPARENT", "WORKINGELSEWHERE"),
        ("tentative", "OPAQUE", "TENTATIVE"),
        ("busy", "OPAQUE", "BUSY"),
        ("oof", "OPAQUE", "OOF"),
        ("unknown", "OPAQUE", None),
        (None, "OPAQUE", None),
    ],
)
def test_how_it_shows_in_a_calendar(show_as: str | None, transparency: str, busy_status: str | None) -> None:
    """The standard's two values, and Outlook's own five beside them."""
    appointment = Appointment("Visit", NOW, NOW + timedelta(hours=1), show_as=show_as)
    _, event = parsed(calendar_file(meeting(), appointment))
    assert event["TRANSP"] == transparency
    assert event.get("X-MICROSOFT-CDO-BUSYSTATUS") == busy_status


def test_the_file_speaks_the_language_of_the_meeting() -> None:
    """Each word that is not the caller's; numbers and links stay as they are."""
    dial_in = DialIn(toll_number="+49 69 1234", conference_id="77 88#")
    told = meeting(dial_in=dial_in, passcode="geheim", join_meeting_id="123")
    _, event = parsed(calendar_file(told, Appointment(None, NOW, NOW, language="de-AT")))
    assert event["SUMMARY"] == event["LOCATION"] == "Onlinebesprechung"
    assert event["DESCRIPTION"].split("\n") == [
        f"Teilnehmen: {LINK}",
        "Besprechungs-ID: 123",
        "Passcode: geheim",
        "Telefon: +49 69 1234",
        "Konferenz-ID: 77 88#",
    ]
    assert [conference.params["LABEL"] for conference in event["CONFERENCE"]] == ["Onlinebesprechung", "Telefon"]


@given(accepted_documents())
def test_every_request_makes_an_invitation(document: dict[str, Any]) -> None:
    """What is accepted can be told in a file, and read back from it."""
    request = parse_request(document)
    match request:
        case CalendarRequest():
            appointment = of_calendar(request, "AlexW@contoso.com")
        case StandaloneRequest():
            appointment = of_standalone(request, "AlexW@contoso.com", NOW)
        case ExistingRequest():
            appointment = Appointment(None)
    _, event = parsed(calendar_file(meeting(), appointment))
    if appointment.start is not None:
        assert event.start is not None
        assert event.end >= event.start


@pytest.mark.parametrize(
    ("start_zone", "end_zone"),
    [("W. Europe Standard Time", "Europe/Berlin"), ("Europe/Berlin", "W. Europe Standard Time")],
)
def test_two_names_of_one_zone_are_one_zone(start_zone: str, end_zone: str) -> None:
    """Its rules are told once, and hold from the start, in winter time, to the end, in summer time."""
    request = parse_request(
        calendar_document(
            start={"dateTime": "2027-03-01T10:00:00", "timeZone": start_zone},
            end={"dateTime": "2027-07-01T10:00:00", "timeZone": end_zone},
        )
    )
    assert isinstance(request, CalendarRequest)
    calendar, event = parsed(calendar_file(meeting(), of_calendar(request, None)))
    assert [zone.tz_name for zone in calendar.timezones] == ["Europe/Berlin"]
    assert instant_meant(calendar, event, "DTSTART") == datetime(2027, 3, 1, 9, tzinfo=UTC)
    assert instant_meant(calendar, event, "DTEND") == datetime(2027, 7, 1, 8, tzinfo=UTC)


zones = st.sampled_from(sorted(allowed_names()))
walls = st.datetimes(datetime(1950, 1, 1), datetime(2150, 1, 1)).map(lambda wall: wall.replace(microsecond=0))  # noqa: DTZ001


@given(walls, zones, zones, st.integers(0, 10_000))
@example(datetime(1971, 5, 1), "America/Cambridge_Bay", "UTC", 0)  # noqa: DTZ001 - a year before its rules begin
def test_the_instant_that_graph_is_told(wall: datetime, start_zone: str, end_zone: str, minutes: int) -> None:
    """For every zone name that a request may use, file and Graph mean the same start and end."""
    end = to_utc(wall, start_zone) + timedelta(minutes=minutes)
    assume(not is_skipped(wall, start_zone))
    ends = end.astimezone(zone(end_zone))
    assume(not ends.fold)
    request = parse_request(
        calendar_document(
            start={"dateTime": wall.isoformat(), "timeZone": start_zone},
            end={"dateTime": ends.replace(tzinfo=None).isoformat(), "timeZone": end_zone},
        )
    )
    assert isinstance(request, CalendarRequest)
    calendar, event = parsed(calendar_file(meeting(), of_calendar(request, None)))
    told = to_graph(request.start, recurring=False, all_day=False)
    start = to_utc(datetime.fromisoformat(told["dateTime"]), told["timeZone"])
    assert instant_meant(calendar, event, "DTSTART") == start
    assert instant_meant(calendar, event, "DTEND") == end
