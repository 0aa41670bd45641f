import httpx

from local.graph.tenant import Tenant
from tests.local.graph.test_event_creation import EVENTS, KEY, attendee, online


async def test_state(graph: httpx.AsyncClient) -> None:
    """The state shows what Graph hides."""
    extended = [{"id": KEY, "value": "v"}]
    body = online(attendees=[attendee()], transactionId="t-1", singleValueExtendedProperties=extended)
    created = (await graph.post(EVENTS, json=body)).json()
    state = (await graph.get("/_tenant/state")).json()
    event = state["mailboxes"]["AlexW@contoso.com"]["events"][-1]
    assert event["transactionId"] == "t-1"
    assert event["singleValueExtendedProperties"] == extended
    (meeting,) = state["onlineMeetings"]
    assert (meeting["eventId"], meeting["id"]) == (created["id"], event["onlineMeetingId"])
    assert state["sentMail"] == [
        {
            "kind": "invitation",
            "organizer": "AlexW@contoso.com",
            "to": "AdeleV@contoso.com",
            "eventId": created["id"],
            "subject": "Review",
            "comment": "",
            "sentAt": state["sentMail"][0]["sentAt"],
        }
    ]
    assert state["users"][0]["userPrincipalName"] == "AlexW@contoso.com"
    assert "NoMailbox@contoso.com" not in state["mailboxes"]


async def test_requests(graph: httpx.AsyncClient) -> None:
    """The log has requests as they came over the wire, without the token."""
    await graph.get("/v1.0/users/AlexW%40contoso.com?$select=id%2CdisplayName", headers={"X-Odd": "1"})
    await graph.post(EVENTS, json={"a": 1})
    first, second = (await graph.get("/_tenant/requests")).json()
    assert (first["method"], first["status"]) == ("GET", 200)
    assert first["path"] == "/v1.0/users/AlexW%40contoso.com?$select=id%2CdisplayName"
    assert first["headers"]["x-odd"] == "1"
    assert "authorization" not in first["headers"]
    assert (second["body"], second["status"]) == ({"a": 1}, 400)
    assert (await graph.delete("/_tenant/requests")).status_code == 204
    assert (await graph.get("/_tenant/requests")).json() == []


async def test_users(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """Users are added and changed; what is not named stays."""
    added = await graph.put("/_tenant/users/new@contoso.com", json={"displayName": "New"})
    assert added.json()["hasMailbox"] is True
    assert (await graph.get("/v1.0/users/new@contoso.com/events")).status_code == 200
    changed = await graph.put("/_tenant/users/NEW@contoso.com", json={"hasMailbox": False})
    assert (changed.json()["id"], changed.json()["displayName"]) == (added.json()["id"], "New")
    assert (await graph.get("/v1.0/users/new@contoso.com/events")).status_code == 404
    assert (await graph.put("/_tenant/users/x@contoso.com", json={"nonsense": 1})).status_code == 400
    assert len(tenant.users) == 13


async def test_changed_user_keeps_meetings(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """A user whose policies change still owns the meetings."""
    body = (await graph.post(EVENTS, json=online())).json()
    await graph.put("/_tenant/users/AlexW@contoso.com", json={"licensed": True})
    (meeting,) = tenant.meetings.values()
    path = f"/v1.0/users/{tenant.directory_user('AlexW@contoso.com').id}/onlineMeetings/{meeting.id}"
    assert (await graph.patch(path, json={"recordAutomatically": True})).status_code == 200
    assert (await graph.get(f"{EVENTS}/{body['id']}")).status_code == 200


async def test_settings(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """Settings change one by one; unknown ones are refused."""
    answer = await graph.put("/_tenant/settings", json={"lookupLagSeconds": 1.5, "transactionIdMemory": False})
    assert answer.json()["mailboxConcurrency"] == 4
    assert (tenant.settings.lookup_lag_seconds, tenant.settings.transaction_id_memory) == (1.5, False)
    for body in ({"nonsense": 1}, {"latencySeconds": "1"}, [], None):
        assert (await graph.put("/_tenant/settings", json=body)).status_code == 400
    assert (await graph.put("/_tenant/settings", content=b"{")).status_code == 400


async def test_page(graph: httpx.AsyncClient) -> None:
    """The page shows meetings, mail and requests, and trusts no text."""
    subject = "<script>alert(1)</script>"
    created = (await graph.post(EVENTS, json={**online(attendees=[attendee()]), "subject": subject})).json()
    page = await graph.get("/")
    assert page.status_code == 200
    assert subject not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    for text in (
        created["onlineMeeting"]["joinUrl"],
        "Adele Vance",
        "invitation",
        "no access policy",
        f"POST {EVENTS}",
    ):
        assert text in page.text
