"""Attendance, transcripts and recordings over HTTP."""

from typing import Any

import pytest

from local.graph.past_calls import CALL, take_place
from tests.app_fixture import World
from tests.examples import CALENDAR, STANDALONE
from tests.http_client import InProcess

ALL = {"ARTIFACTS": "attendance,transcripts,recordings"}
PATHS = ("attendance", "transcripts", "transcripts/t-1", "recordings")


async def after_a_call(settings: dict[str, str], request: dict[str, Any] = CALENDAR) -> tuple[World, InProcess, str]:
    """Return a world in which a call of a meeting took place, its HTTP interface, and the path of the meeting."""
    world = World(settings)
    meeting = await world.made(request)
    [online_meeting] = world.tenant.meetings.values()
    stay = {"joinedAt": "2027-01-20T21:00:00Z", "leftAt": "2027-01-20T21:11:30Z"}
    adele = {"name": "Adele Vance", "address": "AdeleV@contoso.com", "role": "Presenter", "intervals": [stay]}
    call = {"attendees": [adele], "transcript": "WEBVTT\n\nGrüezi", "recorded": True}
    times = {} if request is CALENDAR else {"start": "2027-01-20T21:00:00Z", "end": "2027-01-20T22:00:00Z"}
    take_place(world.tenant, online_meeting, CALL.read(call | times, "badRequest"))
    return world, InProcess(world), f"/meetings/{meeting.id}"


async def test_attendance_is_answered() -> None:
    """With every member that the interface names, and no other; no cache keeps it."""
    _, http, path = await after_a_call(ALL)
    answer = await http.call("GET", f"{path}/attendance")
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    [report] = answer.json["reports"]
    assert report.pop("id")
    assert report == {
        "start": "2027-01-20T21:00:00Z",
        "end": "2027-01-20T22:00:00Z",
        "totalParticipantCount": 1,
        "attendees": [
            {
                "name": "Adele Vance",
                "address": "AdeleV@contoso.com",
                "role": "Presenter",
                "totalSeconds": 690,
                "intervals": [{"joinedAt": "2027-01-20T21:00:00Z", "leftAt": "2027-01-20T21:11:30Z"}],
            }
        ],
    }


async def test_transcripts_are_answered() -> None:
    """The list has ids and times; a transcript is WebVTT in UTF-8."""
    _, http, path = await after_a_call(ALL)
    [transcript] = (await http.call("GET", f"{path}/transcripts")).json["transcripts"]
    assert transcript.keys() == {"id", "createdAt", "endedAt"}
    answer = await http.call("GET", f"{path}/transcripts/{transcript['id']}")
    assert (answer.status, answer.text) == (200, "WEBVTT\n\nGrüezi")
    assert answer.headers["Content-Type"] == "text/vtt; charset=utf-8"


async def test_recordings_are_answered() -> None:
    """With the address in Graph, which is not called."""
    world, http, path = await after_a_call(ALL)
    [recording] = (await http.call("GET", f"{path}/recordings")).json["recordings"]
    assert recording.keys() == {"id", "createdAt", "endedAt", "contentUrl"}
    assert recording["contentUrl"].startswith("https://graph.microsoft.com/v1.0/users/")
    assert not any("content" in request.path for request in world.tenant.requests)


@pytest.mark.parametrize("path", PATHS)
async def test_what_is_switched_off(path: str) -> None:
    """403, with the name of the setting."""
    _, http, meeting = await after_a_call({})
    answer = await http.call("GET", f"{meeting}/{path}")
    assert (answer.status, answer.code) == (403, "artifactsOff")
    assert "ARTIFACTS" in answer.json["detail"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("meeting_id", ["none", "4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7", "x" * 4000])
async def test_no_such_meeting(path: str, meeting_id: str) -> None:
    """404, whatever its id looks like."""
    answer = await InProcess(World(ALL)).call("GET", f"/meetings/{meeting_id}/{path}")
    assert (answer.status, answer.code) == (404, "notFound")


@pytest.mark.parametrize("transcript_id", ["none", "x" * 4000, "..%2F..", "a%2Fb", "%00"])
async def test_no_such_transcript(transcript_id: str) -> None:
    """404, whatever its id looks like."""
    _, http, path = await after_a_call(ALL)
    answer = await http.call("GET", f"{path}/transcripts/{transcript_id}")
    assert (answer.status, answer.code) in {(404, "transcriptNotFound"), (404, None)}


@pytest.mark.parametrize("path", PATHS)
async def test_a_meeting_that_is_not_made(path: str) -> None:
    """409, while it waits."""
    world = World(ALL)
    meeting = await world.accept(CALENDAR)
    answer = await InProcess(world).call("GET", f"/meetings/{meeting.id}/{path}")
    assert (answer.status, answer.code) == (409, "notMade")


@pytest.mark.parametrize("path", PATHS[1:])
async def test_a_standalone_meeting(path: str) -> None:
    """409: Graph has neither transcripts nor recordings of it; attendance it has."""
    _, http, meeting = await after_a_call(ALL, STANDALONE)
    answer = await http.call("GET", f"{meeting}/{path}")
    assert (answer.status, answer.code) == (409, "notCalendarBacked")
    assert len((await http.call("GET", f"{meeting}/attendance")).json["reports"]) == 1


@pytest.mark.parametrize("path", PATHS)
async def test_a_permission_that_is_missing(path: str) -> None:
    """403, with the command."""
    world, http, meeting = await after_a_call(ALL)
    world.tenant.settings.readable_artifacts = ""
    answer = await http.call("GET", f"{meeting}/{path}")
    assert (answer.status, answer.code) == (403, "applicationPermissionMissing")
    assert "New-MgServicePrincipalAppRoleAssignment" in answer.json["remedy"]


@pytest.mark.parametrize("path", PATHS[1:3])
async def test_transcripts_that_the_tenant_keeps(path: str) -> None:
    """403 of another code, with another command."""
    world, http, meeting = await after_a_call(ALL)
    world.tenant.settings.transcripts_allowed = False
    answer = await http.call("GET", f"{meeting}/{path}")
    assert (answer.status, answer.code) == (403, "transcriptsOff")
    assert "-EnableGraphTranscriptAccess $true" in answer.json["remedy"]


@pytest.mark.parametrize("path", PATHS)
async def test_a_mailbox_that_is_throttled(path: str) -> None:
    """503 with Graph's Retry-After, which the next call keeps to."""
    world, http, meeting = await after_a_call(ALL)
    world.fault({"path": "onlineMeetings", "times": 1, "action": {"status": 429, "retryAfter": "30"}})
    for _ in range(2):
        answer = await http.call("GET", f"{meeting}/{path}")
        assert (answer.status, answer.code, answer.headers["Retry-After"]) == (503, "graphUnavailable", "30")


@pytest.mark.parametrize("occurrence", ["today", "2027-01-20"])
async def test_an_occurrence_that_makes_no_sense(occurrence: str) -> None:
    """400, with the parameter as the pointer."""
    _, http, path = await after_a_call(ALL)
    answer = await http.call("GET", f"{path}/attendance?occurrence={occurrence}")
    assert (answer.status, answer.code) == (400, "invalidRequest")
    assert [error["pointer"] for error in answer.json["errors"]] == ["/occurrence"]
