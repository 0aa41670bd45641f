"""The switches of the tenant: what each of them changes in what Graph answers."""

from typing import Any

import httpx
import pytest

from local.graph.records import User
from local.graph.tenant import Tenant
from tests.local.graph.conftest import Clock
from tests.local.graph.test_event_changes import make
from tests.local.graph.test_event_creation import ALEX, EVENTS, KEY, attendee, event, online
from tests.local.graph.test_online_meetings import MEETINGS, participant

IMMUTABLE = {"Prefer": 'IdType="ImmutableId"'}
FOREIGN = (
    "https://teams.microsoft.com/l/meetup-join/19%3ameeting_other%40thread.v2/0"
    "?context=%7b%22Tid%22%3a%22t%22%2c%22Oid%22%3a%22o%22%7d"
)


async def patch(graph: httpx.AsyncClient, created: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return (await graph.patch(f"{EVENTS}/{created['id']}", json=changes)).json()


def html(content: str) -> dict[str, str]:
    return {"contentType": "html", "content": content}


async def test_every_switch_can_be_set(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """What the control API shows as settings it takes as settings; a word that is none of a switch's is refused."""
    shown = (await graph.get("/_tenant/state")).json()["settings"]
    assert (await graph.put("/_tenant/settings", json=shown)).json() == shown == tenant.settings.as_json()
    assert (await graph.put("/_tenant/settings", json={"joinBlock": "1999"})).status_code == 400


@pytest.mark.parametrize(
    ("block", "links"), [("2019", ["long"]), ("2026", ["short", "short", "long"]), ("longLink", ["long"])]
)
async def test_join_block(graph: httpx.AsyncClient, tenant: Tenant, block: str, links: list[str]) -> None:
    """Each template has its links; `joinUrl` is the long one in any case."""
    tenant.settings.join_block = block  # type: ignore[assignment]
    created = await make(graph, tenant)
    (meeting,) = tenant.meetings.values()
    named = {"long": meeting.join_url, "short": meeting.short_url}
    content = created["body"]["content"]
    assert [content.count(named[name]) for name in dict.fromkeys(links)] == [
        links.count(name) for name in dict.fromkeys(links)
    ]
    assert created["onlineMeeting"]["joinUrl"] == meeting.join_url
    assert ("meet_invite_block" in content) is (block == "2026")


async def test_join_block_shows_the_numbers_to_type_in(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """The block of 2026 has the Meeting ID and the passcode of the meeting behind it."""
    tenant.settings.join_block = "2026"
    created = await make(graph, tenant)
    (meeting,) = tenant.meetings.values()
    digits = meeting.join_meeting_id
    assert f"Meeting ID: {' '.join(digits[place : place + 3] for place in range(0, 15, 3))}" in created["bodyPreview"]
    assert meeting.passcode
    assert f"Passcode: {meeting.passcode}" in created["bodyPreview"]


@pytest.mark.parametrize("block", ["2019", "2026", "longLink"])
async def test_other_escapes(graph: httpx.AsyncClient, tenant: Tenant, block: str) -> None:
    """With other escapes the link of the body is not `joinUrl` letter by letter, and sent back it still counts."""
    tenant.settings.join_block, tenant.settings.join_link_escaped_otherwise = block, True  # type: ignore[assignment]
    created = await make(graph, tenant)
    assert created["onlineMeeting"]["joinUrl"] not in created["body"]["content"]
    assert (await patch(graph, created, body=created["body"]))["onlineMeeting"] == created["onlineMeeting"]


async def test_first_link_of_the_body_wins(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """A foreign link above the block becomes the event's; with its own link the event gets its meeting back."""
    tenant.settings.first_link_wins = True
    created = await make(graph, tenant)
    own = created["body"]["content"]
    foreign = await patch(graph, created, body=html(f'<a href="{FOREIGN}">x</a>{own}'))
    assert foreign["onlineMeeting"] == {"joinUrl": FOREIGN}
    assert (await patch(graph, created, body=html(own)))["onlineMeeting"] == created["onlineMeeting"]
    made = await graph.post(EVENTS, json=online(body=html(f'<a href="{FOREIGN}">x</a>')))
    assert made.json()["onlineMeeting"] == {"joinUrl": FOREIGN}


async def test_own_link_wins(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """Without that switch a foreign link changes nothing as long as the own one is there."""
    tenant.settings.first_link_wins = False
    created = await make(graph, tenant)
    body = html(f'<a href="{FOREIGN}">x</a>{created["body"]["content"]}')
    assert (await patch(graph, created, body=body))["onlineMeeting"] == created["onlineMeeting"]


async def test_hidden_link(graph: httpx.AsyncClient, tenant: Tenant, clock: Clock) -> None:
    """Every second change hides the link for a while."""
    tenant.settings.link_after_change = "hidden"
    created = await make(graph, tenant)
    assert (await patch(graph, created, subject="1"))["onlineMeeting"] is None
    clock.advance(tenant.settings.link_hidden_seconds)
    shown = (await graph.get(f"{EVENTS}/{created['id']}")).json()
    assert shown["onlineMeeting"] == created["onlineMeeting"]
    assert (await patch(graph, created, subject="2"))["onlineMeeting"] == created["onlineMeeting"]


async def test_lost_link(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """Every second change loses the link; enabling the event brings the same one back, and no second block."""
    tenant.settings.link_after_change = "lost"
    created = await make(graph, tenant)
    lost = await patch(graph, created, subject="1")
    assert (lost["isOnlineMeeting"], lost["onlineMeeting"]) == (False, None)
    enabled = await patch(graph, created, isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness")
    assert enabled["onlineMeeting"] == created["onlineMeeting"]
    assert enabled["body"] == created["body"]
    assert (await patch(graph, created, subject="2"))["onlineMeeting"] == created["onlineMeeting"]


@pytest.mark.parametrize("how", ["delete", "cancel"])
@pytest.mark.parametrize("guests", [[], [attendee()]])
async def test_deleted_events_stay_readable(
    graph: httpx.AsyncClient, tenant: Tenant, how: str, guests: list[dict[str, Any]]
) -> None:
    """By its immutable id and its property a deleted event is found, cancelled only if there were guests."""
    tenant.settings.deleted_events = "readable"
    properties = [{"id": KEY, "value": "v"}]
    body = online(attendees=guests, transactionId="t", singleValueExtendedProperties=properties)
    usual = (await graph.post(EVENTS, json=body)).json()["id"]
    event_id = (await graph.get(f"{EVENTS}/{usual}", headers=IMMUTABLE)).json()["id"]
    path = f"{EVENTS}/{event_id}"
    gone = await (graph.delete(path) if how == "delete" else graph.post(f"{path}/cancel"))
    assert gone.is_success
    assert (await graph.get(f"{EVENTS}/{usual}")).status_code == 404
    read = await graph.get(path)
    assert (read.status_code, read.json()["isCancelled"]) == (200, bool(guests))
    query = f"?$filter=singleValueExtendedProperties/any(e:e/id eq '{KEY}' and e/value eq 'v')".replace(" ", "%20")
    assert len((await graph.get(EVENTS + query)).json()["value"]) == 1
    assert (await graph.get(EVENTS.replace("/events", "/calendar/events") + query)).json()["value"] == []
    tenant.sent_mail.clear()
    assert (await graph.patch(path, json={"subject": "x"})).status_code == 200
    again = await graph.delete(path)
    assert (again.status_code, again.json()["error"]["code"]) == (403, "ErrorCannotDeleteObject")
    assert (await graph.post(f"{path}/cancel")).status_code == 404
    assert tenant.sent_mail == []


async def test_a_deleted_event_is_restored(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """It is in the calendar again under its immutable id, not cancelled; once it is there it cannot be restored."""
    tenant.settings.deleted_events = "readable"
    made = (await graph.post(EVENTS, json=online(attendees=[attendee()]), headers=IMMUTABLE)).json()
    path, restore = f"{EVENTS}/{made['id']}", f"/_tenant/events/{made['id']}/restore"
    assert (await graph.post(restore)).status_code == 404
    await graph.delete(path)
    assert (await graph.get(path)).json()["isCancelled"]
    assert (await graph.post(restore)).status_code == 200
    restored = (await graph.get(path, headers=IMMUTABLE)).json()
    assert (restored["id"], restored["isCancelled"]) == (made["id"], False)
    assert [each["subject"] for each in (await graph.get(EVENTS)).json()["value"]].count(made["subject"]) == 1
    assert (await graph.delete(path)).status_code == 204


@pytest.mark.parametrize("outlives", [False, True])
async def test_transaction_of_a_deleted_event(graph: httpx.AsyncClient, tenant: Tenant, *, outlives: bool) -> None:
    """Where a transactionId outlives its event, the same request brings the deleted one."""
    tenant.settings.deleted_events, tenant.settings.transaction_id_outlives_event = "readable", outlives
    first = (await graph.post(EVENTS, json=online(transactionId="t"), headers=IMMUTABLE)).json()
    await graph.delete(f"{EVENTS}/{first['id']}")
    second = (await graph.post(EVENTS, json=online(transactionId="t"), headers=IMMUTABLE)).json()
    assert (second["id"] == first["id"]) is outlives


async def test_calendar_view(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """A window of the calendar has what touches it, and nothing deleted; without a window it is refused."""
    tenant.settings.deleted_events = "readable"
    made = [(await graph.post(EVENTS, json=event(subject=name))).json() for name in "ab"]
    await graph.delete(f"{EVENTS}/{made[0]['id']}")
    path = EVENTS.replace("/events", "/calendarView")
    window = "?startDateTime=2026-12-01T09:59:00Z&endDateTime=2026-12-01T12:00:00Z&$select=id"
    assert [each["id"] for each in (await graph.get(path + window)).json()["value"]] == [made[1]["id"]]
    after = "?startDateTime=2026-12-01T10:00:00Z&endDateTime=2026-12-01T12:00:00Z"
    assert (await graph.get(path + after)).json()["value"] == []
    assert (await graph.get(path)).status_code == 400


async def test_participants_as_live_answers_show_them(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """Names and the role attendee are null; a role is given only to who is named by object id."""
    tenant.settings.shows_participants, tenant.settings.role_needs_object_id = False, True
    adele = tenant.directory_user("AdeleV@contoso.com")
    named = {"identity": {"user": {"id": adele.id, "displayName": "Adele"}}}
    people = [
        participant("AdeleV", "presenter", **named),
        participant("MeganB", "presenter", identity={"user": {"displayName": "Megan"}}),
        participant("LidiaH", "attendee"),
    ]
    body = (await graph.post(MEETINGS, json={"participants": {"attendees": people}})).json()
    shown = body["participants"]
    assert [person["role"] for person in shown["attendees"]] == ["presenter", None, None]
    users = [person["identity"]["user"] for person in (*shown["attendees"], shown["organizer"])]
    assert [user["displayName"] for user in users] == [None] * 4
    assert users[0]["id"] == adele.id


async def test_government_cloud(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """Options that the cloud's schema lacks are taken, and neither kept nor shown."""
    tenant.settings.cloud = "usGovernment"
    meeting = (await graph.post(MEETINGS, json={})).json()
    change = {"allowRecording": False, "recordAutomatically": True}
    answer = await graph.patch(f"{MEETINGS}/{meeting['id']}", json=change)
    assert (answer.status_code, answer.json()["recordAutomatically"]) == (200, True)
    assert "allowRecording" not in answer.json()
    assert not {"expiryDateTime", "meetingOptionsWebUrl"} & answer.json().keys()


@pytest.mark.parametrize(("path", "setting"), [("", "passcodeOnCreate"), ("/createOrGet", "passcodeOnCreateOrGet")])
async def test_passcode_by_default(graph: httpx.AsyncClient, path: str, setting: str) -> None:
    """Each way to make a meeting makes a passcode by itself or does not, as its switch says."""
    for number, switched in enumerate((False, True)):
        await graph.put("/_tenant/settings", json={setting: switched})
        body = {"externalId": f"x-{number}"} if path else {}
        made = (await graph.post(MEETINGS + path, json=body)).json()["joinMeetingIdSettings"]
        assert (made["isPasscodeRequired"], made["passcode"] is not None) == (switched, switched)


async def test_create_can_be_told_about_the_passcode(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """Whatever is usual, a plain create does as it is told."""
    tenant.settings.passcode_on_create = True
    body = {"joinMeetingIdSettings": {"isPasscodeRequired": False}}
    assert (await graph.post(MEETINGS, json=body)).json()["joinMeetingIdSettings"]["passcode"] is None


@pytest.mark.parametrize(("refuses", "status"), [(False, 200), (True, 400)])
async def test_odata_type(graph: httpx.AsyncClient, tenant: Tenant, *, refuses: bool, status: int) -> None:
    """A change with its own type in it is refused on days on which Teams does that."""
    tenant.settings.refuses_odata_type = refuses
    meeting = (await graph.post(MEETINGS, json={})).json()
    change = {"@odata.type": "#microsoft.graph.onlineMeeting", "subject": "New"}
    assert (await graph.patch(f"{MEETINGS}/{meeting['id']}", json=change)).status_code == status


async def test_directory_permission(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """Where User.ReadBasic.All does not suffice, the directory refuses to tell of a user."""
    tenant.settings.read_basic_suffices = False
    answer = await graph.get("/v1.0/users/AlexW@contoso.com?$select=id")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "Authorization_RequestDenied")


async def test_retired_skype(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """Since its retirement Skype gives 201 and no link."""
    tenant.settings.skype_gives_link = False
    answer = await graph.post(EVENTS, json=event(isOnlineMeeting=True, onlineMeetingProvider="skypeForBusiness"))
    assert (answer.status_code, answer.json()["onlineMeeting"], answer.json()["onlineMeetingUrl"]) == (201, None, None)


async def test_without_audio_conferencing(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """Without the licence for telephone numbers an event has its link alone, and its meeting no numbers."""
    tenant.settings.audio_conferencing = False
    created = await make(graph, tenant)
    assert created["onlineMeeting"].keys() == {"joinUrl"}
    (meeting,) = tenant.meetings
    assert (await graph.get(f"{MEETINGS}/{meeting}")).json()["audioConferencing"] is None


async def test_person_without_licence(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """Teams refuses people without a licence without a word."""
    user: User = tenant.directory_user(ALEX)
    user.licensed = False
    answer = await graph.post(MEETINGS, json={})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["message"]) == (403, "Forbidden", "")


@pytest.mark.parametrize("event_id", ["x", "not an id", "AAMk/../"])
async def test_malformed_event_id(graph: httpx.AsyncClient, event_id: str) -> None:
    """What is no id is refused as such, not as missing."""
    answer = await graph.get(f"{EVENTS}/{event_id.replace('/', '%2F')}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "ErrorInvalidIdMalformed")


@pytest.mark.parametrize("name", ["Europe/Kyiv", "Europe/Kyiv (Kiev)"])
async def test_zone_of_kyiv(graph: httpx.AsyncClient, name: str) -> None:
    """Both spellings that the documentation had are understood."""
    end = {"dateTime": "2026-12-01T12:00:00", "timeZone": name}
    created = await graph.post(EVENTS, json=event(end=end))
    assert created.json()["end"]["dateTime"] == "2026-12-01T10:00:00.0000000"
