"""People and rooms: who is taken when, who answers what, and what is left of a call."""

import html
import re
from typing import Any

import httpx
import pytest

from local.graph.tenant import Tenant
from tests.local.graph.conftest import Clock
from tests.local.graph.test_event_creation import EVENTS, attendee, event, online
from tests.local.graph.test_online_meetings import MEETINGS

SCHEDULE = EVENTS.replace("/events", "/calendar/getSchedule")
ABLE, BAKER = "Able@contoso.com", "Baker@contoso.com"


def utc(text: str) -> dict[str, str]:
    return {"dateTime": text, "timeZone": "UTC"}


def asked(*addresses: str, **changes: Any) -> dict[str, Any]:
    times = {"startTime": utc("2026-12-01T08:00:00"), "endTime": utc("2026-12-01T12:00:00")}
    return {"schedules": list(addresses), **times, "availabilityViewInterval": 60, **changes}


async def control(graph: httpx.AsyncClient, method: str, path: str, **arguments: Any) -> httpx.Response:
    return await graph.request(method, f"/_tenant/{path}", **arguments)


def statuses(view: dict[str, Any]) -> dict[str, str]:
    return {each["emailAddress"]["address"]: each["status"]["response"] for each in view["attendees"]}


async def test_schedule(graph: httpx.AsyncClient) -> None:
    """Own events are taken as they say, unanswered invitations tentatively, declined ones not; the strongest counts."""
    made = (await graph.post(EVENTS, json=event(attendees=[attendee(), attendee("MeganB@contoso.com")]))).json()
    await graph.post(EVENTS, json=event(showAs="workingElsewhere"))
    await control(
        graph, "POST", f"events/{made['id']}/responses", json={"address": "MeganB@contoso.com", "response": "declined"}
    )
    names = ("AlexW@contoso.com", "AdeleV@contoso.com", "MeganB@contoso.com")
    answer = (await graph.post(SCHEDULE, json=asked(*names))).json()["value"]
    assert [each["availabilityView"] for each in answer] == ["0200", "0100", "0000"]
    (item,) = answer[1]["scheduleItems"]
    assert (item["status"], item["start"]["dateTime"]) == ("tentative", "2026-12-01T09:00:00.0000000")
    assert answer[0]["workingHours"]["timeZone"] == {"name": "Pacific Standard Time"}


@pytest.mark.parametrize(
    ("pattern", "extent", "days"),
    [
        ({"type": "daily", "interval": 2}, {"type": "numbered", "numberOfOccurrences": 3}, ["12-01", "12-03", "12-05"]),
        ({"type": "weekly", "interval": 2, "daysOfWeek": ["monday", "tuesday"]}, {}, ["12-01", "12-14", "12-15"]),
        (
            {"type": "weekly", "interval": 2, "daysOfWeek": ["monday", "tuesday"], "firstDayOfWeek": "tuesday"},
            {},
            ["12-01", "12-07", "12-15"],
        ),
        ({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 1}, {}, ["12-01", "01-01"]),
        (
            {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["tuesday", "friday"], "index": "last"},
            {},
            ["12-29", "01-29"],
        ),
        ({"type": "daily", "interval": 20}, {"type": "endDate", "endDate": "2026-12-21"}, ["12-01", "12-21"]),
        ({"type": "absoluteYearly", "interval": 1, "dayOfMonth": 1, "month": 12}, {}, ["12-01"]),
        ({"type": "relativeYearly", "interval": 1, "daysOfWeek": ["monday"], "month": 1}, {}, ["01-04"]),
    ],
)
async def test_every_occurrence_is_taken(
    graph: httpx.AsyncClient, pattern: dict[str, Any], extent: dict[str, Any], days: list[str]
) -> None:
    """Of a series, by its pattern and its range; of 62 days, as many of them as are in the window."""
    recurrence = {"pattern": pattern, "range": {"type": "noEnd", "startDate": "2026-12-01"} | extent}
    answer = await graph.post(EVENTS, json=event(recurrence=recurrence))
    assert answer.status_code == 201
    window = asked("AlexW@contoso.com", endTime=utc("2027-01-31T12:00:00"))
    items = (await graph.post(SCHEDULE, json=window)).json()["value"][0]["scheduleItems"]
    shown = [each["start"]["dateTime"] for each in items][: len(days)]
    assert shown == [f"{'2026' if day > '06' else '2027'}-{day}T09:00:00.0000000" for day in days]


async def test_occurrences_follow_the_clocks_of_their_zone(graph: httpx.AsyncClient) -> None:
    """Clocks in Berlin are put forward on 28 March 2027."""
    times = {
        name: {"dateTime": f"2027-03-27T{hour}:00:00", "timeZone": "Europe/Berlin"}
        for name, hour in (("start", "09"), ("end", "10"))
    }
    recurrence = {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "numbered", "startDate": "2027-03-27", "numberOfOccurrences": 2},
    }
    await graph.post(EVENTS, json=event(recurrence=recurrence, **times))
    window = asked("AlexW@contoso.com", startTime=utc("2027-03-27T00:00:00"), endTime=utc("2027-03-30T00:00:00"))
    items = (await graph.post(SCHEDULE, json=window)).json()["value"][0]["scheduleItems"]
    assert [each["start"]["dateTime"][:13] for each in items] == ["2027-03-27T08", "2027-03-28T07"]


async def test_what_is_shown_as_free_is_free(graph: httpx.AsyncClient) -> None:
    """For the organizer, and for the invited who have not answered."""
    await graph.post(EVENTS, json=event(showAs="free", attendees=[attendee()]))
    answer = (await graph.post(SCHEDULE, json=asked("AlexW@contoso.com", "AdeleV@contoso.com"))).json()["value"]
    assert [each["availabilityView"] for each in answer] == ["0000", "0000"]
    assert [each["scheduleItems"][0]["status"] for each in answer] == ["free", "free"]


async def test_private_bookings_tell_nothing(graph: httpx.AsyncClient) -> None:
    """Of a private event only the time is told."""
    await graph.post(EVENTS, json=event(sensitivity="private"))
    (item,) = (await graph.post(SCHEDULE, json=asked("AlexW@contoso.com"))).json()["value"][0]["scheduleItems"]
    assert item["isPrivate"]
    assert not {"subject", "location"} & item.keys()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"schedules": []}, "ErrorInvalidRequest"),
        ({"schedules": ["a@contoso.com"] * 21}, "ErrorInvalidRequest"),
        ({"endTime": utc("2027-02-01T08:00:01")}, "ErrorTimeIntervalTooBig"),
        ({"endTime": utc("2026-12-01T08:00:00")}, "ErrorInvalidTimeInterval"),
        ({"availabilityViewInterval": 4}, "ErrorInvalidMergedFreeBusyInterval"),
        ({"availabilityViewInterval": 1441}, "ErrorInvalidMergedFreeBusyInterval"),
    ],
)
async def test_limits_of_schedules(graph: httpx.AsyncClient, changes: dict[str, Any], code: str) -> None:
    """More than 20 addresses, more than 62 days and other intervals are refused."""
    answer = await graph.post(SCHEDULE, json=asked("AlexW@contoso.com") | changes)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


async def test_unknown_address(graph: httpx.AsyncClient) -> None:
    """An address that is nobody's, or has no mailbox, is an error of its own and holds up no other."""
    names = ("Nobody@contoso.com", "NoMailbox@contoso.com", "AlexW@contoso.com")
    answer = (await graph.post(SCHEDULE, json=asked(*names))).json()["value"]
    assert [each.get("error", {}).get("responseCode") for each in answer] == ["5009", "5016", None]
    assert answer[0]["scheduleItems"] is None


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ("accept", ["accepted"] * 2),
        ("decline", ["declined"] * 2),
        ("whenFree", ["accepted", "declined"]),
        ("wait", ["none"] * 2),
    ],
)
async def test_rooms_answer(graph: httpx.AsyncClient, answers: str, expected: list[str]) -> None:
    """A room answers as its mailbox is set up: the second invitation for one time finds it taken."""
    await control(graph, "PUT", f"users/{BAKER}", json={"room": {"answers": answers}})
    body = event(attendees=[attendee(BAKER, "resource")])
    made = [(await graph.post(EVENTS, json=body)).json() for _ in range(2)]
    assert [statuses(each)[BAKER] for each in made] == expected


async def test_a_new_time_takes_answers_back(graph: httpx.AsyncClient) -> None:
    """After a move people have not responded, in the year 4501; a room answers anew, to the new time."""
    taken = event(attendees=[attendee(BAKER, "resource")])
    await graph.post(EVENTS, json=taken)
    made = (await graph.post(EVENTS, json=taken | {"attendees": [attendee(), attendee(BAKER, "resource")]})).json()
    assert statuses(made)[BAKER] == "declined"
    path = f"events/{made['id']}"
    await control(graph, "POST", f"{path}/responses", json={"address": "adelev@contoso.com", "response": "accepted"})
    times = {"start": utc("2026-12-01T11:00:00"), "end": utc("2026-12-01T12:00:00")}
    moved = (await control(graph, "PATCH", path, json=times)).json()
    assert statuses(moved) == {"AdeleV@contoso.com": "notResponded", BAKER: "accepted"}
    assert moved["attendees"][0]["status"]["time"] == "4501-01-01T00:00:00Z"
    assert moved["changeKey"] != made["changeKey"]


async def test_proposed_time(graph: httpx.AsyncClient, clock: Clock) -> None:
    """Who declines may propose another time; the organizer's copy has it, and when it came."""
    made = (await graph.post(EVENTS, json=event(attendees=[attendee()]))).json()
    clock.advance(60)
    proposed = {"start": utc("2026-12-01T14:00:00.0000000"), "end": utc("2026-12-01T15:00:00.0000000")}
    body = {"address": "AdeleV@contoso.com", "response": "declined", "proposedNewTime": proposed}
    await control(graph, "POST", f"events/{made['id']}/responses", json=body)
    (adele,) = (await graph.get(f"{EVENTS}/{made['id']}")).json()["attendees"]
    assert adele["proposedNewTime"] == proposed
    assert adele["status"] == {"response": "declined", "time": "2026-11-21T08:01:00.0000000Z"}


async def test_proposed_time_is_shown_in_the_zone_of_the_request(graph: httpx.AsyncClient) -> None:
    """However the attendee wrote it, a proposed time is read in the zone of `Prefer`, as the event's own times are."""
    made = (await graph.post(EVENTS, json=event(attendees=[attendee()]))).json()
    tokyo = {"dateTime": "2026-12-01T14:00:00", "timeZone": "Tokyo Standard Time"}
    body = {"address": "AdeleV@contoso.com", "response": "declined", "proposedNewTime": {"start": tokyo}}
    await control(graph, "POST", f"events/{made['id']}/responses", json=body)
    for zone_name, wall in (("UTC", "05:00:00"), ("Pacific Standard Time", "21:00:00")):
        preferred = {"Prefer": f'outlook.timezone="{zone_name}"'}
        (adele,) = (await graph.get(f"{EVENTS}/{made['id']}", headers=preferred)).json()["attendees"]
        start = adele["proposedNewTime"]["start"]
        assert start["timeZone"] == zone_name
        assert start["dateTime"].partition("T")[2] == f"{wall}.0000000"


async def test_a_proposed_time_is_a_time(graph: httpx.AsyncClient) -> None:
    """A zone that Exchange does not know is refused, as for the event's own times."""
    made = (await graph.post(EVENTS, json=event(attendees=[attendee()]))).json()
    proposed = {"start": {"dateTime": "2026-12-01T14:00:00", "timeZone": "Nowhere Standard Time"}}
    body = {"address": "AdeleV@contoso.com", "response": "declined", "proposedNewTime": proposed}
    assert (await control(graph, "POST", f"events/{made['id']}/responses", json=body)).status_code == 400


async def test_the_uninvited_cannot_answer(graph: httpx.AsyncClient) -> None:
    """An answer needs an invitation, and an event."""
    made = (await graph.post(EVENTS, json=event())).json()
    body = {"address": "x@contoso.com", "response": "accepted"}
    for event_id in (made["id"], "AAMkNobody"):
        assert (await control(graph, "POST", f"events/{event_id}/responses", json=body)).status_code == 404


@pytest.mark.parametrize(("query", "comment"), [("", ""), ("?comment=Sorry", "Sorry")])
async def test_organizer_removes_an_event(graph: httpx.AsyncClient, tenant: Tenant, query: str, comment: str) -> None:
    """What the organizer does in Outlook mails guests, and leaves no request in the log."""
    made = (await graph.post(EVENTS, json=online(attendees=[attendee()]))).json()
    tenant.sent_mail.clear()
    seen = len(tenant.requests)
    assert (await control(graph, "DELETE", f"events/{made['id']}{query}")).status_code == 204
    assert [(mail.kind, mail.comment) for mail in tenant.sent_mail] == [("cancellation", comment)]
    assert len(tenant.requests) == seen
    assert (await graph.get(f"{EVENTS}/{made['id']}")).status_code == 404


async def test_places(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """Rooms are listed in pages, and by their list; without the permission they are not."""
    await control(graph, "PUT", "users/Other@contoso.com", json={"room": {"capacity": 2}})
    page = (await graph.get("/v1.0/places/microsoft.graph.room?$top=2")).json()
    assert [(room["emailAddress"], room["capacity"]) for room in page["value"]] == [(BAKER, 6), (ABLE, 12)]
    rest = (await graph.get(page["@odata.nextLink"].removeprefix("https://graph.microsoft.com"))).json()
    assert [room["emailAddress"] for room in rest["value"]] == ["Other@contoso.com"]
    lists = (await graph.get("/v1.0/places/microsoft.graph.roomlist")).json()["value"]
    assert [each["emailAddress"] for each in lists] == ["Rooms@contoso.com"]
    inside = await graph.get("/v1.0/places/rooms@contoso.com/microsoft.graph.roomlist/rooms")
    assert [room["emailAddress"] for room in inside.json()["value"]] == [BAKER, ABLE]
    missing = await graph.get("/v1.0/places/none@contoso.com/microsoft.graph.roomlist/rooms")
    assert missing.status_code == 404
    tenant.settings.may_read_places = False
    assert (await graph.get("/v1.0/places/microsoft.graph.room")).status_code == 403


async def test_artifacts_of_a_call(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """A call leaves a report, whose records come only when expanded, and a transcript and a recording if there were."""
    await graph.post(EVENTS, json=online(attendees=[attendee()]))
    (meeting_id,) = tenant.meetings
    stays = [
        {"joinedAt": "2026-12-01T09:00:00Z", "leftAt": "2026-12-01T09:10:00Z"},
        {"joinedAt": "2026-12-01T09:20:00Z", "leftAt": "2026-12-01T09:21:30Z"},
    ]
    guest = {"name": "Adele Vance", "address": "AdeleV@contoso.com", "role": "Attendee", "intervals": stays}
    call = {
        "start": "2026-12-01T09:00:00Z",
        "end": "2026-12-01T09:30:00Z",
        "attendees": [guest],
        "transcript": "WEBVTT",
        "recorded": True,
    }
    assert (await control(graph, "POST", f"onlineMeetings/{meeting_id}/calls", json=call)).status_code == 204
    path = f"{MEETINGS}/{meeting_id}"
    (report,) = (await graph.get(f"{path}/attendanceReports")).json()["value"]
    assert (report["totalParticipantCount"], report["attendanceRecords"]) == (1, [])
    whole = (await graph.get(f"{path}/attendanceReports/{report['id']}?$expand=attendanceRecords")).json()
    (record,) = whole["attendanceRecords"]
    assert (record["emailAddress"], record["totalAttendanceInSeconds"]) == ("AdeleV@contoso.com", 690)
    (transcript,) = (await graph.get(f"{path}/transcripts")).json()["value"]
    content = await graph.get(f"{path}/transcripts/{transcript['id']}/content")
    assert (content.text, content.headers["content-type"]) == ("WEBVTT", "text/vtt")
    (recording,) = (await graph.get(f"{path}/recordings")).json()["value"]
    assert recording["recordingContentUrl"].endswith(f"/recordings/{recording['id']}/content")
    metadata = (await graph.get(f"{path}/transcripts/{transcript['id']}")).json()
    assert metadata == transcript
    tenant.settings.transcripts_allowed = False
    refusal = (await graph.get(f"{path}/transcripts")).json()["error"]
    assert (refusal["code"], refusal["innerError"]["code"]) == ("Forbidden", "GraphAccessToTranscriptsDisabled")
    tenant.settings.readable_artifacts = "recordings"
    assert (await graph.get(f"{path}/attendanceReports")).json()["error"]["code"] == "Authorization_RequestDenied"


async def test_a_report_comes_late(graph: httpx.AsyncClient, clock: Clock) -> None:
    """It shows when its delay has passed; the call was at the meeting's own times, and who came stayed to the end."""
    times = {"startDateTime": "2026-12-01T09:00:00Z", "endDateTime": "2026-12-01T09:30:00Z"}
    meeting = (await graph.post(MEETINGS, json=times)).json()
    call = {"attendees": [{"name": "A guest"}], "delaySeconds": 600}
    await control(graph, "POST", f"onlineMeetings/{meeting['id']}/calls", json=call)
    path = f"{MEETINGS}/{meeting['id']}/attendanceReports"
    clock.advance(599)
    assert (await graph.get(path)).json()["value"] == []
    clock.advance(1)
    [report] = (await graph.get(path)).json()["value"]
    assert (report["meetingStartDateTime"][:16], report["meetingEndDateTime"][:16]) == (
        "2026-12-01T09:00",
        "2026-12-01T09:30",
    )
    [record] = (await graph.get(f"{path}/{report['id']}/attendanceRecords")).json()["value"]
    assert record["totalAttendanceInSeconds"] == 1800


async def test_attendance_records_come_in_pages(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """With a link to the next one, whose token is the list's own."""
    tenant.settings.items_a_page = 2
    meeting = (await graph.post(MEETINGS, json={})).json()
    guests = [{"name": f"Guest {number}"} for number in range(3)]
    await control(graph, "POST", f"onlineMeetings/{meeting['id']}/calls", json={"attendees": guests})
    path = f"{MEETINGS}/{meeting['id']}/attendanceReports"
    [report] = (await graph.get(path)).json()["value"]
    page = (await graph.get(f"{path}/{report['id']}/attendanceRecords")).json()
    rest = (await graph.get(page["@odata.nextLink"].removeprefix("https://graph.microsoft.com"))).json()
    names = [each["identity"]["displayName"] for each in (*page["value"], *rest["value"])]
    assert names == ["Guest 0", "Guest 1", "Guest 2"]
    assert "@odata.nextLink" not in rest
    assert (await graph.get(f"{path}/{report['id']}/attendanceRecords?$skiptoken=x")).status_code == 400


async def test_what_graph_refuses_of_artifacts(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """Transcripts and recordings without an event, another format, speakers whom the tenant keeps, other users."""
    alone = (await graph.post(MEETINGS, json={})).json()
    for kind in ("transcripts", "recordings"):
        refusal = (await graph.get(f"{MEETINGS}/{alone['id']}/{kind}")).json()["error"]
        assert "only for calendar backed OnlineMeeting" in refusal["message"]
    await graph.post(EVENTS, json=online(attendees=[attendee()]))
    [meeting] = [each for each in tenant.meetings.values() if each.event_id]
    await control(graph, "POST", f"onlineMeetings/{meeting.id}/calls", json={"transcript": "WEBVTT"})
    path = f"{MEETINGS}/{meeting.id}/transcripts"
    [transcript] = (await graph.get(path)).json()["value"]
    content = f"{path}/{transcript['id']}/content"
    docx = {"accept": "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}
    assert (await graph.get(content, headers=docx)).status_code == 400
    assert (await graph.get(f"{content}?$format=text/vtt", headers=docx)).status_code == 200
    tenant.settings.transcript_attribution = False
    refusal = (await graph.get(content)).json()["error"]
    assert refusal["innerError"]["code"] == "SpeakerAttributionNotAllowed"
    adele = tenant.find_user("AdeleV@contoso.com")
    assert adele is not None
    theirs = f"/v1.0/users/{adele.id}/onlineMeetings/{meeting.id}/attendanceReports"
    assert (await graph.get(theirs)).json()["error"]["message"].startswith("3003:")


async def test_calls_are_held_on_the_page(graph: httpx.AsyncClient) -> None:
    """Each of its buttons is a call that the control API takes; the page then shows what is left of it."""
    await graph.post(EVENTS, json=online(attendees=[attendee()]))
    buttons = re.findall(r'data-url="(/_tenant/onlineMeetings/[^"]+)" data-body="([^"]+)"', (await graph.get("/")).text)
    assert len(buttons) == 3
    for path, body in buttons:
        answer = await graph.post(html.unescape(path), content=html.unescape(body))
        assert answer.status_code == 204, answer.text
    assert "3 attendanceReports" in (await graph.get("/")).text


async def test_at_most_fifty_reports(graph: httpx.AsyncClient) -> None:
    """The newest fifty reports are listed, the newest first."""
    meeting = (await graph.post(MEETINGS, json={})).json()
    for minute in range(52):
        call = {"start": f"2026-12-01T09:{minute:02}:00Z", "end": f"2026-12-01T10:{minute:02}:00Z"}
        await control(graph, "POST", f"onlineMeetings/{meeting['id']}/calls", json=call)
    listed = (await graph.get(f"{MEETINGS}/{meeting['id']}/attendanceReports")).json()["value"]
    starts = [report["meetingStartDateTime"][14:16] for report in listed]
    assert starts == [f"{minute:02}" for minute in range(51, 1, -1)]


async def test_a_transcript_is_web_vtt(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    """Another text is refused, and nothing is left behind: Graph has none in any other form."""
    await graph.post(EVENTS, json=online())
    [meeting] = tenant.meetings.values()
    answer = await control(graph, "POST", f"onlineMeetings/{meeting.id}/calls", json={"transcript": "Good morning"})
    assert answer.status_code == 400
    assert not meeting.artifacts
