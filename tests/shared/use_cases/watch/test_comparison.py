"""What an event shows, compared with what was requested."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.errors import UnavailableError
from shared.graph.seen_event import parse_seen_event
from shared.meeting import Observed, ObservedAttendee, ObservedState, Outcome, Status
from shared.meeting.observed import LARGEST_OBSERVED
from shared.meeting_request import parse_request
from shared.use_cases.watch.comparison import compare_event
from tests.examples import CALENDAR, EXISTING, queued_meeting

LINK = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_one%40thread.v2/0"
OTHER_LINK = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_two%40thread.v2/0"
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
NEVER, AT_THE_END_OF_TIME = "0001-01-01T00:00:00Z", "4501-01-01T00:00:00Z"


def attendee(address: str, response: str = "none", time: str = NEVER, **members: Any) -> dict[str, Any]:
    return {
        "type": "required",
        "emailAddress": {"address": address, "name": address},
        "status": {"response": response, "time": time},
    } | members


EVENT: dict[str, Any] = {
    "@odata.etag": 'W/"1"',
    "id": "event",
    "isCancelled": False,
    "isOnlineMeeting": True,
    "onlineMeeting": {"joinUrl": LINK},
    "subject": "Prep for customer meeting",
    "start": {"dateTime": "2027-01-20T21:00:00.0000000", "timeZone": "UTC"},
    "end": {"dateTime": "2027-01-20T22:00:00.0000000", "timeZone": "UTC"},
    "isAllDay": False,
    "originalStartTimeZone": "Pacific Standard Time",
    "location": {"displayName": ""},
    "locations": [],
    "organizer": {"emailAddress": {"address": "AlexW@contoso.com"}},
    "attendees": [attendee("adelev@contoso.com")],
}


def at(start: str, end: str) -> dict[str, Any]:
    return {"start": {"dateTime": start, "timeZone": "UTC"}, "end": {"dateTime": end, "timeZone": "UTC"}}


def observe(event: dict[str, Any], request: dict[str, Any] | None = None, *, removed: bool = False) -> Observed:
    outcome = Outcome(join_url=LINK, event_id="event")
    document = request or CALENDAR
    meeting = queued_meeting(status=Status.SUCCEEDED, outcome=outcome, request=document)
    parsed = parse_request(document)
    assert not hasattr(parsed, "start_date_time")
    return compare_event(meeting, parsed, parse_seen_event(EVENT | event), NOW, removed=removed)  # pyright: ignore[reportArgumentType]


def test_an_event_as_it_was_requested() -> None:
    """Its times are shown in the request's zone; years that Graph has for placeholders are none."""
    observed = observe({})
    assert (observed.state, observed.changes) == (ObservedState.AS_REQUESTED, ())
    assert observed.start is not None
    assert observed.start.model_dump(by_alias=True) == CALENDAR["start"]
    assert observed.join_url == LINK
    assert observed.attendees == (ObservedAttendee(address="adelev@contoso.com", name="adelev@contoso.com"),)


@pytest.mark.parametrize(
    ("event", "changes"),
    [
        (at("2027-01-21T21:00:00", "2027-01-21T22:00:00"), ("start", "end")),
        (at("2027-01-20T21:00:00", "2027-01-20T21:30:00"), ("end",)),
        (at("2027-01-20T20:30:00", "2027-01-20T22:00:00"), ("start",)),
        ({"isAllDay": True} | at("2027-01-20T00:00:00", "2027-01-21T00:00:00"), ("start", "end", "isAllDay")),
        ({"subject": "Prep, at last"}, ("subject",)),
        ({"subject": None}, ("subject",)),
        ({"location": {"displayName": "Room 7"}}, ("location",)),
        ({"onlineMeeting": {"joinUrl": OTHER_LINK}}, ("joinUrl",)),
        ({"onlineMeeting": None, "isOnlineMeeting": False}, ("joinUrl",)),
        ({"attendees": []}, ("attendees",)),
        ({"attendees": [attendee("AdeleV@contoso.com"), attendee("diegos@contoso.com")]}, ("attendees",)),
        ({"attendees": [attendee("AdeleV@contoso.com", type="optional")]}, ("attendees",)),
        (
            {"subject": "Moved", "attendees": []} | at("2027-01-20T22:00:00", "2027-01-20T23:00:00"),
            ("start", "end", "subject", "attendees"),
        ),
    ],
)
def test_what_was_changed_in_outlook(event: dict[str, Any], changes: tuple[str, ...]) -> None:
    """Every difference from the request is named, and nothing else."""
    observed = observe(event)
    assert (observed.state, observed.changes) == (ObservedState.CHANGED, changes)


@pytest.mark.parametrize(
    "event",
    [
        {"location": {"displayName": "Microsoft Teams Meeting"}},
        {"onlineMeeting": None},
        {"onlineMeeting": {"joinUrl": LINK.replace("%3a", "%3A")}},
        {"subject": "Prep for customer meeting "},
        {"attendees": [attendee("AlexW@contoso.com"), attendee("AdeleV@CONTOSO.com", type="resource")]},
        {"lastModifiedDateTime": "2026-12-01T00:00:00Z", "changeKey": "other", "@odata.etag": 'W/"2"'},
    ],
)
def test_what_is_no_change(event: dict[str, Any]) -> None:
    """What Exchange and Outlook write by themselves is not a change, and neither is a date of change."""
    assert observe(event).state is ObservedState.AS_REQUESTED


@pytest.mark.parametrize("member", sorted(EVENT.keys() - {"@odata.etag", "originalStartTimeZone", "onlineMeeting"}))
def test_half_an_answer_says_nothing(member: str) -> None:
    """An answer that lacks a member that is compared is not taken for an event without it."""
    event = {name: value for name, value in EVENT.items() if name != member}
    if member in {"locations", "organizer"}:  # each has another that says it
        parse_seen_event(event)
        return
    with pytest.raises(UnavailableError):
        parse_seen_event(event)


def test_responses() -> None:
    """A response has a time and perhaps a proposal, in the request's zone; a reset one has Graph's placeholder year."""
    slot = at("2027-01-21T19:00:00", "2027-01-21T20:00:00")
    people = [
        attendee("AdeleV@contoso.com", "declined", "2026-11-22T10:00:00Z", proposedNewTime=slot),
        attendee("diegos@contoso.com", "notResponded", AT_THE_END_OF_TIME),
        attendee("room1@contoso.com", "accepted", "2026-11-21T08:00:05Z", type="resource"),
    ]
    adele, diego, room = observe({"attendees": people}).attendees
    assert (adele.response, adele.responded_at) == ("declined", datetime(2026, 11, 22, 10, tzinfo=UTC))
    assert adele.proposed_start is not None
    assert adele.proposed_start.date_time == "2027-01-21T11:00:00"
    assert (diego.response, diego.responded_at) == ("notResponded", None)
    assert (room.type, room.response) == ("resource", "accepted")


@pytest.mark.parametrize(
    ("zone_name", "shown"), [("Tokyo Standard Time", "2027-01-21T03:00:00"), ("tzone://Custom", "2027-01-21T12:00:00")]
)
def test_a_proposal_in_another_zone(zone_name: str, shown: str) -> None:
    """A proposal that Graph passes on in the attendee's zone is converted; a zone without a known name is UTC."""
    slot = {"start": {"dateTime": "2027-01-21T20:00:00.0000000", "timeZone": zone_name}}
    (adele,) = observe({"attendees": [attendee("AdeleV@contoso.com", "declined", proposedNewTime=slot)]}).attendees
    assert adele.proposed_start is not None
    assert (adele.proposed_start.date_time, adele.proposed_start.time_zone) == (shown, "Pacific Standard Time")


def test_removed() -> None:
    """Of an event that was cancelled or deleted nothing is called changed."""
    observed = observe({"subject": "Canceled: Prep", "isCancelled": True}, removed=True)
    assert (observed.state, observed.changes) == (ObservedState.REMOVED, ())


ALL_DAY: dict[str, Any] = CALENDAR | {
    "isAllDay": True,
    "start": {"dateTime": "2027-01-20T00:00:00", "timeZone": "Tokyo Standard Time"},
    "end": {"dateTime": "2027-01-21T00:00:00", "timeZone": "Tokyo Standard Time"},
}


@pytest.mark.parametrize(
    ("days", "changes"),
    [
        (("2027-01-20", "2027-01-21"), ()),
        (("2027-01-20", "2027-01-22"), ("end",)),
        (("2027-01-21", "2027-01-22"), ("start", "end")),
    ],
)
def test_all_day_events_are_compared_by_date(days: tuple[str, str], changes: tuple[str, ...]) -> None:
    """Graph shows their days as midnights in UTC, whatever the zone."""
    first, last = days
    observed = observe({"isAllDay": True} | at(f"{first}T00:00:00", f"{last}T00:00:00"), ALL_DAY)
    assert observed.changes == changes
    assert observed.start is not None
    assert observed.start.date_time == f"{first}T00:00:00"


def test_a_series_begins_at_the_first_day_that_fits() -> None:
    """A start on another weekday than the pattern's is moved by Graph, which is no change."""
    recurrence = {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["friday"]},
        "range": {"type": "numbered", "startDate": "2027-01-20", "numberOfOccurrences": 4},
    }
    request = CALENDAR | {"recurrence": recurrence}
    assert observe(at("2027-01-22T21:00:00", "2027-01-22T22:00:00"), request).state is ObservedState.AS_REQUESTED
    assert observe(at("2027-01-23T21:00:00", "2027-01-23T22:00:00"), request).changes == ("start", "end")


def test_a_time_that_clocks_show_twice_is_shown_in_utc() -> None:
    """The second of two equal times cannot be told by the clock."""
    observed = observe(at("2027-11-07T09:30:00", "2027-11-07T10:30:00"))
    assert observed.start is not None
    assert (observed.start.date_time, observed.start.time_zone) == ("2027-11-07T09:30:00", "UTC")


def test_of_an_existing_event_only_the_link_is_compared() -> None:
    """The request says nothing about the rest; times are shown in the zone in which the event was made."""
    assert observe({}, EXISTING).state is ObservedState.AS_REQUESTED
    observed = observe({"onlineMeeting": {"joinUrl": OTHER_LINK}, "subject": "Anything"}, EXISTING)
    assert observed.changes == ("joinUrl",)
    assert observed.start is not None
    assert observed.start.time_zone == "Pacific Standard Time"


@pytest.mark.parametrize("longest", [10, 240])
def test_an_observation_fits_into_a_record(longest: int) -> None:
    """The largest list of attendees fits: names go first, then those who have not responded."""

    def invited(number: int) -> dict[str, Any]:
        address = f"{number}{'x' * longest}@contoso.com"
        response = ("accepted", "2026-11-22T10:00:00Z") if number > 400 else ()
        return attendee(address, *response) | {"emailAddress": {"address": address, "name": "\U0001f600" * 10_000}}

    observed = observe({"attendees": [invited(number) for number in range(500)], "subject": "s" * 2048})
    stored = observed.model_dump_json(by_alias=True, exclude_defaults=True)
    assert len(stored.encode("utf-16-le")) <= LARGEST_OBSERVED
    assert sum(each.response == "accepted" for each in observed.attendees) == 99
    assert len(observed.subject or "") == 255
