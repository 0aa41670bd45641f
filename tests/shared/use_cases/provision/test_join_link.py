"""The join link of a calendar meeting, in tenants whose bodies and links behave in every way that was seen."""

from typing import Any

import pytest

from shared.graph.join_block import meetings_linked_in
from shared.meeting.meeting import Meeting, Status
from shared.validation.join_links import canonical_link
from tests.app_fixture import World
from tests.examples import CALENDAR

OTHER = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_b3RoZXI%40thread.v2/0?context=%7b%22Tid%22%3a%22t%22%7d"
TEMPLATES = ["2019", "2026", "longLink"]


def body(content: str) -> dict[str, Any]:
    return {"body": {"contentType": "html", "content": content}}


async def changed(world: World, meeting: Meeting, patch: dict[str, Any]) -> Meeting:
    await world.app.changes.patch(meeting.id, patch)
    await world.settle()
    return await world.ledger.read(meeting.id)


def link_of(world: World) -> str | None:
    [event] = world.events()
    return event.link and event.link["joinUrl"]


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("escaped_otherwise", [False, True])
@pytest.mark.parametrize("first_link_wins", [False, True])
async def test_a_new_body_keeps_the_block(template: str, *, escaped_otherwise: bool, first_link_wins: bool) -> None:
    """Whatever Teams' block looks like, the words change and the link stays, however often."""
    world = World()
    settings = world.tenant.settings
    settings.join_block, settings.join_link_escaped_otherwise = template, escaped_otherwise  # type: ignore[assignment]
    settings.first_link_wins = first_link_wins
    meeting = await world.made(CALENDAR | body("<p>First words</p>"))
    for words in ("Second", "Third"):
        meeting = await changed(world, meeting, body(f"<p>{words} words</p>"))
        assert meeting.status is Status.SUCCEEDED, meeting.error
        assert link_of(world) == meeting.outcome.join_url
    [event] = world.events()
    assert event.content.count("words") == 1
    assert "Third words" in event.content
    assert len(meetings_linked_in(event.content)) == (2 if template == "2026" else 1)


@pytest.mark.parametrize("template", TEMPLATES)
async def test_own_link_in_the_callers_words(template: str) -> None:
    """A caller who sends back what was read has the meeting's own link above the block, which changes nothing."""
    world = World()
    world.tenant.settings.join_block = template  # type: ignore[assignment]
    world.tenant.settings.first_link_wins = True
    meeting = await world.made(CALENDAR)
    meeting = await changed(world, meeting, body(f'<p>Join <a href="{meeting.outcome.join_url}">here</a></p>'))
    assert meeting.status is Status.SUCCEEDED, meeting.error
    assert link_of(world) == meeting.outcome.join_url


async def test_another_meetings_link_in_a_new_body() -> None:
    """Exchange takes it for the event's own: the former body comes back, and the failure says why."""
    world = World()
    world.tenant.settings.first_link_wins = True
    meeting = await world.made(CALENDAR | body("<p>First words</p>"))
    failed = await changed(world, meeting, body(f'<p>After <a href="{OTHER}">the other one</a></p>'))
    assert failed.error is not None
    assert (failed.error.code, failed.outcome.join_url) == ("joinBlockMissing", meeting.outcome.join_url)
    assert link_of(world) == meeting.outcome.join_url
    [event] = world.events()
    assert "First words" in event.content
    assert OTHER not in event.content
    mended = await changed(world, failed, body("<p>Last words</p>"))
    assert (mended.status, link_of(world)) == (Status.SUCCEEDED, meeting.outcome.join_url)


async def test_another_meetings_link_in_a_new_body_that_exchange_lets_be() -> None:
    """Where the event keeps its own link, the words are the caller's."""
    world = World()
    world.tenant.settings.first_link_wins = False
    meeting = await changed(world, await world.made(CALENDAR), body(f'<p>See <a href="{OTHER}">x</a></p>'))
    assert (meeting.status, link_of(world)) == (Status.SUCCEEDED, meeting.outcome.join_url)
    assert OTHER in world.events()[0].content


@pytest.mark.parametrize("content_type", ["text", "html"])
async def test_another_meetings_link_in_the_first_body(content_type: str) -> None:
    """A link that came from the caller's body is passed on as nobody's."""
    world = World()
    world.tenant.settings.first_link_wins = True
    words = f'<a href="{OTHER}">x</a>' if content_type == "html" else f"See {OTHER} first"
    meeting = await world.made(CALENDAR | {"body": {"contentType": content_type, "content": words}})
    assert meeting.error is not None
    assert meeting.error.code == "onlineMeetingMissing"
    assert "another Teams meeting" in meeting.error.message
    assert meeting.outcome.join_url is None
    assert meeting.outcome.event_id is not None


async def test_a_body_without_a_block_stays() -> None:
    """Somebody took the block out and the link is still there: a new body would lose it, so nothing is sent."""
    world = World()
    meeting = await world.made(CALENDAR)
    [event] = world.events()
    event.content = "<html><body><p>Somebody's words</p></body></html>"
    failed = await changed(world, meeting, {"subject": "Other", **body("<p>New words</p>")})
    assert failed.error is not None
    assert failed.error.code == "joinBlockMissing"
    assert not world.sent("PATCH", "/events/")
    assert link_of(world) == meeting.outcome.join_url


CHANGES: list[dict[str, Any]] = [
    {"subject": "Other"},
    {"end": {"dateTime": "2027-01-20T15:00:00"}},
    {"attendees": [{"emailAddress": {"address": "MeganB@contoso.com"}}]},
]


@pytest.mark.parametrize("change", CHANGES)
async def test_a_link_that_is_hidden_for_a_while(change: dict[str, Any]) -> None:
    """After a change the link is looked for again; the change is sent once."""
    world = World()
    world.tenant.settings.link_after_change = "hidden"
    world.tenant.settings.link_hidden_seconds = 4
    meeting = await world.made(CALENDAR)
    later = await changed(world, meeting, change)
    assert (later.status, later.outcome) == (Status.SUCCEEDED, meeting.outcome), later.error
    assert len(world.sent("PATCH", "/events/")) == 1


@pytest.mark.parametrize("change", CHANGES)
async def test_a_link_that_is_lost_comes_back(change: dict[str, Any]) -> None:
    """An event that a change took offline is made an online meeting again, once; the change is sent once."""
    world = World()
    world.tenant.settings.link_after_change = "lost"
    meeting = await world.made(CALENDAR)
    for _ in range(2):
        later = await changed(world, meeting, change | {"importance": "high"})
        assert (later.status, link_of(world)) == (Status.SUCCEEDED, meeting.outcome.join_url), later.error
    enabling = {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}
    sent = world.sent("PATCH", "/events/")
    assert sent.count(enabling) == 1
    assert len(sent) == 2


async def test_a_link_that_does_not_come_back_is_a_named_failure() -> None:
    """After some looks and one attempt to enable the event the meeting fails, and tells the link that it had."""
    world = World()
    world.tenant.settings.link_after_change = "lost"
    meeting = await world.made(CALENDAR)
    world.fault({"path": "/events/", "action": "noLink"})
    failed = await changed(world, meeting, {"subject": "Other"})
    assert failed.error is not None
    assert failed.error.code == "onlineMeetingMissing"
    assert failed.outcome.join_url == meeting.outcome.join_url
    assert [each for each in world.sent("PATCH", "/events/") if "subject" in each] == [{"subject": "Other"}]


async def test_a_link_that_comes_back_as_another_is_a_named_failure() -> None:
    """Enabled again, the event has a new meeting: nobody takes that for the one that people were told."""
    world = World()
    world.tenant.settings.link_after_change = "lost"
    meeting = await world.made(CALENDAR)
    world.tenant.meetings.clear()
    failed = await changed(world, meeting, {"subject": "Other"})
    assert failed.error is not None
    assert failed.error.code == "onlineMeetingMissing"
    assert "another join link" in failed.error.message
    assert failed.outcome.join_url == meeting.outcome.join_url
    assert canonical_link(link_of(world) or "") != canonical_link(meeting.outcome.join_url or "")
