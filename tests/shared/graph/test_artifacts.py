"""Artifacts on the wire: pages, what is no answer, and refusals in the words that are known of Graph."""

from typing import Any

import httpx
import pytest

from shared.errors import RejectedError, UnavailableError
from shared.graph.artifacts import Artifacts, OnlineMeetingIds
from shared.graph.refusals import Surface
from tests.shared.graph.wire import OBJECT_ID, ROOT, Wire

IDS = OnlineMeetingIds(OBJECT_ID, "MSo1/x=")
REPORT = {"id": "r-1", "totalParticipantCount": 2, "meetingStartDateTime": "2027-01-20T21:00:00.1234567Z"}


def refusing(wire: Wire, status: int, code: str, message: str, inner: str = "") -> None:
    wire.answers(status, {"error": {"code": code, "message": message, "innerError": {"code": inner}}})


async def test_the_paths() -> None:
    """An id is one segment of the path, whatever is in it; a transcript is asked for as WebVTT."""
    wire = Wire()
    wire.answer = httpx.Response(200, content=b"\xef\xbb\xbfWEBVTT\n")
    assert await Artifacts(wire.client).transcript(IDS, "t/../1") == b"\xef\xbb\xbfWEBVTT\n"
    path = f"/v1.0/users/{OBJECT_ID}/onlineMeetings/MSo1%2Fx%3D/transcripts/t%2F..%2F1/content"
    assert wire.target == f"{path}?$format=text%2Fvtt"
    assert wire.request.headers["accept"] == "text/vtt"


async def test_a_link_to_the_next_page_is_followed_on_graph_only() -> None:
    """Wherever it leads, the next page is asked of Graph, with the token of the link."""
    wire = Wire()
    link = "https://evil.example/v1.0/users/x/messages?$skiptoken=a%2Bb%26c&$filter=x"
    pages = iter([{"value": [REPORT], "@odata.nextLink": link}, {"value": [REPORT | {"id": "r-2"}]}])
    wire.answer = lambda _: httpx.Response(200, json=next(pages))
    reports = await Artifacts(wire.client).reports(IDS)
    assert [report.id for report in reports] == ["r-1", "r-2"]
    first, second = (str(request.url) for request in wire.requests)
    assert first.startswith(ROOT)
    assert second == f"{first}?$skiptoken=a%2Bb%26c"


@pytest.mark.parametrize(
    "body",
    [
        {"value": None},
        {"value": [{}]},
        {"value": ["r-1"]},
        {"value": [REPORT], "@odata.nextLink": "https://graph.microsoft.com/v1.0/users"},
        {"value": [REPORT], "@odata.nextLink": "https://[x?$skiptoken=1"},
        [],
    ],
)
async def test_what_is_no_list(body: Any) -> None:
    """Nothing is concluded from it."""
    wire = Wire()
    wire.answers(200, body)
    with pytest.raises(UnavailableError):
        await Artifacts(wire.client).reports(IDS)


async def test_pages_in_a_circle_end() -> None:
    """A link that leads to the page it stands on is followed once, whatever the case of its option."""
    wire = Wire()
    link = "https://graph.microsoft.com/v1.0/users/x?$skipToken=a"
    wire.answers(200, {"value": [REPORT], "@odata.nextLink": link})
    with pytest.raises(UnavailableError):
        await Artifacts(wire.client).reports(IDS)
    assert len(wire.requests) == 2


async def test_members_that_only_inform() -> None:
    """A record is read whatever is in them; a time without a zone is in UTC."""
    wire = Wire()
    odd = {
        "id": 7,
        "emailAddress": None,
        "role": ["x"],
        "totalAttendanceInSeconds": "many",
        "identity": {"id": None, "displayName": "x" * 5000},
        "attendanceIntervals": [{"joinDateTime": "2027-01-20T21:00:00", "leaveDateTime": "later"}],
    }
    wire.answers(200, {"value": [odd, {}]})
    first, second = [record async for record in Artifacts(wire.client).records(IDS, "r-1")]
    assert first.attendance_intervals is not None
    [stay] = first.attendance_intervals
    assert stay.join_date_time is not None
    assert (stay.join_date_time.isoformat(), stay.leave_date_time) == ("2027-01-20T21:00:00+00:00", None)
    assert (first.name, first.participant, second.participant) == (None, None, None)


REFUSALS: tuple[tuple[int, str, str, str, str], ...] = (
    (403, "Forbidden", "", "GraphAccessToTranscriptsDisabled", "transcriptsOff"),
    (403, "GraphAccessToTranscriptsDisabled", "", "", "transcriptsOff"),
    (403, "Forbidden", "", "SpeakerAttributionNotAllowed", "transcriptsOff"),
    (403, "Forbidden", "Missing role permissions on the request.", "", "applicationPermissionMissing"),
    (403, "Authorization_RequestDenied", "Insufficient privileges.", "", "applicationPermissionMissing"),
    (403, "Forbidden", "", "", "applicationPermissionMissing"),
    (
        *(403, "Forbidden", "Application is not allowed to perform operations on the user 'x', neither is allowed "),
        *("", "applicationAccessPolicyMissing"),
    ),
    (403, "Forbidden", "No application access policy found for this app", "", "applicationAccessPolicyMissing"),
    (
        *(400, "BadRequest", "No iCalUid found for the meeting. This API is supported only for calendar backed "),
        *("", "notCalendarBacked"),
    ),
    (404, "Request_ResourceNotFound", "Resource 'x' does not exist.", "", "organizerNotFound"),
)


@pytest.mark.parametrize(("status", "code", "message", "inner", "expected"), REFUSALS)
async def test_refusals(status: int, code: str, message: str, inner: str, expected: str) -> None:
    """Each of its own kind, with a remedy that says who acts; of a call that does not exist nothing else is known."""
    wire = Wire()
    refusing(wire, status, code, message, inner)
    with pytest.raises(RejectedError) as refused:
        await Artifacts(wire.client).transcripts(IDS)
    assert refused.value.code == expected
    assert refused.value.remedy


@pytest.mark.parametrize("message", ["3004: Specified meeting is not found", ""])
async def test_a_meeting_of_which_graph_has_nothing(message: str) -> None:
    """A list that is not found is empty."""
    wire = Wire()
    refusing(wire, 404, "NotFound", message)
    assert await Artifacts(wire.client).reports(IDS) == []


@pytest.mark.parametrize(
    ("status", "code", "message", "inner", "refused"),
    [
        (404, "NotFound", "3004: Specified meeting is not found", "", False),
        (400, "BadRequest", "1026: An error has occurred.", "", False),
        (400, "BadRequest", "The id is malformed.", "", False),
        (403, "Forbidden", "3003: User does not have access to lookup meeting", "", False),
        (403, "Authorization_RequestDenied", "Insufficient privileges.", "", True),
        (403, "Forbidden", "No application access policy found for this app", "", True),
        (403, "Forbidden", "", "GraphAccessToTranscriptsDisabled", True),
    ],
)
async def test_access(status: int, code: str, message: str, inner: str, *, refused: bool) -> None:
    """Graph says in several ways that a meeting does not exist; only a refusal with a known meaning counts as one."""
    wire = Wire()
    refusing(wire, status, code, message, inner)
    try:
        await Artifacts(wire.client).require_access(OBJECT_ID, Surface.TRANSCRIPTS)
    except RejectedError:
        assert refused
    else:
        assert not refused
    assert len(wire.requests) == 1
