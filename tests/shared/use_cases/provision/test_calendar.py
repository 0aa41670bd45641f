"""Calendar meetings and existing events, against the stand-in tenant."""

from datetime import timedelta
from typing import Any

import pytest

from shared.meeting import Status
from tests.app_fixture import World
from tests.examples import CALENDAR, EXISTING

POST_EVENTS = {"method": "POST", "path": "/events"}


async def test_event_carries_the_meetings_id_and_a_link() -> None:
    """Two calls make a calendar meeting; the event can be found by the meeting's id, and the link is passed on."""
    world = World()
    meeting = await world.made(CALENDAR)
    assert meeting.status is Status.SUCCEEDED
    [event] = world.events()
    assert event.transaction_id == meeting.id
    assert list(event.extended.values()) == [meeting.id]
    assert meeting.outcome.join_url == event.link["joinUrl"]
    assert meeting.outcome.dial_in is not None
    assert meeting.outcome.dial_in.toll_number == "+1 323-555-0166"
    assert meeting.outcome.event_id == event.immutable_id
    assert [seen.method for seen in world.tenant.requests] == ["GET", "POST"]
    assert [(mail.kind, mail.to) for mail in world.tenant.sent_mail] == [("invitation", "AdeleV@contoso.com")]


async def test_without_options_or_language_only_the_calendar_is_touched() -> None:
    """A calendar meeting that asks for no more needs no permission for users or online meetings."""
    world = World()
    meeting = await world.made(CALENDAR)
    assert not [seen for seen in world.tenant.requests if "onlineMeetings" in seen.path or "select=id" in seen.path]
    outcome = meeting.outcome
    assert (outcome.join_meeting_id, outcome.online_meeting_id, outcome.join_information) == (None, None, None)


async def test_providers_are_asked_once_for_each_organizer() -> None:
    """The second meeting of an organizer costs one call."""
    world = World()
    await world.made(CALENDAR)
    await world.made(CALENDAR)
    assert [seen.method for seen in world.tenant.requests] == ["GET", "POST", "POST"]


@pytest.mark.parametrize("organizer", ["SkypeOnly@contoso.com", "NoProvider@contoso.com"])
async def test_nobody_is_invited_where_the_provider_is_not_allowed(organizer: str) -> None:
    """Graph would make the event without a link and invite people to it; so the event is never asked for."""
    world = World()
    meeting = await world.made(CALENDAR | {"organizer": organizer})
    assert meeting.status is Status.FAILED
    assert meeting.error is not None
    assert meeting.error.code == "providerNotAllowed"
    assert organizer in meeting.error.remedy
    assert not world.tenant.sent_mail
    assert not world.sent("POST", "/events")


async def test_a_refusal_of_the_provider_is_not_remembered() -> None:
    """Once an administrator has allowed the provider, the next meeting is made."""
    world = World()
    request = CALENDAR | {"organizer": "NoProvider@contoso.com"}
    await world.made(request)
    world.tenant.add_user(
        "NoProvider@contoso.com", "No Provider", allowed_online_meeting_providers=["teamsForBusiness"]
    )
    assert (await world.made(request)).status is Status.SUCCEEDED


async def test_after_a_refusal_the_calendar_is_asked_again() -> None:
    """The second meeting is refused like the first one, and nobody is invited to it either."""
    world = World()
    for _ in range(2):
        meeting = await world.made(CALENDAR | {"organizer": "NoProvider@contoso.com"})
        assert meeting.error
        assert meeting.error.code == "providerNotAllowed"
    assert [seen.method for seen in world.tenant.requests] == ["GET", "GET"]
    assert not world.tenant.sent_mail


@pytest.mark.parametrize("told", [{}, {"allowedOnlineMeetingProviders": None}])
@pytest.mark.parametrize("request_of_kind", [CALENDAR, EXISTING])
async def test_a_calendar_that_tells_no_providers_is_tried(
    told: dict[str, Any], request_of_kind: dict[str, Any]
) -> None:
    """Nothing is known then, and the link is verified afterwards as always; the next meeting asks again."""
    world = World()
    world.fault({"path": "/calendar$", "action": {"status": 200, "body": {"id": "x"} | told}})
    for _ in range(2):
        meeting = await world.made(request_of_kind)
        assert (meeting.status, bool(meeting.outcome.join_url)) == (Status.SUCCEEDED, True)


async def test_a_calendar_that_tells_no_providers_may_still_allow_none() -> None:
    """Then Graph's event has no link, and the meeting fails for it by name."""
    world = World()
    world.fault({"path": "/calendar$", "action": {"status": 200, "body": {"id": "x"}}})
    meeting = await world.made(CALENDAR | {"organizer": "NoProvider@contoso.com"})
    assert meeting.error is not None
    assert meeting.error.code == "onlineMeetingMissing"


@pytest.mark.parametrize("memory", [True, False])
@pytest.mark.parametrize(
    "action", ["reset", "html200", "empty204", "truncated", "huge", {"status": 503}, {"status": 504}]
)
async def test_a_lost_answer_makes_no_second_event(action: object, memory: bool) -> None:  # noqa: FBT001
    """An event whose answer was lost is found again, by its property even when Graph forgets transaction ids."""
    world = World()
    world.tenant.settings.transaction_id_memory = memory
    world.fault(POST_EVENTS | {"times": 1, "when": "after", "action": action})
    meeting = await world.made(CALENDAR)
    assert meeting.status is Status.SUCCEEDED
    assert len(world.events()) == 1
    assert len(world.tenant.sent_mail) == 1
    assert len(world.sent("POST", "/events")) <= 2


@pytest.mark.parametrize("action", ["reset", {"status": 503}, {"status": 500}, {"status": 502, "body": "<html>"}])
async def test_a_failure_before_the_effect_is_tried_again(action: object) -> None:
    """What Graph did not do is done by the next attempt."""
    world = World()
    world.fault(POST_EVENTS | {"times": 2, "action": action})
    meeting = await world.made(CALENDAR)
    assert meeting.status is Status.SUCCEEDED
    assert len(world.events()) == 1
    assert meeting.attempts == 3


@pytest.mark.parametrize("status", [400, 409])
async def test_a_transaction_id_with_other_content_leads_to_the_existing_event(status: int) -> None:
    """Graph refuses the id for another body with 400 or 409; the event that has it is the meeting's."""
    world = World()
    world.tenant.settings.duplicate_transaction_status = status
    meeting = await world.made(CALENDAR)
    [event] = world.events()
    again = await world.ledger.read(meeting.id)
    forgotten = again.changed(
        status=Status.QUEUED, outcome=type(meeting.outcome)(), request=(again.request or {}) | {"subject": "Other"}
    )
    await world.ledger.write(again, forgotten)
    await world.app.message_handler.handle(f'{{"meeting": "{meeting.id}"}}', None)
    found = await world.ledger.read(meeting.id)
    assert found.status is Status.SUCCEEDED
    assert found.outcome.join_url == event.link["joinUrl"]
    assert len(world.events()) == 1


async def test_a_link_that_comes_late_is_waited_for() -> None:
    """An event whose link is not in the first answer is looked at again."""
    world = World()
    world.tenant.settings.join_link_delay_seconds = 5
    meeting = await world.made(CALENDAR)
    assert meeting.status is Status.SUCCEEDED
    assert meeting.attempts > 1
    assert len(world.sent("POST", "/events")) == 1


@pytest.mark.parametrize("action", ["noLink", "foreignLink"])
async def test_a_link_that_never_comes_or_leads_elsewhere_is_a_named_failure(action: str) -> None:
    """An event without a link of Teams or Skype fails the meeting, keeps the event, and passes no link on."""
    world = World()
    world.fault({"path": "/events", "action": action})
    meeting = await world.made(CALENDAR)
    assert meeting.status is Status.FAILED
    assert meeting.error is not None
    assert meeting.error.code == "onlineMeetingMissing"
    assert meeting.outcome.join_url is None
    assert meeting.outcome.event_id is not None
    assert len(world.sent("POST", "/events")) == 1


async def test_the_remedy_of_an_organizer_without_a_licence() -> None:
    """Graph makes the event and no link: licence, meeting policy and readiness are what to look at."""
    world = World()
    [alex] = [user for user in world.tenant.users if user.user_principal_name == "AlexW@contoso.com"]
    alex.licensed = False
    meeting = await world.made(CALENDAR)
    assert meeting.error
    assert meeting.error.code == "onlineMeetingMissing"
    for part in ("licence for Teams", "Get-CsTeamsMeetingPolicy", "/organizers/AlexW@contoso.com/readiness", "/retry"):
        assert part in meeting.error.remedy


async def test_options_and_language_are_applied_to_the_meeting_behind_the_event() -> None:
    """With options or a language the online meeting is found by its link, changed, and read back."""
    world = World()
    options = {"lobbyBypassSettings": {"scope": "organization"}, "recordAutomatically": True}
    meeting = await world.made(CALENDAR | {"options": options, "language": "ja"})
    assert meeting.status is Status.SUCCEEDED, meeting.error
    assert world.sent("PATCH", "/onlineMeetings/") == [options]
    assert meeting.outcome.join_information is not None
    assert meeting.outcome.join_information.content.startswith("<div")
    assert meeting.outcome.online_meeting_id is not None
    assert meeting.organizer_id == "64339082-ed84-4b0b-b4ab-004ae54f3747"


async def test_without_a_language_any_more_there_is_no_join_information() -> None:
    """It is read for a language or options only."""
    world = World()
    meeting = await world.made(CALENDAR | {"language": "de"})
    assert meeting.outcome.join_information is not None
    await world.app.changes.patch(meeting.id, {"language": None})
    await world.settle()
    assert (await world.ledger.read(meeting.id)).outcome.join_information is None


@pytest.mark.parametrize("miss", ["badRequest", "notFound", "empty"])
async def test_the_lookup_may_lag_behind_the_creation(miss: str) -> None:
    """Whichever way Graph says that it does not know the meeting yet, it is asked again, and no second event made."""
    world = World()
    world.tenant.settings.lookup_miss = miss  # type: ignore[assignment]
    world.tenant.settings.lookup_lag_seconds = 10
    meeting = await world.made(CALENDAR | {"language": "de"})
    assert meeting.status is Status.SUCCEEDED, meeting.error
    assert len(world.sent("POST", "/events")) == 1


async def test_a_meeting_that_teams_never_learns_of_is_a_named_failure() -> None:
    """After some lookups the meeting fails with onlineMeetingMissing; the event stays, with its link."""
    world = World()
    world.tenant.settings.lookup_lag_seconds = 1e6
    meeting = await world.made(CALENDAR | {"language": "de"})
    assert meeting.error is not None
    assert meeting.error.code == "onlineMeetingMissing"
    assert f"POST /api/meetings/{meeting.id}/retry" in meeting.error.remedy
    assert meeting.outcome.join_url is not None


async def test_an_existing_event_becomes_an_online_meeting() -> None:
    """The documented PATCH is sent, and the link of the answer passed on."""
    world = World()
    meeting = await world.made(EXISTING)
    assert meeting.status is Status.SUCCEEDED, meeting.error
    assert world.sent("PATCH", "/events/") == [{"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}]
    assert meeting.outcome.join_url is not None
    assert meeting.outcome.dial_in is not None


async def test_an_event_that_is_online_already_is_only_read() -> None:
    """The second request for the same event changes nothing, and has the same link."""
    world = World()
    first = await world.made(EXISTING)
    second = await world.made(EXISTING)
    assert second.outcome.join_url == first.outcome.join_url
    assert len(world.sent("PATCH")) == 1


async def test_an_event_of_another_provider_is_not_changed() -> None:
    """Graph ignores a change of provider; asking for one is refused with the reason."""
    world = World()
    await world.made(EXISTING)
    meeting = await world.made(EXISTING | {"onlineMeetingProvider": "skypeForBusiness"})
    assert meeting.error is not None
    assert meeting.error.code == "graphRejected"
    assert "teamsForBusiness" in meeting.error.message


async def test_an_event_that_is_not_there_is_a_named_failure() -> None:
    """An unknown event id fails with eventDeleted."""
    meeting = await World().made(EXISTING | {"eventId": "AAMkNobody="})
    assert meeting.error is not None
    assert meeting.error.code == "eventDeleted"
    assert "new request" in meeting.error.remedy


async def test_an_outage_longer_than_give_up_after_is_given_up() -> None:
    """After GIVE_UP_AFTER the meeting fails with gaveUp, names the last problem, and Graph is not asked once more."""
    world = World({"GIVE_UP_AFTER": "PT10M"})
    world.fault({"action": {"status": 503}})
    meeting = await world.made(CALENDAR)
    assert meeting.error is not None
    assert meeting.error.code == "gaveUp"
    assert f"POST /api/meetings/{meeting.id}/retry" in meeting.error.remedy
    assert "Graph is not available" in meeting.error.message
    assert meeting.updated_at - meeting.created_at < timedelta(minutes=11)
    assert max(seen.time for seen in world.tenant.requests) < meeting.created_at + timedelta(minutes=10)
