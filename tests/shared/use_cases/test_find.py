"""Find: one filter, stored meetings, pages."""

import pytest

from shared.errors import InvalidRequestError
from shared.use_cases.find import parse_filter
from tests.app_fixture import World
from tests.examples import CALENDAR, STANDALONE

LINK = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0"


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({}, "oneFilter"),
        ({"reference": "a", "status": "failed"}, "oneFilter"),
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
        assert [meeting.id for meeting in page.meetings] == [made.id], parameters


async def test_values_are_compared_as_they_are() -> None:
    """Quotes and operators in a value find nothing but themselves."""
    world = World()
    odd = "x' or '1' eq '1&$expand=#/../%27"
    made = await world.made(STANDALONE | {"reference": odd})
    await world.made(STANDALONE | {"reference": "plain"})
    page = await world.app.finder.find(parse_filter({"reference": odd}))
    assert [meeting.id for meeting in page.meetings] == [made.id]


async def test_another_organizers_meeting_is_not_found_by_link() -> None:
    """`organizer` beside a link narrows the search."""
    world = World()
    made = await world.made(CALENDAR)
    wanted = {"joinUrl": made.outcome.join_url or "", "organizer": "MeganB@contoso.com"}
    assert not (await world.app.finder.find(parse_filter(wanted))).meetings


async def test_a_token_of_somebody_else_is_refused() -> None:
    """A continuation token that is not ours is the caller's fault."""
    with pytest.raises(InvalidRequestError):
        await World().app.finder.find(parse_filter({"status": "failed", "continuationToken": "%%%"}))
