"""Standalone meetings, against the stand-in tenant."""

import pytest

from shared.meeting import Status
from tests.app_fixture import World
from tests.examples import STANDALONE

OBJECT_ID = "64339082-ed84-4b0b-b4ab-004ae54f3747"
JOIN_URL = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0"


async def test_a_plain_meeting_is_made_under_the_meetings_id() -> None:
    """createOrGet with the meeting's id: the organizer is looked up first, nobody is invited."""
    world = World()
    meeting = await world.made(STANDALONE)
    assert meeting.status is Status.SUCCEEDED, meeting.error
    [made] = world.tenant.meetings.values()
    assert made.external_id == meeting.id
    assert meeting.outcome.join_url == made.join_url
    assert meeting.outcome.join_meeting_id == made.join_meeting_id
    assert meeting.outcome.passcode is None
    assert meeting.outcome.dial_in is not None
    assert meeting.outcome.dial_in.conference_id == made.conference_id
    assert not world.tenant.sent_mail


async def test_an_object_id_needs_no_lookup() -> None:
    """An organizer given by object id costs one call."""
    world = World()
    await world.made(STANDALONE | {"organizer": OBJECT_ID})
    assert [seen.method for seen in world.tenant.requests] == ["POST"]


async def test_a_lost_answer_makes_no_second_meeting() -> None:
    """createOrGet gives the meeting whose answer was lost."""
    world = World()
    world.fault({"method": "POST", "path": "createOrGet", "times": 2, "when": "after", "action": "reset"})
    meeting = await world.made(STANDALONE)
    assert meeting.status is Status.SUCCEEDED
    assert len(world.tenant.meetings) == 1


async def test_a_passcode_is_made_by_graph_and_passed_on() -> None:
    """A passcode can only be asked for at creation, with the documented POST, where createOrGet makes none."""
    world = World()
    meeting = await world.made(STANDALONE | {"joinMeetingIdSettings": {"isPasscodeRequired": True}})
    assert meeting.status is Status.SUCCEEDED, meeting.error
    [made] = world.tenant.meetings.values()
    assert made.passcode
    assert meeting.outcome.passcode == made.passcode
    assert world.sent("POST")[1] == {
        "subject": "Video visit",
        "startDateTime": "2026-11-21T08:00:00Z",
        "endDateTime": "2026-11-21T09:00:00Z",
        "joinMeetingIdSettings": {"isPasscodeRequired": True},
    }


@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize("by_itself", [True, False])
async def test_the_passcode_is_as_it_was_asked_for(*, wanted: bool, by_itself: bool) -> None:
    """createOrGet's meeting is kept where it fits; else it is removed, and a plain create does as it is told."""
    world = World()
    world.tenant.settings.passcode_on_create_or_get = by_itself
    world.tenant.settings.passcode_on_create = not wanted
    request = STANDALONE | {"joinMeetingIdSettings": {"isPasscodeRequired": wanted}}
    for number in (1, 2):
        meeting = await world.made(request)
        assert meeting.status is Status.SUCCEEDED, meeting.error
        assert bool(meeting.outcome.passcode) == wanted
        assert len(world.tenant.meetings) == number
    creations = [seen.path.rpartition("/")[2] for seen in world.tenant.requests if seen.method == "POST"]
    once = ["createOrGet"] if wanted == by_itself else ["createOrGet", "onlineMeetings"]
    # What did not fit is remembered, so that the second meeting costs no detour.
    assert creations == [*once, once[-1]]


@pytest.mark.parametrize("by_itself", [True, False])
async def test_a_passcode_that_nobody_asked_about_is_as_graph_makes_it(*, by_itself: bool) -> None:
    """Without joinMeetingIdSettings the meeting keeps what Graph gave it, and tells it."""
    world = World()
    world.tenant.settings.passcode_on_create_or_get = by_itself
    meeting = await world.made(STANDALONE)
    assert (meeting.status, bool(meeting.outcome.passcode)) == (Status.SUCCEEDED, by_itself)
    assert len(world.sent("POST")) == 1


async def test_a_passcode_that_graph_does_not_make_is_a_named_failure() -> None:
    """Succeeded means that the passcode is as it was asked for."""
    world = World()
    settings = {"joinMeetingIdSettings": {"isPasscodeRequired": False, "joinMeetingId": "1", "passcode": None}}
    body = {"id": "x", "joinWebUrl": "https://teams.microsoft.com/l/meetup-join/19%3ax/0"} | settings
    world.fault({"method": "POST", "path": "/onlineMeetings$", "action": {"status": 201, "body": body}})
    meeting = await world.made(STANDALONE | {"joinMeetingIdSettings": {"isPasscodeRequired": True}})
    assert meeting.error is not None
    assert meeting.error.code == "optionsNotSet"
    assert "joinMeetingIdSettings" in meeting.error.message


@pytest.mark.parametrize("action", [{"status": 429}, {"status": 503}, "reset"])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_what_does_not_fit_is_removed_whatever_happens(action: object, when: str) -> None:
    """Where its removal fails, the next attempt finds it again and removes it."""
    world = World()
    world.tenant.settings.passcode_on_create_or_get = False
    world.fault({"method": "DELETE", "times": 2, "when": when, "action": action})
    meeting = await world.made(STANDALONE | {"joinMeetingIdSettings": {"isPasscodeRequired": True}})
    assert meeting.status is Status.SUCCEEDED, meeting.error
    [only] = world.tenant.meetings.values()
    assert only.passcode


async def test_a_lost_answer_leaves_no_second_meeting_where_createorget_makes_the_passcode() -> None:
    """Then the meeting has our id, and Graph knows the repetition."""
    world = World()
    world.tenant.settings.passcode_on_create_or_get = True
    world.fault({"method": "POST", "times": 1, "when": "after", "action": "reset"})
    meeting = await world.made(STANDALONE | {"joinMeetingIdSettings": {"isPasscodeRequired": True}})
    assert meeting.status is Status.SUCCEEDED, meeting.error
    assert len(world.tenant.meetings) == 1


async def test_without_a_passcode_the_dedupe_key_is_used() -> None:
    """`isPasscodeRequired: false` is what createOrGet makes anyway."""
    world = World()
    meeting = await world.made(STANDALONE | {"joinMeetingIdSettings": {"isPasscodeRequired": False}})
    assert meeting.status is Status.SUCCEEDED
    assert meeting.outcome.passcode is None
    assert "createOrGet" in world.tenant.requests[-1].path


@pytest.mark.parametrize("passcode", [True, False])
async def test_join_information_comes_in_the_language_asked_for(passcode: bool) -> None:  # noqa: FBT001
    """Accept-Language goes with the creation; the data URL is decoded."""
    world = World()
    request = STANDALONE | {"language": "ja", "joinMeetingIdSettings": {"isPasscodeRequired": passcode}}
    meeting = await world.made(request)
    assert meeting.outcome.join_information is not None
    assert meeting.outcome.join_information.content_type == "html"
    assert meeting.outcome.join_information.content.startswith("<div")
    assert "会議" in meeting.outcome.join_information.content


async def test_another_language_is_read_again() -> None:
    """A change of the language alone asks Graph for the join information once more; the same one asks nothing."""
    world = World()
    meeting = await world.made(STANDALONE | {"language": "en"})
    contents = {meeting.outcome.join_information and meeting.outcome.join_information.content}
    for language in ("ja", "de"):
        await world.app.changes.patch(meeting.id, {"language": language})
        await world.settle()
        meeting = await world.ledger.read(meeting.id)
        assert meeting.status is Status.SUCCEEDED
        contents.add(meeting.outcome.join_information and meeting.outcome.join_information.content)
    assert len(contents) == 3
    calls = len(world.tenant.requests)
    await world.app.changes.patch(meeting.id, {"reference": "visit-1"})
    await world.settle()
    assert len(world.tenant.requests) == calls


async def test_options_are_set_after_the_creation_and_read_back() -> None:
    """createOrGet ignores options, so they are set by a PATCH of their own."""
    world = World()
    meeting = await world.made(STANDALONE | {"allowedPresenters": "organizer", "allowMeetingChat": "disabled"})
    assert meeting.status is Status.SUCCEEDED, meeting.error
    assert world.sent("PATCH") == [{"allowedPresenters": "organizer", "allowMeetingChat": "disabled"}]
    assert [seen.method for seen in world.tenant.requests] == ["GET", "POST", "GET", "PATCH", "GET"]


async def test_options_that_graph_does_not_take_over_fail_the_meeting() -> None:
    """Succeeded means that the options are set: Graph's word is compared with what was asked."""
    world = World()
    world.fault({"method": "PATCH", "path": "/onlineMeetings/", "action": {"status": 200, "body": {"id": "x"}}})
    meeting = await world.made(STANDALONE | {"allowedPresenters": "organizer"})
    assert meeting.error is not None
    assert meeting.error.code == "optionsNotSet"
    assert "allowedPresenters" in meeting.error.message


async def test_an_interrupted_attempt_resumes_after_the_creation() -> None:
    """When only the options were missing, the next attempt does not create again."""
    world = World()
    world.fault({"method": "PATCH", "times": 2, "action": {"status": 503}})
    meeting = await world.made(STANDALONE | {"allowedPresenters": "organizer"})
    assert meeting.status is Status.SUCCEEDED, meeting.error
    assert len(world.sent("POST")) == 1


async def test_join_information_that_cannot_be_read_holds_nothing_up() -> None:
    """The link is there, and that is what was asked for."""
    world = World()
    body = {"id": "x", "joinWebUrl": JOIN_URL, "joinInformation": {"content": 5}, "chatInfo": "x"}
    world.fault({"path": "/onlineMeetings", "action": {"status": 201, "body": body}})
    meeting = await world.made(STANDALONE | {"language": "ja"})
    assert (meeting.status, meeting.outcome.join_url) == (Status.SUCCEEDED, JOIN_URL)
    assert meeting.outcome.join_information is None


@pytest.mark.parametrize("passcode", [True, False])
async def test_a_link_that_comes_late_is_waited_for(passcode: bool) -> None:  # noqa: FBT001
    """The meeting is there: it is read again, not made again."""
    world = World()
    world.tenant.settings.passcode_on_create_or_get = passcode
    world.fault({"path": "/onlineMeetings", "times": 3, "action": "noLink"})
    meeting = await world.made(STANDALONE | {"joinMeetingIdSettings": {"isPasscodeRequired": passcode}})
    assert (meeting.status, meeting.attempts) == (Status.SUCCEEDED, 4)
    [made] = world.tenant.meetings.values()
    assert meeting.outcome.join_url == made.join_url
    assert bool(meeting.outcome.passcode) == passcode
    assert [seen.method for seen in world.tenant.requests] == ["GET", "POST", "GET", "GET", "GET"]


async def test_a_fresh_meeting_may_not_be_found_at_once() -> None:
    """Not yet to be found is no reason to give it up."""
    world = World()
    world.fault(
        {"method": "POST", "action": "noLink"},
        {"method": "GET", "path": "/onlineMeetings/", "times": 2, "action": {"status": 404, "code": "NotFound"}},
    )
    meeting = await world.made(STANDALONE)
    assert (meeting.status, meeting.attempts) == (Status.SUCCEEDED, 4)


@pytest.mark.parametrize("action", ["noLink", "foreignLink"])
async def test_a_link_that_never_comes_fails_the_meeting(action: str) -> None:
    """After some looks, by name; what was made is looked at again by a retry, and taken away by a cancellation."""
    world = World()
    world.fault({"path": "/onlineMeetings", "action": action})
    meeting = await world.made(STANDALONE)
    assert meeting.error is not None
    assert meeting.error.code == "onlineMeetingMissing"
    assert meeting.attempts == 7
    assert len(world.sent("POST")) == 1
    world.tenant.faults.replace([])
    await world.app.changes.retry(meeting.id)
    await world.settle()
    assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED
    assert len(world.tenant.meetings) == len(world.sent("POST")) == 1
