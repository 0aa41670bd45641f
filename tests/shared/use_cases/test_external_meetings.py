"""Meetings that others made, read straight from Graph."""

from typing import Any, Literal
from urllib.parse import unquote

import pytest

from shared.errors import (
    InvalidRequestError,
    OrganizerNotAllowedError,
    RejectedError,
    ThrottledError,
    UnavailableError,
)
from shared.meeting import Meeting, MeetingResponse
from shared.use_cases.finder import parse_filter
from tests.app_fixture import World
from tests.examples import CALENDAR, EXISTING, STANDALONE
from tests.shared.graph.wire import OBJECT_ID, ORGANIZER

ELSEWHERE = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0"


async def find(world: World, **parameters: str) -> list[dict[str, Any]]:
    found = await world.app.finder.find(parse_filter({"organizer": ORGANIZER} | parameters))
    assert found.continuation is None or found.items
    answers = [MeetingResponse.of(each) if isinstance(each, Meeting) else each.as_response() for each in found.items]
    return [answer.as_json() for answer in answers]


async def made_elsewhere(request: dict[str, Any]) -> tuple[World, dict[str, Any]]:
    """Return a tenant with a meeting that another app made, and that meeting."""
    world = World()
    other = await world.made(request)
    world.table.partitions.clear()
    return world, MeetingResponse.of(other).as_json()


@pytest.mark.parametrize("organizer", [ORGANIZER, OBJECT_ID])
@pytest.mark.parametrize("field", ["joinUrl", "joinMeetingId"])
async def test_a_meeting_of_teams(organizer: str, field: str) -> None:
    """Found by its link or by the number that people type in, with everything that joining needs."""
    world, other = await made_elsewhere(STANDALONE)
    [found] = await find(world, organizer=organizer, **{field: other[field]})
    assert (found["id"], found["status"], found["kind"], found["organizer"]) == (None, "external", None, organizer)
    same = ["joinUrl", "joinMeetingId", "dialIn", "joinInformation", "onlineMeetingId", "chatThreadId"]
    assert {name: found[name] for name in same} == {name: other[name] for name in same}
    assert found["createdAt"] == "2026-11-21T08:00:00Z"
    assert set(found) == set(other)


async def test_an_event() -> None:
    """Found by its id; only the permission for calendars is used."""
    world, other = await made_elsewhere(CALENDAR)
    [found] = await find(world, eventId=other["eventId"])
    assert (found["id"], found["status"], found["kind"]) == (None, "external", "calendar")
    same = ["joinUrl", "dialIn", "eventId", "iCalUId", "webLink", "onlineMeetingProvider", "isOnlineMeeting"]
    assert {name: found[name] for name in same} == {name: other[name] for name in same}
    assert set(found) == set(other)
    assert not world.sent("GET", "onlineMeetings")


async def test_an_event_that_is_not_online() -> None:
    """It is found as what it is."""
    [found] = await find(World(), eventId=EXISTING["eventId"])
    assert (found["isOnlineMeeting"], found["joinUrl"]) == (False, None)


async def test_a_short_link_is_found_by_the_number_in_it() -> None:
    """Graph cannot search for such links: https://teams.microsoft.com/meet/<id>?p=<passcode>."""
    world, other = await made_elsewhere(STANDALONE)
    [found] = await find(world, joinUrl=f"https://teams.microsoft.com/meet/{other['joinMeetingId']}?p=aBc1")
    assert found["onlineMeetingId"] == other["onlineMeetingId"]


async def test_a_number_in_groups() -> None:
    """Teams shows it in groups of three."""
    world, other = await made_elsewhere(STANDALONE)
    number = other["joinMeetingId"]
    assert await find(world, joinMeetingId=f"{number[:3]} {number[3:6]} {number[6:]}")


@pytest.mark.parametrize("miss", ["badRequest", "notFound", "empty"])
async def test_nothing_found(miss: Literal["badRequest", "notFound", "empty"]) -> None:
    """An empty list, in whichever way Graph says so."""
    world = World()
    world.tenant.settings.lookup_miss = miss
    assert await find(world, joinUrl=ELSEWHERE) == []
    assert await find(world, joinMeetingId="123") == []
    assert await find(world, eventId="AAMkNo=") == []


@pytest.mark.parametrize("event_id", [".", "..", "../calendar", "a#b", "a?$expand=x", "a/b", "%2e%2e", "x'y", "a b"])
async def test_an_id_reaches_nothing_but_events(event_id: str) -> None:
    """Whatever is in it, it stays one segment of the path."""
    world = World()
    assert await find(world, eventId=event_id) == []
    for seen in world.tenant.requests:
        path, _, query = seen.path.partition("?")
        assert unquote(path.removeprefix("/v1.0/users/AlexW%40contoso.com/events/")) == event_id
        assert "/" not in path.removeprefix("/v1.0/users/AlexW%40contoso.com/events/")
        assert query.startswith("$select=")


@pytest.mark.parametrize("value", ["1' or '1' eq '1", "1''", "%27", "1&$expand=x", "1#2"])
async def test_a_number_stays_inside_its_quotes(value: str) -> None:
    """An apostrophe is doubled, and nothing ends the filter."""
    world, _ = await made_elsewhere(STANDALONE)
    assert await find(world, joinMeetingId=value) == []
    seen = world.tenant.requests[-1].path
    wanted = "".join(value.split()).replace("'", "''")
    assert unquote(seen.partition("?")[2]) == f"$filter=joinMeetingIdSettings/joinMeetingId eq '{wanted}'"


async def test_somebody_elses_meeting_is_not_found() -> None:
    """Neither when Graph refuses to tell, nor when it tells because the organizer named is invited."""
    guest = {"upn": "MeganB@contoso.com", "role": "attendee"}
    world, other = await made_elsewhere(STANDALONE | {"participants": {"attendees": [guest]}})
    assert await find(world, organizer="AdeleV@contoso.com", joinUrl=other["joinUrl"]) == []
    assert await find(world, organizer="MeganB@contoso.com", joinUrl=other["joinUrl"]) == []


async def test_our_own_meeting_is_ours_by_every_name_of_its_organizer() -> None:
    """The ledger knows the organizer by the name in the request; Graph knows that the object id is the same."""
    world = World()
    made = await world.made(CALENDAR)
    assert made.organizer_id is None
    for parameters in ({"joinUrl": made.outcome.join_url or ""}, {"eventId": made.outcome.event_id or ""}):
        assert [each["id"] for each in await find(world, organizer=OBJECT_ID, **parameters)] == [made.id]


async def test_graph_is_not_asked_for_what_the_ledger_has() -> None:
    """One of ours needs no call."""
    world = World()
    made = await world.made(CALENDAR)
    world.tenant.requests.clear()
    assert await find(world, joinUrl=made.outcome.join_url or "")
    assert not world.tenant.requests


async def test_without_organizer_graph_is_not_asked() -> None:
    """It has no search over all calendars."""
    world = World()
    found = await world.app.finder.find(parse_filter({"joinUrl": ELSEWHERE}))
    assert (list(found.items), len(world.tenant.requests)) == ([], 0)


@pytest.mark.parametrize(
    ("organizer", "parameters", "code"),
    [
        ("NoPolicy@contoso.com", {"joinUrl": ELSEWHERE}, "applicationAccessPolicyMissing"),
        ("Nobody@contoso.com", {"joinUrl": ELSEWHERE}, "organizerNotFound"),
        ("Nobody@contoso.com", {"eventId": "x"}, "organizerNotFound"),
        ("NoMailbox@contoso.com", {"eventId": "x"}, "organizerHasNoMailbox"),
        ("OutOfScope@contoso.com", {"eventId": "x"}, "mailboxAccessDenied"),
    ],
)
async def test_refusals(organizer: str, parameters: dict[str, str], code: str) -> None:
    """What Graph does not let the app see is no empty list."""
    with pytest.raises(RejectedError) as raised:
        await find(World(), organizer=organizer, **parameters)
    assert raised.value.code == code


async def test_the_setting_holds_here_as_well() -> None:
    """Graph is not asked about an organizer whom ALLOWED_ORGANIZERS leaves out."""
    world = World({"ALLOWED_ORGANIZERS": "@fabrikam.com"})
    with pytest.raises(OrganizerNotAllowedError):
        await find(world, joinUrl=ELSEWHERE)
    assert not world.tenant.requests


async def test_a_name_that_is_none() -> None:
    """Graph is not asked about what is neither an object id nor a user principal name."""
    world = World()
    with pytest.raises(InvalidRequestError):
        await find(world, organizer="../users", eventId="x")
    assert not world.tenant.requests


@pytest.mark.parametrize(
    ("action", "error"),
    [
        ({"status": 429, "code": "x", "retryAfter": "20"}, ThrottledError),
        ({"status": 503, "code": "x"}, UnavailableError),
        ("reset", UnavailableError),
        ("html200", UnavailableError),
        ("truncated", UnavailableError),
        ("empty204", UnavailableError),
        ("huge", UnavailableError),
    ],
)
@pytest.mark.parametrize("parameters", [{"joinUrl": ELSEWHERE}, {"eventId": EXISTING["eventId"]}])
async def test_a_graph_that_does_not_answer(action: Any, error: type[Exception], parameters: dict[str, str]) -> None:
    """Nothing unusable becomes a meeting, or a failure of ours."""
    world = World()
    world.fault({"action": action})
    with pytest.raises(error):
        await find(world, **parameters)


async def test_a_mailbox_that_graph_wants_left_alone_is_left_alone() -> None:
    """Graph's Retry-After holds for every caller in this process."""
    world = World()
    world.fault({"times": 1, "action": {"status": 429, "code": "x", "retryAfter": "60"}})
    for _ in range(3):
        with pytest.raises(ThrottledError):
            await find(world, eventId="x")
    assert len(world.tenant.requests) == 1
    world.clock.advance(minutes=2)
    assert await find(world, eventId="x") == []


async def test_a_link_elsewhere_is_not_passed_on() -> None:
    """A join link on a foreign host is no join link."""
    world, other = await made_elsewhere(STANDALONE)
    world.fault({"path": "/onlineMeetings", "action": "foreignLink"})
    [found] = await find(world, joinMeetingId=other["joinMeetingId"])
    assert found["joinUrl"] is None


@pytest.mark.parametrize(
    "times", [{}, {"start": None, "end": None}, {"start": "now"}, {"start": {"dateTime": "x", "timeZone": "UTC"}}]
)
async def test_an_event_whose_times_cannot_be_read(times: dict[str, Any]) -> None:
    """They are not asked for here, and everything else is told."""
    world = World()
    link = {"joinUrl": ELSEWHERE}
    body = {"id": "x", "isOnlineMeeting": True, "onlineMeeting": link, "recurrence": "x", "attendees": [{}]} | times
    world.fault({"path": "/events/", "action": {"status": 200, "body": body}})
    [found] = await find(world, eventId="x")
    assert (found["eventId"], found["joinUrl"], found["isOnlineMeeting"]) == ("x", ELSEWHERE, True)


async def test_a_policy_that_is_missing_is_not_taken_for_a_meeting_of_somebody_else() -> None:
    """Both are refused as 3003; a lookup of what cannot exist distinguishes them."""
    world = World()
    world.tenant.settings.lookup_without_policy = "3003"
    wanted = parse_filter({"joinMeetingId": "123456789012", "organizer": "NoPolicy@contoso.com"})
    with pytest.raises(RejectedError) as refused:
        await world.app.finder.find(wanted)
    assert refused.value.code == "applicationAccessPolicyMissing"
