"""Find: one filter, stored meetings, pages."""

import pytest

from shared.errors import InvalidRequestError
from shared.use_cases.finder import parse_filter
from tests.app_fixture import World
from tests.examples import CALENDAR, STANDALONE

LINK = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0"


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({}, "oneFilter"),
        ({"organizer": "a@b.c", "reference": "x"}, "oneFilter"),
        ({"organizer": "a@b.c", "joinUrl": LINK, "eventId": "x"}, "oneFilter"),
        ({"reference": ""}, "invalidValue"),
        ({"status": "done"}, "notOneOf"),
        ({"joinUrl": "https://evil.example/l/meetup-join/x"}, "notATeamsLink"),
        ({"joinUrl": "https://teams.microsoft.com.evil.example/x"}, "notATeamsLink"),
        ({"joinUrl": "https://teams.microsoft.com@evil.example/x"}, "notATeamsLink"),
        ({"reference": "x", "top": "0"}, "notInRange"),
        ({"reference": "x", "top": "101"}, "notInRange"),
        ({"reference": "x", "top": "ten"}, "notInRange"),
        ({"reference": "x", "top": "-1"}, "notInRange"),
        ({"reference": "x", "top": "٣"}, "notInRange"),
    ],
)
def test_a_search_needs_one_filter_that_makes_sense(parameters: dict[str, str], code: str) -> None:
    """Every fault of a search has its code."""
    with pytest.raises(InvalidRequestError) as refused:
        parse_filter(parameters)
    assert code in [fault.code for fault in refused.value.faults]


async def test_every_filter_finds_the_meeting() -> None:
    """By organizer, reference, link, join meeting id, event id and status."""
    world = World()
    made = await world.made(CALENDAR | {"reference": "visit 7", "language": "en"})
    outcome = made.outcome
    for parameters in (
        {"organizer": "ALEXW@contoso.com"},
        {"organizer": "64339082-ed84-4b0b-b4ab-004ae54f3747"},
        {"reference": "visit 7"},
        {"joinUrl": outcome.join_url or ""},
        {"joinUrl": f"https://teams.microsoft.com/meet/{outcome.join_meeting_id}?p=abc"},
        {"joinMeetingId": outcome.join_meeting_id or ""},
        {"eventId": outcome.event_id or ""},
        {"status": "succeeded"},
        {"joinUrl": outcome.join_url or "", "organizer": "AlexW@contoso.com"},
    ):
        page = await world.app.finder.find(parse_filter(parameters))
        assert [meeting.id for meeting in page.items] == [made.id], parameters


async def test_values_are_compared_as_they_are() -> None:
    """Quotes and operators in a value find nothing but themselves."""
    world = World()
    odd = "x' or '1' eq '1&$expand=#/../%27"
    made = await world.made(STANDALONE | {"reference": odd})
    await world.made(STANDALONE | {"reference": "plain"})
    page = await world.app.finder.find(parse_filter({"reference": odd}))
    assert [meeting.id for meeting in page.items] == [made.id]


async def test_another_organizers_meeting_is_not_found_by_link() -> None:
    """`organizer` beside a link narrows the search."""
    world = World()
    made = await world.made(CALENDAR)
    wanted = {"joinUrl": made.outcome.join_url or "", "organizer": "MeganB@contoso.com"}
    assert not (await world.app.finder.find(parse_filter(wanted))).items


async def test_a_token_of_somebody_else_is_refused() -> None:
    """A continuation token that is not ours is the caller's fault."""
    with pytest.raises(InvalidRequestError):
        await World().app.finder.find(parse_filter({"status": "failed", "continuationToken": "%%%"}))


ORGANIZER = STANDALONE["organizer"]
_TIMED = {"from": "2027-01-01", "to": "2027-02-01"}
_SEARCHES: tuple[dict[str, str], ...] = (
    {"status": "queued"},
    {"organizer": ORGANIZER},
    {"organizer": ORGANIZER, "status": "queued"},
    {"reference": "R-1"},
    {"reference": "R-1", "status": "queued"},
    {"from": _TIMED["from"]},
    {"to": _TIMED["to"]},
    _TIMED,
    {"organizer": ORGANIZER, **_TIMED},
    {"reference": "R-1", "status": "queued", **_TIMED},
)


@pytest.mark.parametrize("filters", _SEARCHES, ids=" ".join)
async def test_a_token_is_of_one_search(filters: dict[str, str]) -> None:
    """It leads to the next page of its filters and is refused with any others, also where they find the same."""
    world = World()
    requests = [STANDALONE | {"reference": "R-1", "startDateTime": f"2027-01-2{day}T13:00:00Z"} for day in range(2)]
    ids = {(await world.accept(request)).id for request in requests}
    first = await world.app.finder.find(parse_filter(filters | {"top": "1"}))
    following = {"top": "1", "continuationToken": first.continuation or ""}
    second = await world.app.finder.find(parse_filter(filters | following))
    assert {meeting.id for meeting in (*first.items, *second.items)} == ids
    for other in _SEARCHES:
        if other != filters:
            with pytest.raises(InvalidRequestError, match="same filters"):
                await world.app.finder.find(parse_filter(other | following))


async def test_a_calendar_meeting_is_found_by_what_its_invitation_shows() -> None:
    """Short link and Meeting ID are in the invitation; neither options nor a language are needed to find them."""
    world = World()
    made = await world.made(CALENDAR)
    [event] = world.events()
    number = event.meeting.join_meeting_id
    for parameters in (
        {"joinUrl": event.meeting.short_url},
        {"joinMeetingId": number},
        {"joinUrl": event.meeting.short_url, "organizer": "AlexW@contoso.com"},
        {"joinUrl": event.meeting.short_url, "organizer": "64339082-ed84-4b0b-b4ab-004ae54f3747"},
    ):
        page = await world.app.finder.find(parse_filter(parameters))
        assert [meeting.id for meeting in page.items] == [made.id], parameters
    assert not [seen for seen in world.tenant.requests if "onlineMeetings" in seen.path][2:]
    assert made.outcome.join_meeting_id is None


async def test_a_meeting_of_ours_is_never_external() -> None:
    """Without numbers in its invitation Graph finds it by the short link; by link and event it is known as ours."""
    world = World()
    world.tenant.settings.join_block = "longLink"
    made = await world.made(CALENDAR)
    [event] = world.events()
    assert made.outcome.join_meeting_id_in_body is None
    wanted = parse_filter({"joinUrl": event.meeting.short_url, "organizer": "AlexW@contoso.com"})
    page = await world.app.finder.find(wanted)
    assert [meeting.id for meeting in page.items] == [made.id]


async def test_a_meeting_that_expires_says_when() -> None:
    """Of what Teams tells of a meeting, the day of its end is passed on; numbers to dial come as lists as well."""
    world = World()
    outcome = (await world.made(STANDALONE | {"startDateTime": "2027-01-20T13:00:00Z"})).outcome
    assert outcome.expires_at is not None
    assert outcome.expires_at.isoformat() == "2027-03-21T14:00:00+00:00"
    assert outcome.dial_in_numbers is not None
    assert outcome.dial_in_numbers.toll_numbers == ("+1 323-555-0166",)
    assert outcome.dial_in_numbers.toll_free_numbers == ("+1 844-555-0166",)
