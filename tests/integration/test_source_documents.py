"""Every example of the two documents that define the Graph side, over HTTP and through the queue.

https://learn.microsoft.com/graph/outlook-calendar-online-meetings and
https://learn.microsoft.com/graph/api/application-post-onlinemeetings
"""

import base64
import json
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.integration.conftest import Client, sample

ALEX = "AlexW@contoso.com"


def over_http(client: Client, request: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(request)
    assert answer.status_code == 202, answer.text
    return client.finished(answer.headers["location"])


def plain_in_queue(client: Client, request: dict[str, Any]) -> dict[str, Any]:
    reference = str(uuid.uuid4())
    client.enqueue(json.dumps(request | {"reference": reference}))
    return client.found(reference=reference)


def base64_in_queue(client: Client, request: dict[str, Any]) -> dict[str, Any]:
    reference = str(uuid.uuid4())
    client.enqueue(base64.b64encode(json.dumps(request | {"reference": reference}).encode()).decode())
    return client.found(reference=reference)


def cloud_event_in_queue(client: Client, request: dict[str, Any]) -> dict[str, Any]:
    reference = str(uuid.uuid4())
    event = {"specversion": "1.0", "type": "meeting.requested", "source": "/test", "id": reference}
    client.enqueue(json.dumps(event | {"data": request | {"reference": reference}}))
    return client.found(reference=reference)


type Ask = Callable[[Client, dict[str, Any]], dict[str, Any]]
WAYS = pytest.mark.parametrize("ask", [over_http, plain_in_queue, base64_in_queue, cloud_event_in_queue])


def events_of(client: Client, meeting: dict[str, Any]) -> list[dict[str, Any]]:
    events = client.state()["mailboxes"][ALEX]["events"]
    return [event for event in events if event["transactionId"] == meeting["id"]]


@WAYS
def test_a_calendar_meeting(client: Client, ask: Ask) -> None:
    """The documented body plus `organizer` makes the documented event, with link, conference id and toll number."""
    request = sample("calendar_create")
    meeting = ask(client, request | {"organizer": ALEX})
    assert meeting["status"] == "succeeded", meeting["error"]
    [event] = events_of(client, meeting)
    documented = sample("calendar_create.response")
    assert set(documented) - set(event) <= {"@odata.context"}
    assert event["subject"] == request["subject"]
    assert (meeting["isOnlineMeeting"], meeting["onlineMeetingProvider"]) == (True, "teamsForBusiness")
    assert meeting["joinUrl"] == event["onlineMeeting"]["joinUrl"]
    assert meeting["joinUrl"].startswith("https://teams.microsoft.com/l/meetup-join/")
    assert meeting["dialIn"]["tollNumber"] == documented["onlineMeeting"]["tollNumber"]
    assert meeting["dialIn"]["conferenceId"] == event["onlineMeeting"]["conferenceId"]
    assert meeting["iCalUId"] == event["iCalUId"]
    assert meeting["eventId"] == event["immutableId"]
    assert meeting["webLink"].startswith("https://outlook.office365.com/owa/")


def test_the_providers_are_read_before_the_event_is_made(client: Client) -> None:
    """`GET /users/{organizer}/calendar` comes first; the creation names one of the providers it allows."""
    client.tenant.put("/users/Fresh@contoso.com", json={"displayName": "Fresh"})
    client.tenant.delete("/requests")
    over_http(client, sample("calendar_create") | {"organizer": "Fresh@contoso.com"})
    seen = [(each["method"], each["path"]) for each in client.tenant.get("/requests").json()]
    assert seen == [
        ("GET", "/v1.0/users/Fresh%40contoso.com/calendar"),
        ("POST", "/v1.0/users/Fresh%40contoso.com/events"),
    ]


@WAYS
def test_an_existing_event_is_made_online(client: Client, ask: Ask) -> None:
    """The documented PATCH makes the event an online meeting, and its join details are read back."""
    token = {"authorization": "Bearer local"}
    url = f"{client.stack.graph.url}/v1.0/users/{ALEX}/events"
    offline = client.outlook_event(ALEX)
    assert not offline["isOnlineMeeting"]
    client.tenant.delete("/requests")
    meeting = ask(client, {"kind": "existing", "organizer": ALEX, "eventId": offline["id"]})
    assert meeting["status"] == "succeeded", meeting["error"]
    patches = [each["body"] for each in client.tenant.get("/requests").json() if each["method"] == "PATCH"]
    assert patches == [sample("event_enable_online")]
    now = httpx.get(f"{url}/{offline['id']}", headers=token, timeout=60).json()
    assert set(sample("event_enable_online.response")) <= set(now)
    assert meeting["joinUrl"] == now["onlineMeeting"]["joinUrl"]
    assert meeting["dialIn"]["conferenceId"] == now["onlineMeeting"]["conferenceId"]
    assert meeting["dialIn"]["tollNumber"] == now["onlineMeeting"]["tollNumber"]
    found = client.http.get("/meetings", params={"eventId": offline["id"]}).json()["meetings"]
    assert [each["id"] for each in found] == [meeting["id"]]


@WAYS
@pytest.mark.parametrize(
    ("name", "passcode"),
    [
        ("standalone_create", False),
        ("standalone_passcode", True),
        ("standalone_no_passcode", False),
        ("standalone_no_join_settings", False),
    ],
)
def test_a_standalone_meeting(client: Client, ask: Ask, name: str, passcode: bool) -> None:  # noqa: FBT001
    """Plain, with a passcode that Graph makes, and without one: what the document returns is what readers get."""
    meeting = ask(client, sample(name) | {"kind": "standalone", "organizer": ALEX})
    assert meeting["status"] == "succeeded", meeting["error"]
    [made] = [each for each in client.state()["onlineMeetings"] if each["id"] == meeting["onlineMeetingId"]]
    assert made["subject"] == sample(name)["subject"]
    assert meeting["joinUrl"] == made["joinWebUrl"]
    assert meeting["joinMeetingId"] == made["joinMeetingIdSettings"]["joinMeetingId"]
    assert meeting["passcode"] == made["joinMeetingIdSettings"]["passcode"]
    assert bool(meeting["passcode"]) is passcode
    assert meeting["chatThreadId"] == made["chatInfo"]["threadId"]
    audio = made["audioConferencing"]
    assert meeting["dialIn"] == {
        "tollNumber": audio["tollNumber"],
        "tollFreeNumber": audio["tollFreeNumber"],
        "conferenceId": audio["ConferenceId"],
        "dialinUrl": audio["dialinUrl"],
    }


@WAYS
def test_join_information_in_japanese(client: Client, ask: Ask) -> None:
    """`language` becomes Accept-Language; the join information is decoded HTML in that language."""
    client.tenant.delete("/requests")
    request = sample("standalone_create") | {"kind": "standalone", "organizer": ALEX, "language": "ja"}
    meeting = ask(client, request)
    assert meeting["joinInformation"]["contentType"] == "html"
    assert meeting["joinInformation"]["content"].startswith("<div")
    assert "会議" in meeting["joinInformation"]["content"]
    [post] = [each for each in client.tenant.get("/requests").json() if each["method"] == "POST"]
    assert post["headers"]["accept-language"] == "ja"
