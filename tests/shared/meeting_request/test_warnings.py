from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.meeting_request import find_warnings, parse_request
from tests.shared.meeting_request.requests import (
    at,
    attendee,
    calendar_document,
    existing_document,
    options,
    standalone_document,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def warnings_of(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(warning.pointer, warning.code) for warning in find_warnings(parse_request(document), NOW)]


def test_nothing_odd() -> None:
    """A request in order has no warnings."""
    times = {"startDateTime": "2026-07-12T14:30:00Z", "endDateTime": "2026-07-12T15:30:00Z"}
    for document in (calendar_document(), standalone_document(**times), existing_document(options=options())):
        assert warnings_of(document) == []


@pytest.mark.parametrize(
    ("members", "warnings"),
    [
        ({"start": at("2025-12-31T13:00:00")}, [("/start", "startInPast")]),
        ({"end": at("2026-11-20T12:00:00", "UTC")}, [("/end", "endEqualsStart")]),
        ({"start": at("2026-10-25T02:00:00")}, [("/start/dateTime", "ambiguousTime")]),
        (
            {"start": at("2026-10-25T02:00:00"), "end": at("2026-10-25T02:59:59", "W. Europe Standard Time")},
            [("/start/dateTime", "ambiguousTime"), ("/end/dateTime", "ambiguousTime")],
        ),
        ({"start": at("2026-10-25T02:00:00", "UTC")}, []),
        ({"start": at("2026-10-25T03:00:00")}, []),
        ({"attendees": [attendee("AlexW@contoso.com")]}, [("/attendees/0", "organizerIsAttendee")]),
        (
            {"attendees": [attendee("a@contoso.com"), attendee("A@contoso.com")]},
            [("/attendees/1", "duplicateAttendee")],
        ),
        (
            {"options": {"participants": {"attendees": [{"upn": "a@contoso.com", "role": "presenter"}]}}},
            [("/options/participants/attendees/0/role", "presenterRoleWithoutEffect")],
        ),
    ],
)
def test_calendar(members: dict[str, Any], warnings: list[tuple[str, str]]) -> None:
    """What may be a slip is accepted with a warning."""
    assert warnings_of(calendar_document(**members)) == warnings


def test_which_of_two_times_is_meant() -> None:
    """A single meeting begins at the first; a series stays in its zone, where we cannot tell Graph which is meant."""
    single = calendar_document(start=at("2026-10-25T02:00:00", "W. Europe Standard Time"))
    extent = {"type": "numbered", "startDate": "2026-10-25", "numberOfOccurrences": 2}
    series = single | {"recurrence": {"pattern": {"type": "daily", "interval": 1}, "range": extent}}
    [of_single], [of_series] = (find_warnings(parse_request(each), NOW) for each in (single, series))
    assert "the first is meant" in of_single.message
    assert "the calendar decides" in of_series.message


@pytest.mark.parametrize(
    ("members", "warnings"),
    [
        ({"startDateTime": "2019-07-12T14:30:34.2444915-07:00"}, [("/startDateTime", "startInPast")]),
        (
            {"startDateTime": "2026-07-12T14:30:00Z", "endDateTime": "2026-07-12T15:30:00+01:00"},
            [("/endDateTime", "endEqualsStart")],
        ),
        (
            {
                "startDateTime": "2026-07-12T14:30:00Z",
                "participants": {"attendees": [{"upn": "a@contoso.com", "role": "Presenter"}]},
            },
            [("/participants/attendees/0/role", "presenterRoleWithoutEffect")],
        ),
        ({}, [("/startDateTime", "noTimes")]),
    ],
)
def test_standalone(members: dict[str, Any], warnings: list[tuple[str, str]]) -> None:
    """The same holds for standalone meetings."""
    assert warnings_of(standalone_document(**members)) == warnings


POOL = {"organizer": None, "organizerPool": {"candidates": ["AlexW@contoso.com", "MeganB@contoso.com"]}}
ROOMS = {"roomPool": {"candidates": ["Baker@contoso.com"]}}


@pytest.mark.parametrize("pool", [POOL, ROOMS, {}])
@pytest.mark.parametrize(
    ("start", "number", "warned"),
    [
        ("2026-03-02T12:00:00", 53, False),  # the last is 364 days after the first
        ("2026-03-02T12:00:00", 54, True),
        ("2025-03-03T12:00:00", 97, False),  # of those that are to come
        ("2025-03-03T12:00:00", 98, True),
        ("2020-03-02T12:00:00", 2, False),
    ],
)
def test_what_is_not_reserved(pool: dict[str, Any], start: str, number: int, *, warned: bool) -> None:
    """Occurrences of a pool's series more than 366 days after the first one that is not over."""
    extent = {"type": "numbered", "startDate": start[:10], "numberOfOccurrences": number}
    pattern = {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]}
    recurrence = {"pattern": pattern, "range": extent}
    document = calendar_document(**pool, start=at(start), end=at(start.replace("T12", "T13")), recurrence=recurrence)
    found = [warning for warning in warnings_of(document) if warning[1] != "startInPast"]
    assert found == ([("/recurrence", "notReserved")] if warned and pool else [])


def test_a_meeting_longer_than_its_reservation() -> None:
    """Of either kind, by its end."""
    event = calendar_document(**POOL, start=at("2026-03-02T12:00:00"), end=at("2027-03-03T12:00:01"))
    assert warnings_of(event) == [("/end", "notReserved")]
    meeting = standalone_document(**POOL, startDateTime="2026-03-02T12:00:00Z", endDateTime="2027-03-03T12:00:01Z")
    assert warnings_of(meeting) == [("/endDateTime", "notReserved")]


@pytest.mark.parametrize("make", [calendar_document, existing_document])
def test_retired_provider(make: Callable[..., dict[str, Any]]) -> None:
    """Skype may be asked for, and is known to be gone."""
    assert warnings_of(make(onlineMeetingProvider="skypeForBusiness")) == [
        ("/onlineMeetingProvider", "retiredProvider")
    ]


@pytest.mark.parametrize(
    ("content", "warned"),
    [
        ("See https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0", True),
        ("See https://teams.microsoft.com/meet/496119491249482?p=x", True),
        ("See https://gov.teams.microsoft.us/meet/496119491249482?p=x", True),
        ("See https://teams.microsoft.com/l/channel/19%3ax", False),
        ("We use Teams.", False),
    ],
)
def test_teams_link_in_the_body(content: str, *, warned: bool) -> None:
    """The link of a meeting in the body may become the event's."""
    found = warnings_of(calendar_document(body={"contentType": "text", "content": content}))
    assert found == ([("/body/content", "teamsLinkInBody")] if warned else [])
