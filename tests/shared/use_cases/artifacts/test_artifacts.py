"""What a caller reads of a meeting that has taken place."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from functions.http.problems import as_problem
from local.graph.past_calls import CALL, take_place
from shared.access.callers import Caller
from shared.errors import (
    ArtifactsOffError,
    ChangeRefusedError,
    InvalidRequestError,
    MeetingNotFoundError,
    RejectedError,
    UnavailableError,
)
from shared.meeting import Meeting
from shared.use_cases.artifacts import artifacts as module
from tests.app_fixture import APP_ID, World
from tests.examples import CALENDAR, EXISTING, STANDALONE

ALL = "attendance,transcripts,recordings"
ADELE = {"name": "Adele Vance", "address": "AdeleV@contoso.com", "role": "Attendee"}
LECTURE = CALENDAR | {
    "start": {"dateTime": "2027-01-20T09:00:00", "timeZone": "Europe/Berlin"},
    "end": {"dateTime": "2027-01-20T10:30:00", "timeZone": "Europe/Berlin"},
    "recurrence": {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["wednesday"]},
        "range": {"type": "numbered", "startDate": "2027-01-20", "numberOfOccurrences": 14},
    },
}
READS: tuple[Callable[[World, str, Caller], Awaitable[Any]], ...] = (
    lambda world, meeting_id, caller: world.app.artifacts.attendance(meeting_id, None, caller),
    lambda world, meeting_id, caller: world.app.artifacts.transcripts(meeting_id, caller),
    lambda world, meeting_id, caller: world.app.artifacts.transcript(meeting_id, "t", caller),
    lambda world, meeting_id, caller: world.app.artifacts.recordings(meeting_id, caller),
)
EACH = pytest.mark.parametrize("read", READS, ids=["attendance", "transcripts", "transcript", "recordings"])
ANYBODY = Caller()


def world_with(artifacts: str = ALL, **settings: str) -> World:
    return World({"ARTIFACTS": artifacts, **settings})


def hold_call(world: World, **fields: Any) -> None:
    """Let a call of the only online meeting have taken place."""
    [meeting] = world.tenant.meetings.values()
    take_place(world.tenant, meeting, CALL.read(fields, "badRequest"))


async def made_with_call(world: World, request: Mapping[str, Any] = CALENDAR, **fields: Any) -> Meeting:
    meeting = await world.made(request)
    hold_call(world, **fields)
    world.tenant.requests.clear()
    return meeting


async def test_attendance() -> None:
    """Who was there, when and how long; a guest has no address. Graph is only read, and nothing of it is stored."""
    world = world_with()
    stays = [
        {"joinedAt": "2027-01-20T21:00:00Z", "leftAt": "2027-01-20T21:10:00Z"},
        {"joinedAt": "2027-01-20T21:20:00Z", "leftAt": "2027-01-20T21:21:30Z"},
    ]
    meeting = await made_with_call(world, attendees=[{**ADELE, "intervals": stays}, {"name": "A guest"}])
    before = {name: dict(rows) for name, rows in world.table.partitions.items()}
    [found] = await world.app.artifacts.attendance(meeting.id, None)
    assert (found.report.total_participant_count, found.more) == (2, False)
    adele, guest = found.records
    assert (adele.name, adele.email_address, adele.total_attendance_in_seconds) == (
        "Adele Vance",
        ADELE["address"],
        690,
    )
    assert [stay.leave_date_time and stay.leave_date_time.minute for stay in adele.attendance_intervals or ()] == [
        10,
        21,
    ]
    assert (guest.name, guest.email_address, guest.total_attendance_in_seconds) == ("A guest", None, 3600)
    assert {request.method for request in world.tenant.requests} == {"GET"}
    assert {name: dict(rows) for name, rows in world.table.partitions.items()} == before


async def test_nothing_took_place() -> None:
    """Then every list is empty."""
    world = world_with()
    meeting = await world.made(CALENDAR)
    assert await world.app.artifacts.attendance(meeting.id, None) == ()
    assert await world.app.artifacts.transcripts(meeting.id) == []
    assert await world.app.artifacts.recordings(meeting.id) == []


async def test_transcripts_and_recordings() -> None:
    """The list says which there are; a transcript is text, and of a recording there is the address alone."""
    world = world_with()
    meeting = await made_with_call(world, transcript="WEBVTT\n\nGood morning", recorded=True)
    [transcript] = await world.app.artifacts.transcripts(meeting.id)
    assert transcript.created_date_time is not None
    assert transcript.created_date_time.isoformat() == "2027-01-20T21:00:00+00:00"
    assert await world.app.artifacts.transcript(meeting.id, transcript.id) == b"WEBVTT\n\nGood morning"
    [recording] = await world.app.artifacts.recordings(meeting.id)
    assert (recording.recording_content_url or "").endswith(f"/recordings/{recording.id}/content")


@pytest.mark.parametrize("transcript_id", ["none", "..", "a/b", "x" * 1024])
async def test_no_such_transcript(transcript_id: str) -> None:
    """It is not found, whatever the id looks like; an id leads to no other path."""
    world = world_with()
    meeting = await made_with_call(world, transcript="WEBVTT")
    with pytest.raises(RejectedError) as refused:
        await world.app.artifacts.transcript(meeting.id, transcript_id)
    assert refused.value.code == "transcriptNotFound"


async def test_what_is_no_transcript() -> None:
    """It is not passed on as one, and the refusal does not ask to send the request again."""
    world = world_with()
    meeting = await made_with_call(world, transcript="WEBVTT")
    [online] = world.tenant.meetings.values()
    online.artifacts["transcripts"][0].document["content"] = "<!DOCTYPE html>"
    [transcript] = await world.app.artifacts.transcripts(meeting.id)
    with pytest.raises(RejectedError, match="WebVTT") as refused:
        await world.app.artifacts.transcript(meeting.id, transcript.id)
    problem = as_problem(refused.value)
    assert (problem.status, problem.code, problem.retry_after) == (502, "graphRejected", None)
    assert "again" not in f"{problem.detail} {problem.members['remedy']}"


@EACH
async def test_switched_off(read: Callable[..., Awaitable[Any]]) -> None:
    """What the setting does not have is refused, with its name, and nobody is asked."""
    world = world_with("")
    meeting = await made_with_call(world, transcript="WEBVTT")
    with pytest.raises(ArtifactsOffError, match="ARTIFACTS"):
        await read(world, meeting.id, ANYBODY)
    assert not world.tenant.requests


@EACH
async def test_another_callers_meeting(read: Callable[..., Awaitable[Any]]) -> None:
    """It is not there."""
    world = world_with()
    meeting = await made_with_call(world)
    with pytest.raises(MeetingNotFoundError):
        await read(world, meeting.id, Caller("somebody", sees_all=False))
    assert not world.tenant.requests


@EACH
async def test_not_made(read: Callable[..., Awaitable[Any]]) -> None:
    """A meeting that waits, that failed or that is cancelled has nothing in Graph."""
    world = world_with()
    queued = await world.accept(CALENDAR)
    with pytest.raises(ChangeRefusedError) as refused:
        await read(world, queued.id, ANYBODY)
    assert refused.value.code == "notMade"
    await world.settle()
    await world.app.changes.cancel(queued.id, None)
    failed = await world.made(CALENDAR | {"organizer": "NoMailbox@contoso.com"})
    for meeting in (queued, failed):
        with pytest.raises(ChangeRefusedError) as refused:
            await read(world, meeting.id, ANYBODY)
        assert refused.value.code == "notMade"


@EACH
async def test_an_online_meeting_that_is_gone(read: Callable[..., Awaitable[Any]]) -> None:
    """Graph has nothing of it either."""
    world = world_with()
    meeting = await made_with_call(world)
    world.tenant.meetings_by_url.clear()
    with pytest.raises(ChangeRefusedError) as refused:
        await read(world, meeting.id, ANYBODY)
    assert refused.value.code == "notMade"


@pytest.mark.parametrize("read", READS[1:])
async def test_standalone_meetings(read: Callable[..., Awaitable[Any]]) -> None:
    """Graph has attendance of them, and neither transcripts nor recordings: it is not even asked."""
    world = world_with()
    meeting = await world.made(STANDALONE)
    hold_call(world, attendees=[ADELE], transcript="WEBVTT", recorded=True)
    [found] = await world.app.artifacts.attendance(meeting.id, None)
    assert found.records[0].name == "Adele Vance"
    world.tenant.requests.clear()
    with pytest.raises(RejectedError) as refused:
        await read(world, meeting.id, ANYBODY)
    assert refused.value.code == "notCalendarBacked"
    assert not world.tenant.requests


async def test_an_event_without_calendar_backing_for_graph() -> None:
    """What Graph says of it is understood as well."""
    world = world_with()
    meeting = await made_with_call(world, transcript="WEBVTT")
    [online_meeting] = world.tenant.meetings.values()
    online_meeting.event_id = None
    with pytest.raises(RejectedError) as refused:
        await world.app.artifacts.transcripts(meeting.id)
    assert refused.value.code == "notCalendarBacked"


@pytest.mark.parametrize(
    ("readable", "read", "permission"),
    [
        ("transcripts,recordings", READS[0], "OnlineMeetingArtifact.Read.All"),
        ("attendanceReports,recordings", READS[1], "OnlineMeetingTranscript.Read.All"),
        ("attendanceReports,recordings", READS[2], "OnlineMeetingTranscript.Read.All"),
        ("attendanceReports,transcripts", READS[3], "OnlineMeetingRecording.Read.All"),
    ],
)
async def test_a_permission_that_is_missing(
    readable: str, read: Callable[..., Awaitable[Any]], permission: str
) -> None:
    """The command that grants it is in the remedy, with the app's own id."""
    world = world_with()
    meeting = await made_with_call(world)
    world.tenant.settings.readable_artifacts = readable
    with pytest.raises(RejectedError) as refused:
        await read(world, meeting.id, ANYBODY)
    assert refused.value.code == "applicationPermissionMissing"
    assert f"Value -eq '{permission}'" in refused.value.remedy
    assert APP_ID in refused.value.remedy


@pytest.mark.parametrize(
    ("switch", "command"),
    [
        ("transcripts_allowed", "-EnableGraphTranscriptAccess $true"),
        ("transcript_attribution", "-EnableAttributedTranscripts $true"),
    ],
)
async def test_transcripts_are_off_in_the_tenant(switch: str, command: str) -> None:
    """That is another matter than a permission: a Teams administrator decides it."""
    world = world_with()
    meeting = await made_with_call(world, transcript="WEBVTT")
    [transcript] = await world.app.artifacts.transcripts(meeting.id)
    setattr(world.tenant.settings, switch, False)
    with pytest.raises(RejectedError) as refused:
        await world.app.artifacts.transcript(meeting.id, transcript.id)
    assert refused.value.code == "transcriptsOff"
    assert command in refused.value.remedy


@EACH
async def test_graph_is_away(read: Callable[..., Awaitable[Any]]) -> None:
    """Nothing is concluded from that."""
    world = world_with()
    meeting = await made_with_call(world)
    world.fault({"path": "onlineMeetings", "action": {"status": 503}})
    with pytest.raises(UnavailableError):
        await read(world, meeting.id, ANYBODY)


async def test_long_lists_are_read_to_their_end() -> None:
    """Page by page, of participants and of transcripts."""
    world = world_with()
    world.tenant.settings.items_a_page = 2
    meeting = await made_with_call(world, attendees=[{"name": f"Guest {number}"} for number in range(5)])
    for _ in range(3):
        hold_call(world, transcript="WEBVTT")
    reports = await world.app.artifacts.attendance(meeting.id, None)
    assert sorted(len(each.records) for each in reports) == [0, 0, 0, 5]
    assert len(await world.app.artifacts.transcripts(meeting.id)) == 3


async def test_an_answer_has_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Participants and stays that an answer has no room for are left out, the report says so, and they are not read."""
    monkeypatch.setattr(module, "_MOST_ENTRIES", 5)
    world = world_with()
    world.tenant.settings.items_a_page = 2
    guests = [{"name": f"Guest {number}"} for number in range(9)]
    meeting = await made_with_call(world, attendees=guests)
    hold_call(world, attendees=guests)
    first, second = await world.app.artifacts.attendance(meeting.id, None)
    assert ([record.name for record in first.records], first.more) == (["Guest 0", "Guest 1"], True)
    assert (second.records, second.more) == ((), True)
    assert sum("attendanceRecords" in request.path for request in world.tenant.requests) == 2


async def test_a_list_that_goes_in_a_circle() -> None:
    """It ends with the first link to the same page."""
    world = world_with()
    world.tenant.settings.items_a_page = 0
    meeting = await made_with_call(world)
    with pytest.raises(UnavailableError, match="to the same page"):
        await world.app.artifacts.attendance(meeting.id, None)
    assert sum("attendanceReports" in request.path for request in world.tenant.requests) == 2


async def test_an_occurrence_of_a_series() -> None:
    """A call is of the occurrence that it overlaps most, or else of the nearest one; the first day has its own."""
    world = world_with()
    meeting = await made_with_call(world, LECTURE, attendees=[ADELE])
    hold_call(world, start="2027-01-27T07:40:00Z", end="2027-01-27T07:55:00Z")  # a rehearsal before the second one
    hold_call(world, start="2027-01-27T07:58:00Z", end="2027-01-27T09:40:00Z")
    hold_call(world, start="2027-02-05T08:00:00Z", end="2027-02-05T09:00:00Z")  # two days after the third one
    assert len(await world.app.artifacts.attendance(meeting.id, None)) == 4
    counts = {
        day: len(await world.app.artifacts.attendance(meeting.id, day))
        for day in ("2027-01-20", "2027-01-27", "2027-02-03", "2027-02-10")
    }
    assert counts == {"2027-01-20": 1, "2027-01-27": 2, "2027-02-03": 1, "2027-02-10": 0}


async def test_an_occurrence_is_a_date_of_the_meetings_own_zone() -> None:
    """In Auckland a morning is the evening before in UTC."""
    times = {
        "start": {"dateTime": "2027-01-20T09:00:00", "timeZone": "Pacific/Auckland"},
        "end": {"dateTime": "2027-01-20T10:00:00", "timeZone": "Pacific/Auckland"},
    }
    world = world_with()
    meeting = await made_with_call(world, LECTURE | times)
    assert len(await world.app.artifacts.attendance(meeting.id, "2027-01-20")) == 1
    with pytest.raises(InvalidRequestError):
        await world.app.artifacts.attendance(meeting.id, "2027-01-19")


@pytest.mark.parametrize(
    ("request_", "occurrence", "code"),
    [
        (LECTURE, "2027-01-21", "noSuchOccurrence"),
        (LECTURE, "2027-04-28", "noSuchOccurrence"),
        (LECTURE, "today", "invalidDate"),
        (LECTURE, "", "invalidDate"),
        (LECTURE, "2027-02-30", "invalidDate"),
        (LECTURE, "2027-01-20T09:00:00", "invalidDate"),
        (LECTURE, "9" * 10_000, "invalidDate"),
        (CALENDAR, "2027-01-20", "notASeries"),
        (STANDALONE, "2027-01-20", "notASeries"),
    ],
)
async def test_what_is_no_occurrence(request_: dict[str, Any], occurrence: str, code: str) -> None:
    """It is refused with the parameter's name, and nobody is asked."""
    world = world_with()
    meeting = await made_with_call(world, request_)
    with pytest.raises(InvalidRequestError) as refused:
        await world.app.artifacts.attendance(meeting.id, occurrence)
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [("/occurrence", code)]
    assert not world.tenant.requests


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Pacific/Auckland"])
async def test_an_occurrence_of_a_series_that_was_there_before(zone: str) -> None:
    """Its event says on which dates it takes place, by the clocks of the zone that it was made in."""
    world = world_with()
    times = {name: {"dateTime": LECTURE[name]["dateTime"], "timeZone": zone} for name in ("start", "end")}
    series = await made_with_call(world, LECTURE | times)
    existing = await world.made(EXISTING | {"eventId": series.outcome.event_id})
    for date, reports in (("2027-01-20", 1), ("2027-01-27", 0)):
        of_series, of_existing = [await world.app.artifacts.attendance(each.id, date) for each in (series, existing)]
        assert of_existing == of_series
        assert len(of_existing) == reports
    with pytest.raises(InvalidRequestError) as refused:
        await world.app.artifacts.attendance(existing.id, "2027-01-19")
    assert [fault.code for fault in refused.value.faults] == ["noSuchOccurrence"]


async def test_a_series_of_another_caller_that_was_there_before() -> None:
    """Its dates are not shown: to this caller the event is deleted."""
    world = world_with(CALLERS=json.dumps({APP_ID: {"organizers": ["*"]}}), WEBSITE_AUTH_ENABLED="True")
    series = await made_with_call(world, LECTURE)
    existing = await world.made(EXISTING | {"eventId": series.outcome.event_id})
    await world.ledger.write(series, series.changed(caller="another"))
    await world.ledger.write(existing, existing.changed(caller=APP_ID))
    with pytest.raises(RejectedError) as refused:
        await world.app.artifacts.attendance(existing.id, "2027-01-20")
    assert refused.value.code == "eventDeleted"


async def test_an_event_that_was_there_before_and_does_not_repeat() -> None:
    """It is refused after one read, of the event alone; what is no date, before."""
    world = world_with()
    meeting = await made_with_call(world, EXISTING)
    for occurrence, code, reads in (("2019-11-18", "notASeries", 1), ("today", "invalidDate", 0)):
        world.tenant.requests.clear()
        with pytest.raises(InvalidRequestError) as refused:
            await world.app.artifacts.attendance(meeting.id, occurrence)
        assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [("/occurrence", code)]
        assert ["/events/" in request.path for request in world.tenant.requests] == [True] * reads


async def test_an_event_of_another_organizer() -> None:
    """The link of an event that somebody was invited to leads to no attendance of its organizer."""
    world = world_with()
    meeting = await made_with_call(world, EXISTING, attendees=[ADELE])
    [online_meeting] = world.tenant.meetings.values()
    alex, megan = (world.tenant.find_user(name) for name in ("AlexW@contoso.com", "MeganB@contoso.com"))
    assert alex
    assert megan
    link = online_meeting.join_url.replace(alex.id, megan.id)
    online_meeting.organizer, online_meeting.join_url = megan, link
    world.tenant.meetings_by_url[link] = online_meeting
    attendee = {"upn": alex.user_principal_name, "role": "attendee", "identity": {"user": {"id": alex.id}}}
    online_meeting.properties["participants"]["attendees"] = [attendee]
    changed = meeting.changed(outcome=meeting.outcome.changed(join_url=link), organizer_id=megan.id)
    await world.ledger.write(meeting, changed)
    with pytest.raises((ChangeRefusedError, RejectedError)):
        await world.app.artifacts.attendance(meeting.id, None)
    assert not any(megan.id in request.path.partition("?")[0] for request in world.tenant.requests)
