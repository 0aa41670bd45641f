from typing import Any

import pytest

from shared.meeting_request import CalendarRequest, ExistingRequest, StandaloneRequest, parse_request
from tests.shared.meeting_request.requests import (
    at,
    attendee,
    calendar_document,
    codes_of,
    existing_document,
    faults_of,
    full_calendar_document,
    options,
    standalone_document,
)


@pytest.mark.parametrize("document", [[], "x", 1, 1.5, None, True, [{"organizer": "a@contoso.com"}]])
def test_no_object(document: object) -> None:
    """A request is an object, and if it is not, there is nothing else to say."""
    assert codes_of(document) == [("", "wrongType")]


def test_kinds() -> None:
    """The kind tells the fields; without one it is calendar."""
    assert isinstance(parse_request(calendar_document()), CalendarRequest)
    assert isinstance(parse_request(calendar_document(kind="calendar")), CalendarRequest)
    assert isinstance(parse_request(calendar_document(kind=None)), CalendarRequest)
    assert isinstance(parse_request(standalone_document()), StandaloneRequest)
    assert isinstance(parse_request(existing_document()), ExistingRequest)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("Calendar", "'Calendar'"),
        ("", "''"),
        ("event", "'event'"),
        (1, "the number 1"),
        (True, "true"),
        ([], "a list"),
        ({}, "an object"),
    ],
)
def test_unknown_kind(kind: object, told: str) -> None:
    """An unknown kind is answered with the known ones, and hides nothing else."""
    faults = faults_of(calendar_document(kind=kind, organizer="x", language="?", anything=1))
    assert [(fault.pointer, fault.code) for fault in faults] == [
        ("/organizer", "invalidOrganizer"),
        ("/kind", "notOneOf"),
        ("/language", "invalidLanguage"),
        ("/anything", "unknownField"),
    ]
    assert faults[1].message == f"kind must be one of calendar, standalone, existing, not {told}."


@pytest.mark.parametrize(
    ("document", "others"),
    [
        (calendar_document(end=at("2026-11-20T12:00:00")), [("/end", "endBeforeStart")]),
        (
            standalone_document(startDateTime="2026-11-20T13:00:00Z", endDateTime="2026-11-20T12:00:00Z"),
            [("/endDateTime", "endBeforeStart")],
        ),
        (existing_document(eventId=""), [("/eventId", "blank")]),
        ({"organizer": "AlexW@contoso.com"}, [("/subject", "required"), ("/start", "required"), ("/end", "required")]),
    ],
)
def test_a_request_of_unknown_kind_is_judged_as_the_kind_that_it_fits_best(
    document: dict[str, Any], others: list[tuple[str, str]]
) -> None:
    """By its members: faults between two fields are found too. What fits all kinds is judged as calendar."""
    assert set(codes_of(document | {"kind": "webinar"})) == {("/kind", "notOneOf"), *others}


@pytest.mark.parametrize(
    ("document", "missing"),
    [
        ({}, ["organizer", "subject", "start", "end"]),
        ({"kind": "standalone"}, ["organizer"]),
        ({"kind": "existing"}, ["organizer", "eventId"]),
    ],
)
def test_required(document: dict[str, Any], missing: list[str]) -> None:
    """Everything that is missing is listed, and null is missing."""
    expected = [(f"/{name}", "required") for name in missing]
    assert codes_of(document) == expected
    assert codes_of(document | dict.fromkeys(missing)) == expected


@pytest.mark.parametrize(
    ("members", "pointer", "code"),
    [
        ({"isAllDay": "true"}, "/isAllDay", "wrongType"),
        ({"isAllDay": 1}, "/isAllDay", "wrongType"),
        ({"isOnlineMeeting": 1}, "/isOnlineMeeting", "wrongType"),
        ({"isOnlineMeeting": "true"}, "/isOnlineMeeting", "wrongType"),
        ({"isOnlineMeeting": False}, "/isOnlineMeeting", "notOneOf"),
        ({"hideAttendees": []}, "/hideAttendees", "wrongType"),
        ({"reminderMinutesBeforeStart": "60"}, "/reminderMinutesBeforeStart", "wrongType"),
        ({"reminderMinutesBeforeStart": True}, "/reminderMinutesBeforeStart", "wrongType"),
        ({"reminderMinutesBeforeStart": 30.5}, "/reminderMinutesBeforeStart", "wrongType"),
        ({"reminderMinutesBeforeStart": -1}, "/reminderMinutesBeforeStart", "outOfRange"),
        ({"reminderMinutesBeforeStart": 2_629_801}, "/reminderMinutesBeforeStart", "outOfRange"),
        ({"subject": 1}, "/subject", "wrongType"),
        ({"subject": {"en": "x"}}, "/subject", "wrongType"),
        ({"start": "2026-11-20T13:00:00"}, "/start", "wrongType"),
        ({"start": 1795183200}, "/start", "wrongType"),
        ({"attendees": {}}, "/attendees", "wrongType"),
        ({"attendees": "a@contoso.com"}, "/attendees", "wrongType"),
        ({"attendees": [attendee("a@contoso.com"), None]}, "/attendees/1", "wrongType"),
        ({"attendees": ["a@contoso.com"]}, "/attendees/0", "wrongType"),
        ({"attendees": [{}]}, "/attendees/0/emailAddress", "required"),
        ({"attendees": [{"emailAddress": {}}]}, "/attendees/0/emailAddress/address", "required"),
        ({"attendees": [attendee("a@contoso.com") | {"type": "guest"}]}, "/attendees/0/type", "notOneOf"),
        ({"categories": "red"}, "/categories", "wrongType"),
        ({"categories": [None]}, "/categories/0", "wrongType"),
        ({"importance": "urgent"}, "/importance", "notOneOf"),
        ({"importance": 1}, "/importance", "notOneOf"),
        ({"sensitivity": "secret"}, "/sensitivity", "notOneOf"),
        ({"showAs": "unknown"}, "/showAs", "notOneOf"),
        ({"onlineMeetingProvider": "zoom"}, "/onlineMeetingProvider", "notOneOf"),
        ({"onlineMeetingProvider": "unknown"}, "/onlineMeetingProvider", "notOneOf"),
        ({"body": "Hello"}, "/body", "wrongType"),
        ({"body": {"contentType": "markdown", "content": "x"}}, "/body/contentType", "notOneOf"),
        ({"body": {"contentType": "html"}}, "/body/content", "required"),
        ({"location": "Room 1"}, "/location", "wrongType"),
        ({"location": {}}, "/location/displayName", "required"),
        (
            {"location": {"displayName": "x", "coordinates": {"latitude": 91}}},
            "/location/coordinates/latitude",
            "outOfRange",
        ),
        (
            {"location": {"displayName": "x", "locationEmailAddress": "x"}},
            "/location/locationEmailAddress",
            "invalidAddress",
        ),
        ({"location": {"displayName": "x", "locationType": "moon"}}, "/location/locationType", "notOneOf"),
        ({"locations": [{"displayName": "x"}, {"name": "y"}]}, "/locations/1/name", "unknownField"),
        ({"options": []}, "/options", "wrongType"),
        ({"nickname": "x"}, "/nickname", "unknownField"),
        ({"a/b~c": None}, "/a~1b~0c", "unknownField"),
        ({"is_all_day": True}, "/is_all_day", "unknownField"),
    ],
)
def test_shape(members: dict[str, Any], pointer: str, code: str) -> None:
    """No value is converted, no member is overlooked, and each fault names its place."""
    assert (pointer, code) in codes_of(calendar_document(**members))


def test_all_at_once() -> None:
    """Every fault is listed in the order of the document, those between fields too."""
    document = {
        "end": at("2026-11-20T12:00:00"),
        "importance": "urgent",
        "attendees": [attendee("x"), attendee("a@contoso.com", nick="y")],
        "foo": 1,
        "start": at("2026-11-20T13:00:00"),
        "onlineMeetingProvider": "skypeForBusiness",
        "options": {"allowRecording": "yes"},
        "organizer": "x",
    }
    assert codes_of(document) == [
        ("/end", "endBeforeStart"),
        ("/importance", "notOneOf"),
        ("/attendees/0/emailAddress/address", "invalidAddress"),
        ("/attendees/1/emailAddress/nick", "unknownField"),
        ("/foo", "unknownField"),
        ("/options", "notAllowed"),
        ("/options/allowRecording", "wrongType"),
        ("/organizer", "invalidOrganizer"),
        ("/subject", "required"),
    ]


def test_messages_are_plain() -> None:
    """A message speaks of JSON and of the field, not of Python or pydantic."""
    document = calendar_document(
        isAllDay="true", importance="x", attendees=[None], categories=3, options=[], Subject="x"
    )
    assert [fault.message for fault in faults_of(document)] == [
        "isAllDay must be true or false, not 'true'.",
        "importance must be one of low, normal, high, not 'x'.",
        'attendees[0] must be an object such as {"emailAddress": ...}, not null.',
        "categories must be a list, not the number 3.",
        'options must be an object such as {"allowAttendeeToEnableCamera": ...}, not a list.',
        "Subject is not a field here; did you mean subject?",
    ]


def test_null_is_absent() -> None:
    """An optional member that is null counts as not given, at every level."""
    document = full_calendar_document()
    bare = calendar_document(location={"displayName": "x"}, attendees=[attendee("a@contoso.com")])
    nulls = {name: None for name in document if name not in bare}
    nested = {
        "location": {"displayName": "x", "address": None, "coordinates": None},
        "attendees": [{"emailAddress": {"address": "a@contoso.com", "name": None}, "type": None}],
    }
    assert parse_request(bare | nulls | nested) == parse_request(bare)


@pytest.mark.parametrize(
    ("document", "pointer", "words"),
    [
        (calendar_document(joinMeetingIdSettings={}), "/joinMeetingIdSettings", "standalone meeting is made"),
        (calendar_document(options={"joinMeetingIdSettings": {}}), "/options/joinMeetingIdSettings", "standalone"),
        (existing_document(options={"passcode": "1"}), "/options/passcode", "generated by Teams"),
        (calendar_document(options={"subject": "x"}), "/options/subject", "taken from the event"),
        (calendar_document(options={"startDateTime": "x"}), "/options/startDateTime", "taken from the event"),
        (calendar_document(options={"broadcastSettings": {}}), "/options/broadcastSettings", "live events"),
        (calendar_document(allowRecording=True), "/allowRecording", "inside options"),
        (calendar_document(startDateTime="x"), "/startDateTime", "start and end"),
        (standalone_document(start=at("2026-11-20T13:00:00")), "/start", "startDateTime"),
        (standalone_document(attendees=[]), "/attendees", "has no attendees"),
        (standalone_document(options={}), "/options", "top level"),
        (standalone_document(participants={"organizer": {}, "attendees": []}), "/participants/organizer", "organizer"),
        (
            standalone_document(joinMeetingIdSettings={"isPasscodeRequired": True, "passcode": "1"}),
            "/joinMeetingIdSettings/passcode",
            "generated by Teams",
        ),
        (existing_document(subject="x"), "/subject", "already"),
        (calendar_document(request={"subject": "x"}), "/request", "send the members of request themselves"),
    ],
)
def test_reasons(document: dict[str, Any], pointer: str, words: str) -> None:
    """Graph's field in the wrong place is refused with the reason."""
    [fault] = faults_of(document)
    assert (fault.pointer, fault.code) == (pointer, "notAllowed")
    assert words in fault.message


@pytest.mark.parametrize("make", [calendar_document, existing_document])
@pytest.mark.parametrize("provider", ["skypeForBusiness", "skypeForConsumer"])
def test_only_teams_has_options(make: Any, provider: str) -> None:
    """Options and language are Teams' own."""
    assert parse_request(make(onlineMeetingProvider=provider)).kind
    document = make(onlineMeetingProvider=provider, language="ja", options=options())
    assert codes_of(document) == [("/language", "notAllowed"), ("/options", "notAllowed")]


def test_unstorable_text() -> None:
    """A value that did not come through decode_json may not hold what decode_json refuses either."""
    assert codes_of(calendar_document(subject="\ud800")) == [("/subject", "forbiddenCharacter")]
    assert codes_of(calendar_document(**{"a\x00": 1})) == [("/a\x00", "forbiddenCharacter")]


def test_many_faults_are_quick() -> None:
    """A document of nothing but faults is answered with the first hundred, in linear time."""
    assert len(faults_of({f"field{number}": None for number in range(20_000)})) == 100
