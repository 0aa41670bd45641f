"""Invitation files of the app's meetings, read back by a calendar library."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import vUri

from shared.errors import MeetingNotFoundError, NoJoinLinkError, RejectedError, ThrottledError, UnavailableError
from shared.meeting import Meeting, Status
from tests.app_fixture import World
from tests.examples import CALENDAR, EXISTING, STANDALONE
from tests.shared.graph.wire import OBJECT_ID
from tests.shared.use_cases.invitation.reading import occurrences, parsed, properties

LOS_ANGELES = ZoneInfo("America/Los_Angeles")
ONCE = ["DTSTART", "DTEND", "DTSTAMP", "UID", "SEQUENCE", "SUMMARY", "LOCATION", "DESCRIPTION", "STATUS", "URL"]


async def invitation(world: World, meeting: Meeting) -> bytes:
    return (await world.app.invitations.write(meeting.id))[1]


async def invited(request: dict[str, Any]) -> tuple[Meeting, bytes]:
    world = World()
    meeting = await world.made(request)
    return meeting, await invitation(world, meeting)


async def test_a_calendar_meeting() -> None:
    """Everything that somebody who is invited by other means than Outlook needs."""
    meeting, content = await invited(CALENDAR | {"language": "en", "location": {"displayName": "Room 1; upstairs"}})
    calendar, event = parsed(content)
    assert (calendar["METHOD"], calendar["VERSION"]) == ("REQUEST", "2.0")
    assert [str(zone.tz_name) for zone in calendar.timezones] == ["America/Los_Angeles"]
    assert {name: properties(content).count(name) for name in ONCE} == dict.fromkeys(ONCE, 1)
    assert event.uid == meeting.outcome.i_cal_u_id
    assert (event["SEQUENCE"], event["STATUS"]) == (1, "CONFIRMED")
    assert event.DTSTAMP == event.last_modified == meeting.updated_at
    assert event.start == datetime(2027, 1, 20, 13, tzinfo=LOS_ANGELES)
    assert event.end == datetime(2027, 1, 20, 14, tzinfo=LOS_ANGELES)
    assert event["DTSTART"].params["TZID"] == "America/Los_Angeles"
    assert (event["SUMMARY"], event["LOCATION"]) == ("Prep for customer meeting", "Room 1; upstairs")
    assert event["ORGANIZER"] == "mailto:AlexW@contoso.com"
    assert event["ATTENDEE"] == "mailto:AdeleV@contoso.com"
    assert dict(event["ATTENDEE"].params) == {
        "CN": "Adele Vance",
        "CUTYPE": "INDIVIDUAL",
        "ROLE": "REQ-PARTICIPANT",
        "PARTSTAT": "NEEDS-ACTION",
        "RSVP": "TRUE",
    }


async def test_every_place_where_a_program_looks_for_the_link() -> None:
    """URL, CONFERENCE with its telephone numbers, and the description with what is typed in."""
    meeting, content = await invited(
        STANDALONE | {"joinMeetingIdSettings": {"isPasscodeRequired": True}, "subject": "Visit"}
    )
    _, event = parsed(content)
    outcome = meeting.outcome
    assert outcome.dial_in
    assert outcome.passcode
    assert event["URL"] == outcome.join_url
    link, *telephones = event["CONFERENCE"]
    assert (link, link.params["FEATURE"], link.params["VALUE"]) == (outcome.join_url, ["AUDIO", "VIDEO"], "URI")
    assert all(isinstance(each, vUri) and each.params["FEATURE"] == "PHONE" for each in telephones)
    assert telephones[0] == f"tel:+13235550166,,{outcome.dial_in.conference_id}"
    description = event["DESCRIPTION"].split("\n")
    assert description[:3] == [
        f"Join: {outcome.join_url}",
        f"Meeting ID: {outcome.join_meeting_id}",
        f"Passcode: {outcome.passcode}",
    ]
    assert f"Conference ID: {outcome.dial_in.conference_id}" in description


async def test_a_standalone_meeting() -> None:
    """Nobody else invites for it; its participants are its guests, its times are in UTC."""
    times = {"startDateTime": "2027-03-01T09:00:00+01:00", "endDateTime": "2027-03-01T09:45:00.1234567+01:00"}
    guest = {"upn": "MeganB@contoso.com", "role": "presenter"}
    meeting, content = await invited(
        STANDALONE | times | {"allowedPresenters": "roleIsPresenter", "participants": {"attendees": [guest]}}
    )
    calendar, event = parsed(content)
    assert event.uid == f"{meeting.id}@convene"
    assert (event.start, event.end) == (
        datetime(2027, 3, 1, 8, tzinfo=UTC),
        datetime(2027, 3, 1, 8, 45, tzinfo=UTC),
    )
    assert not calendar.timezones
    assert b"DTSTART:20270301T080000Z" in content
    assert event["ATTENDEE"] == "mailto:MeganB@contoso.com"


@pytest.mark.parametrize(
    ("times", "start", "length"),
    [
        ({}, datetime(2026, 11, 21, 8, tzinfo=UTC), 60),
        ({"startDateTime": "2027-03-01T09:00:00Z"}, datetime(2027, 3, 1, 9, tzinfo=UTC), 60),
    ],
)
async def test_times_that_were_left_out(times: dict[str, str], start: datetime, length: int) -> None:
    """As Graph has them: from when it was made, for an hour."""
    _, content = await invited(STANDALONE | times)
    _, event = parsed(content)
    assert (event.start, event.end) == (start, start + timedelta(minutes=length))


async def test_an_event_that_was_there_before() -> None:
    """Graph knows when it is, on the clock that its organizer chose."""
    meeting, content = await invited(EXISTING)
    calendar, event = parsed(content)
    assert event.start == datetime(2019, 11, 18, 15, tzinfo=LOS_ANGELES)
    assert event.end == datetime(2019, 11, 18, 16, tzinfo=LOS_ANGELES)
    assert [str(zone.tz_name) for zone in calendar.timezones] == ["America/Los_Angeles"]
    assert (event["SUMMARY"], event["LOCATION"]) == ("Price strategy", "Conf Room Baker")
    assert event["ATTENDEE"] == "mailto:AdeleV@contoso.com"
    assert event.uid == meeting.outcome.i_cal_u_id


async def test_a_series_that_was_there_before() -> None:
    """Graph fills what a pattern does not need with zeros; the rule has none of it."""
    world = World()
    recurrence = {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["wednesday"]},
        "range": {"type": "numbered", "startDate": "2027-01-20", "numberOfOccurrences": 9},
    }
    series = await world.made(CALENDAR | {"recurrence": recurrence})
    existing = await world.made(EXISTING | {"eventId": series.outcome.event_id})
    _, event = parsed(await invitation(world, existing))
    assert event["RRULE"].to_ical() == b"FREQ=WEEKLY;COUNT=9;INTERVAL=1;BYDAY=WE;WKST=SU"
    assert event.start == datetime(2027, 1, 20, 13, tzinfo=LOS_ANGELES)


async def test_an_all_day_event() -> None:
    """Days without a clock, the last one left out, as both Graph and iCalendar have it."""
    midnight = {"dateTime": "2027-01-20T00:00:00", "timeZone": "Pacific Standard Time"}
    _, content = await invited(
        CALENDAR | {"isAllDay": True, "start": midnight, "end": midnight | {"dateTime": "2027-01-22T00:00:00"}}
    )
    calendar, event = parsed(content)
    assert (event.start, event.end) == (date(2027, 1, 20), date(2027, 1, 22))
    assert b"DTSTART;VALUE=DATE:20270120" in content
    assert not calendar.timezones


async def test_a_series_keeps_its_hour() -> None:
    """In winter and in summer it is nine o'clock in Berlin, until the last day, which is a day of the series."""
    recurrence = {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
        "range": {"type": "endDate", "startDate": "2027-03-22", "endDate": "2027-04-05"},
    }
    at = {"timeZone": "W. Europe Standard Time"}
    _, content = await invited(
        CALENDAR
        | {
            "start": at | {"dateTime": "2027-03-22T09:00:00"},
            "end": at | {"dateTime": "2027-03-22T10:00:00"},
            "recurrence": recurrence,
        }
    )
    _, event = parsed(content)
    assert occurrences(event, 10) == [datetime(2027, month, day, 9) for month, day in ((3, 22), (3, 29), (4, 5))]  # noqa: DTZ001


async def test_each_kind_of_guest() -> None:
    """Required, optional, and a room; an apostrophe, a quote and an international domain stay what they are."""
    people = [
        {"emailAddress": {"address": "o'neil@contoso.com", "name": 'Bob "Bobby" O\'Neil'}},
        {"emailAddress": {"address": "MeganB@contoso.com", "name": "Bowen; Megan, Dr.: MD"}, "type": "optional"},
        {"emailAddress": {"address": "Baker@contoso.com"}, "type": "resource"},
        {"emailAddress": {"address": "用户@例え.jp", "name": "ユーザー"}},
    ]
    _, content = await invited(CALENDAR | {"attendees": people, "responseRequested": False})
    _, event = parsed(content)
    guests = event["ATTENDEE"]
    assert [guest.params["ROLE"] for guest in guests] == [
        "REQ-PARTICIPANT",
        "OPT-PARTICIPANT",
        "NON-PARTICIPANT",
        "REQ-PARTICIPANT",
    ]
    assert [guest.params["CUTYPE"] for guest in guests] == ["INDIVIDUAL", "INDIVIDUAL", "ROOM", "INDIVIDUAL"]
    assert {guest.params["RSVP"] for guest in guests} == {"FALSE"}
    assert guests[0] == "mailto:o'neil@contoso.com"
    assert guests[3] == "mailto:%E7%94%A8%E6%88%B7@%E4%BE%8B%E3%81%88.jp"
    assert guests[1].params["CN"] == "Bowen; Megan, Dr.: MD"
    assert guests[3].params["CN"] == "ユーザー"


async def test_hidden_attendees_stay_hidden() -> None:
    """Who asks Outlook not to show the guests to each other does not have a file show them."""
    _, content = await invited(CALENDAR | {"hideAttendees": True})
    assert b"adelev" not in content.lower()


async def test_an_organizer_named_by_object_id() -> None:
    """The directory has the address; where the app may not look, the id stands for it."""
    world = World()
    meeting = await world.made(CALENDAR | {"organizer": OBJECT_ID})
    assert b"ORGANIZER:mailto:AlexW@contoso.com" in await invitation(world, meeting)
    forbidden = {"status": 403, "code": "Authorization_RequestDenied", "message": "Insufficient privileges."}
    world.fault({"path": "/users/[^/]+$", "action": forbidden})
    assert f"ORGANIZER:urn:uuid:{OBJECT_ID}".encode() in await invitation(world, meeting)


@pytest.mark.parametrize("request_of_kind", [CALENDAR, STANDALONE, EXISTING])
async def test_a_cancelled_meeting(request_of_kind: dict[str, Any]) -> None:
    """The notice takes back what the invitation has put into a calendar: same UID, higher SEQUENCE."""
    world = World()
    meeting = await world.made(request_of_kind)
    _, before = parsed(await invitation(world, meeting))
    await world.app.changes.cancel(meeting.id, None)
    await world.settle()
    meeting = await world.ledger.read(meeting.id)
    assert meeting.status is Status.CANCELLED
    content = await invitation(world, meeting)
    calendar, after = parsed(content)
    assert (calendar["METHOD"], after["STATUS"], after["SEQUENCE"]) == ("CANCEL", "CANCELLED", 2)
    assert after.uid == before.uid
    assert after["ORGANIZER"] == before["ORGANIZER"]


async def test_a_new_version_has_a_new_sequence() -> None:
    """A calendar program replaces the former version by this one."""
    world = World()
    meeting = await world.made(CALENDAR)
    await world.app.changes.patch(meeting.id, {"subject": "Later"})
    await world.settle()
    _, event = parsed(await invitation(world, meeting))
    assert (event["SEQUENCE"], event["SUMMARY"]) == (2, "Later")


async def test_no_link_no_invitation() -> None:
    """Not before there is a link, and not for a meeting that never got one."""
    world = World()
    meeting = await world.accept(CALENDAR)
    with pytest.raises(NoJoinLinkError):
        await invitation(world, meeting)
    failed = await world.made(CALENDAR | {"organizer": "NoMailbox@contoso.com"})
    with pytest.raises(NoJoinLinkError):
        await invitation(world, failed)
    with pytest.raises(MeetingNotFoundError):
        await world.app.invitations.write("4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7")


async def test_what_graph_says_of_an_event_that_is_not_readable() -> None:
    """It was deleted, or Graph throttles: the answer says which."""
    world = World()
    meeting = await world.made(EXISTING)
    world.fault({"action": {"status": 429, "code": "x", "retryAfter": "9"}, "times": 1})
    with pytest.raises(ThrottledError):
        await invitation(world, meeting)
    world.clock.advance(minutes=1)
    mailbox = world.tenant.mailboxes["alexw@contoso.com"]
    mailbox.events.clear()
    mailbox.by_id.clear()
    with pytest.raises(RejectedError) as raised:
        await invitation(world, meeting)
    assert raised.value.code == "eventDeleted"


async def test_the_body_is_there_as_text() -> None:
    """HTML becomes lines; what looks like iCalendar in it stays text."""
    html = "<p>Bring the <b>plan</b> &amp; a pen.</p><ul><li>one</li><li>two</li></ul>END:VEVENT<br>BEGIN:VALARM"
    _, content = await invited(CALENDAR | {"body": {"contentType": "html", "content": html}})
    _, event = parsed(content)
    lines = event["DESCRIPTION"].split("\n")
    assert lines[:6] == ["Bring the plan & a pen.", "one", "two", "END:VEVENT", "BEGIN:VALARM", ""]
    assert not event.subcomponents
    assert "ALARM" not in properties(content)


async def test_how_an_event_that_was_there_shows() -> None:
    """Graph knows, and the language is the one that the meeting was asked in."""
    world = World()
    made = await world.made(CALENDAR | {"showAs": "oof"})
    existing = await world.made(EXISTING | {"eventId": made.outcome.event_id, "language": "fr"})
    _, event = parsed(await invitation(world, existing))
    assert (event["TRANSP"], event["X-MICROSOFT-CDO-BUSYSTATUS"]) == ("OPAQUE", "OOF")
    assert f"Participer\N{NO-BREAK SPACE}: {existing.outcome.join_url}" in event["DESCRIPTION"]


@pytest.mark.parametrize("missing", ["start", "end"])
async def test_an_event_without_its_times_is_no_invitation(missing: str) -> None:
    """Nobody can be invited to a time that Graph does not tell: the reader is to ask again."""
    world = World()
    meeting = await world.made(EXISTING)
    time = {"dateTime": "2027-01-20T13:00:00.0000000", "timeZone": "UTC"}
    body = {"id": "x", "start": time, "end": time} | {missing: None}
    world.fault({"path": "/events/", "action": {"status": 200, "body": body}})
    with pytest.raises(UnavailableError):
        await invitation(world, meeting)
