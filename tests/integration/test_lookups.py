"""Readiness, invitation files and other people's meetings, over HTTP."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from tests.examples import CALENDAR, STANDALONE
from tests.integration.conftest import Client

ROOT = Path(__file__).parent.parent.parent
TROUBLED = {
    "NoMailbox@contoso.com": {"mailbox", "onlineMeetingProvider"},
    "OutOfScope@contoso.com": {"mailbox", "onlineMeetingProvider"},
    "SkypeOnly@contoso.com": {"onlineMeetingProvider"},
    "NoProvider@contoso.com": {"onlineMeetingProvider"},
    "NoPolicy@contoso.com": {"applicationAccessPolicy"},
}


class TestReadiness:
    def test_an_organizer_who_is_ready(self, client: Client) -> None:
        """The body of the contract."""
        answer = client.http.get("/organizers/AlexW@contoso.com/readiness")
        assert answer.status_code == 200
        report: dict[str, Any] = answer.json()
        assert (report["organizer"], report["ready"]) == ("AlexW@contoso.com", True)
        assert report["defaultOnlineMeetingProvider"] == "teamsForBusiness"
        assert "teamsForBusiness" in report["allowedOnlineMeetingProviders"]
        assert [set(check) for check in report["checks"]] == [{"name", "ok", "detail", "remedy"}] * 5

    @pytest.mark.parametrize("organizer", TROUBLED)
    def test_troubled_organizers(self, client: Client, organizer: str) -> None:
        """Each is found out, with something to do about it."""
        report = client.http.get(f"/organizers/{organizer}/readiness").json()
        failed = {check["name"]: check["remedy"] for check in report["checks"] if not check["ok"]}
        assert (report["ready"], set(failed)) == (False, TROUBLED[organizer])
        assert all(failed.values())

    @pytest.mark.parametrize("organizer", ["x", "a%2Fb", "%00", "AlexW%40contoso.com%2Fevents"])
    def test_no_organizer(self, client: Client, organizer: str) -> None:
        """What is neither an object id nor a user principal name is the caller's fault."""
        answer = client.http.get(f"/organizers/{organizer}/readiness")
        assert answer.status_code in {400, 404}  # an encoded slash may be one to the host, which refuses %00 itself
        if answer.status_code == 400 and organizer != "%00":
            assert answer.json()["errors"][0]["pointer"] == "/organizer"

    def test_graph_is_down(self, client: Client) -> None:
        """Nothing is known then, and the caller is told when to ask again."""
        action = {"status": 503, "code": "serviceNotAvailable", "retryAfter": "3"}
        client.tenant.post("/faults", json=[{"user": "NestorW@contoso.com", "action": action}])
        try:
            answer = client.http.get("/organizers/NestorW@contoso.com/readiness")
        finally:
            client.tenant.delete("/faults")
        assert (answer.status_code, answer.json()["code"]) == (503, "graphUnavailable")
        assert int(answer.headers["retry-after"]) >= 3

    def test_the_command(self, client: Client) -> None:
        """The same as a table, for administrators; the exit code says whether all are ready."""

        def run(*organizers: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [Path(sys.executable).parent / "convene", "readiness", *organizers],
                cwd=ROOT,
                env={**os.environ, **client.stack.environment},
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )

        ready = run("AlexW@contoso.com")
        assert ready.returncode == 0, ready.stderr
        assert "applicationAccessPolicy" in ready.stdout
        troubled = run("AlexW@contoso.com", "NoPolicy@contoso.com")
        assert troubled.returncode == 1
        assert "New-CsApplicationAccessPolicy -Identity Convene -AppIds" in troubled.stdout


class TestInvitation:
    @pytest.mark.parametrize("kind", ["calendar", "standalone", "existing"])
    def test_each_kind(self, client: Client, kind: str) -> None:
        """A file for calendar programs, with the join link."""
        organizer = CALENDAR["organizer"]
        request_of_kind = {
            "calendar": CALENDAR,
            "standalone": STANDALONE,
            "existing": {"kind": kind, "organizer": organizer, "eventId": client.outlook_event(organizer)["id"]},
        }[kind]
        meeting = client.finished(client.post(request_of_kind).headers["location"])
        answer = client.http.get(f"/meetings/{meeting['id']}/invitation.ics")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
        assert answer.headers["content-disposition"] == 'attachment; filename="invitation.ics"'
        [event] = Calendar.from_ical(answer.content).walk("VEVENT")
        assert event["URL"] == meeting["joinUrl"]

    def test_no_link(self, client: Client) -> None:
        """409 as long as there is none, 404 for what is no meeting."""
        meeting = client.finished(
            client.post(CALENDAR | {"organizer": "NoMailbox@contoso.com"}).headers["location"],
        )
        answer = client.http.get(f"/meetings/{meeting['id']}/invitation.ics")
        assert (answer.status_code, answer.json()["code"]) == (409, "noJoinLink")
        assert client.http.get("/meetings/x/invitation.ics").status_code == 404
        unknown = "/meetings/4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7/invitation.ics"
        assert client.http.get(unknown).status_code == 404


class TestExternalMeetings:
    def test_an_event_of_outlook(self, client: Client) -> None:
        """Made in the calendar by somebody else, found by organizer and id, with the members of every meeting."""
        event = client.outlook_event("LidiaH@contoso.com", isOnlineMeeting=True)
        ours = client.post(STANDALONE).json()
        for filters in ({"eventId": event["id"]}, {"joinUrl": event["onlineMeeting"]["joinUrl"]}):
            answer = client.http.get("/meetings", params={"organizer": "LidiaH@contoso.com"} | filters)
            assert answer.status_code == 200
            assert answer.json()["continuationToken"] is None
            [found] = answer.json()["meetings"]
            assert set(found) == set(ours)
            assert (found["id"], found["status"]) == (None, "external")
            assert found["joinUrl"] == event["onlineMeeting"]["joinUrl"]

    def test_nothing_there(self, client: Client) -> None:
        """An empty list."""
        params = {"organizer": "LidiaH@contoso.com", "joinMeetingId": "123456789"}
        assert client.http.get("/meetings", params=params).json() == {"meetings": [], "continuationToken": None}

    @pytest.mark.parametrize(
        ("organizer", "filters", "status", "code"),
        [
            ("NoPolicy@contoso.com", {"joinMeetingId": "1"}, 403, "applicationAccessPolicyMissing"),
            ("OutOfScope@contoso.com", {"eventId": "x"}, 403, "mailboxAccessDenied"),
            ("NoMailbox@contoso.com", {"eventId": "x"}, 404, "organizerHasNoMailbox"),
            ("Nobody@contoso.com", {"joinMeetingId": "1"}, 404, "organizerNotFound"),
        ],
    )
    def test_refusals(self, client: Client, organizer: str, filters: dict[str, str], status: int, code: str) -> None:
        """A problem with the code that a meeting would have failed with, and its remedy."""
        answer = client.http.get("/meetings", params={"organizer": organizer} | filters)
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["status"]) == (status, code, status)
        assert answer.headers["content-type"] == "application/problem+json"
        assert problem["remedy"]
        assert "{id}" not in problem["remedy"]

    def test_graph_throttles(self, client: Client) -> None:
        """So does the answer, and the next one before Graph is asked again."""
        organizer = "Patience@contoso.com"
        action = {"status": 429, "code": "TooManyRequests", "retryAfter": "600.5"}
        client.tenant.post("/faults", json=[{"user": organizer, "action": action}])
        try:
            answer = client.http.get("/meetings", params={"organizer": organizer, "eventId": "x"})
        finally:
            client.tenant.delete("/faults")
        assert answer.headers["retry-after"] == "601"
        readiness = client.http.get(f"/organizers/{organizer}/readiness")
        assert 0 < int(readiness.headers["retry-after"]) <= 601
        for told in (answer, readiness):
            assert (told.status_code, told.json()["code"]) == (503, "graphUnavailable")
            assert told.json()["detail"].startswith("Microsoft Graph throttles this mailbox.")


def test_the_summary_counts_what_a_search_finds(client: Client) -> None:
    """A failed meeting more is one more of its status and of its reason."""

    def counted() -> tuple[int, int]:
        answer = client.http.get("/summary")
        assert answer.status_code == 200
        summary = answer.json()
        reasons = {each["code"]: each["count"] for each in summary["failed"]}
        return summary["counts"]["failed"], reasons.get("organizerNotFound", 0)

    before = counted()
    meeting = client.finished(
        client.post(STANDALONE | {"organizer": "NoSuchUser@contoso.com"}).headers["location"],
    )
    assert meeting["error"]["code"] == "organizerNotFound"
    assert counted() == (before[0] + 1, before[1] + 1)
