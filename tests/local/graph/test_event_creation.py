from typing import Any
from urllib.parse import quote

import httpx
import pytest

from local.graph.tenant import Tenant
from tests.local.graph.conftest import Clock, ReadSample

EVENTS = "/v1.0/users/AlexW@contoso.com/events"
ALEX = "64339082-ed84-4b0b-b4ab-004ae54f3747"
PACIFIC = {"Prefer": 'outlook.timezone="Pacific Standard Time"'}
KEY = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Meeting"


def event(**properties: Any) -> dict[str, Any]:
    start, end = ({"dateTime": f"2026-12-01T{hour}:00:00", "timeZone": "UTC"} for hour in ("09", "10"))
    return {"subject": "Review", "start": start, "end": end, **properties}


def online(**properties: Any) -> dict[str, Any]:
    return event(isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness", **properties)


def attendee(address: str = "AdeleV@contoso.com", kind: str = "required") -> dict[str, Any]:
    return {"emailAddress": {"address": address}, "type": kind}


async def refusal(graph: httpx.AsyncClient, body: Any) -> tuple[int, str]:
    answer = await graph.post(EVENTS, json=body)
    return answer.status_code, answer.json()["error"]["code"]


async def test_documented_example(graph: httpx.AsyncClient, sample: ReadSample) -> None:
    """The documentation's request gets an answer with everything that the documentation's answer has."""
    answer = await graph.post(EVENTS, json=sample("calendar_create"), headers=PACIFIC)
    documented, body = sample("calendar_create.response"), answer.json()
    assert answer.status_code == 201
    assert documented.keys() <= body.keys()
    same = documented.keys() - {
        *("@odata.etag", "id", "createdDateTime", "lastModifiedDateTime", "changeKey", "iCalUId"),
        *("bodyPreview", "webLink", "body", "onlineMeeting"),
    }
    assert {name: body[name] for name in same} == {name: documented[name] for name in same}
    assert body["onlineMeeting"].keys() == documented["onlineMeeting"].keys()
    assert body["onlineMeeting"]["tollNumber"] == "+1 323-555-0166"
    assert answer.headers["Preference-Applied"] == 'outlook.timezone="Pacific Standard Time"'


async def test_documented_body(graph: httpx.AsyncClient, tenant: Tenant, sample: ReadSample) -> None:
    """The body ends with Teams' join block, letter by letter the documented one but for its numbers and links."""
    tenant.settings.join_block = "2019"
    body = (await graph.post(EVENTS, json=sample("calendar_create"))).json()
    documented = sample("calendar_create.response")

    def neutral(content: str, view: dict[str, Any]) -> str:
        link, number = view["onlineMeeting"]["joinUrl"], view["onlineMeeting"]["conferenceId"]
        thread = link.split("meeting_")[1].split("%40")[0]
        spaced = f"{number[:3]} {number[3:6]} {number[6:]}"
        return content.replace(thread, "T").replace(number, "N").replace(spaced, "N").replace("886-7531", "555-0166")

    assert neutral(body["body"]["content"], body) == neutral(documented["body"]["content"], documented)
    assert neutral(body["bodyPreview"], body) == neutral(documented["bodyPreview"], documented)


async def test_invitations(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """Creating an event invites its attendees at once."""
    created = (await graph.post(EVENTS, json=online(attendees=[attendee(), attendee("x@fabrikam.com")]))).json()
    assert [(mail.kind, mail.to, mail.event_id) for mail in tenant.sent_mail] == [
        ("invitation", "AdeleV@contoso.com", created["id"]),
        ("invitation", "x@fabrikam.com", created["id"]),
    ]
    assert created["attendees"][0]["emailAddress"]["name"] == "Adele Vance"


@pytest.mark.parametrize("name", ["SkypeOnly", "NoProvider"])
async def test_silent_failure(graph: httpx.AsyncClient, tenant: Tenant, name: str) -> None:
    """A provider that the calendar does not allow gives 201 without a link, and the invitations go out."""
    answer = await graph.post(f"/v1.0/users/{name}@contoso.com/events", json=online(attendees=[attendee()]))
    body = answer.json()
    assert answer.status_code == 201
    assert (body["isOnlineMeeting"], body["onlineMeetingProvider"], body["onlineMeeting"]) == (False, "unknown", None)
    assert len(tenant.sent_mail) == 1


async def test_skype(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """A Skype meeting, where there still is one, has its link in onlineMeetingUrl too."""
    tenant.settings.skype_gives_link = True
    body = event(isOnlineMeeting=True, onlineMeetingProvider="skypeForBusiness")
    view = (await graph.post(EVENTS, json=body)).json()
    assert view["onlineMeetingUrl"] == view["onlineMeeting"]["joinUrl"]
    assert view["onlineMeetingProvider"] == "skypeForBusiness"


async def test_transaction_replay(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """The same body with the same transactionId answers 201 with the same event, and mails nobody again."""
    body = online(transactionId="t-1", attendees=[attendee()])
    first, second = [await graph.post(EVENTS, json=body) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] == second.json()["id"]
    assert first.json()["transactionId"] == "t-1"
    assert len(tenant.sent_mail) == 1


@pytest.mark.parametrize("status", [400, 409])
async def test_transaction_reused(graph: httpx.AsyncClient, tenant: Tenant, status: int) -> None:
    """Another body with the same transactionId is refused, and the existing event named."""
    tenant.settings.duplicate_transaction_status = status
    first = await graph.post(EVENTS, json=online(transactionId="t-1"))
    second = await graph.post(EVENTS, json=online(transactionId="t-1", importance="high"))
    assert second.status_code == status
    assert second.json()["error"]["code"] == "ErrorDuplicateTransactionId"
    assert second.json()["error"]["@event.existingEventId"] == first.json()["id"]


async def test_transaction_forgotten(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """Without transactionIdMemory the same request makes two events."""
    tenant.settings.transaction_id_memory = False
    ids = {(await graph.post(EVENTS, json=online(transactionId="t-1"))).json()["id"] for _ in range(2)}
    assert len(ids) == 2


async def test_extended_property(graph: httpx.AsyncClient) -> None:
    """An event is found by its extended property, in any case of the value; the property shows only expanded."""
    body = event(singleValueExtendedProperties=[{"id": KEY, "value": "O'Neil-7"}])
    created = (await graph.post(EVENTS, json=body)).json()
    query = f"singleValueExtendedProperties/Any(ep: ep/id eq '{KEY}' and ep/value eq 'o''neil-7')"
    found = (await graph.get(f"{EVENTS}?$filter={quote(query)}")).json()["value"]
    assert [entry["id"] for entry in found] == [created["id"]]
    assert "singleValueExtendedProperties" not in found[0]
    expand = f"singleValueExtendedProperties($filter=id eq '{KEY}')"
    shown = (await graph.get(f"{EVENTS}/{created['id']}?$expand={quote(expand)}")).json()
    assert shown["singleValueExtendedProperties"] == [{"id": KEY, "value": "O'Neil-7"}]
    missed = await graph.get(f"{EVENTS}?$filter={quote(query.replace('neil-7', 'neil-8'))}")
    assert missed.json()["value"] == []
    plus = await graph.get(EVENTS, params={"$filter": query})
    assert plus.status_code == 400, "a space is %20; a plus sign is a plus sign"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"nonsense": 1}, "RequestBodyRead"),
        ({"subject": 1}, "RequestBodyRead"),
        ({"subject": "\ud800"}, "RequestBodyRead"),
        ({"subject": "x" * 256}, "ErrorPropertyValidationFailure"),
        ({"isOnlineMeeting": "true"}, "RequestBodyRead"),
        ({"reminderMinutesBeforeStart": 1.5}, "RequestBodyRead"),
        ({"reminderMinutesBeforeStart": True}, "RequestBodyRead"),
        ({"attendees": {}}, "RequestBodyRead"),
        ({"attendees": [None]}, "RequestBodyRead"),
        ({"importance": "huge"}, "RequestBodyRead"),
        ({"location": {"name": "x"}}, "RequestBodyRead"),
        ({"id": "x"}, "ErrorInvalidPropertySet"),
        ({"onlineMeeting": {}}, "ErrorInvalidPropertySet"),
        ({"attendees": [{"type": "required"}]}, "ErrorInvalidRecipients"),
        ({"attendees": [attendee("x")]}, "ErrorInvalidRecipients"),
        ({"attendees": [attendee(f"u{number}@x.com") for number in range(501)]}, "ErrorInvalidRequest"),
        ({"start": None}, "ErrorPropertyValidationFailure"),
        ({"end": {"dateTime": "2026-12-01T08:59:59", "timeZone": "UTC"}}, "ErrorPropertyValidationFailure"),
        ({"end": {"dateTime": "2026-12-01T10:00:00", "timeZone": "Mars/Base"}}, "TimeZoneNotSupportedException"),
        ({"end": {"dateTime": "2026-12-01T10:00:00", "timeZone": "Europe/Rome"}}, "TimeZoneNotSupportedException"),
        ({"end": {"dateTime": "2026-12-01T10:00:00Z", "timeZone": "UTC"}}, "ErrorInvalidParameter"),
        ({"end": {"dateTime": "2026-12-01T10:00:00+01:00", "timeZone": "UTC"}}, "ErrorInvalidParameter"),
        ({"end": {"dateTime": "9999-12-31T10:00:00", "timeZone": "UTC"}}, "ErrorInvalidParameter"),
        ({"isAllDay": True}, "ErrorInvalidRequest"),
        ({"singleValueExtendedProperties": [{"id": "Name X", "value": "1"}]}, "ErrorInvalidRequest"),
    ],
)
async def test_refusals(graph: httpx.AsyncClient, tenant: Tenant, change: dict[str, Any], code: str) -> None:
    """Exchange is strict about names, types, times and attendees, and a refused event leaves nothing."""
    content = '{"subject": "\\ud800"}' if change.get("subject") == "\ud800" else None
    if content:
        answer = await graph.post(EVENTS, content=content, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    else:
        assert await refusal(graph, event(**change)) == (400, code)
    assert len(tenant.mailboxes["alexw@contoso.com"].events) == 1
    assert tenant.sent_mail == []


@pytest.mark.parametrize(
    "zone", ["W. Europe Standard Time", "Europe/Berlin", "UTC", "Europe/Kyiv (Kiev)", "Etc/GMT-12"]
)
async def test_zones(graph: httpx.AsyncClient, zone: str) -> None:
    """Windows names and the documented IANA names are understood, and answers are in UTC unless asked otherwise."""
    start, end = ({"dateTime": f"2026-07-01T{hour}:00:00", "timeZone": zone} for hour in ("09", "10"))
    body = (await graph.post(EVENTS, json=event(start=start, end=end))).json()
    assert body["originalStartTimeZone"] == zone
    assert body["start"]["timeZone"] == "UTC"
    if "Berlin" in zone or "Europe S" in zone:
        assert body["start"]["dateTime"] == "2026-07-01T07:00:00.0000000"


async def test_a_time_shown_twice_is_standard_time(graph: httpx.AsyncClient) -> None:
    """Windows reads it as the second, not as IANA and RFC 5545 do: who means the first has to say so in UTC."""
    start, end = (
        {"dateTime": f"2027-10-31T{time}", "timeZone": "W. Europe Standard Time"} for time in ("02:30", "04:00")
    )
    body = (await graph.post(EVENTS, json=event(start=start, end=end))).json()
    assert body["start"]["dateTime"] == "2027-10-31T01:30:00.0000000"


async def test_all_day(graph: httpx.AsyncClient) -> None:
    """An all-day event reads back at midnight in whatever zone one asks for; two zones are refused."""
    start, end = ({"dateTime": f"2026-12-0{day}T00:00:00", "timeZone": "Tokyo Standard Time"} for day in (1, 2))
    body = (await graph.post(EVENTS, json=event(start=start, end=end, isAllDay=True), headers=PACIFIC)).json()
    assert body["start"] == {"dateTime": "2026-12-01T00:00:00.0000000", "timeZone": "Pacific Standard Time"}
    mixed = event(start=start, end={**end, "timeZone": "UTC"}, isAllDay=True)
    assert await refusal(graph, mixed) == (400, "ErrorInvalidRequest")


WEEKLY = {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"]}
NO_END = {"type": "noEnd", "startDate": "2026-12-01"}


@pytest.mark.parametrize(
    ("pattern", "extent", "status"),
    [
        (WEEKLY, NO_END, 201),
        (
            {"type": "daily", "interval": 1},
            {"type": "numbered", "startDate": "2026-12-01", "numberOfOccurrences": 3},
            201,
        ),
        ({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 1}, NO_END, 201),
        ({"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["monday"], "index": "last"}, NO_END, 201),
        ({"type": "absoluteYearly", "interval": 1, "dayOfMonth": 1, "month": 12}, NO_END, 201),
        ({"type": "weekly", "interval": 1}, NO_END, 400),
        ({**WEEKLY, "dayOfMonth": 3}, NO_END, 400),
        ({**WEEKLY, "interval": 0}, NO_END, 400),
        (WEEKLY, {**NO_END, "startDate": "2026-12-02"}, 400),
        (WEEKLY, {**NO_END, "type": "endDate"}, 400),
        (WEEKLY, {"type": "endDate", "startDate": "2026-12-01", "endDate": "2026-11-01"}, 400),
        (WEEKLY, {**NO_END, "recurrenceTimeZone": "Mars/Base"}, 400),
    ],
)
async def test_recurrence(
    graph: httpx.AsyncClient, pattern: dict[str, Any], extent: dict[str, Any], status: int
) -> None:
    """A recurrence has the properties that its type needs, and only those, and starts with the event."""
    answer = await graph.post(EVENTS, json=event(recurrence={"pattern": pattern, "range": extent}))
    assert answer.status_code == status
    if status == 201:
        assert answer.json()["type"] == "seriesMaster"


async def test_crossing_occurrences(graph: httpx.AsyncClient) -> None:
    """A daily event that outlasts its day is refused."""
    recurrence = {"pattern": {"type": "daily", "interval": 1}, "range": NO_END}
    body = event(recurrence=recurrence, end={"dateTime": "2026-12-03T10:00:00", "timeZone": "UTC"})
    assert await refusal(graph, body) == (400, "ErrorOccurrenceCrossingBoundary")


async def test_late_link(graph: httpx.AsyncClient, tenant: Tenant, clock: Clock) -> None:
    """With joinLinkDelaySeconds the link shows only later."""
    tenant.settings.join_link_delay_seconds = 5
    created = (await graph.post(EVENTS, json=online())).json()
    assert (created["isOnlineMeeting"], created["onlineMeeting"]) == (True, None)
    clock.advance(5)
    assert (await graph.get(f"{EVENTS}/{created['id']}")).json()["onlineMeeting"]["joinUrl"]


async def test_missing_link(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """With joinLinkMissing the link comes only with a patch."""
    tenant.settings.join_link_missing = True
    created = (await graph.post(EVENTS, json=online())).json()
    assert created["onlineMeeting"] is None
    patch = {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}
    patched = (await graph.patch(f"{EVENTS}/{created['id']}", json=patch)).json()
    assert patched["onlineMeeting"]["joinUrl"]


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("NoMailbox@contoso.com", 404, "MailboxNotEnabledForRESTAPI"),
        ("OutOfScope@contoso.com", 403, "ErrorAccessDenied"),
        ("Nobody@contoso.com", 404, "ErrorInvalidUser"),
    ],
)
async def test_closed_mailboxes(graph: httpx.AsyncClient, name: str, status: int, code: str) -> None:
    """Exchange refuses mailboxes that do not exist, or that the app may not use."""
    for path in ("events", "calendar", "calendar/events"):
        answer = await graph.get(f"/v1.0/users/{name}/{path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_text_body(graph: httpx.AsyncClient) -> None:
    """A text body becomes HTML with every character kept as text."""
    body = online(body={"contentType": "text", "content": "<b>1 & 2</b>"})
    view = (await graph.post(EVENTS, json=body)).json()
    assert "&lt;b&gt;1 &amp; 2&lt;/b&gt;" in view["body"]["content"]
    assert view["bodyPreview"].startswith("<b>1 & 2</b>")
    assert ALEX in view["@odata.context"]
