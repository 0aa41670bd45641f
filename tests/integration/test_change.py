"""Every change of a meeting, over HTTP and through the queue, and exactly what Graph receives for it."""

import json
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.examples import CALENDAR, STANDALONE
from tests.integration.conftest import Client, until

WRITES = {"POST", "PATCH", "DELETE"}


def made(client: Client, request: dict[str, Any]) -> dict[str, Any]:
    """Return a finished meeting of an organizer of its own, so that tests do not wait for each other."""
    organizer = f"{uuid.uuid4().hex[:12]}@contoso.com"
    client.tenant.put(f"/users/{organizer}", json={"displayName": "Somebody"}).raise_for_status()
    answer = client.post(request | {"organizer": organizer})
    assert answer.status_code == 202, answer.text
    meeting = client.finished(answer.headers["location"])
    assert meeting["status"] == "succeeded", meeting["error"]
    return meeting


def next_version(client: Client, meeting: dict[str, Any]) -> dict[str, Any]:
    """Wait for the version after the one that is known."""

    def look() -> dict[str, Any] | None:
        answer = client.http.get(f"/meetings/{meeting['id']}")
        now = answer.json()
        return now if answer.status_code == 200 and now["version"] > meeting["version"] else None

    return until(look)


def writes_of(client: Client, meeting: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return what Graph received for the meeting's organizer, but for what only reads."""
    mailbox = client.tenant.get("/state").json()
    [object_id] = [user["id"] for user in mailbox["users"] if user["userPrincipalName"] == meeting["organizer"]]
    names = (quote(meeting["organizer"]), object_id)
    return [
        (seen["method"], seen["body"])
        for seen in client.tenant.get("/requests").json()
        if seen["method"] in WRITES and any(name in seen["path"] for name in names)
    ]


def mail_of(client: Client, meeting: dict[str, Any]) -> list[tuple[str, str]]:
    mails = client.state()["sentMail"]
    return [(mail["kind"], mail["to"]) for mail in mails if mail["organizer"] == meeting["organizer"]]


def patch_over_http(client: Client, meeting: dict[str, Any], patch: dict[str, Any]) -> None:
    answer = client.http.patch(
        f"/meetings/{meeting['id']}", json=patch, headers={"If-Match": f'"{meeting["version"]}"'}
    )
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"{client.http.base_url}meetings/{meeting['id']}"
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.headers["etag"] == f'"{meeting["version"] + 1}"'


def patch_through_queue(client: Client, meeting: dict[str, Any], patch: dict[str, Any]) -> None:
    send(client, "meeting.updated", {"id": meeting["id"], "patch": patch})


def cancel_over_http(client: Client, meeting: dict[str, Any], comment: str) -> None:
    answer = client.http.request("DELETE", f"/meetings/{meeting['id']}", json={"comment": comment})
    assert answer.status_code == 202, answer.text


def cancel_through_queue(client: Client, meeting: dict[str, Any], comment: str) -> None:
    send(client, "meeting.cancelled", {"id": meeting["id"], "comment": comment})


def send(client: Client, kind: str, data: dict[str, Any]) -> None:
    event = {"specversion": "1.0", "type": kind, "source": "/test", "id": str(uuid.uuid4()), "data": data}
    client.enqueue(json.dumps(event))


def ask(client: Client, method: str, path: str, body: Any, headers: dict[str, str]) -> httpx.Response:
    if body is None:
        return client.http.request(method, path, headers=headers)
    return client.http.request(method, path, headers=headers, json=body)


type Patch = Callable[[Client, dict[str, Any], dict[str, Any]], None]
type Cancel = Callable[[Client, dict[str, Any], str], None]
PATCHES = pytest.mark.parametrize("patch", [patch_over_http, patch_through_queue])
CANCELS = pytest.mark.parametrize("cancel", [cancel_over_http, cancel_through_queue])


@PATCHES
def test_a_calendar_meeting_is_rescheduled(client: Client, patch: Patch) -> None:
    """One PATCH with start and end; the attendees are told; the link stays."""
    meeting = made(client, CALENDAR)
    later = {
        name: {"dateTime": f"2027-01-21T{hour:02}:00:00", "timeZone": "Europe/Berlin"}
        for name, hour in (("start", 9), ("end", 10))
    }
    patch(client, meeting, later)
    changed = next_version(client, meeting)
    assert changed["status"] == "succeeded", changed["error"]
    assert changed["joinUrl"] == meeting["joinUrl"]
    told = {name: value | {"timeZone": "W. Europe Standard Time"} for name, value in later.items()}
    assert writes_of(client, meeting)[1:] == [("PATCH", told)]
    assert mail_of(client, meeting) == [("invitation", "AdeleV@contoso.com"), ("update", "AdeleV@contoso.com")]


@PATCHES
def test_options_of_a_calendar_meeting_change(client: Client, patch: Patch) -> None:
    """The lobby and a co-organizer, by name and object id, are set on the online meeting alone; nobody is mailed."""
    meeting = made(client, CALENDAR)
    options: dict[str, Any] = {
        "lobbyBypassSettings": {"scope": "invited"},
        "participants": {"attendees": [{"upn": "AdeleV@contoso.com", "role": "coorganizer"}]},
    }
    patch(client, meeting, {"options": options})
    changed = next_version(client, meeting)
    assert changed["status"] == "succeeded", changed["error"]
    [adele] = [each for each in client.state()["users"] if each["userPrincipalName"] == "AdeleV@contoso.com"]
    person = options["participants"]["attendees"][0] | {"identity": {"user": {"id": adele["id"]}}}
    sent = options | {"participants": {"attendees": [person]}}
    assert writes_of(client, meeting)[1:] == [("PATCH", sent)]
    assert changed["onlineMeetingId"]
    assert mail_of(client, meeting) == [("invitation", "AdeleV@contoso.com")]


@PATCHES
def test_a_standalone_meeting_changes(client: Client, patch: Patch) -> None:
    """Subject and option in one PATCH."""
    meeting = made(client, STANDALONE)
    patch(client, meeting, {"subject": "Other", "allowMeetingChat": "disabled"})
    changed = next_version(client, meeting)
    assert changed["status"] == "succeeded", changed["error"]
    assert changed["joinUrl"] == meeting["joinUrl"]
    assert writes_of(client, meeting)[1:] == [("PATCH", {"subject": "Other", "allowMeetingChat": "disabled"})]


def test_attendees_come_and_go(client: Client) -> None:
    """POST and DELETE of one attendee; nobody else is mailed."""
    meeting = made(client, CALENDAR)
    guest = {"emailAddress": {"address": "guest@fabrikam.com", "name": "Guest"}, "type": "optional"}
    answer = client.http.post(f"/meetings/{meeting['id']}/attendees", json=guest)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"{client.http.base_url}meetings/{meeting['id']}"
    second = next_version(client, meeting)
    assert mail_of(client, meeting)[1:] == [("invitation", "guest@fabrikam.com")]
    answer = client.http.delete(f"/meetings/{meeting['id']}/attendees/AdeleV%40contoso.com")
    assert answer.status_code == 202, answer.text
    third = next_version(client, second)
    assert mail_of(client, meeting)[2:] == [("cancellation", "AdeleV@contoso.com")]
    assert third["request"]["attendees"] == [guest]
    assert client.http.delete(f"/meetings/{meeting['id']}/attendees/AdeleV%40contoso.com").status_code == 404


@CANCELS
def test_a_calendar_meeting_is_cancelled(client: Client, cancel: Cancel) -> None:
    """The documented cancel, with the comment; asked again over HTTP, the answer is 200 and Graph hears nothing."""
    meeting = made(client, CALENDAR)
    cancel(client, meeting, "The doctor is ill.")
    gone = next_version(client, meeting)
    assert gone["status"] == "cancelled", gone["error"]
    assert writes_of(client, meeting)[1:] == [("POST", {"comment": "The doctor is ill."})]
    assert mail_of(client, meeting)[1:] == [("cancellation", "AdeleV@contoso.com")]
    again = client.http.delete(f"/meetings/{meeting['id']}")
    assert (again.status_code, again.json()) == (200, gone)
    found = client.http.get("/meetings", params={"status": "cancelled", "top": "100"}).json()["meetings"]
    assert meeting["id"] in [each["id"] for each in found]


@CANCELS
def test_a_standalone_meeting_is_cancelled(client: Client, cancel: Cancel) -> None:
    """The online meeting is deleted."""
    meeting = made(client, STANDALONE)
    cancel(client, meeting, "")
    assert next_version(client, meeting)["status"] == "cancelled"
    assert [method for method, _ in writes_of(client, meeting)][1:] == ["DELETE"]


def test_a_failed_meeting_is_retried(client: Client) -> None:
    """After the administrator has acted: 202, and then the meeting."""
    organizer = f"{uuid.uuid4().hex[:12]}@contoso.com"
    user = f"/users/{organizer}"
    client.tenant.put(user, json={"displayName": "Somebody", "applicationAccessPolicy": False}).raise_for_status()
    failed = client.finished(client.post(STANDALONE | {"organizer": organizer}).headers["location"])
    assert failed["error"]["code"] == "applicationAccessPolicyMissing"
    assert f"/api/meetings/{failed['id']}/retry" in failed["error"]["remedy"]
    client.tenant.put(user, json={"applicationAccessPolicy": True}).raise_for_status()
    answer = client.http.post(f"/meetings/{failed['id']}/retry")
    assert answer.status_code == 202, answer.text
    done = next_version(client, failed)
    assert (done["status"], done["error"]) == ("succeeded", None)
    refused = client.http.post(f"/meetings/{failed['id']}/retry")
    assert (refused.status_code, refused.json()["code"]) == (409, "notFailed")


@pytest.mark.parametrize(
    ("media_type", "status"),
    [
        ("application/json-patch+json", 415),
        ("application/problem+json", 415),
        ("text/plain", 415),
        ("", 415),
        ("application/json-patch+json; charset=utf-8", 415),
        ("application/json; charset=utf-8", 202),
        ("Application/Merge-Patch+JSON ; charset=utf-8", 202),
    ],
)
def test_only_a_merge_patch_is_a_patch(client: Client, media_type: str, status: int) -> None:
    """Another kind is refused with the names of those that are taken: RFC 5789, section 2.2."""
    meeting_id = client.post(CALENDAR).json()["id"]
    headers = {"Content-Type": media_type} if media_type else {}
    content = b'[{"op": "replace", "path": "/subject", "value": "x"}]' if status == 415 else b'{"subject": "x"}'
    answer = client.http.patch(f"/meetings/{meeting_id}", content=content, headers=headers)
    assert answer.status_code == status, answer.text
    if status == 415:
        assert answer.json()["code"] == "unsupportedMediaType"
        assert answer.headers["accept-patch"] == "application/merge-patch+json, application/json"


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "code"),
    [
        ("PATCH", "", {"organizer": "MeganB@contoso.com"}, {}, 409, "immutableField"),
        ("PATCH", "", {"kind": "standalone"}, {}, 409, "immutableField"),
        ("PATCH", "", {"subject": ""}, {}, 400, "invalidRequest"),
        ("PATCH", "", [1], {}, 400, "invalidRequest"),
        ("PATCH", "", {"joinMeetingIdSettings": {"isPasscodeRequired": True}}, {}, 409, "immutableField"),
        ("PATCH", "", {"subject": "x"}, {"If-Match": '"7"'}, 412, "versionMismatch"),
        ("PATCH", "", {"subject": "x"}, {"If-Match": "nonsense"}, 412, "versionMismatch"),
        ("POST", "/attendees", {"emailAddress": {"address": "x"}}, {}, 400, "invalidRequest"),
        ("POST", "/attendees", [], {}, 400, "invalidRequest"),
        ("DELETE", "/attendees/nobody@contoso.com", None, {}, 404, "attendeeNotFound"),
        ("DELETE", "", {"comment": 7}, {}, 400, "invalidRequest"),
        ("DELETE", "", {"reason": "x"}, {}, 400, "invalidRequest"),
        ("DELETE", "", None, {"If-Match": '"7"'}, 412, "versionMismatch"),
        ("POST", "/retry", None, {}, 409, "notFailed"),
        ("POST", "/retry", None, {"If-Match": '"7"'}, 412, "versionMismatch"),
    ],
)
def test_a_change_that_cannot_be_is_a_problem(  # noqa: PLR0917
    client: Client, method: str, path: str, body: Any, headers: dict[str, str], status: int, code: str
) -> None:
    """Refused by name; the meeting stays as it was."""
    accepted = client.post(CALENDAR, **{"Idempotency-Key": "never-changed"})
    meeting_id = accepted.json()["id"]
    client.finished(f"/meetings/{meeting_id}")
    answer = ask(client, method, f"/meetings/{meeting_id}{path}", body, headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert client.http.get(f"/meetings/{meeting_id}").json()["version"] == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [("PATCH", ""), ("DELETE", ""), ("POST", "/attendees"), ("POST", "/retry"), ("DELETE", "/attendees/a@b.co")],
)
@pytest.mark.parametrize("meeting_id", ["4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7", "nobody", "a'b"])
def test_an_unknown_meeting_is_404(client: Client, method: str, path: str, meeting_id: str) -> None:
    """For every change, and whatever the form of its id."""
    body = {"PATCH": {"subject": "x"}, "POST": {"emailAddress": {"address": "a@b.co"}}}.get(method)
    assert ask(client, method, f"/meetings/{meeting_id}{path}", body, {}).status_code == 404
