"""The options of a meeting: set for the people that were meant, and verified by what Graph shows."""

import json
from typing import Any

import pytest

from shared.meeting.meeting import Status
from shared.use_cases.provision.options import require_set
from tests.app_fixture import World
from tests.examples import CALENDAR, EXISTING, STANDALONE

ADELE = "AdeleV@contoso.com"


def with_people(*people: dict[str, Any], **options: Any) -> dict[str, Any]:
    return CALENDAR | {"options": {"participants": {"attendees": list(people)}, **options}}


def roles(world: World) -> dict[str, str]:
    [meeting] = world.tenant.meetings.values()
    return {each["upn"]: each["role"] for each in meeting.properties["participants"]["attendees"]}


@pytest.mark.parametrize("shows_participants", [False, True])
@pytest.mark.parametrize("role_needs_object_id", [False, True])
async def test_a_role_by_name_alone_is_given(*, shows_participants: bool, role_needs_object_id: bool) -> None:
    """Whoever is named by user principal name is looked up, and sent to Graph with object id and name."""
    world = World()
    world.tenant.settings.shows_participants = shows_participants
    world.tenant.settings.role_needs_object_id = role_needs_object_id
    meeting = await world.made(with_people({"upn": ADELE, "role": "coorganizer"}))
    assert meeting.status is Status.SUCCEEDED, meeting.error
    adele = world.tenant.directory_user(ADELE)
    [sent] = world.sent("PATCH", "/onlineMeetings/")
    assert sent["participants"]["attendees"] == [
        {"upn": ADELE, "role": "coorganizer", "identity": {"user": {"id": adele.id}}}
    ]
    assert roles(world) == {ADELE: "coorganizer"}


async def test_a_role_by_object_id_alone_is_given() -> None:
    """Graph fails at people without a name, so that is looked up; the name to show is no part of the comparison."""
    world = World()
    adele = world.tenant.directory_user(ADELE)
    person = {"identity": {"user": {"id": adele.id, "displayName": "Dr. Vance"}}, "role": "presenter"}
    meeting = await world.made(with_people(person, allowedPresenters="roleIsPresenter"))
    assert meeting.status is Status.SUCCEEDED, meeting.error
    assert roles(world) == {ADELE: "presenter"}


async def test_attendees_may_be_answered_without_a_role() -> None:
    """The role attendee is answered as null, which is no other role."""
    world = World()
    meeting = await world.made(with_people({"upn": "guest@fabrikam.com", "role": "attendee"}))
    assert meeting.status is Status.SUCCEEDED, meeting.error


async def test_without_the_permission_a_role_that_is_not_given_is_told() -> None:
    """Nobody can be looked up: Graph is asked all the same, gives no role, and the failure says why."""
    world = World()
    world.tenant.settings.read_basic_suffices = False
    request = with_people({"upn": ADELE, "role": "coorganizer"}) | {
        "organizer": world.tenant.directory_user("AlexW@contoso.com").id
    }
    meeting = await world.made(request)
    assert meeting.error is not None
    assert meeting.error.code == "optionsNotSet"
    assert "participants" in meeting.error.message
    assert "User.ReadBasic.All" in meeting.error.remedy


async def test_the_organizer_of_a_calendar_meeting_is_known_by_its_link() -> None:
    """The link names the organizer's object id, so that options need no permission for users."""
    world = World()
    world.tenant.settings.read_basic_suffices = False
    meeting = await world.made(CALENDAR | {"options": {"recordAutomatically": True}, "language": "ja"})
    assert meeting.status is Status.SUCCEEDED, meeting.error
    assert meeting.organizer_id == world.tenant.directory_user("AlexW@contoso.com").id
    assert not [seen for seen in world.tenant.requests if "$select=id" in seen.path.partition("?")[2].split("&")]


async def test_many_people_are_looked_up_a_few_at_a_time() -> None:
    """Graph takes fifteen names in a filter."""
    world = World()
    names = [f"user{number}@contoso.com" for number in range(32)]
    for name in names:
        world.tenant.add_user(name, name)
    meeting = await world.made(with_people(*({"upn": name, "role": "coorganizer"} for name in names)))
    assert meeting.status is Status.SUCCEEDED, meeting.error
    lookups = [seen for seen in world.tenant.requests if "userPrincipalName%20in" in seen.path]
    assert [seen.path.count("%40contoso.com") for seen in lookups] == [15, 15, 2]
    assert {role for name, role in roles(world).items() if name in names} == {"coorganizer"}


async def test_an_option_that_this_cloud_swallows_is_told() -> None:
    """Graph takes a name that it does not know without a word, and does not show it."""
    world = World()
    world.tenant.settings.cloud = "usGovernment"
    meeting = await world.made(STANDALONE | {"allowRecording": False, "allowMeetingChat": "disabled"})
    assert meeting.error is not None
    assert meeting.error.code == "optionsNotSet"
    assert "allowRecording" in meeting.error.message
    assert "allowMeetingChat" not in meeting.error.message


async def test_anonymous_attendees_are_not_promised() -> None:
    """The page about updating has the option and no schema does: where it is not shown, it is not set."""
    meeting = await World().made(STANDALONE | {"anonymizeIdentityForRoles": ["attendee"]})
    assert meeting.error is not None
    assert meeting.error.code == "optionsNotSet"


@pytest.mark.parametrize("people", [[{"upn": ADELE}], []], ids=["attendee", "nobody"])
async def test_a_role_that_graph_does_not_take_away_fails_the_change(people: list[dict[str, Any]]) -> None:
    """Graph answers a change without its effect: who was to lose the role still has it."""
    world = World()
    meeting = await world.made(with_people({"upn": ADELE, "role": "coorganizer"}))
    world.fault({"method": "PATCH", "path": "/onlineMeetings/", "times": 9, "action": {"status": 200, "body": {}}})
    await world.app.changes.patch(meeting.id, {"options": {"participants": {"attendees": people}}})
    await world.settle()
    after = await world.ledger.read(meeting.id)
    assert after.error is not None
    assert after.error.code == "optionsNotSet"


async def test_options_that_are_read_too_early_are_read_again() -> None:
    """Graph may answer a read with what was there before the change."""
    world = World()
    meeting = await world.made(STANDALONE | {"allowedPresenters": "everyone"})
    stale = {"status": 200, "body": {"id": meeting.outcome.online_meeting_id, "allowedPresenters": "everyone"}}
    world.fault({"method": "GET", "path": "/onlineMeetings/", "skip": 1, "times": 1, "action": stale})
    await world.app.changes.patch(meeting.id, {"allowedPresenters": "organizer"})
    await world.settle()
    assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED


async def test_spoken_language_encryption_and_label() -> None:
    """The three that joined the page about updating are set and read back."""
    options = {
        "meetingSpokenLanguageTag": "de-DE",
        "isEndToEndEncryptionEnabled": True,
        "sensitivityLabelAssignment": {"sensitivityLabelId": "6f4fb2db-ecf4-4279-94ba-23d059bf157e"},
    }
    world = World()
    meeting = await world.made(CALENDAR | {"options": options})
    assert meeting.status is Status.SUCCEEDED, meeting.error
    assert world.sent("PATCH", "/onlineMeetings/") == [options]


async def test_what_needs_a_licence_says_so() -> None:
    """The remedy names the licence of an option that needs one."""
    world = World()
    world.fault({"method": "PATCH", "path": "/onlineMeetings/", "action": {"status": 200, "body": {"id": "x"}}})
    meeting = await world.made(STANDALONE | {"isEndToEndEncryptionEnabled": True})
    assert meeting.error is not None
    assert "Teams Premium" in meeting.error.remedy


async def test_nothing_is_sent_with_its_type() -> None:
    """A change that names its own type is refused on some days; ours have none."""
    world = World()
    world.tenant.settings.refuses_odata_type = True
    meeting = await world.made(with_people({"upn": ADELE, "role": "coorganizer"}, recordAutomatically=True))
    assert meeting.status is Status.SUCCEEDED, meeting.error


def _annotated(value: Any) -> Any:
    """Return a JSON value in which each object names its type, as Graph's answers do."""
    if isinstance(value, dict):
        return {"@odata.type": "#microsoft.graph.x"} | {name: _annotated(each) for name, each in value.items()}
    return [_annotated(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("request_", [CALENDAR, STANDALONE, EXISTING], ids=lambda request: request.get("kind"))
async def test_no_body_names_a_type(request_: dict[str, Any]) -> None:
    """Neither on creation nor in a change, also where the caller's request names them: `@odata.type` alone can fail.

    https://github.com/microsoftgraph/msgraph-sdk-java/issues/2589
    """
    world = World()
    options = {"lobbyBypassSettings": {"scope": "everyone"}, "recordAutomatically": True}
    wanted = request_ | (options if request_ is STANDALONE else {"options": options})
    meeting = await world.made(_annotated(wanted))
    assert meeting.status is Status.SUCCEEDED, meeting.error
    change = {"lobbyBypassSettings": {"scope": "organization", "@odata.type": "x"}}
    await world.app.changes.patch(meeting.id, change if request_ is STANDALONE else {"options": change})
    await world.settle()
    bodies = [json.dumps(seen.body) for seen in world.tenant.requests if seen.body]
    assert any("organization" in body for body in bodies)
    assert not [body for body in bodies if "@odata" in body]


@pytest.mark.parametrize(
    ("wanted", "answer"),
    [
        ({"subject": "A"}, {}),
        ({"subject": "A"}, {"subject": None}),
        ({"lobbyBypassSettings": {"scope": "everyone"}}, {"lobbyBypassSettings": {}}),
        ({"participants": {"attendees": [{"upn": "a@x.com"}]}}, {"participants": {"attendees": []}}),
        ({"participants": {"attendees": [{"upn": "a@x.com"}]}}, {"participants": None}),
        (
            {"participants": {"attendees": [{"upn": "a@x.com", "role": "presenter"}]}},
            {"participants": {"attendees": [{"upn": "A@X.com", "role": None}]}},
        ),
        (
            {"participants": {"attendees": []}},
            {"participants": {"attendees": [{"upn": "a@x.com", "role": "coorganizer"}]}},
        ),
        (
            {"participants": {"attendees": [{"upn": "a@x.com"}]}},
            {"participants": {"attendees": [{"upn": "a@x.com", "role": "coOrganizer"}]}},
        ),
        (
            {"participants": {"attendees": []}},
            {
                "participants": {"attendees": [{"upn": "a@x.com", "role": "presenter"}]},
                "allowedPresenters": "roleIsPresenter",
            },
        ),
        ({"anonymizeIdentityForRoles": []}, {"anonymizeIdentityForRoles": ["attendee"]}),
    ],
)
def test_what_is_not_shown_is_not_set(wanted: dict[str, Any], answer: dict[str, Any]) -> None:
    """An option is set if the answer has it, with the value that was asked for, and not otherwise."""
    from shared.errors import RejectedError

    with pytest.raises(RejectedError) as caught:
        require_set(wanted, answer)
    assert caught.value.code == "optionsNotSet"
