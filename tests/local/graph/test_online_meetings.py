from typing import Any, Literal
from urllib.parse import quote, unquote_plus

import httpx
import pytest

from local.graph.tenant import Tenant
from tests.local.graph.conftest import Clock, ReadSample
from tests.local.graph.test_event_creation import EVENTS, attendee, online

ALEX = "64339082-ed84-4b0b-b4ab-004ae54f3747"
MEETINGS = f"/v1.0/users/{ALEX}/onlineMeetings"


async def make(graph: httpx.AsyncClient, **properties: Any) -> dict[str, Any]:
    return (await graph.post(MEETINGS, json={"subject": "Standalone", **properties})).json()


def by_url(url: str) -> str:
    return f"?$filter=JoinWebUrl%20eq%20'{quote(url, safe='')}'"


def participant(name: str, role: str, **changes: Any) -> dict[str, Any]:
    user = Tenant.example().find_user(f"{name}@contoso.com")
    identity = {"identity": {"user": {"id": user.id if user else "0d9c1a1e-6b8f-4f0f-9d2f-0c5b0a7f1e11"}}}
    return {"upn": f"{name}@contoso.com", "role": role, **identity, **changes}


@pytest.mark.parametrize(
    ("request_name", "answer_name", "passcode"),
    [
        ("standalone_create", "standalone_create.response", False),
        ("standalone_passcode", "standalone_passcode.response", True),
        ("standalone_no_passcode", "standalone_no_passcode.response", False),
        ("standalone_no_join_settings", "standalone_no_passcode.response", False),
    ],
)
async def test_documented_examples(
    graph: httpx.AsyncClient, tenant: Tenant, sample: ReadSample, request_name: str, answer_name: str, *, passcode: bool
) -> None:
    """The documentation's requests get answers with everything that the documentation's answers have."""
    tenant.settings.passcode_on_create = False
    request, documented = sample(request_name), sample(answer_name)
    answer = await graph.post(MEETINGS, json=request)
    body = answer.json()
    assert answer.status_code == 201
    assert documented.keys() <= body.keys()
    assert documented["audioConferencing"].keys() <= body["audioConferencing"].keys()
    for name in ("chatInfo", "joinMeetingIdSettings"):
        assert documented[name].keys() == body[name].keys()
    assert body["startDateTime"] == "2019-07-12T21:30:34.2444915Z"
    assert body["endDateTime"] == "2019-07-12T22:00:34.2464912Z"
    assert body["joinMeetingIdSettings"]["isPasscodeRequired"] is passcode
    assert (body["joinMeetingIdSettings"]["passcode"] is not None) is passcode


@pytest.mark.parametrize(
    ("accepted", "sentence"),
    [
        ("", "Join Microsoft Teams Meeting"),
        ("ja", "Microsoft Teams 会議に参加"),
        ("de-DE,en;q=0.5", "Besprechung teilnehmen"),
        ("tlh, ru;q=0.9, en;q=0.1", "Присоединиться"),
        ("tlh", "Join Microsoft Teams Meeting"),
    ],
)
async def test_join_information(graph: httpx.AsyncClient, sample: ReadSample, accepted: str, sentence: str) -> None:
    """The join information is a percent-encoded data URL in the language asked for."""
    answer = await graph.post(MEETINGS, json={}, headers={"Accept-Language": accepted})
    information = answer.json()["joinInformation"]
    documented = sample("standalone_join_information_ja.response")
    assert information["content"][:420] == documented["content"][:420]
    assert information["contentType"] == documented["contentType"]
    text = unquote_plus(information["content"])
    assert sentence in text
    assert answer.json()["joinWebUrl"] in text


async def test_object_id_only(graph: httpx.AsyncClient) -> None:
    """Teams wants an object id; a user principal name is not found."""
    answer = await graph.post("/v1.0/users/AlexW@contoso.com/onlineMeetings", json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "UnknownError")


async def test_access_policy(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """Without an application access policy Teams refuses everything."""
    user = tenant.directory_user("NoPolicy@contoso.com")
    answer = await graph.post(f"/v1.0/users/{user.id}/onlineMeetings", json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "Forbidden")
    message = answer.json()["error"]["message"]
    assert message == f"No application access policy found for this app {tenant.app_id} on the user."


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"nonsense": 1}, 400),
        ({"recordAutomatically": "true"}, 400),
        ({"allowedPresenters": "nobody"}, 400),
        ({"lobbyBypassSettings": {"scope": "organizer", "extra": 1}}, 400),
        ({"joinWebUrl": "https://x"}, 400),
        ({"externalId": "x"}, 400),
        ({"joinMeetingIdSettings": {"passcode": "own"}}, 400),
        ({"startDateTime": "2026-12-01T09:00:00"}, 400),
        ({"endDateTime": "2026-12-01T09:00:00Z"}, 400),
        ({"startDateTime": "2026-12-01T09:00:00Z", "endDateTime": "2026-12-01T08:00:00Z"}, 400),
        ({"participants": {"attendees": [participant("Guest", "presenter")]}}, 400),
        ({"participants": {"attendees": [{"role": "attendee"}]}}, 500),
        ({"participants": {"attendees": [participant("Guest", "attendee")]}}, 201),
        ({"participants": {"attendees": [participant("AdeleV", "coorganizer")]}}, 201),
        ({"startDateTime": "2026-12-01T09:00:00Z"}, 201),
    ],
)
async def test_strictness(graph: httpx.AsyncClient, tenant: Tenant, body: dict[str, Any], status: int) -> None:
    """Teams is strict about names, types, times and participants."""
    assert (await graph.post(MEETINGS, json=body)).status_code == status
    assert len(tenant.meetings) == (status == 201)


async def test_create_or_get(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """The same externalId finds the same meeting; settings are ignored, and times have rules."""
    path = f"{MEETINGS}/createOrGet"
    body = {"externalId": "x-1", "recordAutomatically": True}
    first, second = [await graph.post(path, json=body) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    assert first.json()["recordAutomatically"] is False
    assert first.json()["startDateTime"] == "2026-11-21T08:00:00.0000000Z"
    assert first.json()["endDateTime"] == "2026-11-21T09:00:00.0000000Z"
    assert (await graph.post(path, json={})).status_code == 400
    assert (await graph.post(path, json={"externalId": "y", "endDateTime": "2026-12-01T09:00:00Z"})).status_code == 400
    adele = tenant.directory_user("AdeleV@contoso.com")
    other = await graph.post(f"/v1.0/users/{adele.id}/onlineMeetings/createOrGet", json=body)
    assert other.status_code == 201


async def test_meeting_of_event(graph: httpx.AsyncClient, tenant: Tenant, clock: Clock) -> None:
    """The meeting behind an event is found by the join link, once Teams has caught up."""
    tenant.settings.lookup_lag_seconds = 2
    created = (await graph.post(EVENTS, json=online(attendees=[attendee()]))).json()
    path = MEETINGS + by_url(created["onlineMeeting"]["joinUrl"])
    early = await graph.get(path)
    assert (early.status_code, early.json()["error"]["message"]) == (400, "1026: An error has occurred.")
    clock.advance(2)
    (found,) = (await graph.get(path)).json()["value"]
    assert found["subject"] == created["subject"]
    assert found["audioConferencing"]["ConferenceId"] == created["onlineMeeting"]["conferenceId"]
    adele = tenant.directory_user("AdeleV@contoso.com")
    invited = path.replace(ALEX, adele.id, 1)
    assert (await graph.get(invited)).status_code == 200
    megan = tenant.directory_user("MeganB@contoso.com")
    stranger = await graph.get(path.replace(ALEX, megan.id, 1))
    assert (stranger.status_code, stranger.json()["error"]["code"]) == (403, "Forbidden")
    assert (await graph.patch(f"/v1.0/users/{adele.id}/onlineMeetings/{found['id']}", json={})).status_code == 403


async def test_join_id_search(graph: httpx.AsyncClient) -> None:
    """A meeting is found by its meeting id; without a filter there is no list."""
    meeting = await make(graph)
    number = meeting["joinMeetingIdSettings"]["joinMeetingId"]
    found = await graph.get(f"{MEETINGS}?$filter=joinMeetingIdSettings/joinMeetingId%20eq%20'{number}'")
    assert [entry["id"] for entry in found.json()["value"]] == [meeting["id"]]
    assert (await graph.get(MEETINGS)).status_code == 400


@pytest.mark.parametrize(("miss", "status"), [("badRequest", 400), ("notFound", 404), ("empty", 200)])
async def test_search_miss(
    graph: httpx.AsyncClient, tenant: Tenant, miss: Literal["badRequest", "notFound", "empty"], status: int
) -> None:
    """A search without a result ends in one of the ways that were seen."""
    tenant.settings.lookup_miss = miss
    assert (await graph.get(MEETINGS + by_url("https://teams.microsoft.com/l/x"))).status_code == status


async def test_update(graph: httpx.AsyncClient) -> None:
    """A patch changes what it names and nothing else."""
    meeting = await make(graph)
    path = f"{MEETINGS}/{meeting['id']}"
    change = {"recordAutomatically": True, "lobbyBypassSettings": {"scope": "everyone"}}
    body = (await graph.patch(path, json=change)).json()
    assert body["recordAutomatically"] is True
    assert body["lobbyBypassSettings"] == {"isDialInBypassEnabled": False, "scope": "everyone"}
    unchanged = meeting.keys() - change.keys()
    assert {name: body[name] for name in unchanged} == {name: meeting[name] for name in unchanged}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"joinMeetingIdSettings": {"isPasscodeRequired": True}}, "InvalidArgument"),
        ({"startDateTime": "2026-12-01T09:00:00Z"}, "BadRequest"),
        ({"id": "x"}, "InvalidArgument"),
        ({"joinWebUrl": "https://x"}, "InvalidArgument"),
        ({"meetingTemplateId": "x"}, "InvalidArgument"),
        ({"participants": {"organizer": participant("AdeleV", "presenter")}}, "BadRequest"),
        ({"participants": {"attendees": [participant("Guest", "coorganizer")]}}, "BadRequest"),
    ],
)
async def test_refused_updates(graph: httpx.AsyncClient, change: dict[str, Any], code: str) -> None:
    """What a meeting got on creation stays; times come in pairs."""
    meeting = await make(graph)
    answer = await graph.patch(f"{MEETINGS}/{meeting['id']}", json=change)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


async def test_late_members(graph: httpx.AsyncClient) -> None:
    """Enumeration members that came late show only to who asks for them."""
    participants = {"attendees": [participant("AdeleV", "coorganizer")]}
    meeting = await make(graph, lobbyBypassSettings={"scope": "invited"}, participants=participants)
    assert meeting["lobbyBypassSettings"]["scope"] == "unknownFutureValue"
    assert meeting["participants"]["attendees"][0]["role"] == "unknownFutureValue"
    headers = {"Prefer": "include-unknown-enum-members"}
    shown = (await graph.get(f"{MEETINGS}/{meeting['id']}", headers=headers)).json()
    assert shown["lobbyBypassSettings"]["scope"] == "invited"
    assert shown["participants"]["attendees"][0]["role"] == "coorganizer"


async def test_roles_outlive_event_changes(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """Who was made a co-organizer of a calendar meeting stays one when the event changes."""
    created = (await graph.post(EVENTS, json=online(attendees=[attendee()]))).json()
    (meeting,) = tenant.meetings.values()
    change = {"participants": {"attendees": [participant("AdeleV", "coorganizer")]}}
    await graph.patch(f"{MEETINGS}/{meeting.id}", json=change)
    await graph.patch(f"{EVENTS}/{created['id']}", json={"subject": "New"})
    roles = [entry["role"] for entry in meeting.properties["participants"]["attendees"]]
    assert roles == ["coorganizer"]


async def test_delete(graph: httpx.AsyncClient) -> None:
    """A deleted meeting is gone."""
    meeting = await make(graph)
    path = f"{MEETINGS}/{meeting['id']}"
    assert (await graph.delete(path)).status_code == 204
    assert (await graph.get(path)).status_code == 404
