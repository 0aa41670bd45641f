from typing import Any

import httpx
import pytest

from local.graph.tenant import Tenant
from tests.local.graph.conftest import ReadSample
from tests.local.graph.test_event_creation import EVENTS, PACIFIC, attendee, online

ALEX = "64339082-ed84-4b0b-b4ab-004ae54f3747"
PRICE_STRATEGY = f"{EVENTS}/AAMkADAGu0AABIGYDaAAA="


async def make(graph: httpx.AsyncClient, tenant: Tenant, **properties: Any) -> dict[str, Any]:
    body = online(attendees=[attendee(), attendee("MeganB@contoso.com")], **properties)
    created = (await graph.post(EVENTS, json=body)).json()
    tenant.sent_mail.clear()
    return created


def mailed(tenant: Tenant) -> list[tuple[str, str]]:
    return [(mail.kind, mail.to) for mail in tenant.sent_mail]


async def test_documented_enabling(graph: httpx.AsyncClient, sample: ReadSample) -> None:
    """The documentation's event becomes an online meeting as documented."""
    answer = await graph.patch(PRICE_STRATEGY, json=sample("event_enable_online"))
    documented, body = sample("event_enable_online.response"), answer.json()
    assert answer.status_code == 200
    assert documented.keys() <= body.keys()
    same = documented.keys() - {
        *("@odata.etag", "lastModifiedDateTime", "changeKey", "bodyPreview", "body", "onlineMeeting")
    }
    assert {name: body[name] for name in same} == {name: documented[name] for name in same}
    assert body["bodyPreview"].startswith("Let's define our strategy.\r\n____")


async def test_documented_reading(graph: httpx.AsyncClient, sample: ReadSample) -> None:
    """The documentation's $select gets the documented members, and no more."""
    await graph.patch(PRICE_STRATEGY, json=sample("event_enable_online"))
    answer = await graph.get(f"{PRICE_STRATEGY}?$select=isOnlineMeeting,onlineMeetingProvider,onlineMeeting")
    documented = sample("event_read_online.response")
    assert answer.json().keys() == documented.keys()
    assert answer.json()["@odata.context"] == documented["@odata.context"]


async def test_unknown_selection(graph: httpx.AsyncClient) -> None:
    """A property that events do not have cannot be selected."""
    assert (await graph.get(f"{PRICE_STRATEGY}?$select=joinUrl")).status_code == 400


async def test_enabling_where_not_allowed(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """Enabling a provider that the calendar does not allow silently does nothing."""
    user = tenant.directory_user(ALEX)
    user.allowed_online_meeting_providers = []
    answer = await graph.patch(PRICE_STRATEGY, json={"isOnlineMeeting": True})
    assert (answer.status_code, answer.json()["isOnlineMeeting"]) == (200, False)


async def test_online_for_good(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """An online meeting neither goes offline nor changes its provider or link."""
    created = await make(graph, tenant)
    for change in (
        {"isOnlineMeeting": False},
        {"onlineMeetingProvider": "skypeForBusiness"},
        {"isOnlineMeeting": True},
    ):
        body = (await graph.patch(f"{EVENTS}/{created['id']}", json=change)).json()
        assert body["onlineMeeting"] == created["onlineMeeting"]
        assert body["onlineMeetingProvider"] == "teamsForBusiness"


async def test_body_without_block(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """A body without the join block takes the meeting offline."""
    created = await make(graph, tenant)
    change = {"body": {"contentType": "html", "content": "new"}}
    body = (await graph.patch(f"{EVENTS}/{created['id']}", json=change)).json()
    assert (body["isOnlineMeeting"], body["onlineMeeting"]) == (False, None)
    assert tenant.meetings == {}


async def test_body_with_block(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """A body with the join block still in it keeps the meeting."""
    created = await make(graph, tenant, body={"contentType": "html", "content": "old"})
    content = created["body"]["content"].replace("old", "new")
    change = {"body": {"contentType": "html", "content": content}}
    body = (await graph.patch(f"{EVENTS}/{created['id']}", json=change)).json()
    assert body["onlineMeeting"] == created["onlineMeeting"]
    assert body["body"]["content"] == content


async def test_attendee_change(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """A change of nothing but attendees mails only those whom it concerns."""
    created = await make(graph, tenant)
    change = {"attendees": [attendee(), attendee("LidiaH@contoso.com")]}
    await graph.patch(f"{EVENTS}/{created['id']}", json=change)
    assert mailed(tenant) == [("invitation", "LidiaH@contoso.com"), ("cancellation", "MeganB@contoso.com")]


async def test_other_change(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """Any other change mails everybody, and the meeting behind the event follows."""
    created = await make(graph, tenant)
    start = {"dateTime": "2026-12-01T09:30:00", "timeZone": "UTC"}
    await graph.patch(f"{EVENTS}/{created['id']}", json={"subject": "New", "start": start})
    assert mailed(tenant) == [("update", "AdeleV@contoso.com"), ("update", "MeganB@contoso.com")]
    (meeting,) = tenant.meetings.values()
    assert meeting.properties["subject"] == "New"
    assert meeting.properties["startDateTime"].as_offset_time() == "2026-12-01T09:30:00.0000000Z"


async def test_personal_change(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """A change of what only the organizer sees mails nobody."""
    created = await make(graph, tenant)
    await graph.patch(f"{EVENTS}/{created['id']}", json={"categories": ["Blue"], "isReminderOn": False})
    assert mailed(tenant) == []


async def test_location_replaces_locations(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """A new location takes the place of all locations."""
    created = await make(graph, tenant, locations=[{"displayName": "A"}, {"displayName": "B"}])
    assert len(created["locations"]) == 2
    body = (await graph.patch(f"{EVENTS}/{created['id']}", json={"location": {"displayName": "C"}})).json()
    assert [location["displayName"] for location in body["locations"]] == ["C"]


@pytest.mark.parametrize("change", [{"transactionId": "x"}, {"webLink": "x"}, {"nonsense": 1}, {"subject": 1}])
async def test_refused_changes(graph: httpx.AsyncClient, change: dict[str, Any]) -> None:
    """What cannot change is refused."""
    assert (await graph.patch(PRICE_STRATEGY, json=change)).status_code == 400


async def test_lone_end(graph: httpx.AsyncClient) -> None:
    """An end is checked against the start that the event already has."""
    early = {"dateTime": "2019-11-18T22:00:00", "timeZone": "UTC"}
    assert (await graph.patch(PRICE_STRATEGY, json={"end": early})).status_code == 400


async def test_if_match(graph: httpx.AsyncClient) -> None:
    """A stale entity tag is refused, a fresh one is not."""
    stale = (await graph.get(PRICE_STRATEGY)).json()["@odata.etag"]
    assert (await graph.patch(PRICE_STRATEGY, json={}, headers={"If-Match": stale})).status_code == 200
    assert (await graph.patch(PRICE_STRATEGY, json={}, headers={"If-Match": stale})).status_code == 412


async def test_delete(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """Deleting cancels the event for its attendees; a second time there is nothing to delete."""
    created = await make(graph, tenant)
    path = f"{EVENTS}/{created['id']}"
    assert (await graph.delete(path)).status_code == 204
    assert mailed(tenant) == [("cancellation", "AdeleV@contoso.com"), ("cancellation", "MeganB@contoso.com")]
    again = await graph.delete(path)
    assert (again.status_code, again.json()["error"]["code"]) == (404, "ErrorItemNotFound")


async def test_cancel(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """Cancelling mails the comment and takes the event away."""
    created = await make(graph, tenant)
    answer = await graph.post(f"{EVENTS}/{created['id']}/cancel", json={"comment": "Sorry"})
    assert (answer.status_code, answer.content) == (202, b"")
    assert {mail.comment for mail in tenant.sent_mail} == {"Sorry"}
    assert (await graph.get(f"{EVENTS}/{created['id']}")).status_code == 404


async def test_immutable_ids(graph: httpx.AsyncClient) -> None:
    """An event has two ids, shown by preference, and both lead to it."""
    preference = {"Prefer": 'IdType="ImmutableId", ' + PACIFIC["Prefer"]}
    usual = (await graph.post(EVENTS, json=online())).json()["id"]
    immutable = (await graph.get(f"{EVENTS}/{usual}", headers=preference)).json()
    assert immutable["id"] != usual
    assert immutable["start"]["timeZone"] == "Pacific Standard Time"
    assert (await graph.get(f"{EVENTS}/{immutable['id']}")).json()["id"] == usual


async def test_unknown_preferred_zone(graph: httpx.AsyncClient) -> None:
    """A preferred zone that is unknown is refused, not replaced."""
    answer = await graph.get(PRICE_STRATEGY, headers={"Prefer": 'outlook.timezone="Mars/Base"'})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "TimeZoneNotSupportedException")


async def test_series_change(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """Changing a series without its recurrence leaves the recurrence alone; null ends it."""
    pattern = {"type": "daily", "interval": 1}
    recurrence = {"pattern": pattern, "range": {"type": "noEnd", "startDate": "2026-12-01"}}
    created = await make(graph, tenant, recurrence=recurrence)
    path = f"{EVENTS}/{created['id']}"
    assert (await graph.patch(path, json={"subject": "New"})).json()["recurrence"] == created["recurrence"]
    assert (await graph.patch(path, json={"recurrence": None})).json()["type"] == "singleInstance"
